//! When to stop: after so many steps, so much time, so much money.

use std::time::{Duration, Instant};

use fairtrial_domain::assistant::Price;
use fairtrial_domain::event::StreamEnd;
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
    pub(crate) fn reached(&mut self, now: Instant, usage: &Usage) -> Option<StreamEnd> {
        let spent = self.cost(usage).map(|cost| cost.usd);
        if let (Some(limit), Some(spent)) = (self.usd, spent)
            && spent >= limit
        {
            return Some(StreamEnd::BudgetLimit);
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
