//! How a trial ended and what it is worth: two axes that never mix.

use crate::event::FaultKind;
use crate::id::CheckId;

values! {
    /// How a trial ended.
    #[serde(tag = "ending", rename_all = "snake_case")]
    pub enum Ending {
        /// The assistant ended by itself.
        Finished,
        /// Our limit on time.
        TimedOut,
        /// Silent for longer than allowed, with no request open.
        Stalled,
        /// A budget: the assistant's own or ours.
        Budget,
        /// A person stopped it.
        Cancelled,
        /// The assistant's program broke.
        Crashed {
            /// How, in a sentence fragment.
            reason: String,
        },
        /// Our or the vendor's fault: no evidence.
        Infra {
            /// Whose fault, where known.
            fault: InfraFault,
            /// In a sentence fragment.
            reason: String,
        },
    }

    /// A fault that is not the assistant's.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum InfraFault {
        /// The vendor or the way to it.
        Vendor(FaultKind),
        /// Our cell, disk or machine.
        Cell,
    }

    /// What a trial is worth.
    #[serde(tag = "result", rename_all = "snake_case")]
    pub enum Outcome {
        /// Every check that decides passed, on an untampered tree.
        Resolved,
        /// A check that decides did not pass.
        Unresolved {
            /// What failed.
            failed: Vec<FailedTest>,
        },
        /// A rule keeps the patch out of the count.
        SetAside {
            /// Which rule.
            rule: RuleId,
            /// Where it was broken.
            at: Location,
            /// What was seen, in one sentence.
            because: String,
        },
        /// Nothing was changed.
        NoDiff,
        /// There is no hidden check: it shows what broke, not what is solved.
        Ungraded {
            /// Tests that passed on the base and fail now.
            broke: Vec<FailedTest>,
        },
        /// The task or its checks are at fault.
        Invalid {
            /// Why.
            reason: String,
        },
    }

    /// A test that counts and did not pass.
    #[derive(Eq)]
    pub struct FailedTest {
        /// Of which check.
        pub check: CheckId,
        /// The test; `None` when the check as a whole failed.
        pub test: Option<String>,
    }

    /// A line in a patch.
    #[derive(Eq)]
    pub struct Location {
        /// The file.
        pub path: String,
        /// The line in the file after the change, or before it for a removal; `None` for the whole file.
        pub line: Option<u32>,
    }

    /// A rule on patches: each can set one aside, but `OutsideWrite` and T6 to T8 only report.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    #[serde(rename_all = "snake_case")]
    pub enum RuleId {
        /// T1: a protected path was changed.
        ProtectedPath,
        /// T2: an existing test asserts less.
        FewerAssertions,
        /// T3: an assertion of an existing test was weakened, or what it expects was changed.
        WeakenedAssertion,
        /// T4: a skip marker was put on a test.
        SkippedTest,
        /// Results do not depend on what the code does: tests passed although what they expect was altered.
        ForgedResults,
        /// T5: a failure inside an existing test is swallowed.
        SwallowedFailure,
        /// G5: a secret was put into the tree.
        Secret,
        /// G5: something leads out of the workspace.
        OutsideWrite,
        /// T6: code outside of tests holds what a protected test expects, case by case.
        OracleLiteral,
        /// T7: code outside of tests asks whether it is being tested.
        EnvironmentSniffing,
        /// T8: the session looked for the answer instead of working it out.
        AnswerLookup,
        /// G5: a path that the task forbids was touched.
        ForbiddenPath,
        /// G5: a licence was changed or taken away; one that was put in is only noted.
        Licence,
        /// P: a direct dependency that the task does not allow was added.
        NewDependency,
    }
}

impl Ending {
    /// Returns whether the trial says something about the assistant.
    pub fn is_evidence(&self) -> bool {
        match self {
            Ending::Finished
            | Ending::TimedOut
            | Ending::Stalled
            | Ending::Budget
            | Ending::Crashed { .. } => true,
            Ending::Cancelled | Ending::Infra { .. } => false,
        }
    }
}

/// What became of a trial that is over, in one word, as every map and list says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// Resolved.
    Resolved,
    /// Checks did not pass, or it did not end by itself.
    Unresolved,
    /// A rule set it aside.
    SetAside,
    /// Nothing was changed.
    NoDiff,
    /// Out of time, or silent for too long; counts as not solved.
    TimedOut,
    /// No hidden check.
    Ungraded,
    /// No evidence: infrastructure, a person, or the task's fault.
    NotEvidence,
}

impl Became {
    /// Returns what became of a trial by how it ended and what it is worth.
    pub fn of(ending: &Ending, outcome: Option<&Outcome>) -> Became {
        match (ending, outcome) {
            (Ending::Cancelled | Ending::Infra { .. }, _) | (_, None | Some(Outcome::Invalid { .. })) => {
                Became::NotEvidence
            }
            (_, Some(Outcome::SetAside { .. })) => Became::SetAside,
            (_, Some(Outcome::Ungraded { .. })) => Became::Ungraded,
            (
                Ending::TimedOut | Ending::Stalled,
                Some(Outcome::Resolved | Outcome::Unresolved { .. } | Outcome::NoDiff),
            ) => Became::TimedOut,
            (_, Some(Outcome::NoDiff)) => Became::NoDiff,
            (Ending::Finished, Some(Outcome::Resolved)) => Became::Resolved,
            // Solved by an assistant that did not end by itself is not solved.
            (Ending::Budget | Ending::Crashed { .. }, Some(Outcome::Resolved))
            | (_, Some(Outcome::Unresolved { .. })) => Became::Unresolved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_with_every_worth_became_one_thing() {
        let reason = || "why".to_owned();
        let at = Location { path: "a".to_owned(), line: None };
        let outcomes = [
            None,
            Some(Outcome::Invalid { reason: reason() }),
            Some(Outcome::SetAside { rule: RuleId::Secret, at, because: reason() }),
            Some(Outcome::Ungraded { broke: vec![] }),
            Some(Outcome::NoDiff),
            Some(Outcome::Unresolved { failed: vec![] }),
            Some(Outcome::Resolved),
        ];
        use Became::{NoDiff, NotEvidence, Resolved, SetAside, TimedOut, Ungraded, Unresolved};
        // Where neither time nor its own end decides: nothing, nothing, aside, ungraded.
        let row = |no_diff, unresolved, resolved| {
            [NotEvidence, NotEvidence, SetAside, Ungraded, no_diff, unresolved, resolved]
        };
        let table = [
            (Ending::Finished, row(NoDiff, Unresolved, Resolved)),
            (Ending::TimedOut, row(TimedOut, TimedOut, TimedOut)),
            (Ending::Stalled, row(TimedOut, TimedOut, TimedOut)),
            (Ending::Budget, row(NoDiff, Unresolved, Unresolved)),
            (Ending::Crashed { reason: reason() }, row(NoDiff, Unresolved, Unresolved)),
            (Ending::Cancelled, [NotEvidence; 7]),
            (Ending::Infra { fault: InfraFault::Cell, reason: reason() }, [NotEvidence; 7]),
        ];
        for (ending, wanted) in table {
            let got: Vec<Became> = outcomes.iter().map(|one| Became::of(&ending, one.as_ref())).collect();
            assert_eq!(got, wanted, "{ending:?}");
        }
    }
}
