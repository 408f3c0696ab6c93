//! How often the methods err, by simulation: coverage of intervals and false verdicts, ours beside naive ones.
//!
//! **Invariant:** what is simulated is what `compare` does: intervals from `stats`, words from `compare::rule`. The
//! same grid gives the same figures on every machine.

mod grid;
mod model;
mod naive;
mod ours;

pub use ours::resampled;

pub use grid::{grid, grid_hash, quick, small};

use crate::stats::{SplitMix, beta_quantile};

/// Coverage below this fails.
pub const LEAST_COVERAGE: f64 = 0.93;
/// A false verdict more often than this fails.
pub const MOST_FALSE: f64 = 0.06;
/// Mean coverage of single rates above this fails: intervals would be needlessly wide.
pub const MOST_MEAN_COVERAGE: f64 = 0.975;
/// A cell fails when its bound at this error, shared by all cells, lies beyond the bar.
const ERROR: f64 = 0.001;

/// One cell of the grid: what is made up, and what is asked of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// One assistant's solved rate.
    Rate {
        /// Tasks.
        tasks: u32,
        /// Trials per task.
        trials: u32,
        /// The true rate.
        rate: f64,
        /// Correlation of trials on one task.
        icc: f64,
    },
    /// The difference of two assistants.
    Paired {
        /// Tasks.
        tasks: u32,
        /// Trials per task.
        trials: u32,
        /// The first's true rate.
        rate: f64,
        /// The second's true rate.
        other: f64,
        /// Deviation of the difficulty that both share, in logits.
        difficulty: f64,
        /// Deviation of what suits one and not the other, in logits.
        suits: f64,
    },
    /// Assistants with the same rate, looked at after every task.
    Alike {
        /// How many.
        arms: u32,
        /// Tasks planned.
        tasks: u32,
        /// Trials per task.
        trials: u32,
        /// Their true rate.
        rate: f64,
        /// Deviation of the difficulty that all share, in logits.
        difficulty: f64,
        /// Deviation of what suits one and not another, in logits; 0 makes them the same assistant.
        suits: f64,
    },
}

/// What a count is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// Coverage of a single rate: at least 0.93, in the mean at most 0.975.
    Rate,
    /// Coverage of a difference: at least 0.93.
    Paired,
    /// A false verdict: at most 0.06.
    False,
    /// Nothing: a naive method, printed beside ours.
    None,
}

/// A method's hits in one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count {
    /// Which method.
    pub method: &'static str,
    /// What it is held against.
    pub bar: Bar,
    /// Times an interval covered, or a verdict was false.
    pub hits: u32,
}

/// A cell with what was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Which.
    pub setting: Setting,
    /// How often it was simulated.
    pub reps: u32,
    /// By method.
    pub counts: Vec<Count>,
}

/// A method over all its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Which.
    pub method: &'static str,
    /// What it is held against.
    pub bar: Bar,
    /// How many cells.
    pub cells: u32,
    /// The least share of hits in a cell.
    pub min: f64,
    /// The mean share of hits.
    pub mean: f64,
    /// The largest share of hits in a cell.
    pub max: f64,
    /// Cells beyond the bar by their corrected bound, and 1 more when the mean is.
    pub failed: u32,
}

/// Simulates a cell `reps` times; the seed is worked out from `seed` and the cell.
pub fn simulate(setting: &Setting, reps: u32, seed: u64) -> Found {
    let mut random = SplitMix::new(seed ^ grid::hash(&grid::label(setting)));
    let counts = match *setting {
        Setting::Rate { tasks, trials, rate, icc } => {
            ours::rate(tasks, &model::beta_binomial(trials, rate, icc), trials, rate, reps, &mut random)
        }
        Setting::Paired { tasks, trials, rate, other, difficulty, suits } => {
            let field = model::Field::new(trials, &[rate, other], difficulty, suits);
            ours::paired(tasks, &field, trials, reps, &mut random)
        }
        Setting::Alike { arms, tasks, trials, rate, difficulty, suits } => {
            let field = model::Field::new(trials, &vec![rate; arms as usize], difficulty, suits);
            ours::alike(tasks, &field, trials, reps, &mut random)
        }
    };
    Found { setting: *setting, reps, counts }
}

