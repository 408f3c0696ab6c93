//! The report and aligned changes as terminal text.
//!
//! **Invariant:** no line is wider than asked, colours not counted; no control character comes from data.

mod check;
mod diff;
mod left;
mod line;
mod table;

use std::collections::BTreeSet;

use fairtrial_domain::comparison::Interval;

use crate::{ReportInput, State, findings, letter, notes, verdict, words};
use line::{Line, Style, clean, cut, width_of, wrapped};

pub use check::{terminal_preview, terminal_self_test};
pub use diff::terminal_diff;
pub use table::terminal_comparison;

/// The narrowest terminal that is served; a smaller width is taken as this.
const NARROWEST: usize = 24;
const NAME: usize = 16;
const BAR: usize = 24;

/// Returns the verdict, intervals, map and exclusions in lines of at most `width` columns (24 at least).
pub fn terminal(input: &ReportInput<'_>, width: usize, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let mut lines = opening(input, width);
    lines.push(Line::default());
    lines.extend(rates(input, width));
    lines.push(Line::default());
    lines.extend(map(input, width));
    lines.push(Line::default());
    lines.extend(sections(&findings::findings(input.comparison, &|id| input.title_of(id)), width));
    lines.extend(excluded(input, width));
    lines.extend(left::left(input, width));
    lines.extend(footer(input, width));
    line::text(&lines, width, colour)
}

fn opening(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    let (run, plan) = (input.run, &input.run.plan);
    let head = format!(
        "{} {}: {} × {} × {}. Run {}, {}.",
        plan.title,
        plan.suite_version,
        words::count(plan.tasks.len(), "task"),
        words::count(plan.assistants.len(), "assistant"),
        words::count(plan.trials as usize, "trial"),
        run.id,
        words::status(run.status)
    );
    let mut lines = wrapped(&head, "", width, Style::Soft);
    lines.push(Line::default());
    lines.extend(wrapped(&input.comparison.verdict.headline, "", width, Style::Strong));
    for sentence in verdict::parts(input, &input.comparison.verdict.parts) {
        lines.extend(wrapped(&sentence, "  ", width, Style::Plain));
    }
    lines.push(Line::default());
    for note in notes(input) {
        lines.extend(wrapped(&note, "| ", width, Style::Soft));
    }
    lines
}

/// Sections of findings, each followed by an empty line.
fn sections(sections: &[findings::Section], width: usize) -> Vec<Line> {
    let mut lines = vec![];
    for section in sections {
        lines.push(Line::of(section.heading, Style::Strong));
        section.lines.iter().for_each(|line| lines.extend(wrapped(line, "  ", width, Style::Plain)));
        lines.push(Line::default());
    }
    lines
}

fn rates(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    let arms = &input.comparison.arms;
    let costs: Vec<String> = arms.iter().map(words::cost_per_resolved).collect();
    let simulated = arms.iter().any(|arm| arm.cost.simulated);
    let cost_head = if simulated { "$ each, simulated" } else { "$ each" };
    let cost_width = costs.iter().map(|cost| width_of(cost)).max().unwrap_or(0).max(cost_head.len());
    // Letter, name, estimate and bounds; then what fits of drawing, trials and cost.
    let fixed = 2 + NAME + 1 + 5 + 2 + 11;
    let room = width.saturating_sub(fixed);
    let counts: Vec<String> = arms.iter().map(|arm| format!("{} of {}", arm.resolved, arm.trials)).collect();
    let trials_width = counts.iter().map(String::len).max().unwrap_or(0).max(7);
    let trials_fit = room >= 2 + trials_width;
    let cost_fits = trials_fit && room >= 2 + trials_width + 2 + cost_width + BAR / 2;
    let taken = if trials_fit { 2 + trials_width } else { 0 } + if cost_fits { cost_width + 2 } else { 0 };
    let bar = room.saturating_sub(taken + 2).min(BAR);
    let mut head = Line::default();
    head.push_wide("Solved rate", fixed + if bar >= 8 { bar + 2 } else { 0 }, Style::Strong);
    if trials_fit {
        head.push(&format!("{:>1$}", "resolved", trials_width + 2), Style::Soft);
    }
    if cost_fits {
        head.push(&format!("  {cost_head:>cost_width$}"), Style::Soft);
    }
    let mut lines = vec![head];
    for (row, arm) in arms.iter().enumerate() {
        let place = input.place(&arm.assistant).unwrap_or(row);
        let mut line = Line::default();
        line.push(&format!("{:<2}", letter(place)), Style::Identity(place));
        line.push_wide(&cut(&clean(&input.label(&arm.assistant)), NAME), NAME + 1, Style::Plain);
        match &arm.rate {
            Some(rate) => {
                line.push(&format!("{:>5}", words::percent(rate.estimate)), Style::Strong);
                line.push(&format!("  {:<11}", words::bounds(rate)), Style::Plain);
                if bar >= 8 {
                    line.push("  ", Style::Plain);
                    line.push(&drawn(rate, bar), Style::Identity(place));
                }
            }
            None => line.push_wide("no evidence", 18 + if bar >= 8 { bar + 2 } else { 0 }, Style::Soft),
        }
        if trials_fit {
            line.push(&format!("  {:>trials_width$}", counts[row]), Style::Plain);
        }
        if cost_fits {
            line.push(&format!("  {:>cost_width$}", costs[row]), Style::Plain);
        }
        lines.push(line);
    }
    lines
}

