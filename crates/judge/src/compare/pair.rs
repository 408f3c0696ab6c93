//! Two assistants on the tasks that both tried.

use std::collections::{BTreeMap, BTreeSet};

use fairtrial_domain::comparison::{
    Conclusion, Early, Looks, LostTrials, NotWorse, Pair, VerdictPart, WithheldReason,
};
use fairtrial_domain::score::ScoreId;

use super::arm::interval;
use super::input::ComparisonInput;
use super::parts;
use super::price::OneMore;
use super::rule::{self, FEWEST_TASKS, Side};
use super::table::{Cell, Table};
use crate::stats::{
    Estimate, PairedCounts, TaskCount, confidence_sequence, equivalent, missing_bounds, not_worse,
    padded_mean, padded_sd, padded_t, sign_flip_p, tasks_needed,
};

/// Infra failures may hit one side by this share of its trials more than the other.
const ASYMMETRY: f64 = 0.10;
pub(super) const METHOD: &str = "padded paired t";

/// One reading of a pair: infra failures left out, or counted as not solved.
#[derive(Clone)]
struct Reading {
    difference: Estimate,
    p: f64,
    /// Differences in the order of tasks, 0 where one has no trial.
    ordered: Vec<f64>,
}

/// A pair with what its stored form has no place for.
pub(super) struct Compared {
    pub(super) pair: Pair,
    /// Why there is no conclusion for this pair.
    pub(super) withheld: Option<WithheldReason>,
    readings: Vec<Reading>,
}

pub(super) fn compared(
    input: &ComparisonInput,
    table: &Table<'_>,
    scores: &BTreeSet<ScoreId>,
    (a, b): (usize, usize),
) -> Compared {
    let cells: Vec<(&Cell, &Cell)> = table.arms[a].iter().zip(&table.arms[b]).collect();
    let counts = common(&cells, Cell::count);
    let lost = cells.iter().any(|(a, b)| a.infra > 0 || b.infra > 0);
    let withheld = reason(&cells, counts.len());
    let excluded = reading(&cells, Cell::count);
    let as_failed = if lost { reading(&cells, Cell::as_failed) } else { None };
    let needed = padded_sd(&counts).and_then(|sd| tasks_needed(sd, input.margin));
    let one_more = OneMore::of(input, &cells);
    let pair = Pair {
        a: input.assistants[a].id.clone(),
        b: input.assistants[b].id.clone(),
        difference: excluded.as_ref().map(|one| interval(one.difference, METHOD)),
        p: excluded.as_ref().map(|one| one.p),
        p_adjusted: None,
        infra_as_failed: as_failed.as_ref().map(|one| interval(one.difference, METHOD)),
        conclusion: Conclusion::Withheld,
        tasks_needed: needed,
        p_as_failed: as_failed.as_ref().map(|one| one.p),
        not_worse: NotWorse::default(),
        price: needed.and_then(|needed| one_more.price(needed, counts.len(), counts.len())),
        early: None,
        lost: if lost { lost_trials(input, &counts) } else { None },
        by_repository: by_repository(table, &cells)
            .map(|by| interval(by, "padded paired t over repositories")),
        parts: parts::parts(&cells, scores, input, &one_more),
    };
    let readings = [excluded, as_failed].into_iter().flatten().collect();
    Compared { pair, withheld, readings }
}

impl Compared {
    /// Returns the larger p of both readings: a verdict must hold both ways.
    pub(super) fn p(&self) -> Option<f64> {
        self.readings.iter().map(|one| one.p).reduce(f64::max).filter(|_| self.withheld.is_none())
    }

    /// Concludes, once the corrected p is known.
    pub(super) fn conclude(&mut self, input: &ComparisonInput, pairs: usize, p_adjusted: Option<f64>) {
        self.pair.p_adjusted = p_adjusted;
        if input.design.looks != Looks::AtEnd {
            self.pair.early = self.readings.first().map(|one| early(one, input, pairs));
        }
        if self.withheld.is_some() || self.readings.is_empty() {
            return;
        }
        let sides: Vec<Option<Side>> =
            self.readings.iter().map(|one| side(one, input, pairs, p_adjusted)).collect();
        let agreed = sides.iter().copied().reduce(|x, y| if x == y { x } else { None }).flatten();
        let over = |of: &dyn Fn(&Estimate) -> bool| self.readings.iter().all(|one| of(&one.difference));
        let margin = input.margin;
        let enough = self.readings.iter().all(|one| one.difference.n >= FEWEST_TASKS);
        let whole = enough && input.finished;
        self.pair.not_worse = NotWorse {
            a: whole && over(&|d| not_worse(d, margin)),
            b: whole && over(&|d| not_worse(&turned(d), margin)),
        };
        self.pair.conclusion = match agreed {
            Some(Side::A) if over(&|d| d.high >= margin) => Conclusion::ABetter,
            Some(Side::A) => Conclusion::ASlightlyBetter,
            Some(Side::B) if over(&|d| -d.low >= margin) => Conclusion::BBetter,
            Some(Side::B) => Conclusion::BSlightlyBetter,
            None if whole && over(&|d| equivalent(d, margin)) => Conclusion::Equivalent,
            None => Conclusion::Undecided,
        };
    }
}

