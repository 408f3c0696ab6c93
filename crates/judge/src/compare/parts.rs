//! What two assistants differ in beside solving: cost, time, consistency, and the scorecard on tasks both solved.
//!
//! **Invariant:** every part has its own margin, and equal means that its whole interval lies inside; what has no figure
//! has a reason.

use std::collections::BTreeSet;

use fairtrial_domain::comparison::{Conclusion, Interval, PairPart, PartKind};
use fairtrial_domain::score::ScoreId;

use super::arm::interval;
use super::input::ComparisonInput;
use super::lack::Lack;
use super::price::OneMore;
use super::table::Cell;
use super::{pair, rule};
use crate::stats::{
    Estimate, PairedCounts, RatioTest, TaskCount, cost_ratio, padded_sd, padded_spread, padded_t,
    padded_test, sign_flip_p, tasks_needed, time_ratio,
};

/// The ratio of two costs, or of two times, that matters: a quarter more of the one is a fifth less of the other.
pub const RATIO_MARGIN: f64 = 1.25;
/// The difference in a dimension of the scorecard that matters.
pub const SCORE_MARGIN: f64 = 0.1;

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
pub(super) fn parts(
    cells: &[Both<'_>],
    scores: &BTreeSet<ScoreId>,
    input: &ComparisonInput,
    one_more: &OneMore,
) -> Vec<PairPart> {
    let tried: Vec<Both<'_>> = cells.iter().filter(|(a, b)| a.trials > 0 && b.trials > 0).copied().collect();
    let part = |part, found: Result<Found, Lack>| {
        let margin = margin(part, input);
        let unit = |margin: f64| if is_ratio(part) { margin.ln() } else { margin };
        let needed = |found: &Found| tasks_needed(found.sd?, unit(margin?));
        match found {
            Ok(found) => {
                let tasks_needed = needed(&found);
                let have = found.effect.n as usize;
                let price = tasks_needed.and_then(|all| one_more.price(all, have, tried.len()));
                PairPart {
                    part,
                    effect: Some(found.effect),
                    p: Some(found.p),
                    p_adjusted: None,
                    conclusion: Conclusion::Undecided,
                    simulated: found.simulated,
                    missing: None,
                    margin,
                    tasks_needed,
                    price,
                }
            }
            Err(lack) => missing(part, lack, margin),
        }
    };
    let mut parts = vec![
        part(PartKind::CostPerSolved, cost(&tried)),
        part(PartKind::Time, time(&tried)),
        part(PartKind::Consistency, consistency(&tried)),
    ];
    parts.extend(scores.iter().map(|id| part(PartKind::Score(*id), score(&tried, *id))));
    parts
}

/// Returns whether a part compares by a ratio, of which less is better.
pub(super) fn is_ratio(part: PartKind) -> bool {
    match part {
        PartKind::CostPerSolved | PartKind::Time => true,
        PartKind::Consistency | PartKind::Score(_) => false,
    }
}

/// Returns the margin that matters in a part: consistency is a solved rate and has the plan's. `None` when that is none.
fn margin(part: PartKind, input: &ComparisonInput) -> Option<f64> {
    match part {
        PartKind::CostPerSolved | PartKind::Time => Some(RATIO_MARGIN),
        PartKind::Consistency => Some(input.margin).filter(|margin| margin.is_finite() && *margin > 0.0),
        PartKind::Score(_) => Some(SCORE_MARGIN),
    }
}

/// A part that has a figure, with the spread of its tasks.
struct Found {
    effect: Interval,
    p: f64,
    sd: Option<f64>,
    simulated: bool,
}

fn missing(part: PartKind, lack: Lack, margin: Option<f64>) -> PairPart {
    PairPart {
        part,
        effect: None,
        p: None,
        p_adjusted: None,
        conclusion: Conclusion::Withheld,
        simulated: false,
        missing: Some(lack.why().to_owned()),
        margin,
        tasks_needed: None,
        price: None,
    }
}

fn cost(tried: &[Both<'_>]) -> Result<Found, Lack> {
    if tried.iter().any(|(a, b)| a.unpriced > 0 || b.unpriced > 0) {
        return Err(Lack::CostUnknown);
    }
    let column = |of: fn(&Both<'_>) -> f64| tried.iter().map(of).collect::<Vec<f64>>();
    let (usd_a, usd_b) = (column(|(a, _)| a.usd), column(|(_, b)| b.usd));
    let (passed_a, passed_b) = (column(|(a, _)| f64::from(a.passed)), column(|(_, b)| f64::from(b.passed)));
    let RatioTest { ratio, p, sd } =
        cost_ratio((&usd_a, &passed_a), (&usd_b, &passed_b)).ok_or(Lack::CostFew)?;
    let simulated = tried.iter().any(|(a, b)| a.simulated || b.simulated);
    Ok(Found { effect: interval(ratio, "linearised log ratio, t"), p, sd: Some(sd), simulated })
}

fn time(tried: &[Both<'_>]) -> Result<Found, Lack> {
    let mean = |cell: &Cell| (cell.seconds.1 == cell.trials).then(|| cell.seconds.0 / f64::from(cell.trials));
    let rows: Option<(Vec<f64>, Vec<f64>)> = tried.iter().map(|(a, b)| Some((mean(a)?, mean(b)?))).collect();
    let (a, b) = rows.ok_or(Lack::TimeUnknown)?;
    let RatioTest { ratio, p, sd } = time_ratio(&a, &b).ok_or(Lack::TimeFew)?;
    // Measured times are never so even: whoever wrote them down measured nothing.
    if ratio.high - ratio.low < 1e-9 {
        return Err(Lack::TimeEven);
    }
    Ok(Found { effect: interval(ratio, "log ratio of task means, t"), p, sd: Some(sd), simulated: false })
}

/// Tasks solved in all of their trials, where both have at least two.
fn consistency(tried: &[Both<'_>]) -> Result<Found, Lack> {
    let all = |cell: &Cell| TaskCount { passed: u32::from(cell.passed == cell.trials), trials: 1 };
    let deep = tried.iter().filter(|(a, b)| a.trials > 1 && b.trials > 1);
    let counts: Vec<PairedCounts> = deep.map(|(a, b)| PairedCounts { a: all(a), b: all(b) }).collect();
    let differences: Vec<f64> = counts.iter().filter_map(PairedCounts::difference).collect();
    let (difference, p) =
        padded_t(&counts).zip(sign_flip_p(&differences, rule::SEED)).ok_or(Lack::SteadyFew)?;
    let effect = interval(difference, "padded paired t of pass^k, sign flips");
    Ok(Found { effect, p, sd: padded_sd(&counts), simulated: false })
}

fn score(tried: &[Both<'_>], id: ScoreId) -> Result<Found, Lack> {
    let apart = |(a, b): &Both<'_>| Some(a.mean_score(id)? - b.mean_score(id)?);
    let mut differences: Vec<f64> = tried.iter().filter_map(apart).collect();
    differences.sort_by(f64::total_cmp);
    let (difference, p) = padded_test(&differences, SCORE_PADDING).ok_or(Lack::ScoresFew)?;
    let effect = interval(difference, "padded paired t, both solved");
    Ok(Found { effect, p, sd: padded_spread(&differences, SCORE_PADDING), simulated: false })
}

/// Corrects p over all pairs of the same part and says what follows; nothing does before all planned tasks are in, since
/// only the solved rate has a test that may be looked at early.
pub(super) fn conclude<'a>(pairs: impl Iterator<Item = &'a mut Vec<PairPart>>, finished: bool) {
    let mut pairs: Vec<&mut Vec<PairPart>> = pairs.collect();
    let count = pairs.first().map_or(0, |parts| parts.len());
    for at in 0..count {
        let p: Vec<Option<f64>> = pairs.iter().map(|parts| parts.get(at).and_then(|part| part.p)).collect();
        for (parts, adjusted) in pairs.iter_mut().zip(rule::corrected(&p)) {
            if let Some(part) = parts.get_mut(at) {
                part.p_adjusted = adjusted;
                part.conclusion = if finished { concluded(part) } else { Conclusion::Withheld };
                if !finished && part.missing.is_none() {
                    part.missing = Some(Lack::Early.why().to_owned());
                }
            }
        }
    }
}

fn concluded(part: &PairPart) -> Conclusion {
    let (Some(effect), Some(p)) = (&part.effect, part.p_adjusted) else { return Conclusion::Withheld };
    let margin = part.margin.unwrap_or(0.0);
    // A ratio is tested against 1, and less of it is better.
    let (value, low, high, margin) = if is_ratio(part.part) {
        (-effect.estimate.ln(), -effect.high.ln(), -effect.low.ln(), margin.ln())
    } else {
        (effect.estimate, effect.low, effect.high, margin)
    };
    pair::concluded(&Estimate { value, low, high, n: effect.n }, p, margin)
}
