//! What may be concluded: rates, pairs, the map of all trials, and what does not count.

use std::collections::BTreeSet;

use fairtrial_domain::comparison::{Arm, Interval, Pair};
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::run::TrialRecord;

use super::{chart, heads, who};
use crate::markup::Markup;
use crate::{ReportInput, State, verdict, words};

/// Rates, drawn and as a table.
pub(super) fn rates(m: &mut Markup, input: &ReportInput<'_>) {
    m.leaf("h2", &[], "Solved rate");
    let said = "Share of trials whose hidden checks pass, mean over tasks. The line is the interval, the dot the estimate.";
    m.leaf("p", &[("class", "soft")], said);
    m.inside("figure", &[("class", "card")], |m| chart::intervals(m, input));
}

/// The rates as a table, with cost and time.
pub(super) fn figures(m: &mut Markup, input: &ReportInput<'_>) {
    m.inside("table", &[("class", "whole")], |m| {
        let methods: BTreeSet<String> =
            input.comparison.arms.iter().filter_map(|arm| arm.rate.as_ref()).map(method).collect();
        let methods: Vec<String> = methods.into_iter().collect();
        m.leaf("caption", &[], &format!("Solved rate, cost and time. Intervals: {}.", methods.join("; ")));
        heads(
            m,
            &[
                "Assistant",
                "Solved rate",
                "Interval",
                "Resolved of trials, tasks",
                "Cost, known",
                "Cost for each resolved",
                "Median time",
                "Not evidence",
            ],
        );
        m.inside("tbody", &[], |m| input.comparison.arms.iter().for_each(|arm| rate(m, input, arm)));
    });
}

/// Says how an interval was made.
fn method(rate: &Interval) -> String {
    format!(
        "{} at {}, n = {}",
        rate.method,
        words::percent(rate.level),
        words::count(rate.n as usize, "task")
    )
}

fn rate(m: &mut Markup, input: &ReportInput<'_>, arm: &Arm) {
    let cells = match &arm.rate {
        Some(rate) => [words::percent(rate.estimate), words::bounds(rate)],
        None => ["no evidence", "none"].map(str::to_owned),
    };
    let [estimate, interval] = cells;
    let median = arm.median_seconds.map_or_else(|| words::UNKNOWN.to_owned(), words::seconds);
    let tasks = words::count(arm.tasks as usize, "task");
    m.inside("tr", &[], |m| {
        m.inside("th", &[("scope", "row")], |m| {
            who(m, input, &arm.assistant);
            if arm.sample {
                m.leaf("span", &[("class", "soft")], " sample");
            }
        });
        for cell in [
            estimate,
            interval,
            format!("{} of {}, {tasks}", arm.resolved, arm.trials),
            words::arm_cost(arm),
            match arm.cost_per_resolved {
                Some(_) if arm.cost.simulated => format!("{}, simulated", words::cost_per_resolved(arm)),
                Some(_) | None => words::cost_per_resolved(arm),
            },
            median,
            words::count(arm.infra as usize, "trial"),
        ] {
            m.leaf("td", &[], &cell);
        }
    });
}

/// Every pair with its difference.
pub(super) fn pairs(m: &mut Markup, input: &ReportInput<'_>) {
    if input.comparison.pairs.is_empty() {
        return;
    }
    m.leaf("h2", &[], "Pairs");
    m.inside("table", &[], |m| {
        let margin = words::points(input.run.plan.margin).replace('+', "");
        let said = format!(
            "Solved rate of the first minus the second, on tasks both tried. Margin that matters: {margin}."
        );
        m.leaf("caption", &[], &said);
        heads(
            m,
            &[
                "Pair",
                "Difference",
                "Interval",
                "p",
                "Lost trials as not solved",
                "Conclusion",
                "Tasks to detect the margin",
            ],
        );
        m.inside("tbody", &[], |m| input.comparison.pairs.iter().for_each(|one| pair(m, input, one)));
    });
}

