//! A score by weights that somebody chose, always with what other weights would say.

use std::collections::BTreeMap;

use fairtrial_domain::comparison::{Flip, Weighted, WeightedScore};
use fairtrial_domain::score::ScoreId;

use super::input::ComparisonInput;
use super::parts::dimensions;
use super::rule::SEED;
use super::table::Table;
use crate::stats::{flip_weights, smaa, weighted};

/// The criterion of the solved rate.
const SOLVED: &str = "solved";
/// The criterion of solving a task in all of its trials.
const CONSISTENCY: &str = "consistency";
/// The share of weights from which a first place is called robust.
const ROBUST: f64 = 0.9;

/// A mean with its standard error.
type Value = (f64, f64);

/// Returns the name of a dimension in weights, as it stands in JSON.
fn name(id: ScoreId) -> String {
    serde_json::to_value(id).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Returns weighted scores; `None` without weights, evidence, or a criterion that all have.
pub(super) fn scores(input: &ComparisonInput, table: &Table<'_>) -> Option<Weighted> {
    let weights = input.design.weights.as_ref()?;
    let arms = 0..input.assistants.len();
    let mut columns: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    columns.insert(SOLVED.to_owned(), arms.clone().map(|arm| solved(table, arm, false)).collect());
    columns.insert(CONSISTENCY.to_owned(), arms.clone().map(|arm| solved(table, arm, true)).collect());
    for id in dimensions(table.arms.iter().flatten()) {
        columns.insert(name(id), on_common(table, id));
    }
    let advised = super::advice::by_task(input, table);
    columns.insert(name(ScoreId::Judge), advised.iter().map(|shares| value(shares)).collect());
    let whole = |criterion: &String| {
        columns.get(criterion).and_then(|column| column.iter().copied().collect::<Option<Vec<Value>>>())
    };
    let used: Vec<(&String, f64, Vec<Value>)> = weights
        .iter()
        .filter_map(|(criterion, weight)| Some((criterion, *weight, whole(criterion)?)))
        .collect();
    let missing = weights.keys().filter(|criterion| whole(criterion).is_none()).cloned().collect();
    let w: Vec<f64> = used.iter().map(|(_, weight, _)| *weight).collect();
    let rows: Vec<Vec<Value>> =
        arms.map(|arm| used.iter().map(|(_, _, column)| column[arm]).collect()).collect();
    let means = |arm: usize| rows[arm].iter().map(|(mean, _)| *mean).collect::<Vec<f64>>();
    let firsts = smaa(&rows, SEED)?;
    let mut scores = vec![];
    for (arm, (entry, first)) in input.assistants.iter().zip(&firsts).enumerate() {
        scores.push(WeightedScore {
            assistant: entry.id.clone(),
            values: used.iter().zip(means(arm)).map(|((name, _, _), mean)| ((*name).clone(), mean)).collect(),
            score: weighted(&means(arm), &w)?,
            first: first.first,
        });
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].score.total_cmp(&scores[a].score));
    let flips = match order.as_slice() {
        [first, second, ..] => flip_weights(&means(*first), &means(*second), &w)?,
        _ => vec![],
    };
    let total: f64 = w.iter().sum();
    let flip = |((criterion, weight, _), at): (&(&String, f64, Vec<Value>), Option<f64>)| Flip {
        criterion: (*criterion).clone(),
        weight: weight / total,
        at,
    };
    let robust = order.first().is_some_and(|&first| scores[first].first >= ROBUST);
    let flips = used.iter().zip(flips).map(flip).collect();
    Some(Weighted { weights: weights.clone(), missing, scores, flips, robust })
}

/// The mean over tasks with its standard error; `None` below two tasks.
fn value(values: &[f64]) -> Option<Value> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, (squares / (n - 1.0) / n).sqrt()))
}

fn solved(table: &Table<'_>, arm: usize, all: bool) -> Option<Value> {
    let tried = table.arms[arm].iter().filter(|cell| cell.trials > if all { 1 } else { 0 });
    let of = |cell: &super::table::Cell| {
        if all {
            f64::from(u8::from(cell.passed == cell.trials))
        } else {
            f64::from(cell.passed) / f64::from(cell.trials)
        }
    };
    value(&tried.map(of).collect::<Vec<f64>>())
}

/// A dimension on the tasks that everybody solved.
fn on_common(table: &Table<'_>, id: ScoreId) -> Vec<Option<Value>> {
    let has = |task: &usize| table.arms.iter().all(|cells| cells[*task].mean_score(id).is_some());
    let common: Vec<usize> = (0..table.tasks.len()).filter(has).collect();
    let of = |cells: &Vec<super::table::Cell>| {
        value(&common.iter().filter_map(|&task| cells[task].mean_score(id)).collect::<Vec<f64>>())
    };
    table.arms.iter().map(of).collect()
}
