//! Decides what a task is worth before assistants try it, from repeated gradings and what was found in its texts.
//!
//! **Invariant:** a rule that could not be applied is missing, not held; a task that breaks a rule never is valid.

mod flaky;
mod mutants;

use fairtrial_domain::audit::{
    AuditEvidence, AuditPoint, AuditRule, AuditStatus, FlakyTest, Mutant, PointState,
};
use fairtrial_domain::run::Validity;
use fairtrial_domain::task::{Task, TaskKind};
use fairtrial_domain::verdict::Verdict;

use crate::quarantine::{spare, spare_task};
use crate::validity::{Doubts, of_base, of_reference};

pub use mutants::mutant_end;

/// The version of these rules: an audit by others is not taken over.
pub const RULES: u32 = 1;
/// A task whose checks notice a smaller share of mutants is weak.
pub const ENOUGH_KILLED: f64 = 0.6;
/// Fewer mutants than this say nothing.
pub const FEWEST_MUTANTS: usize = 3;

/// The same tree graded several times.
pub type Gradings = [Vec<Verdict>];

/// Base and reference, graded several times each.
#[derive(Debug, Clone, Copy)]
pub struct Repeated<'a> {
    /// The task.
    pub task: &'a Task,
    /// The untouched base.
    pub base: &'a Gradings,
    /// The reference; `None` where there is none, with the reason where it does not fit its base.
    pub reference: Result<&'a Gradings, Option<&'a str>>,
}

/// What repetition says of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Repetition {
    /// V1 to V3.
    pub points: Vec<AuditPoint>,
    /// Tests that do not count.
    pub quarantined: Vec<FlakyTest>,
}

/// What was found in a task's texts and in mutants of its reference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Where the answer can be read; `None` without a reference to look for.
    pub leaks: Option<Vec<AuditEvidence>>,
    /// What hidden checks ask for and nobody was told; `None` without a reference to tell it from what anybody knows.
    pub unnamed: Option<Vec<AuditEvidence>>,
    /// Every mutant, judged.
    pub mutants: Vec<Mutant>,
}

/// A task's worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// What it is worth.
    pub status: AuditStatus,
    /// Why it is not more, the weightiest first.
    pub reasons: Vec<String>,
    /// Every rule, in order.
    pub points: Vec<AuditPoint>,
    /// Share of mutants killed; `None` when too few could be judged.
    pub strength: Option<f64>,
}

impl Repetition {
    /// Returns whether mutants and texts are worth looking at: reference and base are as they must be.
    pub fn stands(&self) -> bool {
        !self.points.iter().any(|point| point.found == PointState::Broken)
    }
}

/// Applies V1 to V3. Flaky tests are quarantined first, so that they neither pass nor fail the other rules.
pub fn repetition(seen: Repeated<'_>) -> Repetition {
    let reference = seen.reference.unwrap_or_default();
    let flaky::Flaky { tests: quarantined, whole } = flaky::flaky(seen.task, seen.base, reference);
    let task = spare_task(seen.task, &quarantined);
    let clean = |runs: &Gradings| runs.iter().map(|run| spare(run, &quarantined)).collect::<Vec<_>>();
    let (base, reference) = (clean(seen.base), seen.reference.map(clean));
    let points = vec![
        reference_point(&task, &base, reference),
        base_point(&task, &base),
        repeatable_point(&quarantined, whole),
    ];
    Repetition { points, quarantined }
}

fn point(rule: AuditRule, found: PointState, because: impl Into<String>) -> AuditPoint {
    AuditPoint { rule, found, because: because.into(), evidence: vec![] }
}

fn reference_point(
    task: &Task,
    base: &[Vec<Verdict>],
    reference: Result<Vec<Vec<Verdict>>, Option<&str>>,
) -> AuditPoint {
    let rule = AuditRule::ReferencePasses;
    let runs = match reference {
        Ok(runs) => runs,
        Err(Some(why)) => {
            return point(rule, PointState::Broken, format!("the reference cannot be laid: {why}"));
        }
        Err(None) if task.kind == TaskKind::Canary => {
            return point(rule, PointState::Holds, "a canary has no solution and needs no reference");
        }
        Err(None) => {
            return point(rule, PointState::Doubt, "no reference patch shows that the task can be solved");
        }
    };
    let before = base.first().map(Vec::as_slice).unwrap_or_default();
    let found: Vec<Doubts> = runs.iter().map(|run| of_reference(task, before, Some(run))).collect();
    let (state, because) = sum_up(&found);
    let because = because.unwrap_or_else(|| format!("the reference passes, {0} of {0} times", runs.len()));
    point(rule, state, because)
}

fn base_point(task: &Task, base: &[Vec<Verdict>]) -> AuditPoint {
    let found: Vec<Doubts> = base.iter().map(|run| of_base(task, run)).collect();
    let (state, because) = sum_up(&found);
    let because =
        because.unwrap_or_else(|| format!("the untouched base fails, {0} of {0} times", base.len()));
    point(AuditRule::BaseFails, state, because)
}

