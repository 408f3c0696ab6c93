//! A comparison by itself, as `fairtrial compare` prints it.

use fairtrial_domain::comparison::Comparison;

use super::line::{self, Line, Style, cut};
use super::{clean, wrapped};
use crate::{findings, letter, words};

/// Columns of an assistant's name.
const NAME: usize = 24;

/// Returns the verdict, the intervals, the differences and what was left out in lines of at most `width` columns
/// (24 at least).
pub fn terminal_comparison(comparison: &Comparison, width: usize, colour: bool) -> String {
    let width = width.max(super::NARROWEST);
    let mut lines = wrapped(&comparison.verdict.headline, "", width, Style::Strong);
    lines.push(Line::default());
    lines.push(Line::of("Solved rate, 95% interval", Style::Strong));
    for (place, arm) in comparison.arms.iter().enumerate() {
        let mut line = Line::default();
        line.push(&format!("{:<2}", letter(place)), Style::Identity(place));
        line.push_wide(&cut(&clean(arm.assistant.as_str()), NAME), NAME + 1, Style::Plain);
        match &arm.rate {
            Some(rate) => line.push(
                &format!(
                    "{:>5}  {:<11}  {} of {}",
                    words::percent(rate.estimate),
                    words::bounds(rate),
                    arm.resolved,
                    arm.trials
                ),
                Style::Plain,
            ),
            None => line.push("no evidence", Style::Soft),
        }
        lines.push(line);
    }
    lines.push(Line::default());
    lines.extend(differences(comparison, width));
    let title = |id: &fairtrial_domain::id::AssistantId| id.to_string();
    let found = findings::findings(comparison, &title);
    if !found.is_empty() {
        lines.push(Line::default());
        lines.extend(super::sections(&found, width));
        lines.pop();
    }
    if !comparison.excluded.is_empty() {
        lines.push(Line::default());
        lines.push(Line::of("Not counted", Style::Strong));
    }
    for exclusion in &comparison.excluded {
        let task = exclusion.task.as_ref().map_or("all tasks", |task| task.as_str());
        let who = exclusion.assistant.as_ref().map_or("all assistants", |who| who.as_str());
        let trials = words::count(exclusion.trials as usize, "trial");
        lines.extend(wrapped(
            &format!("{task}, {who}, {trials}: {}", exclusion.reason),
            "  ",
            width,
            Style::Plain,
        ));
    }
    line::text(&lines, width, colour)
}

/// Every pair's difference, with its p.
fn differences(comparison: &Comparison, width: usize) -> Vec<Line> {
    let mut lines = vec![];
    lines.push(Line::of("Difference in points, 95% interval", Style::Strong));
    for pair in &comparison.pairs {
        let told = match &pair.difference {
            Some(difference) => {
                let several = comparison.pairs.len() > 1;
                let p = if several { pair.p_adjusted } else { pair.p };
                let after = if several { " after Holm" } else { "" };
                let p = p.map(|p| format!(", p {p:.3}{after}")).unwrap_or_default();
                format!("{} ({}){p}", words::points(difference.estimate), words::point_bounds(difference))
            }
            None => "unknown".to_owned(),
        };
        lines.extend(wrapped(&format!("{} against {}: {told}", pair.a, pair.b), "  ", width, Style::Plain));
    }
    lines
}
