//! The solved rates as a drawing: a dot and its interval per assistant. The table beside it says the same.

use fairtrial_domain::comparison::Arm;

use super::hue;
use crate::markup::Markup;
use crate::{ReportInput, letter, words};

const LEFT: f64 = 190.0;
const RIGHT: f64 = 600.0;
const ROW: f64 = 26.0;
const TOP: f64 = 10.0;
/// A longer name is cut; the table has it whole.
const NAME: usize = 22;

/// Draws the intervals.
pub(super) fn intervals(m: &mut Markup, input: &ReportInput<'_>) {
    let arms = &input.comparison.arms;
    let bottom = TOP + ROW * arms.len() as f64;
    let view = format!("0 0 760 {}", bottom + 24.0);
    let attributes = [
        ("viewBox", view.as_str()),
        ("role", "img"),
        ("aria-labelledby", "rates-title"),
        ("direction", "ltr"),
    ];
    m.inside("svg", &attributes, |m| {
        m.leaf(
            "title",
            &[("id", "rates-title")],
            "Solved rate of each assistant with its interval; table below",
        );
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let (x, y) = (number(at(share)), number(bottom));
            m.void("line", &[("class", "grid"), ("x1", &x), ("x2", &x), ("y1", "4"), ("y2", &y)]);
            let label = [
                ("class", "tick"),
                ("x", x.as_str()),
                ("y", &number(bottom + 16.0)),
                ("text-anchor", "middle"),
            ];
            m.leaf("text", &label, &words::percent(share));
        }
        arms.iter().enumerate().for_each(|(row, arm)| draw(m, input, row, arm));
    });
}

fn draw(m: &mut Markup, input: &ReportInput<'_>, row: usize, arm: &Arm) {
    let y = TOP + ROW * (row as f64 + 0.5);
    let place = input.place(&arm.assistant).unwrap_or(row);
    let base = number(y + 4.0);
    let title = input.title(&arm.assistant);
    let name: String = if title.chars().count() > NAME {
        title.chars().take(NAME - 1).chain(['…']).collect()
    } else {
        title.to_owned()
    };
    m.leaf("text", &[("x", "0"), ("y", &base)], &format!("{} {name}", letter(place)));
    let Some(rate) = &arm.rate else {
        m.leaf("text", &[("class", "tick"), ("x", &number(LEFT + 8.0)), ("y", &base)], "no evidence");
        return;
    };
    let (x, low, high, y) =
        (number(at(rate.estimate)), number(at(rate.low)), number(at(rate.high)), number(y));
    let bar = format!("bar {}", hue(place));
    m.void("line", &[("class", &bar), ("x1", &low), ("x2", &high), ("y1", &y), ("y2", &y)]);
    let dot = format!("dot {}", hue(place));
    m.void("circle", &[("class", &dot), ("cx", &x), ("cy", &y), ("r", "5")]);
    let said = format!("{} ({})", words::percent(rate.estimate), words::bounds(rate));
    m.leaf("text", &[("x", &number(RIGHT + 14.0)), ("y", &base)], &said);
}

/// Where a share in [0, 1] stands; what is no share stands at the edge.
fn at(share: f64) -> f64 {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    LEFT + (RIGHT - LEFT) * share
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}