fn turned(d: &Estimate) -> Estimate {
    Estimate { value: -d.value, low: -d.high, high: -d.low, n: d.n }
}

/// Returns who is ahead in one reading by the test that was planned.
fn side(one: &Reading, input: &ComparisonInput, pairs: usize, p_adjusted: Option<f64>) -> Option<Side> {
    match input.design.looks {
        Looks::AtEnd => rule::ahead(&one.difference, p_adjusted?),
        Looks::EveryTask => {
            let planned = input.tasks.len().max(one.ordered.len());
            rule::ahead_early(&rule::sequential(&one.ordered, planned, pairs)?)
        }
        Looks::Growing => rule::ahead_growing(&one.ordered, pairs)?.0,
    }
}

fn early(one: &Reading, input: &ComparisonInput, pairs: usize) -> Early {
    let planned = input.tasks.len().max(one.ordered.len());
    let decided = match input.design.looks {
        Looks::EveryTask => rule::sequential(&one.ordered, planned, pairs).and_then(|test| test.decided),
        Looks::AtEnd | Looks::Growing => None,
    };
    Early {
        decided_after: decided.and_then(|look| u32::try_from(look).ok()),
        evidence: rule::ahead_growing(&one.ordered, pairs).map(|(_, evidence)| evidence),
        sequence: confidence_sequence(&one.ordered).map(|got| interval(got, "betting confidence sequence")),
    }
}

/// Returns what an interval and a corrected p say about a margin.
pub(super) fn concluded(difference: &Estimate, p: f64, margin: f64) -> Conclusion {
    match rule::ahead(difference, p) {
        Some(Side::A) if difference.high >= margin => Conclusion::ABetter,
        Some(Side::A) => Conclusion::ASlightlyBetter,
        Some(Side::B) if -difference.low >= margin => Conclusion::BBetter,
        Some(Side::B) => Conclusion::BSlightlyBetter,
        None if difference.n >= FEWEST_TASKS && equivalent(difference, margin) => Conclusion::Equivalent,
        None => Conclusion::Undecided,
    }
}

fn reading(cells: &[(&Cell, &Cell)], count: fn(&Cell) -> TaskCount) -> Option<Reading> {
    let both = common(cells, count);
    let differences: Vec<f64> = both.iter().filter_map(PairedCounts::difference).collect();
    let apart = |(a, b): &(&Cell, &Cell)| Some(count(a).rate()? - count(b).rate()?);
    // Tasks that are still to come are no looks.
    let reached = cells.iter().rposition(|(a, b)| a.was_tried() || b.was_tried()).map_or(0, |last| last + 1);
    Some(Reading {
        difference: padded_t(&both)?,
        p: sign_flip_p(&differences, rule::SEED)?,
        ordered: cells[..reached].iter().map(|cells| apart(cells).unwrap_or(0.0)).collect(),
    })
}

/// Returns the tasks on which both have trials.
pub(super) fn common(cells: &[(&Cell, &Cell)], count: fn(&Cell) -> TaskCount) -> Vec<PairedCounts> {
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

fn lost_trials(input: &ComparisonInput, counts: &[PairedCounts]) -> Option<LostTrials> {
    let most = counts.iter().map(|pair| pair.a.trials.max(pair.b.trials)).max()?;
    let got = missing_bounds(counts, input.planned_trials.max(most))?;
    Some(LostTrials {
        excluded: got.excluded,
        as_failed: got.missing_as_fail,
        worst: got.worst_for_a,
        best: got.best_for_a,
    })
}

/// Returns the difference over repositories, each counted once; `None` where tasks do not share any, or all do.
fn by_repository(table: &Table<'_>, cells: &[(&Cell, &Cell)]) -> Option<Estimate> {
    let mut groups: BTreeMap<&str, (f64, u32)> = BTreeMap::new();
    let mut trials = 0u32;
    for (task, (a, b)) in table.tasks.iter().zip(cells) {
        if let Some(apart) = a.count().rate().zip(b.count().rate()).map(|(a, b)| a - b) {
            let group = groups.entry(task.repository.as_deref()?).or_default();
            *group = (group.0 + apart, group.1 + 1);
            trials = trials.max(a.trials.max(b.trials));
        }
    }
    let shared = groups.values().any(|(_, tasks)| *tasks > 1);
    let means: Vec<f64> = groups.values().map(|(sum, tasks)| sum / f64::from(*tasks)).collect();
    if shared { padded_mean(&means, f64::from(trials)) } else { None }
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
