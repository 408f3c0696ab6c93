//! Two assistants on the tasks that both tried.

use fairtrial_domain::comparison::{Conclusion, Interval, Pair, VerdictPart, WithheldReason};
use fairtrial_domain::id::AssistantId;

use super::arm::interval;
use super::input::ComparisonInput;
use super::table::{Cell, Table};
use crate::stats::{
    Estimate, PairedCounts, TaskCount, cost_ratio, padded_sd, padded_t, sign_flip_p, tasks_needed,
};

/// Infra failures may hit one side by this share of its trials more than the other.
const ASYMMETRY: f64 = 0.10;
/// Any number serves: it makes the drawn sign flips the same on every machine.
const SEED: u64 = 0x00fa_1274_1a15_eed5;
const METHOD: &str = "padded paired t";
const COST_METHOD: &str = "linearised log ratio, t";

/// A pair with what its stored form has no place for.
pub(super) struct Compared {
    pub(super) pair: Pair,
    /// Why there is no conclusion for this pair.
    pub(super) withheld: Option<WithheldReason>,
    /// Who costs less for each resolved trial, where that is decided.
    pub(super) saving: Option<Saving>,
}

/// Who costs less for each resolved trial.
pub(super) struct Saving {
    pub(super) cheaper: AssistantId,
    pub(super) dearer: AssistantId,
    /// The share saved.
    pub(super) by: Interval,
    pub(super) simulated: bool,
}

impl Saving {
    pub(super) fn part(&self) -> VerdictPart {
        VerdictPart::CostsLess {
            cheaper: self.cheaper.clone(),
            dearer: self.dearer.clone(),
            by: self.by.clone(),
            simulated: self.simulated,
        }
    }
}

pub(super) fn compared(input: &ComparisonInput, table: &Table<'_>, a: usize, b: usize) -> Compared {
    let cells: Vec<(&Cell, &Cell)> = table.arms[a].iter().zip(&table.arms[b]).collect();
    let excluded = common(&cells, Cell::count);
    let difference = padded_t(&excluded);
    let has_infra = cells.iter().any(|(a, b)| a.infra > 0 || b.infra > 0);
    let as_failed = has_infra.then(|| padded_t(&common(&cells, Cell::as_failed))).flatten();
    let withheld = reason(&cells, excluded.len());
    let conclusion = match (withheld, difference) {
        (Some(_), _) | (None, None) => Conclusion::Withheld,
        (None, Some(difference)) => both_ways(
            conclude(&difference, input.margin),
            as_failed.map(|as_failed| conclude(&as_failed, input.margin)),
        ),
    };
    let rates: Option<Vec<f64>> = excluded.iter().map(|t| Some(t.a.rate()? - t.b.rate()?)).collect();
    let pair = Pair {
        a: input.assistants[a].id.clone(),
        b: input.assistants[b].id.clone(),
        difference: difference.map(|estimate| interval(estimate, METHOD)),
        p: rates.and_then(|rates| sign_flip_p(&rates, SEED)),
        p_adjusted: None,
        infra_as_failed: as_failed.map(|estimate| interval(estimate, METHOD)),
        conclusion,
        tasks_needed: padded_sd(&excluded).and_then(|sd| tasks_needed(sd, input.margin)),
    };
    let saving = if withheld.is_none() { saving(&pair, &cells) } else { None };
    Compared { pair, withheld, saving }
}

/// Returns the tasks on which both have trials.
fn common(cells: &[(&Cell, &Cell)], count: fn(&Cell) -> TaskCount) -> Vec<PairedCounts> {
    let counts = cells.iter().map(|(a, b)| PairedCounts { a: count(a), b: count(b) });
    counts.filter(|pair| pair.a.trials > 0 && pair.b.trials > 0).collect()
}

/// Returns why nothing may be concluded about this pair.
fn reason(cells: &[(&Cell, &Cell)], tasks: usize) -> Option<WithheldReason> {
    let share = |of: fn(&(&Cell, &Cell)) -> (u32, u32)| {
        let (infra, all) = cells.iter().map(of).fold((0u64, 0u64), |(infra, all), (more, trials)| {
            (infra + u64::from(more), all + u64::from(more) + u64::from(trials))
        });
        if all == 0 { 0.0 } else { infra as f64 / all as f64 }
    };
    let (a, b) = (share(|(a, _)| (a.infra, a.trials)), share(|(_, b)| (b.infra, b.trials)));
    if (a - b).abs() > ASYMMETRY + 1e-9 {
        Some(WithheldReason::InfraAsymmetry)
    } else if tasks == 0 {
        Some(WithheldReason::NoEvidence)
    } else if tasks == 1 {
        Some(WithheldReason::OneTask)
    } else {
        None
    }
}

