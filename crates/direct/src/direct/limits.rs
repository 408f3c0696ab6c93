//! When to stop: after so many steps, so much time, so much money.

use std::time::{Duration, Instant};

use fairtrial_domain::assistant::Price;
use fairtrial_domain::event::{FaultKind, StreamEnd};
use fairtrial_domain::usage::{Cost, CostSource, Usage};

use crate::options::Options;

/// The limits, and how far it is.
pub(crate) struct Limits {
    steps_left: u64,
    until: Instant,
    usd: Option<f64>,
    price: Option<Price>,
}

impl Limits {
    /// Returns the limits of a session that starts now.
    pub(crate) fn new(options: &Options, now: Instant) -> Limits {
        Limits {
            steps_left: options.max_steps,
            until: now
                + Duration::try_from_secs_f64(options.max_seconds).unwrap_or(Duration::from_secs(1800)),
            usd: options.max_usd,
            price: options.price.clone(),
        }
    }

    /// Counts a step; returns how the session ends when it may not be taken.
    /// `untold`: whether an answer came that did not say what it used, so that all sums are too low.
    pub(crate) fn reached(&mut self, now: Instant, usage: &Usage, untold: bool) -> Option<StreamEnd> {
        let asked = usage.requests.is_some_and(|requests| requests > 0);
        match (self.usd, self.cost(usage).filter(|_| !untold)) {
            (Some(limit), Some(spent)) if spent.usd >= limit => return Some(StreamEnd::BudgetLimit),
            (Some(_), None) if asked => {
                let message = "the model's host does not say what a request uses, so that --max-usd cannot be kept: \
                               leave it out, and limit --max-steps";
                return Some(StreamEnd::Error { fault: FaultKind::Assistant, message: message.to_owned() });
            }
            (Some(_) | None, _) => {}
        }
        if self.steps_left == 0 || now >= self.until {
            return Some(StreamEnd::TurnLimit);
        }
        self.steps_left -= 1;
        None
    }

    /// Returns the time that is left.
    pub(crate) fn left(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }

    /// Returns the cost so far, where a price was given.
    pub(crate) fn cost(&self, usage: &Usage) -> Option<Cost> {
        Some(Cost { usd: usage.priced(self.price.as_ref()?)?, source: CostSource::Priced })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_in_dollars_over_a_host_that_counts_nothing_ends_with_the_reason() {
        let price = Price { input: 3.0, cache_read: 0.3, cache_write: 3.75, output: 15.0 };
        let now = Instant::now();
        let limits = |usd: Option<f64>| Limits {
            steps_left: 9,
            until: now + Duration::from_secs(9),
            usd,
            price: Some(price.clone()),
        };
        let silent = Usage { requests: Some(1), ..Usage::default() };
        let some = Usage { input_uncached: Some(1), output: Some(1), requests: Some(2), ..Usage::default() };
        for (usage, untold) in [(&silent, true), (&silent, false), (&some, true)] {
            match limits(Some(1.0)).reached(now, usage, untold) {
                Some(StreamEnd::Error { fault: FaultKind::Assistant, message }) => {
                    assert!(message.contains("--max-usd cannot be kept"), "{message}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(limits(Some(1.0)).reached(now, &Usage::default(), false), None, "nothing was asked yet");
        assert_eq!(limits(None).reached(now, &silent, true), None);
        let counted = Usage { input_uncached: Some(400_000), output: Some(0), ..silent };
        assert_eq!(limits(Some(1.0)).reached(now, &counted, false), Some(StreamEnd::BudgetLimit));
        assert_eq!(limits(Some(2.0)).reached(now, &counted, false), None);
    }
}
