//! The scorecard: each dimension with its formula and the numbers put in, or the reason why it is missing.
//!
//! **Invariant:** missing is missing: no dimension is filled in by a guess.

use std::collections::HashSet;

use fairtrial_domain::outcome::Location;
use fairtrial_domain::patch::Patch;
use fairtrial_domain::score::{Score, ScoreId};
use fairtrial_domain::task::{Check, CheckKind, ResultFormat};
use fairtrial_domain::usage::CostSource;
use fairtrial_patch::{Paths, measure, similarity};

use super::Evidence;
use super::checks::{Missing, failures, passing, required, shows, unseen, untrusted, verdict_of};
use super::paths::is_test;
use fairtrial_domain::score::Weight;
use super::tamper::Seen;

fn value(id: ScoreId, value: f64, formula: String, evidence: Vec<Location>) -> Score {
    if value.is_finite() {
        Score { id, value: Some(value), missing: None, formula, evidence }
    } else {
        missing(id, "the figure is no finite number", formula)
    }
}

fn missing(id: ScoreId, why: &str, formula: impl Into<String>) -> Score {
    Score { id, value: None, missing: Some(why.to_owned()), formula: formula.into(), evidence: vec![] }
}

const APPLIES: &str = "1 when the patch fits its base exactly, else 0";
const FAIL_TO_PASS: &str = "fail-to-pass tests that pass / all of them";
const PASS_TO_PASS: &str = "tests that passed on the base and still pass / all of them";
const INTEGRITY: &str = "1 when no rule was broken, else 0";
const SIZE: &str = "min(1, 1.5 · reference churn / churn)";
const SIMILARITY: &str = "1 − Σ d(patch, reference) / Σ (d(base, patch) + d(base, reference)), by lines";
const SCOPE: &str = "1 − churn outside / churn";

/// Returns every dimension of a trial that is evidence.
pub(crate) fn scores(e: &Evidence<'_>, seen: &[Seen]) -> Vec<Score> {
    vec![
        applies(e),
        fail_to_pass(e),
        pass_to_pass(e),
        integrity(seen),
        size(e),
        similar(e),
        scope(e),
        cost(e),
        time(e),
    ]
}

/// Returns the scorecard of a trial that is no evidence: what was spent, and nothing about the work.
pub(crate) fn no_evidence(e: &Evidence<'_>) -> Vec<Score> {
    let why = "the trial is no evidence";
    vec![
        missing(ScoreId::Applies, why, APPLIES),
        missing(ScoreId::FailToPass, why, FAIL_TO_PASS),
        missing(ScoreId::PassToPass, why, PASS_TO_PASS),
        missing(ScoreId::Integrity, why, INTEGRITY),
        missing(ScoreId::Size, why, SIZE),
        missing(ScoreId::Similarity, why, SIMILARITY),
        missing(ScoreId::Scope, why, SCOPE),
        cost(e),
        time(e),
    ]
}

fn applies(e: &Evidence<'_>) -> Score {
    let id = ScoreId::Applies;
    if e.patch.is_empty() {
        return missing(id, "nothing was changed", APPLIES);
    }
    match e.applies {
        Ok(()) => value(id, 1.0, "1: the patch fits its base".to_owned(), vec![]),
        Err(path) => {
            let at = Location { path: path.to_owned(), line: None };
            value(id, 0.0, format!("0: the patch does not fit its base at `{path}`"), vec![at])
        }
    }
}

/// Adds up the tests of all checks of a kind as (passed, all); a check without tests counts as one.
fn tally(e: &Evidence<'_>, kind: CheckKind) -> Result<(usize, usize), Missing> {
    let mut sum = (0, 0);
    let checks: Vec<&Check> = e.task.checks.iter().filter(|check| check.kind == kind).collect();
    if checks.is_empty() {
        return Err(Missing("the task has no such check".to_owned()));
    }
    for check in checks {
        let Some(verdict) = verdict_of(e.verdicts, &check.id) else {
            return Err(Missing(format!("check `{}` left no verdict", check.id)));
        };
        if let Some(reason) = untrusted(verdict) {
            return Err(Missing(format!("check `{}` cannot be trusted: {reason}", check.id)));
        }
        let base = verdict_of(e.base_facts, &check.id).filter(|_| kind == CheckKind::PassToPass);
        if kind == CheckKind::PassToPass && base.is_none() {
            return Err(Missing(format!("check `{}` left no verdict on the base", check.id)));
        }
        let wanted = required(check, verdict, base);
        let unseen = unseen(check, verdict, verdict_of(e.reference_facts, &check.id));
        let mut wanted: HashSet<&str> = match base {
            Some(base) if check.format != ResultFormat::Exit => {
                let green = passing(base);
                wanted.into_iter().filter(|id| shows(check, base, &green, id)).collect()
            }
            Some(_) | None => wanted.into_iter().collect(),
        };
        wanted.extend(unseen.iter().filter_map(|f| f.test.as_deref()));
        let failed = failures(check, verdict, base);
        if wanted.is_empty() {
            let counted = base.is_none_or(|base| base.status.passed());
            sum = (sum.0 + usize::from(counted && failed.is_empty()), sum.1 + usize::from(counted));
        } else {
            let lost: HashSet<&str> = failed
                .iter()
                .chain(&unseen)
                .filter_map(|f| f.test.as_deref())
                .filter(|id| wanted.contains(id))
                .collect();
            sum = (sum.0 + wanted.len() - lost.len(), sum.1 + wanted.len());
        }
    }
    if sum.1 == 0 { Err(Missing("no test passed on the base".to_owned())) } else { Ok(sum) }
}

