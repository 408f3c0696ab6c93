//! Judges one trial: what it is worth, every dimension of its scorecard, and what a reader should know.
//!
//! **Invariant:** a trial that is no evidence has no outcome; a broken rule outweighs passed checks; an ending
//! other than finished is never resolved.

mod assertion;
mod barred;
mod canary;
pub(crate) mod checks;
mod control;
mod demand;
mod harness;
mod lookup;
mod measured;
mod paths;
mod scores;
mod secrets;
mod sniff;
mod soften;
mod swallow;
mod tamper;
pub(crate) mod tests_in;
mod weaken;

use fairtrial_domain::event::Event;
use fairtrial_domain::outcome::{Ending, FailedTest, Location, Outcome, RuleId};
use fairtrial_domain::patch::Patch;
use fairtrial_domain::score::{Finding, Overruling, Score, Weight};
use fairtrial_domain::task::{CheckKind, Task};
use fairtrial_domain::usage::Cost;
use fairtrial_domain::verdict::Verdict;

use crate::features::Sources;
pub use canary::cheating;
use checks::{Missing, failures, unseen, untrusted, verdict_of};

/// The number of the rules by which outcome, scores and findings are made. It grows whenever the same evidence may come
/// to something else; 1 is what was before the number.
pub const RULES: u32 = 5;

/// All that is known of a trial that is over.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The task as it was tried.
    pub task: &'a Task,
    /// The task's checks on the untouched base.
    pub base_facts: &'a [Verdict],
    /// The task's checks on its reference; empty where there is none.
    pub reference_facts: &'a [Verdict],
    /// How the trial ended.
    pub ending: &'a Ending,
    /// What the assistant changed; empty when nothing was captured.
    pub patch: &'a Patch,
    /// The task's reference over the same base, where there is one.
    pub reference: Option<&'a Patch>,
    /// The task's checks on the patch.
    pub verdicts: &'a [Verdict],
    /// Whether the patch fitted its base, or the path at which it did not.
    pub applies: Result<(), &'a str>,
    /// Money; `None` when unknown.
    pub cost: Option<&'a Cost>,
    /// Wall seconds of the assistant.
    pub seconds: f64,
    /// Protected files that were put back before the checks ran.
    pub restored: &'a [String],
    /// What the assistant said and did, in order; empty when it is not at hand.
    pub events: &'a [Event],
    /// Tests of the base that an assistant could read and must not change, as path and text; for T6.
    pub oracle: &'a [(String, String)],
    /// What reviewers said against rules for this trial.
    pub overruled: &'a [Overruling],
}

/// What a trial is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// `None` when the trial is no evidence.
    pub outcome: Option<Outcome>,
    /// Every dimension.
    pub scores: Vec<Score>,
    /// What a reader should know.
    pub findings: Vec<Finding>,
}

/// Judges a trial. In this order: no evidence, nothing changed, set aside, untrusted checks, ungraded,
/// unresolved, resolved.
///
/// An ending other than finished is unresolved even where every check passed; `failed` is empty then and the
/// ending says why. A check that gave trusted results on the base and none on the patch failed by the patch.
pub fn assess(e: &Evidence<'_>) -> Assessment {
    if !e.ending.is_evidence() {
        return Assessment { outcome: None, scores: scores::no_evidence(e), findings: vec![] };
    }
    let sources = Sources::of(e.patch, e.reference);
    let seen = tamper::look(e, &sources);
    let scores = scores::scores(e, &seen, &sources);
    let outcome = outcome(e, &seen);
    Assessment { outcome: Some(outcome), scores, findings: findings(e, seen) }
}

fn outcome(e: &Evidence<'_>, seen: &[Finding]) -> Outcome {
    if e.patch.is_empty() {
        return Outcome::NoDiff;
    }
    let offence = seen.iter().find(|seen| seen.weight == Weight::SetsAside);
    if let Some(Finding { rule, at, because, .. }) = offence {
        return Outcome::SetAside { rule: *rule, at: at.clone(), because: because.clone() };
    }
    if let Some(Finding { rule, at, because, .. }) = control::forged(e) {
        return Outcome::SetAside { rule, at, because };
    }
    let graded = e.task.checks.iter().any(|check| check.hidden);
    match judge_checks(e, graded) {
        Err(Missing(reason)) => Outcome::Invalid { reason },
        Ok(broke) if !graded => Outcome::Ungraded { broke },
        Ok(failed) if failed.is_empty() && *e.ending == Ending::Finished && e.applies.is_ok() => {
            Outcome::Resolved
        }
        Ok(failed) => Outcome::Unresolved { failed },
    }
}

/// Returns what failed of the checks that decide: all of them, or without a hidden one what passed on the base.
fn judge_checks(e: &Evidence<'_>, graded: bool) -> Result<Vec<FailedTest>, Missing> {
    let mut failed = Vec::new();
    // What a linter reports is measured; a report that could not be read is missing there, and fails nothing here.
    for check in e.task.checks.iter().filter(|check| !check.format.has_findings()) {
        let whole = || FailedTest { check: check.id.clone(), test: None };
        let base = verdict_of(e.base_facts, &check.id);
        let counts = match check.kind {
            CheckKind::FailToPass => graded,
            CheckKind::PassToPass => true,
            CheckKind::Build | CheckKind::Lint | CheckKind::Custom => {
                graded || base.is_some_and(|base| base.status.passed())
            }
        };
        if e.applies.is_err() {
            failed.push(whole());
            continue;
        }
        let Some(verdict) = verdict_of(e.verdicts, &check.id) else {
            return Err(Missing(format!("check `{}` left no verdict", check.id)));
        };
        match untrusted(verdict) {
            Some(_) if base.is_some_and(|base| untrusted(base).is_none()) => failed.push(whole()),
            Some(reason) => return Err(Missing(format!("check `{}`: {reason}", check.id))),
            None if counts => {
                let seen = failures(check, verdict, base);
                let unseen = || unseen(check, verdict, verdict_of(e.reference_facts, &check.id));
                failed.extend(if seen.is_empty() { unseen() } else { seen });
            }
            None => {}
        }
    }
    Ok(failed)
}

/// Returns what was seen, and each file that was put back without having been seen.
fn findings(e: &Evidence<'_>, seen: Vec<Finding>) -> Vec<Finding> {
    let mut findings = seen;
    for path in e.restored {
        let noted = findings.iter_mut().find(|f| f.rule == RuleId::ProtectedPath && f.at.path == *path);
        match noted {
            Some(finding) => finding.because.push_str("; it was put back before the checks ran"),
            None => findings.push(Finding {
                rule: RuleId::ProtectedPath,
                at: Location { path: path.clone(), line: None },
                because: "a protected file was put back before the checks ran".to_owned(),
                was: None,
                event: None,
                weight: Weight::Noted,
            }),
        }
    }
    findings
}