/// An interval in `width` columns from 0 to 1.
fn drawn(rate: &Interval, width: usize) -> String {
    let at = |share: f64| {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        (share * (width - 1) as f64).round() as usize
    };
    let (low, dot, high) = (at(rate.low), at(rate.estimate), at(rate.high));
    let sign = |column: usize| match column {
        column if column == dot => '●',
        column if column == low => '├',
        column if column == high => '┤',
        column if column > low && column < high => '─',
        _ => '·',
    };
    (0..width).map(sign).collect()
}

fn map(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    let plan = &input.run.plan;
    let trials = plan.trials as usize;
    let titles: Vec<String> = plan.tasks.iter().map(|task| clean(input.task_title(&task.id))).collect();
    let cell = trials.clamp(1, width.saturating_sub(10).max(1)) + 2;
    let wanted = titles.iter().map(|title| width_of(title)).max().unwrap_or(0).clamp(4, 36);
    let label = wanted.min(width.saturating_sub(cell * plan.assistants.len().min(4))).max(6);
    let columns = (width.saturating_sub(label) / cell).max(1);
    let mut lines = vec![Line::of("Every trial", Style::Strong)];
    let mut seen = BTreeSet::new();
    let places: Vec<usize> = (0..plan.assistants.len()).collect();
    for block in places.chunks(columns) {
        let mut head = Line::default();
        head.push_wide("", label, Style::Plain);
        for place in block {
            head.push("  ", Style::Plain);
            head.push_wide(&letter(*place), cell - 2, Style::Identity(*place));
        }
        lines.push(head);
        for (task, title) in plan.tasks.iter().zip(&titles) {
            let mut line = Line::default();
            line.push_wide(&cut(title, label), label, Style::Plain);
            for place in block {
                line.push("  ", Style::Plain);
                let trials = input.cell(&task.id, &plan.assistants[*place].id);
                for trial in trials.iter().take(cell - 2) {
                    let state = State::of(*trial);
                    seen.insert(state);
                    line.push(state.glyph(), Style::Outcome(state));
                }
            }
            lines.push(line);
        }
    }
    let legend: Vec<String> =
        seen.iter().map(|state| format!("{} {}", state.glyph(), state.words())).collect();
    lines.extend(wrapped(&legend.join(", "), "  ", width, Style::Soft));
    lines
}

fn excluded(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::of("What does not count", Style::Strong)];
    if input.comparison.excluded.is_empty() {
        lines.push(Line::of("  Nothing was left out.", Style::Plain));
    }
    for exclusion in &input.comparison.excluded {
        let of = exclusion.assistant.as_ref().map(|id| format!(" of {}", input.title(id)));
        let on = exclusion.task.as_ref().map(|id| format!(" on {}", input.task_title(id)));
        let said = format!(
            "{}{}{}: {}",
            words::count(exclusion.trials as usize, "trial"),
            of.unwrap_or_default(),
            on.unwrap_or_default(),
            exclusion.reason
        );
        lines.extend(wrapped(&said, "  ", width, Style::Plain));
    }
    lines
}

fn footer(input: &ReportInput<'_>, width: usize) -> Vec<Line> {
    let run = input.run;
    let rates: Vec<&Interval> = input.comparison.arms.iter().filter_map(|arm| arm.rate.as_ref()).collect();
    let tasks = rates.iter().map(|rate| rate.n);
    let method = match (rates.first(), tasks.clone().min(), tasks.max()) {
        (Some(rate), Some(least), Some(most)) => {
            let least = if least == most { String::new() } else { format!("{least} to ") };
            let tasks = words::count(most as usize, "task");
            format!("{} intervals, {}, n = {least}{tasks}", words::percent(rate.level), rate.method)
        }
        _ => "no interval".to_owned(),
    };
    let said = format!(
        "Plan {}, seed {}, {method}. {} {}.",
        run.plan_hash.short(),
        run.plan.seed,
        fairtrial_domain::PRODUCT,
        run.app_version
    );
    let mut lines = vec![Line::default()];
    lines.extend(wrapped(&said, "", width, Style::Soft));
    lines
}

#[cfg(test)]
mod tests;