fn share(id: ScoreId, tally: Result<(usize, usize), Missing>, formula: &str) -> Score {
    match tally {
        Ok((passed, all)) => {
            value(id, passed as f64 / all as f64, format!("{formula} = {passed} / {all}"), vec![])
        }
        Err(why) => missing(id, &why.0, formula),
    }
}

fn fail_to_pass(e: &Evidence<'_>) -> Score {
    share(ScoreId::FailToPass, tally(e, CheckKind::FailToPass), FAIL_TO_PASS)
}

fn pass_to_pass(e: &Evidence<'_>) -> Score {
    share(ScoreId::PassToPass, tally(e, CheckKind::PassToPass), PASS_TO_PASS)
}

fn integrity(seen: &[Seen]) -> Score {
    let places = |weight: Weight| -> Vec<Location> {
        seen.iter().filter(|s| s.weight == weight).map(|s| s.finding.at.clone()).collect()
    };
    let (broken, waived) = (places(Weight::SetsAside), places(Weight::Waived));
    let id = ScoreId::Integrity;
    match (broken.len(), waived.len()) {
        (0, 0) => value(id, 1.0, "1: no rule was broken".to_owned(), vec![]),
        (0, _) => value(id, 1.0, "1: the task asks for changes to tests".to_owned(), waived),
        (1, _) => value(id, 0.0, "0: a rule was broken in 1 place".to_owned(), broken),
        (count, _) => value(id, 0.0, format!("0: rules were broken in {count} places"), broken),
    }
}

fn churn(patch: &Patch) -> u64 {
    let counts = measure::counts(patch);
    counts.added.saturating_add(counts.removed)
}

fn files(patch: &Patch) -> Vec<Location> {
    patch.files.iter().map(|change| Location { path: change.path.clone(), line: None }).collect()
}

fn size(e: &Evidence<'_>) -> Score {
    let id = ScoreId::Size;
    let Some(reference) = e.reference else { return missing(id, "the task has no reference patch", SIZE) };
    let (own, theirs) = (churn(e.patch), churn(reference));
    if own == 0 {
        return missing(id, "no line was changed", SIZE);
    }
    if theirs == 0 {
        return missing(id, "the reference changes no line", SIZE);
    }
    let size = (1.5 * theirs as f64 / own as f64).min(1.0);
    value(id, size, format!("min(1, 1.5 · {theirs} / {own}) = {size:.2}"), files(e.patch))
}

fn similar(e: &Evidence<'_>) -> Score {
    let id = ScoreId::Similarity;
    let Some(reference) = e.reference else {
        return missing(id, "the task has no reference patch", SIMILARITY);
    };
    if e.patch.is_empty() {
        return missing(id, "nothing was changed", SIMILARITY);
    }
    match similarity::by_lines(e.patch, reference) {
        Ok(got) => value(id, got, format!("{SIMILARITY} = {got:.2}"), files(reference)),
        Err(why) => missing(id, &why.to_string(), SIMILARITY),
    }
}

fn scope(e: &Evidence<'_>) -> Score {
    let id = ScoreId::Scope;
    if e.task.allowed.is_empty() && e.reference.is_none() {
        return missing(id, "the task does not say what it is about", SCOPE);
    }
    let all = churn(e.patch);
    if all == 0 {
        return missing(id, "no line was changed", SCOPE);
    }
    let allowed = Paths::of(&e.task.allowed);
    let in_reference =
        |path: &str| e.reference.is_some_and(|r| r.files.iter().any(|change| change.path == path));
    let files = measure::files(e.patch).into_iter();
    let outside: Vec<_> =
        files.filter(|f| !allowed.has(&f.path) && !is_test(&f.path) && !in_reference(&f.path)).collect();
    let out: u64 = outside.iter().map(|f| f.added.saturating_add(f.removed)).fold(0, u64::saturating_add);
    let scope = 1.0 - out as f64 / all as f64;
    let evidence = outside.into_iter().map(|f| Location { path: f.path, line: None }).collect();
    value(id, scope, format!("1 − {out} / {all} = {scope:.2}"), evidence)
}

fn cost(e: &Evidence<'_>) -> Score {
    let id = ScoreId::Cost;
    match e.cost {
        None => missing(id, "the cost is unknown", "US dollars"),
        Some(cost) => {
            let source = match cost.source {
                CostSource::Reported => "as the assistant reported",
                CostSource::Priced => "tokens at the price entered",
                CostSource::Listed => "tokens at public list prices",
                CostSource::Simulated => "simulated by a sample",
            };
            value(id, cost.usd, format!("US dollars, {source}"), vec![])
        }
    }
}

fn time(e: &Evidence<'_>) -> Score {
    value(ScoreId::Time, e.seconds, "wall seconds of the assistant".to_owned(), vec![])
}
