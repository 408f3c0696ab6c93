//! What a session used, put together from where programs say it: the answer to a prompt, usage updates, and Kiro's
//! metadata.
//!
//! **Invariant:** credits are added up over all sessions of a conversation, those of helpers too, and are never money;
//! tokens of a last step are not taken for those of a session.

use std::collections::BTreeMap;

use fairtrial_domain::usage::{Cost, Usage, UsageSource};
use serde_json::Value;

use crate::value::{reported, rest};

/// Programs whose answer to a prompt counts its last request only.
const LAST_STEP_ONLY: [&str; 2] = ["OpenCode", "Kilo"];

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    tokens: Usage,
    usd: Option<f64>,
    /// Credits by session: each turn adds to them.
    credits: BTreeMap<String, f64>,
    /// Credits as a whole, where a program says them so.
    total: Option<f64>,
}

impl Spent {
    /// Takes `cost: { amount, currency }` of a usage update; returns whether it says something that can be told.
    pub(super) fn cost(&mut self, cost: &Value) -> bool {
        let Some(amount) = cost["amount"].as_f64() else { return false };
        match cost["currency"].as_str() {
            Some("USD") => self.usd = Some(amount),
            Some("credits" | "credit") => self.total = Some(amount),
            Some(_) | None => return false,
        }
        true
    }

    /// Takes the metadata of a turn of a session; returns whether it tells of credits.
    pub(super) fn metering(&mut self, session: &str, used: &Value) -> bool {
        let credits = |one: &Value| {
            one["unit"]
                .as_str()
                .filter(|unit| matches!(*unit, "credit" | "credits"))
                .and(one["value"].as_f64())
        };
        let used: Vec<f64> = used.as_array().into_iter().flatten().filter_map(credits).collect();
        if !used.is_empty() {
            *self.credits.entry(session.to_owned()).or_default() += used.iter().sum::<f64>();
        }
        !used.is_empty()
    }

    /// Takes the answer to a prompt of a program.
    pub(super) fn prompt(&mut self, program: &str, answer: &Value) {
        let quota = &answer["_meta"]["quota"]["token_count"];
        if answer["usage"].is_object() && !LAST_STEP_ONLY.contains(&program) {
            self.tokens = tokens(&answer["usage"]);
        } else if let Some(output) = quota["output_tokens"].as_u64() {
            // Its input contains an unknown share that a cache served.
            self.tokens = Usage { output: Some(output), source: UsageSource::Stream, ..Usage::default() };
        }
    }

    /// Returns tokens, credits and money, so far as they are known.
    pub(super) fn so_far(&self) -> (Usage, Option<Cost>) {
        let sum = (!self.credits.is_empty()).then(|| self.credits.values().sum::<f64>());
        // To the billionth: what is behind it is noise of summation.
        let credits = sum.or(self.total).map(|credits| (credits * 1e9).round() / 1e9);
        let known = credits.is_some() || self.tokens.total_tokens().is_some() || self.usd.is_some();
        let source = if known { UsageSource::Stream } else { UsageSource::Unknown };
        (Usage { credits, source, ..self.tokens.clone() }, self.usd.and_then(reported))
    }
}

/// Reads tokens. Programs differ in whether input contains the cached and output the thoughts; their total tells which.
fn tokens(counts: &Value) -> Usage {
    let count = |name: &str| counts[name].as_u64();
    let (input, output, total) = (count("inputTokens"), count("outputTokens"), count("totalTokens"));
    let (read, written) = (count("cachedReadTokens"), count("cachedWriteTokens"));
    let thought = count("thoughtTokens");
    let sum =
        |parts: &[Option<u64>]| parts.iter().flatten().try_fold(0_u64, |sum, part| sum.checked_add(*part));
    // Input without the cached, output without the thoughts, and what they add up to.
    let readings = [
        (input, output, sum(&[input, read, written, output, thought])),
        (input, rest(output, &[thought]), sum(&[input, read, written, output])),
        (rest(input, &[read, written]), output, sum(&[input, output, thought])),
        (rest(input, &[read, written]), rest(output, &[thought]), sum(&[input, output])),
    ];
    let fits = readings.iter().find(|(_, _, adds_up_to)| total.is_some() && *adds_up_to == total);
    let (input_uncached, output) = fits.map_or((None, None), |(input, output, _)| (*input, *output));
    Usage {
        input_uncached,
        cache_read: read,
        cache_write: written,
        output,
        reasoning: thought,
        requests: None,
        credits: None,
        source: UsageSource::Stream,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(counts: Value, input: Option<u64>, output: Option<u64>) {
        let usage = tokens(&counts);
        assert_eq!((usage.input_uncached, usage.output), (input, output), "{counts}");
    }

    #[test]
    fn the_total_tells_what_input_and_output_contain() {
        let of = |input, output, total| {
            json!({ "inputTokens": input, "outputTokens": output, "totalTokens": total,
                    "cachedReadTokens": 3300, "cachedWriteTokens": 0, "thoughtTokens": 48 })
        };
        check(of(2100, 142, 2100 + 3300 + 142 + 48), Some(2100), Some(142));
        check(of(2100, 190, 2100 + 3300 + 190), Some(2100), Some(142));
        check(of(5400, 142, 5400 + 142 + 48), Some(2100), Some(142));
        check(of(5400, 190, 5400 + 190), Some(2100), Some(142));
        // Neither reading adds up, or there is nothing to add up to.
        check(of(5400, 190, 1), None, None);
        check(json!({ "inputTokens": 5, "outputTokens": 6 }), None, None);
        check(json!({ "inputTokens": u64::MAX, "outputTokens": u64::MAX, "totalTokens": 3 }), None, None);
    }

    #[test]
    fn credits_of_helpers_are_added_and_stay_credits() {
        let mut spent = Spent::default();
        let used = |value: f64| json!([{ "value": value, "unit": "credit", "unitPlural": "credits" }]);
        assert!(spent.metering("main", &used(0.05413)));
        assert!(spent.metering("helper", &used(0.2)));
        assert!(spent.metering("main", &used(0.1)));
        assert!(!spent.metering("main", &json!([{ "value": 3, "unit": "second" }])));
        let (usage, cost) = spent.so_far();
        assert_eq!((usage.credits, cost), (Some(0.35413), None));
    }
}
