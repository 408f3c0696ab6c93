//! What two assistants differ in beside solving: cost, time, consistency, and the scorecard on tasks both solved.

use std::collections::BTreeSet;

use fairtrial_domain::comparison::{Conclusion, Interval, PairPart, PartKind};
use fairtrial_domain::score::ScoreId;

use super::arm::interval;
use super::rule::{self, Side};
use super::table::Cell;
use crate::stats::{
    Estimate, PairedCounts, RatioTest, TaskCount, cost_ratio, padded_t, padded_test, sign_flip_p, time_ratio,
};

/// Dimensions that are conditions, the solved rate itself, descriptive, or compared by other means.
const NOT_COMPARED: [ScoreId; 16] = [
    ScoreId::Applies,
    ScoreId::FailToPass,
    ScoreId::PassToPass,
    ScoreId::Integrity,
    ScoreId::Safety,
    ScoreId::Builds,
    ScoreId::Similarity,
    ScoreId::TokenSimilarity,
    ScoreId::FileSimilarity,
    ScoreId::LineOverlap,
    ScoreId::HunkLocality,
    ScoreId::DefinitionLocality,
    ScoreId::Review,
    ScoreId::Judge,
    ScoreId::Cost,
    ScoreId::Time,
];
/// Scores hardly spread on easy tasks: two further tasks that differ by five hundredths keep intervals from being points.
const SCORE_PADDING: f64 = 200.0;

type Both<'a> = (&'a Cell, &'a Cell);

/// Returns the dimensions in which any cell has a value, in their order.
pub(super) fn dimensions<'a>(cells: impl Iterator<Item = &'a Cell>) -> BTreeSet<ScoreId> {
    let ids = cells.flat_map(|cell| cell.scores.iter().map(|(id, _, _)| *id));
    ids.filter(|id| !NOT_COMPARED.contains(id)).collect()
}