/// Says what was found in any of several gradings, each sentence once with how often.
fn sum_up(found: &[Doubts]) -> (PointState, Option<String>) {
    let wrong = counted(found, |one| &one.wrong);
    let doubts = counted(found, |one| &one.doubts);
    match (wrong.is_empty(), doubts.is_empty()) {
        (false, _) => (PointState::Broken, Some(wrong.join("; "))),
        (true, false) => (PointState::Doubt, Some(doubts.join("; "))),
        (true, true) if found.is_empty() => (PointState::Missing, Some("it was not graded".to_owned())),
        (true, true) => (PointState::Holds, None),
    }
}

fn counted(found: &[Doubts], of: impl Fn(&Doubts) -> &Vec<String>) -> Vec<String> {
    let mut once: Vec<(&String, usize)> = vec![];
    for reason in found.iter().flat_map(of) {
        match once.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += 1,
            None => once.push((reason, 1)),
        }
    }
    let all = found.len();
    let say = |(reason, times): (&String, usize)| match times == all {
        true => reason.clone(),
        false => format!("{reason} ({times} of {all} times)"),
    };
    once.into_iter().map(say).collect()
}

fn repeatable_point(quarantined: &[FlakyTest], whole: Vec<String>) -> AuditPoint {
    let rule = AuditRule::Repeatable;
    if let Some(first) = whole.first() {
        return point(rule, PointState::Broken, first.clone());
    }
    let names: Vec<&str> = quarantined.iter().map(|flaky| flaky.test.as_str()).collect();
    match names.len() {
        0 => point(rule, PointState::Holds, "every test agrees with itself"),
        1 => point(rule, PointState::Doubt, format!("the test `{}` is flaky and does not count", names[0])),
        many => {
            let shown = names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            point(rule, PointState::Doubt, format!("{many} tests are flaky and do not count: {shown}"))
        }
    }
}

/// Applies V4 to V6 and says what the task is worth.
pub fn worth(task: &Task, repetition: &Repetition, found: &Found) -> Worth {
    let strength = mutants::strength(&found.mutants);
    let mut points = repetition.points.clone();
    points.push(leak_point(found.leaks.as_deref()));
    points.push(mutants::point(task, repetition.stands(), &found.mutants, strength));
    points.push(unnamed_point(found.unnamed.as_deref()));
    let of = |state| points.iter().filter(move |point| point.found == state);
    let broken = |rule: AuditRule| of(PointState::Broken).any(|point| point.rule == rule);
    let status = if of(PointState::Broken).any(|point| point.rule != AuditRule::NoLeak) {
        AuditStatus::Invalid
    } else if broken(AuditRule::NoLeak) {
        AuditStatus::Leaked
    } else if of(PointState::Doubt).next().is_some() {
        AuditStatus::Weak
    } else {
        AuditStatus::Valid
    };
    let reasons = of(PointState::Broken).chain(of(PointState::Doubt)).map(|point| point.because.clone());
    Worth { status, reasons: reasons.collect(), points, strength }
}

fn leak_point(leaks: Option<&[AuditEvidence]>) -> AuditPoint {
    let rule = AuditRule::NoLeak;
    let Some(leaks) = leaks else { return point(rule, PointState::Missing, "no reference to look for") };
    let Some(first) = leaks.first() else {
        return point(rule, PointState::Holds, "neither the instruction nor the base holds the reference");
    };
    let because = format!("`{}` holds a part of the reference: `{}`", first.at.path, first.text);
    AuditPoint { evidence: leaks.to_vec(), ..point(rule, PointState::Broken, because) }
}

fn unnamed_point(unnamed: Option<&[AuditEvidence]>) -> AuditPoint {
    let rule = AuditRule::NotOverSpecific;
    let Some(unnamed) = unnamed else {
        return point(rule, PointState::Missing, "no reference to tell what a solution had to invent");
    };
    let Some(first) = unnamed.first() else {
        return point(rule, PointState::Holds, "the hidden checks ask for nothing that nobody was told");
    };
    let because = format!(
        "`{}` asks for `{}`, which neither the instruction nor the base names: correct work may fail",
        first.at.path, first.text
    );
    AuditPoint { evidence: unnamed.to_vec(), ..point(rule, PointState::Doubt, because) }
}

/// Returns what a run holds of a task that was audited: the worse of what the audit says and what the run saw.
pub fn with_audit(seen: Validity, status: AuditStatus, reasons: &[String]) -> Validity {
    let joined = |mut own: Vec<String>| {
        own.extend(reasons.iter().filter(|reason| !own.contains(reason)).cloned().collect::<Vec<_>>());
        own
    };
    match (seen, status) {
        (seen, AuditStatus::Valid) => seen,
        (Validity::Invalid { reasons }, AuditStatus::Weak) => Validity::Invalid { reasons },
        (Validity::Invalid { reasons }, AuditStatus::Leaked | AuditStatus::Invalid) => {
            Validity::Invalid { reasons: joined(reasons) }
        }
        (Validity::Valid, AuditStatus::Weak) => Validity::Weak { reasons: reasons.to_vec() },
        (Validity::Weak { reasons }, AuditStatus::Weak) => Validity::Weak { reasons: joined(reasons) },
        (Validity::Valid | Validity::Weak { .. }, AuditStatus::Leaked | AuditStatus::Invalid) => {
            Validity::Invalid { reasons: reasons.to_vec() }
        }
    }
}
