//! What a trial's glyph says: one of eight words, each with a sign that needs no colour.

use fairtrial_domain::outcome::Became;
use fairtrial_domain::run::TrialRecord;

/// What became of a trial, for maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Resolved.
    Resolved,
    /// Checks did not pass.
    Unresolved,
    /// A rule set it aside.
    SetAside,
    /// Nothing was changed.
    NoDiff,
    /// Out of time; counts as not solved.
    TimedOut,
    /// No hidden check.
    Ungraded,
    /// No evidence: infrastructure, a person, or the task's fault.
    NotEvidence,
    /// Not over, or never run.
    Waiting,
}

impl State {
    /// All of them, in the order of a legend.
    pub const ALL: [State; 8] = [
        State::Resolved,
        State::Unresolved,
        State::SetAside,
        State::NoDiff,
        State::TimedOut,
        State::Ungraded,
        State::NotEvidence,
        State::Waiting,
    ];

    /// Returns the state of a trial; `None` stands for one that is not over.
    pub fn of(trial: Option<&TrialRecord>) -> State {
        let Some(trial) = trial else { return State::Waiting };
        match Became::of(&trial.ending, trial.outcome.as_ref()) {
            Became::Resolved => State::Resolved,
            Became::Unresolved => State::Unresolved,
            Became::SetAside => State::SetAside,
            Became::NoDiff => State::NoDiff,
            Became::TimedOut => State::TimedOut,
            Became::Ungraded => State::Ungraded,
            Became::NotEvidence => State::NotEvidence,
        }
    }

    /// Returns its sign, one column wide.
    pub fn glyph(self) -> &'static str {
        match self {
            State::Resolved => "✓",
            State::Unresolved => "✗",
            State::SetAside => "–",
            State::NoDiff => "∅",
            State::TimedOut => "◷",
            State::Ungraded => "?",
            State::NotEvidence => "!",
            State::Waiting => "·",
        }
    }

    /// Returns its words.
    pub fn words(self) -> &'static str {
        match self {
            State::Resolved => "resolved",
            State::Unresolved => "not resolved",
            State::SetAside => "set aside by a rule",
            State::NoDiff => "nothing changed",
            State::TimedOut => "out of time",
            State::Ungraded => "no hidden check",
            State::NotEvidence => "not evidence",
            State::Waiting => "not over",
        }
    }

    /// Returns its class in style sheets.
    pub(crate) fn class(self) -> &'static str {
        match self {
            State::Resolved => "good",
            State::SetAside => "bad",
            State::TimedOut | State::NotEvidence => "warn",
            State::Unresolved | State::NoDiff | State::Ungraded | State::Waiting => "plain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairtrial_domain::outcome::{Ending, InfraFault, Outcome};

    #[track_caller]
    fn check(ending: Ending, outcome: Option<Outcome>, expected: State) {
        let mut trial = crate::tests::sample::trial("one", "aster", 1);
        (trial.ending, trial.outcome) = (ending, outcome);
        assert_eq!(State::of(Some(&trial)), expected);
    }

    #[test]
    fn a_state_follows_ending_and_result() {
        let infra = Ending::Infra { fault: InfraFault::Cell, reason: "disk".into() };
        check(Ending::Finished, Some(Outcome::Resolved), State::Resolved);
        check(Ending::TimedOut, Some(Outcome::Resolved), State::TimedOut);
        check(Ending::Budget, Some(Outcome::Resolved), State::Unresolved);
        check(Ending::Finished, Some(Outcome::NoDiff), State::NoDiff);
        check(Ending::TimedOut, Some(Outcome::Ungraded { broke: vec![] }), State::Ungraded);
        check(Ending::Finished, Some(Outcome::Invalid { reason: String::new() }), State::NotEvidence);
        check(infra, None, State::NotEvidence);
        check(Ending::Cancelled, None, State::NotEvidence);
        assert_eq!(State::of(None), State::Waiting);
    }
}