/// Returns every part of a pair, undecided until all pairs are known.
pub(super) fn parts(cells: &[Both<'_>], scores: &BTreeSet<ScoreId>) -> Vec<PairPart> {
    let tried: Vec<Both<'_>> = cells.iter().filter(|(a, b)| a.trials > 0 && b.trials > 0).copied().collect();
    let mut parts = vec![cost(&tried), time(&tried), consistency(&tried)];
    parts.extend(scores.iter().map(|id| score(&tried, *id)));
    parts
}

fn found(part: PartKind, effect: Interval, p: f64, simulated: bool) -> PairPart {
    let conclusion = Conclusion::Undecided;
    PairPart {
        part,
        effect: Some(effect),
        p: Some(p),
        p_adjusted: None,
        conclusion,
        simulated,
        missing: None,
    }
}

fn missing(part: PartKind, reason: &str) -> PairPart {
    let missing = Some(reason.to_owned());
    let conclusion = Conclusion::Withheld;
    PairPart { part, effect: None, p: None, p_adjusted: None, conclusion, simulated: false, missing }
}

fn cost(tried: &[Both<'_>]) -> PairPart {
    let part = PartKind::CostPerSolved;
    if tried.iter().any(|(a, b)| a.unpriced > 0 || b.unpriced > 0) {
        return missing(part, "a cost is unknown");
    }
    let column = |of: fn(&Both<'_>) -> f64| tried.iter().map(of).collect::<Vec<f64>>();
    let (usd_a, usd_b) = (column(|(a, _)| a.usd), column(|(_, b)| b.usd));
    let (passed_a, passed_b) = (column(|(a, _)| f64::from(a.passed)), column(|(_, b)| f64::from(b.passed)));
    match cost_ratio((&usd_a, &passed_a), (&usd_b, &passed_b)) {
        Some(RatioTest { ratio, p }) => {
            let simulated = tried.iter().any(|(a, b)| a.simulated || b.simulated);
            found(part, interval(ratio, "linearised log ratio, t"), p, simulated)
        }
        None => missing(part, "fewer than five tasks or eight solved trials on a side, or nothing was spent"),
    }
}

fn time(tried: &[Both<'_>]) -> PairPart {
    let part = PartKind::Time;
    let mean = |cell: &Cell| (cell.seconds.1 == cell.trials).then(|| cell.seconds.0 / f64::from(cell.trials));
    let rows: Option<(Vec<f64>, Vec<f64>)> = tried.iter().map(|(a, b)| Some((mean(a)?, mean(b)?))).collect();
    let Some((a, b)) = rows else { return missing(part, "a time is unknown") };
    match time_ratio(&a, &b) {
        // Measured times are never so even: whoever wrote them down measured nothing.
        Some(RatioTest { ratio, .. }) if ratio.high - ratio.low < 1e-9 => {
            missing(part, "every task has the same ratio of times")
        }
        Some(RatioTest { ratio, p }) => found(part, interval(ratio, "log ratio of task means, t"), p, false),
        None => missing(part, "fewer than two tasks, or a time of zero"),
    }
}

/// Tasks solved in all of their trials, where both have at least two.
fn consistency(tried: &[Both<'_>]) -> PairPart {
    let part = PartKind::Consistency;
    let all = |cell: &Cell| TaskCount { passed: u32::from(cell.passed == cell.trials), trials: 1 };
    let deep = tried.iter().filter(|(a, b)| a.trials > 1 && b.trials > 1);
    let counts: Vec<PairedCounts> = deep.map(|(a, b)| PairedCounts { a: all(a), b: all(b) }).collect();
    let differences: Vec<f64> = counts.iter().filter_map(PairedCounts::difference).collect();
    match padded_t(&counts).zip(sign_flip_p(&differences, rule::SEED)) {
        Some((difference, p)) => {
            found(part, interval(difference, "padded paired t of pass^k, sign flips"), p, false)
        }
        None => missing(part, "fewer than two tasks with two trials each"),
    }
}

fn score(tried: &[Both<'_>], id: ScoreId) -> PairPart {
    let part = PartKind::Score(id);
    let apart = |(a, b): &Both<'_>| Some(a.mean_score(id)? - b.mean_score(id)?);
    let mut differences: Vec<f64> = tried.iter().filter_map(apart).collect();
    differences.sort_by(f64::total_cmp);
    match padded_test(&differences, SCORE_PADDING) {
        Some((difference, p)) => found(part, interval(difference, "padded paired t, both solved"), p, false),
        None => missing(part, "fewer than two tasks that both solved with a value"),
    }
}

/// Corrects p over all pairs of the same part and says what follows.
pub(super) fn conclude<'a>(pairs: impl Iterator<Item = &'a mut Vec<PairPart>>) {
    let mut pairs: Vec<&mut Vec<PairPart>> = pairs.collect();
    let count = pairs.first().map_or(0, |parts| parts.len());
    for at in 0..count {
        let p: Vec<Option<f64>> = pairs.iter().map(|parts| parts.get(at).and_then(|part| part.p)).collect();
        for (parts, adjusted) in pairs.iter_mut().zip(rule::corrected(&p)) {
            if let Some(part) = parts.get_mut(at) {
                part.p_adjusted = adjusted;
                part.conclusion = concluded(part);
            }
        }
    }
}

fn concluded(part: &PairPart) -> Conclusion {
    let (Some(effect), Some(p)) = (&part.effect, part.p_adjusted) else { return Conclusion::Withheld };
    let ratio = matches!(part.part, PartKind::CostPerSolved | PartKind::Time);
    // A ratio is tested against 1, and less of it is better.
    let (value, low, high) = if ratio {
        (-effect.estimate.ln(), -effect.high.ln(), -effect.low.ln())
    } else {
        (effect.estimate, effect.low, effect.high)
    };
    match rule::ahead(&Estimate { value, low, high, n: effect.n }, p) {
        Some(Side::A) => Conclusion::ABetter,
        Some(Side::B) => Conclusion::BBetter,
        None => Conclusion::Undecided,
    }
}