/// Sums up by method, in the order of first mention; each cell's bound is corrected for the cells held to a bar.
pub fn summarise(found: &[Found]) -> Vec<Summary> {
    let counts = || found.iter().flat_map(|cell| cell.counts.iter().map(move |count| (cell, count)));
    let held = counts().filter(|(_, count)| count.bar != Bar::None).count();
    let mut methods: Vec<(&'static str, Bar)> = vec![];
    for (_, count) in counts() {
        if !methods.contains(&(count.method, count.bar)) {
            methods.push((count.method, count.bar));
        }
    }
    let summary = |(method, bar): (&'static str, Bar)| {
        let mine: Vec<_> = counts().filter(|(_, count)| (count.method, count.bar) == (method, bar)).collect();
        let shares: Vec<f64> =
            mine.iter().map(|(cell, count)| f64::from(count.hits) / f64::from(cell.reps.max(1))).collect();
        let failed = mine.iter().filter(|(cell, count)| beyond(count, cell.reps, held)).count();
        let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
        let wide = bar == Bar::Rate && mean > MOST_MEAN_COVERAGE;
        Summary {
            method,
            bar,
            cells: u32::try_from(mine.len()).unwrap_or(u32::MAX),
            min: shares.iter().copied().fold(f64::INFINITY, f64::min),
            mean,
            max: shares.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            failed: u32::try_from(failed).unwrap_or(u32::MAX) + u32::from(wide),
        }
    };
    methods.into_iter().map(summary).collect()
}

/// Returns whether a cell lies beyond its bar: Clopper and Pearson's one-sided bound at 0.1 % over all `held` cells.
pub fn beyond(count: &Count, reps: u32, held: usize) -> bool {
    let (hits, misses) = (f64::from(count.hits), f64::from(reps.saturating_sub(count.hits)));
    let error = ERROR / held.max(1) as f64;
    match count.bar {
        Bar::Rate | Bar::Paired if misses > 0.0 => {
            beta_quantile(1.0 - error, hits + 1.0, misses).is_none_or(|upper| upper < LEAST_COVERAGE)
        }
        Bar::False if hits > 0.0 => {
            beta_quantile(error, hits, misses + 1.0).is_none_or(|lower| lower > MOST_FALSE)
        }
        Bar::Rate | Bar::Paired | Bar::False | Bar::None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bar: Bar, hits: u32) -> Count {
        Count { method: "m", bar, hits }
    }

    #[test]
    fn a_cell_fails_only_when_its_bound_does() {
        assert!(beyond(&count(Bar::Rate, 9000), 10_000, 100));
        assert!(!beyond(&count(Bar::Rate, 9280), 10_000, 100), "chance explains it");
        assert!(!beyond(&count(Bar::Rate, 10_000), 10_000, 100));
        assert!(beyond(&count(Bar::False, 800), 10_000, 100));
        assert!(!beyond(&count(Bar::False, 640), 10_000, 100));
        assert!(!beyond(&count(Bar::False, 0), 10_000, 100));
        assert!(!beyond(&count(Bar::None, 9000), 10_000, 100));
    }

    #[test]
    fn intervals_that_always_cover_fail_as_too_wide() {
        let cell = Found { setting: grid()[0], reps: 1000, counts: vec![count(Bar::Rate, 1000)] };
        assert_eq!(summarise(&[cell])[0].failed, 1);
    }

    #[test]
    fn the_same_seed_gives_the_same_figures() {
        for setting in small() {
            assert_eq!(simulate(&setting, 20, 1), simulate(&setting, 20, 1));
        }
    }

    /// The part of the grid that every change is held to; all of it runs in `make test-deep`.
    #[test]
    fn a_part_of_the_grid_holds_and_naive_methods_do_not() {
        let cells = quick();
        let seed = grid_hash(&cells);
        let found: Vec<Found> = cells.iter().map(|setting| simulate(setting, 700, seed)).collect();
        let summary = summarise(&found);
        for one in summary.iter().filter(|one| one.bar != Bar::None) {
            assert_eq!(one.failed, 0, "{one:?}");
        }
        let worst = |method: &str| {
            let one = summary.iter().find(|one| one.method.contains(method)).unwrap();
            (one.min, one.max)
        };
        assert!(worst("pooled Wald").0 < 0.8, "{:?}", worst("pooled Wald"));
        assert!(worst("pooled z, each task").1 > 0.08);
        assert!(worst("top score").1 > 0.6);
    }
}
