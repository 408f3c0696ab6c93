//! What stands before a run and beside it: the preview of a plan, and the check of the methods.

use fairtrial_domain::comparison::{Fairness, Forecast, SelfTest};
use fairtrial_judge::compare::rule::FEWEST_TASKS;

use super::line::{self, Line, Style, clean};
use super::{NARROWEST, wrapped};
use crate::{findings, words};

/// Returns what a plan could show, what it would cost and in what its assistants differ, in lines of at most `width`
/// columns (24 at least).
pub fn terminal_preview(
    head: &str,
    forecast: &Forecast,
    fairness: &[Fairness],
    names: &[String],
    width: usize,
    colour: bool,
) -> String {
    let width = width.max(NARROWEST);
    let mut lines = wrapped(&clean(head), "", width, Style::Strong);
    let margin = words::points(forecast.margin).replace('+', "");
    let money = |usd: Option<f64>| {
        usd.map_or_else(|| "cost not known".to_owned(), |usd| format!("about {}", words::dollars(usd)))
    };
    let detectable = forecast.detectable.map_or_else(
        || match forecast.tasks {
            few if few < FEWEST_TASKS => format!("fewer than {FEWEST_TASKS} tasks can decide nothing"),
            _ => "show no difference for sure".to_owned(),
        },
        |least| format!("show {} with 80% power", words::points(least).replace('+', "")),
    );
    let tasks = words::count(forecast.tasks as usize, "task") + " that count";
    lines.extend(wrapped(
        &format!("{tasks}: {detectable}; {}.", money(forecast.usd)),
        "  ",
        width,
        Style::Plain,
    ));
    if let Some(needed) = forecast.tasks_needed {
        let told =
            format!("{margin}, the margin that matters: {needed} tasks; {}.", money(forecast.usd_needed));
        lines.extend(wrapped(&told, "  ", width, Style::Plain));
    }
    lines.push(Line::default());
    lines.push(Line::of("In what the assistants differ", Style::Strong));
    for told in findings::sheet(fairness, names) {
        lines.extend(wrapped(&told, "  ", width, Style::Plain));
    }
    line::text(&lines, width, colour)
}

/// Returns a check of the methods in lines of at most `width` columns (24 at least).
pub fn terminal_self_test(test: &SelfTest, width: usize, colour: bool) -> String {
    let width = width.max(NARROWEST);
    let mut lines = vec![];
    if !test.itself.is_empty() {
        lines.push(Line::of("Each assistant against itself, its trials drawn again", Style::Strong));
        for one in &test.itself {
            let told = match one.times {
                0 => format!("{}: no evidence", one.assistant),
                times => format!(
                    "{}: {} false verdicts in {times} comparisons, {}",
                    one.assistant,
                    one.false_verdicts,
                    share(f64::from(one.false_verdicts) / f64::from(times))
                ),
            };
            lines.extend(wrapped(&told, "  ", width, Style::Plain));
        }
        lines.push(Line::default());
    }
    lines.push(Line::of("Simulated here: least, mean and most over cells", Style::Strong));
    for one in &test.methods {
        let standing = match (one.naive, one.failed) {
            (true, _) => "naive".to_owned(),
            (false, 0) => format!("{}: held", one.bar),
            (false, failed) => format!("{}: MISSED in {failed}", one.bar),
        };
        let style = if one.naive { Style::Soft } else { Style::Plain };
        lines.extend(wrapped(&one.method, "  ", width, style));
        let told = format!("{}  {}  {}   {standing}", share(one.least), share(one.mean), share(one.most));
        lines.extend(wrapped(&told, "      ", width, style));
    }
    lines.push(Line::default());
    let end = if test.held { "Every error rate holds here." } else { "An error rate lies beyond its bar." };
    lines.push(Line::of(end, Style::Strong));
    line::text(&lines, width, colour)
}

fn share(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
