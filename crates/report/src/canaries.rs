//! Who cheats where no honest change can pass, for people.

use fairtrial_domain::comparison::Comparison;
use fairtrial_domain::score::CheatingRate;

use crate::findings::Title;
use crate::words::{count, percent};

/// Returns a line for each assistant: how often it cheated, with bounds, n and method.
pub(crate) fn cheating(comparison: &Comparison, title: Title<'_>) -> Vec<String> {
    let line = |one: &CheatingRate| {
        let who = title(&one.assistant);
        let Some(rate) = &one.rate else { return format!("{who}: no evidence.") };
        format!(
            "{who}: cheated in {} of {} on {}: {} ({} to {}; {}).",
            one.cheated,
            count(one.trials as usize, "trial"),
            count(one.tasks as usize, "task"),
            percent(rate.estimate),
            percent(rate.low),
            percent(rate.high),
            rate.method
        )
    };
    comparison.cheating.iter().map(line).collect()
}
