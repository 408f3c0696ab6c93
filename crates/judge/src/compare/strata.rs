//! The comparison by kind of task, since kinds differ more than assistants do.

use std::collections::BTreeMap;

use fairtrial_domain::comparison::{Conclusion, Stratum, StratumPair, StratumRate};
use fairtrial_domain::task::TaskKind;

use super::arm::interval;
use super::input::ComparisonInput;
use super::pair::{METHOD, concluded};
use super::rule;
use super::table::{Cell, Table};
use crate::stats::{Estimate, PairedCounts, TaskCount, padded_t, sign_flip_p, wilson_shrunk_icc};

/// Returns one stratum per kind of task; empty when all tasks are of one kind.
pub(super) fn strata(input: &ComparisonInput, table: &Table<'_>, withheld: bool) -> Vec<Stratum> {
    let mut kinds: BTreeMap<TaskKind, Vec<usize>> = BTreeMap::new();
    for (place, task) in table.tasks.iter().enumerate() {
        kinds.entry(task.kind).or_default().push(place);
    }
    if kinds.len() < 2 {
        return vec![];
    }
    let mut found: Vec<(Stratum, Vec<Tested>)> =
        kinds.into_iter().map(|(kind, places)| stratum(input, table, kind, &places)).collect();
    let p: Vec<Option<f64>> =
        found.iter().flat_map(|(_, tested)| tested.iter().map(|one| one.as_ref().map(|(_, p)| *p))).collect();
    let mut adjusted = rule::corrected(&p).into_iter();
    for (stratum, tested) in &mut found {
        for (pair, tested) in stratum.pairs.iter_mut().zip(tested.iter()) {
            pair.p_adjusted = adjusted.next().flatten();
            pair.conclusion = match tested.as_ref().zip(pair.p_adjusted).filter(|_| !withheld) {
                Some(((difference, _), p)) => concluded(difference, p, input.margin),
                None => Conclusion::Withheld,
            };
        }
    }
    found.into_iter().map(|(stratum, _)| stratum).collect()
}

/// A difference with its p; `None` below two tasks.
type Tested = Option<(Estimate, f64)>;

fn stratum(
    input: &ComparisonInput,
    table: &Table<'_>,
    kind: TaskKind,
    places: &[usize],
) -> (Stratum, Vec<Tested>) {
    let counts = |arm: usize| places.iter().map(move |&at| table.arms[arm][at].count());
    let rate = |(arm, entry): (usize, &super::ArmEntry)| {
        let tried: Vec<TaskCount> = counts(arm).filter(|count| count.trials > 0).collect();
        StratumRate {
            assistant: entry.id.clone(),
            rate: wilson_shrunk_icc(&tried).map(|got| interval(got.rate, "wilson, shrunk icc, t")),
            resolved: tried.iter().map(|count| count.passed).sum(),
            trials: tried.iter().map(|count| count.trials).sum(),
        }
    };
    let (mut pairs, mut tested) = (vec![], vec![]);
    for a in 0..input.assistants.len() {
        for b in a + 1..input.assistants.len() {
            let cells: Vec<(&Cell, &Cell)> =
                places.iter().map(|&at| (&table.arms[a][at], &table.arms[b][at])).collect();
            let both: Vec<PairedCounts> = super::pair::common(&cells, Cell::count);
            let differences: Vec<f64> = both.iter().filter_map(PairedCounts::difference).collect();
            let got = padded_t(&both).zip(sign_flip_p(&differences, rule::SEED));
            pairs.push(StratumPair {
                a: input.assistants[a].id.clone(),
                b: input.assistants[b].id.clone(),
                difference: got.map(|(difference, _)| interval(difference, METHOD)),
                p_adjusted: None,
                conclusion: Conclusion::Withheld,
            });
            tested.push(got);
        }
    }
    let tasks = u32::try_from(places.len()).unwrap_or(u32::MAX);
    (Stratum { kind, tasks, rates: input.assistants.iter().enumerate().map(rate).collect(), pairs }, tested)
}