fn pair(m: &mut Markup, input: &ReportInput<'_>, pair: &Pair) {
    let none = || "none".to_owned();
    let difference = pair.difference.as_ref();
    let said = |interval: &Interval| {
        format!("{} ({})", words::points(interval.estimate), words::point_bounds(interval))
    };
    m.inside("tr", &[], |m| {
        m.inside("th", &[("scope", "row")], |m| {
            who(m, input, &pair.a);
            m.text(" − ");
            who(m, input, &pair.b);
        });
        for cell in [
            difference.map_or_else(none, |d| words::points(d.estimate)),
            difference.map_or_else(none, |d| {
                format!(
                    "{}; {}, n = {}",
                    words::point_bounds(d),
                    d.method,
                    words::count(d.n as usize, "task")
                )
            }),
            p_of(pair),
            pair.infra_as_failed.as_ref().map_or_else(|| "no trial was lost".to_owned(), said),
            verdict::conclusion(input, pair),
            pair.tasks_needed.map_or_else(|| words::UNKNOWN.to_owned(), |n| format!("about {n}")),
        ] {
            m.leaf("td", &[], &cell);
        }
    });
}

fn p_of(pair: &Pair) -> String {
    let Some(p) = pair.p else { return "none".to_owned() };
    let corrected = pair.p_adjusted.map_or_else(String::new, |p| format!("; {p:.3} after Holm"));
    format!("{p:.3} (sign flips){corrected}")
}

/// Tasks × assistants with a glyph for each trial.
pub(super) fn map(m: &mut Markup, input: &ReportInput<'_>) {
    let plan = &input.run.plan;
    m.leaf("h2", &[], "Every trial");
    m.inside("table", &[], |m| {
        m.inside("thead", &[], |m| {
            m.inside("tr", &[], |m| {
                m.leaf("th", &[("scope", "col")], "Task");
                for assistant in &plan.assistants {
                    m.inside("th", &[("scope", "col")], |m| who(m, input, &assistant.id));
                }
            });
        });
        m.inside("tbody", &[], |m| {
            for task in &plan.tasks {
                m.inside("tr", &[], |m| {
                    m.leaf("th", &[("scope", "row"), ("dir", "auto")], input.task_title(&task.id));
                    for assistant in &plan.assistants {
                        m.inside("td", &[], |m| {
                            let cell = input.cell(&task.id, &assistant.id);
                            cell.iter().zip(1..).for_each(|(trial, n)| glyph(m, n, *trial));
                        });
                    }
                });
            }
        });
    });
    m.inside("div", &[("class", "legend")], |m| {
        for state in State::ALL {
            m.inside("span", &[], |m| {
                m.leaf("span", &[("class", &format!("glyph {}", state.class()))], state.glyph());
                m.text(state.words());
            });
        }
    });
}

fn glyph(m: &mut Markup, number: u32, trial: Option<&TrialRecord>) {
    let state = State::of(trial);
    let (class, said) = (format!("glyph {}", state.class()), format!("trial {number}: {}", state.words()));
    match trial {
        Some(trial) => {
            let target = format!("#trial/{}", trial.key);
            let attributes =
                [("class", class.as_str()), ("href", &target), ("title", &said), ("aria-label", &said)];
            m.leaf("a", &attributes, state.glyph());
        }
        None => m.leaf("span", &[("class", &class), ("title", &said)], state.glyph()),
    }
}

/// What does not count, and why.
pub(super) fn excluded(m: &mut Markup, input: &ReportInput<'_>) {
    m.leaf("h2", &[], "What does not count");
    if input.comparison.excluded.is_empty() {
        m.leaf("p", &[], "Nothing was left out.");
        return;
    }
    m.inside("table", &[], |m| {
        heads(m, &["Trials", "Assistant", "Task", "Why"]);
        m.inside("tbody", &[], |m| {
            for exclusion in &input.comparison.excluded {
                m.inside("tr", &[], |m| {
                    m.leaf("td", &[], &exclusion.trials.to_string());
                    m.inside("td", &[], |m| one_or_all(m, input, exclusion.assistant.as_ref()));
                    let task = exclusion.task.as_ref().map_or("all", |task| input.task_title(task));
                    m.leaf("td", &[("dir", "auto")], task);
                    m.leaf("td", &[("dir", "auto")], &exclusion.reason);
                });
            }
        });
    });
}

fn one_or_all(m: &mut Markup, input: &ReportInput<'_>, assistant: Option<&AssistantId>) {
    match assistant {
        Some(id) => who(m, input, id),
        None => m.text("all"),
    }
}
