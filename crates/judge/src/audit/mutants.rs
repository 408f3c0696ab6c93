//! Says what the checks made of mutants of the reference (share killed, as in mutation testing).

use fairtrial_domain::audit::{
    AuditEvidence, AuditPoint, AuditRule, FlakyTest, Mutant, MutantEnd, PointState,
};
use fairtrial_domain::outcome::FailedTest;
use fairtrial_domain::task::{CheckKind, ResultFormat, Task, TaskKind};
use fairtrial_domain::verdict::Verdict;

use super::{ENOUGH_KILLED, FEWEST_MUTANTS, point as plain_point};
use crate::assess::checks::{failures, unseen, verdict_of};
use crate::quarantine::{spare, spare_task};

/// Returns what the checks made of a mutant, against what they find on the base and on the reference.
///
/// Where nothing but a failed command shows it, and its results would be read test by test, the mutant did not compile
/// or load: it says nothing about the tests.
pub fn mutant_end(
    task: &Task,
    quarantined: &[FlakyTest],
    base: &[Verdict],
    reference: &[Verdict],
    mutant: &[Verdict],
) -> MutantEnd {
    let task = spare_task(task, quarantined);
    let clean = |verdicts: &[Verdict]| spare(verdicts, quarantined);
    let (base, reference, mutant) = (clean(base), clean(reference), clean(mutant));
    let mut broken = None;
    for check in task.checks.iter().filter(|check| check.kind != CheckKind::Lint) {
        let Some(verdict) = verdict_of(&mutant, &check.id) else {
            return MutantEnd::Stillborn { reason: format!("check `{}` left no verdict", check.id) };
        };
        let mut failed = failures(check, verdict, verdict_of(&base, &check.id));
        if failed.is_empty() {
            failed = unseen(check, verdict, verdict_of(&reference, &check.id));
        }
        let Some(first) = failed.into_iter().next() else { continue };
        if told(verdict, check.format, check.kind) {
            return MutantEnd::Killed { by: first };
        }
        broken.get_or_insert(first);
    }
    match broken {
        Some(FailedTest { check, .. }) => MutantEnd::Stillborn {
            reason: format!("check `{check}` ran no test on it: it does not compile or load"),
        },
        None => MutantEnd::Survived,
    }
}

/// Returns whether a failed check judged behaviour, rather than stopping before any test.
fn told(verdict: &Verdict, format: ResultFormat, kind: CheckKind) -> bool {
    let by_exit = format == ResultFormat::Exit && kind != CheckKind::Build;
    let timed_out = verdict.status == fairtrial_domain::verdict::VerdictStatus::TimedOut;
    by_exit || timed_out || !verdict.tests.is_empty()
}

fn count(mutants: &[Mutant]) -> (usize, usize) {
    let killed = mutants.iter().filter(|one| matches!(one.end, MutantEnd::Killed { .. })).count();
    let survived = mutants.iter().filter(|one| one.end == MutantEnd::Survived).count();
    (killed, survived)
}

/// Returns killed / (killed + survived), or `None` when fewer than [`FEWEST_MUTANTS`] could be judged.
pub(super) fn strength(mutants: &[Mutant]) -> Option<f64> {
    let (killed, survived) = count(mutants);
    let judged = killed + survived;
    (judged >= FEWEST_MUTANTS).then(|| killed as f64 / judged as f64)
}

pub(super) fn point(task: &Task, stands: bool, mutants: &[Mutant], strength: Option<f64>) -> AuditPoint {
    let rule = AuditRule::Strength;
    let (killed, survived) = count(mutants);
    let judged = killed + survived;
    let Some(strength) = strength else {
        let why = if task.kind == TaskKind::Canary {
            "a canary has no reference to put mistakes into".to_owned()
        } else if !stands {
            "base or reference are not as they must be, so that mutants would say nothing".to_owned()
        } else if task.reference.is_none() {
            "no reference to put mistakes into".to_owned()
        } else {
            format!("only {judged} mutants of the reference could be judged: {FEWEST_MUTANTS} are needed")
        };
        return plain_point(rule, PointState::Missing, why);
    };
    let evidence = mutants.iter().filter(|one| one.end == MutantEnd::Survived).map(|one| AuditEvidence {
        at: one.at.clone(),
        text: format!("{}: {} → {}", one.kind.words(), one.before, one.after),
    });
    let (found, because) = if strength < ENOUGH_KILLED {
        (
            PointState::Doubt,
            format!("the checks notice only {killed} of {judged} mistakes put into the reference"),
        )
    } else {
        (PointState::Holds, format!("the checks notice {killed} of {judged} mistakes put into the reference"))
    };
    AuditPoint { evidence: evidence.collect(), ..plain_point(rule, found, because) }
}
