//! What a bench finds: spreads of measurements, beside a baseline of the same run, against a budget.
//!
//! **Invariant:** what could not be measured is skipped with its reason; it is never held.

use serde::{Deserialize, Serialize};

/// Median, least and most of some measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// How many there were.
    pub n: usize,
}

impl Spread {
    /// Returns the spread of `values`, or `None` when there are none.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => (sorted[middle - 1] + sorted[middle]) / 2.0,
            _odd => sorted[middle],
        };
        Some(Spread { median, min, max, n: sorted.len() })
    }
}

/// What a figure is held to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Budget {
    /// The median is at most this, in the figure's unit.
    Most(f64),
    /// The median is at most this many times the baseline's.
    Times(f64),
}

/// Whether a figure keeps its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Held,
    /// It does not.
    Missed,
    /// It could not be measured, or has nothing to be compared with.
    Skipped,
    /// It has none.
    Told,
}

/// One line of the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// Its unit.
    pub unit: String,
    /// What it came to.
    pub ours: Option<Spread>,
    /// What it stands beside.
    pub beside: Option<(String, Spread)>,
    /// What it is held to.
    pub budget: Option<Budget>,
    /// Why it could not be measured or compared.
    pub skipped: Option<String>,
}

impl Figure {
    /// Returns a figure of `values` without baseline or budget.
    pub fn new(what: impl Into<String>, unit: &str, values: &[f64]) -> Figure {
        let ours = Spread::of(values);
        let skipped = ours.is_none().then(|| "nothing was measured".to_owned());
        Figure { what: what.into(), unit: unit.to_owned(), ours, beside: None, budget: None, skipped }
    }

    /// Puts it beside a baseline of the same run.
    #[must_use]
    pub fn beside(mut self, name: &str, values: &[f64]) -> Figure {
        self.beside = Spread::of(values).map(|spread| (name.to_owned(), spread));
        self
    }

    /// Holds it to a budget.
    #[must_use]
    pub fn held_to(mut self, budget: Budget) -> Figure {
        self.budget = Some(budget);
        self
    }

    /// Says why it cannot be compared with its budget; `None` changes nothing.
    #[must_use]
    pub fn unless(mut self, reason: Option<&str>) -> Figure {
        self.skipped = self.skipped.or(reason.map(str::to_owned));
        self
    }

    /// Returns how many times the baseline it is, by medians.
    pub fn ratio(&self) -> Option<f64> {
        let (_, beside) = self.beside.as_ref()?;
        (beside.median > 0.0).then_some(self.ours.as_ref()?.median / beside.median)
    }

    /// Compares it with its budget.
    pub fn standing(&self) -> Standing {
        let Some(budget) = self.budget else {
            return if self.skipped.is_some() { Standing::Skipped } else { Standing::Told };
        };
        let (found, most) = match budget {
            Budget::Most(most) => (self.ours.as_ref().map(|ours| ours.median), most),
            Budget::Times(most) => (self.ratio(), most),
        };
        match found {
            Some(_) if self.skipped.is_some() => Standing::Skipped,
            Some(found) if found <= most => Standing::Held,
            Some(_) => Standing::Missed,
            None => Standing::Skipped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_median_least_and_most() {
        let spread = |values: &[f64]| Spread::of(values).map(|s| (s.median, s.min, s.max, s.n));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), Some((3.0, 3.0, 3.0, 1)));
        assert_eq!(spread(&[9.0, 1.0, 2.0]), Some((2.0, 1.0, 9.0, 3)));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Some((3.0, 1.0, 9.0, 4)));
    }

    #[test]
    fn a_budget_is_held_missed_or_skipped() {
        let figure = |ours: &[f64]| Figure::new("x", "ms", ours);
        assert_eq!(figure(&[1.0]).standing(), Standing::Told);
        assert_eq!(figure(&[1.0]).held_to(Budget::Most(1.0)).standing(), Standing::Held);
        assert_eq!(figure(&[1.1]).held_to(Budget::Most(1.0)).standing(), Standing::Missed);
        let beside = |base: &[f64]| figure(&[5.0]).beside("b", base).held_to(Budget::Times(2.5)).standing();
        assert_eq!(beside(&[2.0]), Standing::Held);
        assert_eq!(beside(&[1.9]), Standing::Missed);
    }

    #[test]
    fn what_was_not_measured_is_not_held() {
        let figure = |ours: &[f64]| Figure::new("x", "ms", ours);
        assert_eq!(figure(&[]).held_to(Budget::Most(1.0)).standing(), Standing::Skipped);
        assert_eq!(figure(&[]).standing(), Standing::Skipped);
        assert_eq!(figure(&[1.0]).held_to(Budget::Times(2.0)).standing(), Standing::Skipped);
        assert_eq!(
            figure(&[1.0]).beside("b", &[0.0]).held_to(Budget::Times(2.0)).standing(),
            Standing::Skipped
        );
        let plain = figure(&[1.0]).held_to(Budget::Most(2.0)).unless(Some("no isolation here"));
        assert_eq!(plain.standing(), Standing::Skipped);
    }
}
