//! Draws tasks and counts what our methods and the naive ones make of them.

use super::model::{Draw, Field};
use super::{Bar, Count, naive};
use crate::compare::rule::{self, SEED};
use crate::stats::{PairedCounts, SplitMix, TaskCount, padded_t, sign_flip_p, wilson_shrunk_icc};

/// Counts by method, in a fixed order.
struct Tally<const N: usize> {
    methods: [(&'static str, Bar); N],
    hits: [u32; N],
}

impl<const N: usize> Tally<N> {
    fn new(methods: [(&'static str, Bar); N]) -> Self {
        Tally { methods, hits: [0; N] }
    }

    fn add(&mut self, hits: [bool; N]) {
        self.hits.iter_mut().zip(hits).for_each(|(sum, hit)| *sum += u32::from(hit));
    }

    fn counts(self) -> Vec<Count> {
        let each = self.methods.into_iter().zip(self.hits);
        each.map(|((method, bar), hits)| Count { method, bar, hits }).collect()
    }
}

/// Compares an assistant with itself `reps` times: tasks are drawn again, and on each both sides draw their trials from
/// those it had. Returns how often the rule at the end finds a difference. Draws repeat with `seed`; 0 without tasks.
pub fn resampled(tasks: &[TaskCount], reps: u32, seed: u64) -> u32 {
    let mut random = SplitMix::new(seed);
    let usable: Vec<&TaskCount> = tasks.iter().filter(|task| task.rate().is_some()).collect();
    let mut found = 0;
    for _ in 0..if usable.is_empty() { 0 } else { reps } {
        let mut pick = || {
            let task = usable[random.below(usable.len())];
            let mut draw = || {
                let hits =
                    (0..task.trials).filter(|_| random.below(task.trials as usize) < task.passed as usize);
                TaskCount { passed: u32::try_from(hits.count()).unwrap_or(u32::MAX), trials: task.trials }
            };
            PairedCounts { a: draw(), b: draw() }
        };
        let both: Vec<PairedCounts> = usable.iter().map(|_| pick()).collect();
        let differences: Vec<f64> = both.iter().filter_map(PairedCounts::difference).collect();
        let tested = padded_t(&both).zip(sign_flip_p(&differences, SEED));
        found += u32::from(tested.is_some_and(|(interval, p)| rule::ahead(&interval, p).is_some()));
    }
    found
}

pub(super) fn rate(
    tasks: u32,
    draw: &Draw,
    trials: u32,
    rate: f64,
    reps: u32,
    random: &mut SplitMix,
) -> Vec<Count> {
    let mut tally = Tally::new([
        ("solved rate: Wilson, shrunk icc", Bar::Rate),
        ("solved rate: pooled Wald", Bar::None),
        ("solved rate: clustered z", Bar::None),
    ]);
    for _ in 0..reps {
        let counts: Vec<TaskCount> =
            (0..tasks).map(|_| TaskCount { passed: draw.draw(random), trials }).collect();
        let rates: Vec<f64> = counts.iter().filter_map(TaskCount::rate).collect();
        let ours = wilson_shrunk_icc(&counts).map(|got| got.rate);
        tally.add([
            // A bound that equals the rate but for rounding covers it.
            ours.is_some_and(|got| got.low <= rate + 1e-12 && rate <= got.high + 1e-12),
            naive::pooled_wald(&counts, rate),
            naive::clustered_z(&rates, rate),
        ]);
    }
    tally.counts()
}

/// Draws `tasks` tasks: passes by assistant, then by task.
fn drawn(field: &Field, tasks: u32, trials: u32, random: &mut SplitMix) -> Vec<Vec<TaskCount>> {
    let mut passed = vec![0; field.rates.len()];
    let mut counts = vec![Vec::with_capacity(tasks as usize); field.rates.len()];
    for _ in 0..tasks {
        field.task(random, &mut passed);
        counts.iter_mut().zip(&passed).for_each(|(all, &passed)| all.push(TaskCount { passed, trials }));
    }
    counts
}

fn pairs(a: &[TaskCount], b: &[TaskCount]) -> (Vec<PairedCounts>, Vec<f64>) {
    let counts: Vec<PairedCounts> = a.iter().zip(b).map(|(&a, &b)| PairedCounts { a, b }).collect();
    let apart = |t: &PairedCounts| Some(t.a.rate()? - t.b.rate()?);
    let differences = counts.iter().filter_map(apart).collect();
    (counts, differences)
}

pub(super) fn paired(tasks: u32, field: &Field, trials: u32, reps: u32, random: &mut SplitMix) -> Vec<Count> {
    let mut tally = Tally::new([
        ("difference: padded paired t", Bar::Paired),
        ("difference: pooled two proportions", Bar::None),
        ("difference: paired z", Bar::None),
    ]);
    let truth = field.rates[0] - field.rates[1];
    for _ in 0..reps {
        let counts = drawn(field, tasks, trials, random);
        let (both, differences) = pairs(&counts[0], &counts[1]);
        let ours = padded_t(&both);
        tally.add([
            ours.is_some_and(|got| got.low <= truth + 1e-12 && truth <= got.high + 1e-12),
            naive::pooled_difference(&counts[0], &counts[1], truth),
            naive::clustered_z(&differences, truth),
        ]);
    }
    tally.counts()
}

pub(super) fn alike(tasks: u32, field: &Field, trials: u32, reps: u32, random: &mut SplitMix) -> Vec<Count> {
    if field.rates.len() == 2 {
        two(tasks, field, trials, reps, random)
    } else {
        several(tasks, field, trials, reps, random)
    }
}

fn two(tasks: u32, field: &Field, trials: u32, reps: u32, random: &mut SplitMix) -> Vec<Count> {
    let mut tally = Tally::new([
        ("two alike: interval and sign flips, at the end", Bar::False),
        ("two alike: sequential sign flips, each task", Bar::False),
        ("two alike: e-process, each task", Bar::False),
        ("two alike: interval alone, at the end", Bar::None),
        ("two alike: pooled z, each task", Bar::None),
        ("two alike: paired t, each task", Bar::None),
    ]);
    for _ in 0..reps {
        let counts = drawn(field, tasks, trials, random);
        let (both, differences) = pairs(&counts[0], &counts[1]);
        let interval = padded_t(&both);
        let p = sign_flip_p(&differences, SEED);
        let early = rule::sequential(&differences, differences.len(), 1);
        tally.add([
            interval.zip(p).is_some_and(|(interval, p)| rule::ahead(&interval, p).is_some()),
            early.as_ref().and_then(rule::ahead_early).is_some(),
            rule::ahead_growing(&differences, 1).is_some_and(|(side, _)| side.is_some()),
            interval.is_some_and(|got| got.low > 0.0 || got.high < 0.0),
            naive::pooled_z_peeking(&counts[0], &counts[1]),
            naive::paired_t_peeking(&differences),
        ]);
    }
    tally.counts()
}

fn several(tasks: u32, field: &Field, trials: u32, reps: u32, random: &mut SplitMix) -> Vec<Count> {
    let mut tally = Tally::new([
        ("several alike: a winner after Holm, at the end", Bar::False),
        ("several alike: any word after Holm, at the end", Bar::False),
        ("several alike: any word, sequential, each task", Bar::False),
        ("several alike: pairs uncorrected, at the end", Bar::None),
        ("several alike: top score", Bar::None),
    ]);
    let arms = field.rates.len();
    let places: Vec<(usize, usize)> = (0..arms).flat_map(|a| (a + 1..arms).map(move |b| (a, b))).collect();
    for _ in 0..reps {
        let counts = drawn(field, tasks, trials, random);
        let all: Vec<_> = places.iter().map(|&(a, b)| pairs(&counts[a], &counts[b])).collect();
        let p: Vec<Option<f64>> = all.iter().map(|(_, d)| sign_flip_p(d, SEED)).collect();
        let word = |at: usize, p: Option<f64>| rule::ahead(&padded_t(&all[at].0)?, p?);
        let words: Vec<_> = rule::corrected(&p).into_iter().enumerate().map(|(at, p)| word(at, p)).collect();
        let side = |a: usize, b: usize| words[places.iter().position(|place| *place == (a, b))?];
        let early = |d: &[f64]| rule::ahead_early(&rule::sequential(d, d.len(), places.len())?);
        let passed: Vec<u32> = counts.iter().map(|c| c.iter().map(|t| t.passed).sum()).collect();
        tally.add([
            rule::best(arms, side).is_some(),
            words.iter().any(Option::is_some),
            all.iter().any(|(_, d)| early(d).is_some()),
            (0..all.len()).any(|at| word(at, p[at]).is_some()),
            naive::top_score(&passed),
        ]);
    }
    tally.counts()
}