/// Returns what an interval says about a margin (SCORING B6).
fn conclude(difference: &Estimate, margin: f64) -> Conclusion {
    if difference.low > 0.0 {
        if difference.high >= margin { Conclusion::ABetter } else { Conclusion::ASlightlyBetter }
    } else if difference.high < 0.0 {
        if -difference.low >= margin { Conclusion::BBetter } else { Conclusion::BSlightlyBetter }
    } else if difference.low > -margin && difference.high < margin {
        Conclusion::Equivalent
    } else {
        Conclusion::Undecided
    }
}

/// Returns the conclusion that holds with infra failures left out and with them counted as not solved.
fn both_ways(excluded: Conclusion, as_failed: Option<Conclusion>) -> Conclusion {
    use Conclusion::{ABetter, ASlightlyBetter, BBetter, BSlightlyBetter, Undecided};
    match (excluded, as_failed) {
        (conclusion, None) => conclusion,
        (one, Some(other)) if one == other => one,
        (ABetter, Some(ASlightlyBetter)) | (ASlightlyBetter, Some(ABetter)) => ASlightlyBetter,
        (BBetter, Some(BSlightlyBetter)) | (BSlightlyBetter, Some(BBetter)) => BSlightlyBetter,
        (_, Some(_)) => Undecided,
    }
}

/// Returns who costs less for each resolved trial, where every cost is known and the ratio's interval excludes 1.
fn saving(pair: &Pair, cells: &[(&Cell, &Cell)]) -> Option<Saving> {
    let both: Vec<&(&Cell, &Cell)> = cells.iter().filter(|(a, b)| a.trials > 0 && b.trials > 0).collect();
    if both.iter().any(|(a, b)| a.unpriced > 0 || b.unpriced > 0) {
        return None;
    }
    let column = |of: fn(&(&Cell, &Cell)) -> f64| both.iter().map(|cells| of(cells)).collect::<Vec<f64>>();
    let (usd_a, usd_b) = (column(|(a, _)| a.usd), column(|(_, b)| b.usd));
    let (passed_a, passed_b) = (column(|(a, _)| f64::from(a.passed)), column(|(_, b)| f64::from(b.passed)));
    let ratio = cost_ratio((&usd_a, &passed_a), (&usd_b, &passed_b))?.ratio;
    let (cheaper, dearer, ratio) = if ratio.high < 1.0 {
        (&pair.a, &pair.b, ratio)
    } else if ratio.low > 1.0 {
        let turned =
            Estimate { value: 1.0 / ratio.value, low: 1.0 / ratio.high, high: 1.0 / ratio.low, n: ratio.n };
        (&pair.b, &pair.a, turned)
    } else {
        return None;
    };
    let saved =
        Estimate { value: 1.0 - ratio.value, low: 1.0 - ratio.high, high: 1.0 - ratio.low, n: ratio.n };
    Some(Saving {
        cheaper: cheaper.clone(),
        dearer: dearer.clone(),
        by: interval(saved, COST_METHOD),
        simulated: both.iter().any(|(a, b)| a.simulated || b.simulated),
    })
}

/// Returns the pair's part in the verdict; `None` when its conclusion is withheld.
pub(super) fn part(pair: &Pair) -> Option<VerdictPart> {
    let (a, b) = (pair.a.clone(), pair.b.clone());
    let by = pair.difference.clone()?;
    let mut turned = by.clone();
    (turned.estimate, turned.low, turned.high) = (-by.estimate, -by.high, -by.low);
    Some(match pair.conclusion {
        Conclusion::ABetter => VerdictPart::SolvesMore { better: a, worse: b, by, matters: true },
        Conclusion::ASlightlyBetter => VerdictPart::SolvesMore { better: a, worse: b, by, matters: false },
        Conclusion::BBetter => VerdictPart::SolvesMore { better: b, worse: a, by: turned, matters: true },
        Conclusion::BSlightlyBetter => {
            VerdictPart::SolvesMore { better: b, worse: a, by: turned, matters: false }
        }
        Conclusion::Equivalent => VerdictPart::Equivalent { a, b },
        Conclusion::Undecided => VerdictPart::Undecided { a, b, tasks_needed: pair.tasks_needed },
        Conclusion::Withheld => return None,
    })
}
