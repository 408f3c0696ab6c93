//! Is it the tool or the model? Their effects and interaction, where the plan crosses them.

use std::collections::BTreeSet;

use fairtrial_domain::comparison::{Factor, FactorEffect, Factors, Interaction};

use super::arm::interval;
use super::input::ComparisonInput;
use super::table::Table;
use crate::stats::padded_test;

const METHOD: &str = "padded t of task contrasts";

/// An assistant by what it is made of.
struct Crossed<'a> {
    tool: &'a str,
    model: &'a str,
    place: usize,
}

/// Returns the effects of tools and models; `None` unless a model runs under two tools or a tool runs two models, each
/// known by name.
pub(super) fn factors(input: &ComparisonInput, table: &Table<'_>) -> Option<Factors> {
    let known = input.assistants.iter().enumerate().filter_map(|(place, arm)| {
        Some(Crossed { tool: arm.tool.as_deref()?, model: arm.model.as_deref()?, place })
    });
    let arms: Vec<Crossed<'_>> = known.collect();
    let trials = f64::from(input.planned_trials.max(1));
    let mut effects = vec![];
    let (tools, models) = (levels(&arms, |arm| arm.tool), levels(&arms, |arm| arm.model));
    for (factor, own, others) in [(Factor::Tool, &tools, &models), (Factor::Model, &models, &tools)] {
        for (a, b) in couples(own) {
            let place = |level: &str, other: &str| match factor {
                Factor::Tool => find(&arms, level, other),
                Factor::Model => find(&arms, other, level),
            };
            let over: Vec<&str> = others
                .iter()
                .copied()
                .filter(|other| place(a, other).is_some() && place(b, other).is_some())
                .collect();
            let terms: Vec<(usize, f64)> = over
                .iter()
                .flat_map(|other| [(place(a, other), 1.0), (place(b, other), -1.0)])
                .filter_map(|(place, sign)| Some((place?, sign / over.len() as f64)))
                .collect();
            if let Some((by, p)) = padded_test(&contrast(table, &terms), trials * over.len() as f64) {
                effects.push(FactorEffect {
                    factor,
                    a: a.to_owned(),
                    b: b.to_owned(),
                    over: over.into_iter().map(str::to_owned).collect(),
                    by: interval(by, METHOD),
                    p,
                });
            }
        }
    }
    let interactions = interactions(table, &arms, (&tools, &models), trials);
    (!effects.is_empty()).then_some(Factors { effects, interactions })
}

fn interactions(
    table: &Table<'_>,
    arms: &[Crossed<'_>],
    (tools, models): (&[&str], &[&str]),
    trials: f64,
) -> Vec<Interaction> {
    let mut found = vec![];
    for (t, u) in couples(tools) {
        for (m, n) in couples(models) {
            let corners = [(t, m, 0.5), (t, n, -0.5), (u, m, -0.5), (u, n, 0.5)];
            let terms: Option<Vec<(usize, f64)>> = corners
                .iter()
                .map(|(tool, model, weight)| Some((find(arms, tool, model)?, *weight)))
                .collect();
            let tested = terms.and_then(|terms| padded_test(&contrast(table, &terms), 2.0 * trials));
            found.extend(tested.map(|(by, p)| Interaction {
                tools: (t.to_owned(), u.to_owned()),
                models: (m.to_owned(), n.to_owned()),
                by: interval(by, METHOD),
                p,
            }));
        }
    }
    found
}

/// The first assistant made of both; a second one differs in something else.
fn find(arms: &[Crossed<'_>], tool: &str, model: &str) -> Option<usize> {
    arms.iter().find(|arm| arm.tool == tool && arm.model == model).map(|arm| arm.place)
}

fn levels<'a>(arms: &[Crossed<'a>], of: impl Fn(&Crossed<'a>) -> &'a str) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    arms.iter().map(of).filter(|level| seen.insert(*level)).collect()
}

fn couples<'a>(levels: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let each = levels.iter().enumerate();
    each.flat_map(|(i, a)| levels[i + 1..].iter().map(move |b| (*a, *b))).collect()
}

/// Returns the weighted sum of solved rates on each task that all of `terms` tried.
fn contrast(table: &Table<'_>, terms: &[(usize, f64)]) -> Vec<f64> {
    let of = |task: usize| -> Option<f64> {
        terms.iter().map(|(arm, weight)| Some(weight * table.arms[*arm][task].count().rate()?)).sum()
    };
    if terms.is_empty() {
        return vec![];
    }
    let mut values: Vec<f64> = (0..table.tasks.len()).filter_map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}
