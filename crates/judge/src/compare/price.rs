//! What settling something open would take, at what trials took so far.
//!
//! **Invariant:** a figure rests on known ones alone: what one trial leaves unknown, or a sample made up, stays unknown.

use fairtrial_domain::comparison::Price;

use super::input::ComparisonInput;
use super::table::Cell;

/// One more task, tried by both of a pair as often as is planned.
pub(super) struct OneMore {
    trials: u32,
    usd: Option<f64>,
    hours: Option<f64>,
}

impl OneMore {
    pub(super) fn of(input: &ComparisonInput, cells: &[(&Cell, &Cell)]) -> OneMore {
        let planned = input.planned_trials.max(1);
        let (a, b) = (means(cells.iter().map(|(a, _)| *a)), means(cells.iter().map(|(_, b)| *b)));
        let sum = |a: Option<f64>, b: Option<f64>| {
            Some(f64::from(planned) * (a? + b?)).filter(|sum| sum.is_finite())
        };
        let hours = sum(a.1, b.1).map(|seconds| seconds / 3600.0);
        OneMore { trials: planned.saturating_mul(2), usd: sum(a.0, b.0), hours }
    }

    /// Returns what it takes to come from `have` tasks with a value to `needed`, when `have` of `tried` tasks gave one.
    /// `None` when nothing more is needed, or so much that it cannot be counted.
    pub(super) fn price(&self, needed: u32, have: usize, tried: usize) -> Option<Price> {
        let have = u32::try_from(have).ok().filter(|have| *have > 0)?;
        let more = needed.checked_sub(have).filter(|more| *more > 0)?;
        let tasks = (f64::from(more) * tried as f64 / f64::from(have)).ceil();
        let tasks = (tasks <= f64::from(u32::MAX)).then_some(tasks as u32)?;
        let times = |one: f64| Some(f64::from(tasks) * one).filter(|all| all.is_finite());
        Some(Price {
            tasks,
            trials: tasks.saturating_mul(self.trials),
            usd: self.usd.and_then(times),
            hours: self.hours.and_then(times),
        })
    }
}

/// Returns the mean dollars and seconds of a trial; dollars only where every one is known and none is simulated.
fn means<'a>(cells: impl Iterator<Item = &'a Cell>) -> (Option<f64>, Option<f64>) {
    let (mut trials, mut usd, mut made_up) = (0.0, 0.0, false);
    let (mut seconds, mut timed) = (0.0, 0.0);
    for cell in cells {
        trials += f64::from(cell.trials);
        usd += cell.usd;
        made_up |= cell.unpriced > 0 || cell.simulated;
        seconds += cell.seconds.0;
        timed += f64::from(cell.seconds.1);
    }
    let usd = (trials > 0.0 && !made_up).then(|| usd / trials);
    (usd, (timed > 0.0).then(|| seconds / timed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> OneMore {
        OneMore { trials: 6, usd: Some(1.5), hours: None }
    }

    #[test]
    fn tasks_that_give_no_value_are_paid_for_as_well() {
        let got = one().price(30, 10, 20).expect("twenty more with a value are forty more tasks");
        assert_eq!((got.tasks, got.trials, got.usd, got.hours), (40, 240, Some(60.0), None));
    }

    #[test]
    fn nothing_needed_has_no_price_and_no_count_is_too_large() {
        assert_eq!(one().price(10, 10, 10), None);
        assert_eq!(one().price(10, 0, 10), None, "where nothing gave a value, none is promised");
        assert_eq!(one().price(u32::MAX, 1, usize::MAX), None);
        let most = one().price(u32::MAX, 2, 2).expect("it can be counted");
        assert_eq!((most.tasks, most.trials), (u32::MAX - 2, u32::MAX));
        let dear = OneMore { trials: 2, usd: Some(f64::MAX), hours: Some(f64::MAX) };
        let got = dear.price(9, 2, 2).expect("seven tasks");
        assert_eq!((got.usd, got.hours), (None, None));
    }
}
