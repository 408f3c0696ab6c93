//! Looking while tasks come in: the sequential sign-flip test for a planned number of tasks, and the e-process for
//! tasks added without a plan.

use super::Estimate;
use super::flips::Lattice;
use super::random::SplitMix;

/// Sums closer than this are ties.
const TIE: f64 = 1e-9;
/// Sign paths drawn where all of them are too many, the observed one apart.
const PATHS: usize = 9_999;
/// Nodes of the mixture's integral.
const NODES: usize = 40;
/// Evidence at which an e-process decides at 5 %, by Ville's inequality.
pub const EVIDENCE: f64 = 20.0;

/// One look of a sequential sign-flip test, after one more task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The sum of differences so far.
    pub sum: f64,
    /// A sum at least this far from zero decides at this look; `None` where nothing could.
    pub boundary: Option<f64>,
    /// The chance of a false decision up to here.
    pub used: f64,
}

/// A sequential sign-flip test as far as it has gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequential {
    /// One per task so far.
    pub looks: Vec<Look>,
    /// The look that decided, from 1; later ones change nothing.
    pub decided: Option<usize>,
}

/// Returns the chance of a false decision that may be spent up to each of `planned` looks, growing evenly to `alpha`.
pub fn linear_spending(planned: usize, alpha: f64) -> Vec<f64> {
    (1..=planned).map(|look| alpha * look as f64 / planned as f64).collect()
}

/// Returns the sequential sign-flip test of `differences` in the order of their tasks: at each look from `first` on,
/// the farthest sums that still-active sign patterns can have are given up while their share stays within what
/// `spending` allows; equal sums stay together. The observed pattern being among them decides (SCORING B3). It is
/// exact over all patterns where differences are multiples of a common fraction, else over 9 999 drawn with `seed`.
/// `None` when there are more differences than planned looks, one is no number, or `spending` falls or leaves [0, 1].
pub fn sequential_sign_flip(
    differences: &[f64],
    spending: &[f64],
    first: usize,
    seed: u64,
) -> Option<Sequential> {
    let spends = spending.is_sorted() && spending.iter().all(|s| (0.0..=1.0).contains(s));
    if differences.len() > spending.len() || !spends || !within(differences, 1e6) {
        return None;
    }
    Some(match Lattice::of(differences).filter(Lattice::is_small) {
        Some(lattice) => exact(&lattice, spending, first),
        None => drawn(differences, spending, first, seed),
    })
}

fn within(values: &[f64], most: f64) -> bool {
    values.iter().all(|v| v.abs() <= most)
}

/// All patterns at once: the share of active patterns at each sum.
fn exact(lattice: &Lattice, spending: &[f64], first: usize) -> Sequential {
    let reach = lattice.reach();
    let unit = f64::from(lattice.denominator);
    let mut mass = vec![0.0; 2 * reach + 1];
    mass[reach] = 1.0;
    let (mut wide, mut sum, mut used) = (0usize, 0i64, 0.0);
    let mut test = Sequential { looks: vec![], decided: None };
    for (at, step) in lattice.steps.iter().enumerate() {
        let size = step.unsigned_abs() as usize;
        sum += step;
        if size > 0 {
            let old = mass[reach - wide..=reach + wide].to_vec();
            wide += size;
            mass[reach - wide..=reach + wide].fill(0.0);
            for (i, share) in old.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                mass[reach - wide + i] += share / 2.0;
                mass[reach - wide + i + 2 * size] += share / 2.0;
            }
        }
        let mut boundary = None;
        if at + 1 >= first {
            for far in (1..=wide).rev() {
                let share = mass[reach + far] + mass[reach - far];
                if share <= 0.0 {
                    continue;
                }
                if used + share > spending[at] + 1e-12 {
                    break;
                }
                used += share;
                (mass[reach + far], mass[reach - far]) = (0.0, 0.0);
                boundary = Some(far);
            }
        }
        let reached = boundary.is_some_and(|far| sum.unsigned_abs() as usize >= far);
        test.take(at, sum as f64 / unit, boundary.map(|far| far as f64 / unit), used, reached);
    }
    test
}

/// Drawn patterns, the observed one among them.
fn drawn(differences: &[f64], spending: &[f64], first: usize, seed: u64) -> Sequential {
    let mut draws = SplitMix::new(seed);
    let mut paths = vec![0.0; PATHS];
    let all = (PATHS + 1) as f64;
    let (mut sum, mut given_up, mut observed_active) = (0.0, 0usize, true);
    let mut test = Sequential { looks: vec![], decided: None };
    for (at, d) in differences.iter().enumerate() {
        sum += d;
        for chunk in paths.chunks_mut(64) {
            let bits = draws.bits();
            for (i, path) in chunk.iter_mut().enumerate() {
                *path += if bits >> i & 1 == 1 { -d } else { *d };
            }
        }
        let allowed = ((spending[at] * all + TIE).floor() as usize).saturating_sub(given_up);
        let mut boundary = None;
        if at + 1 >= first && allowed > 0 {
            let mut far: Vec<f64> = paths.iter().map(|path| path.abs()).collect();
            far.extend(observed_active.then_some(f64::abs(sum)));
            boundary = farthest(&mut far, allowed);
        }
        let reached = boundary.is_some_and(|far| sum.abs() >= far - TIE) && observed_active;
        if let Some(far) = boundary {
            let before = paths.len() + usize::from(observed_active);
            paths.retain(|path| path.abs() < far - TIE);
            observed_active &= !reached;
            given_up += before - paths.len() - usize::from(observed_active);
        }
        test.take(at, sum, boundary, given_up as f64 / all, reached);
    }
    test
}

/// Returns the least size of the largest set of farthest ones with at most `allowed` members that splits no tie.
fn farthest(far: &mut [f64], allowed: usize) -> Option<f64> {
    if allowed >= far.len() {
        return far.iter().copied().filter(|f| *f > TIE).min_by(f64::total_cmp);
    }
    // The first that must stay; whatever ties with it stays too.
    let (_, stays, _) = far.select_nth_unstable_by(allowed, |x, y| y.total_cmp(x));
    let stays = *stays;
    far.iter().copied().filter(|f| *f > stays + TIE && *f > TIE).min_by(f64::total_cmp)
}

impl Sequential {
    fn take(&mut self, at: usize, sum: f64, boundary: Option<f64>, used: f64, reached: bool) {
        self.looks.push(Look { sum, boundary, used });
        if reached && self.decided.is_none() {
            self.decided = Some(at + 1);
        }
    }
}

/// Nodes and weights of Gauss and Legendre on [−1, 1], by Newton's method.
fn legendre() -> [(f64, f64); NODES] {
    let mut nodes = [(0.0, 0.0); NODES];
    let n = NODES as f64;
    for (i, node) in nodes.iter_mut().enumerate() {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..60 {
            let (mut before, mut now) = (1.0, x);
            for k in 2..=NODES {
                let k = k as f64;
                (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
            }
            slope = n * (x * now - before) / (x * x - 1.0);
            let step = now / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        *node = (x, 2.0 / ((1.0 - x * x) * slope * slope));
    }
    nodes
}

/// Returns the evidence against “no difference” after each task: the mean over bets λ in [−1, 1] of ∏(1 + λd)
/// (Ramdas et al., Statistical Science 2023; uniform mixture, 40 nodes). It may be looked at after every task, with
/// tasks added as one likes: under the null it ever reaches 20 with a chance of at most 5 %. `None` when a
/// difference lies outside [−1, 1].
pub fn e_process(differences: &[f64]) -> Option<Vec<f64>> {
    if !within(differences, 1.0 + TIE) {
        return None;
    }
    let nodes = legendre();
    let mut logs = [0.0; NODES];
    Some(differences.iter().map(|d| evidence(&mut logs, &nodes, *d)).collect())
}

fn evidence(logs: &mut [f64; NODES], nodes: &[(f64, f64); NODES], d: f64) -> f64 {
    let mut sum = 0.0;
    for (log, (bet, weight)) in logs.iter_mut().zip(nodes) {
        *log += (1.0 + bet * d).max(f64::MIN_POSITIVE).ln();
        sum += weight * log.exp();
    }
    (sum / 2.0).min(f64::MAX)
}

/// Returns the 95 % confidence sequence of the mean difference after all of `differences`: the means against which
/// the e-process of (d − m)/(1 + |m|) stays below 20 (Waudby-Smith and Ramdas, JRSS B 2024). It holds at every look
/// at once. `None` without differences or when one lies outside [−1, 1].
pub fn confidence_sequence(differences: &[f64]) -> Option<Estimate> {
    if differences.is_empty() || !within(differences, 1.0 + TIE) {
        return None;
    }
    let nodes = legendre();
    let against = |m: f64| {
        let scale = 1.0 + m.abs();
        let over = |&(bet, weight): &(f64, f64)| {
            let logs = differences.iter().map(|d| (1.0 + bet * (d - m) / scale).max(f64::MIN_POSITIVE).ln());
            weight * logs.sum::<f64>().exp()
        };
        nodes.iter().map(over).sum::<f64>() / 2.0
    };
    let value = super::mean(differences)?.clamp(-1.0, 1.0);
    let bound = |end: f64| {
        if against(end) < EVIDENCE {
            return end;
        }
        let (mut inside, mut outside) = (value, end);
        for _ in 0..60 {
            let middle = (inside + outside) / 2.0;
            if against(middle) < EVIDENCE { inside = middle } else { outside = middle }
        }
        inside
    };
    Estimate { value, low: bound(-1.0), high: bound(1.0), n: super::count(differences.len()) }.finite()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(differences: &[f64], planned: usize) -> Sequential {
        sequential_sign_flip(differences, &linear_spending(planned, 0.05), 5, 11).unwrap()
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(sequential_sign_flip(&[1.0; 3], &linear_spending(2, 0.05), 1, 0), None);
        assert_eq!(sequential_sign_flip(&[f64::NAN], &[0.05], 1, 0), None);
        assert_eq!(sequential_sign_flip(&[1.0; 2], &[0.05, 0.01], 1, 0), None);
        assert_eq!(e_process(&[1.5]), None);
        assert_eq!(e_process(&[f64::NAN]), None);
        assert_eq!(confidence_sequence(&[]), None);
    }

    #[test]
    fn a_clear_difference_decides_early_and_none_never() {
        assert_eq!(run(&[1.0; 20], 20).decided, Some(7));
        assert_eq!(run(&[0.0; 20], 20).decided, None);
        assert_eq!(run(&[], 20).looks, []);
    }

    #[test]
    fn never_more_than_planned_is_spent() {
        let differences: Vec<f64> =
            (0..30).map(|i| f64::from(i % 4) / 3.0 - 0.4).map(|d| (3.0 * d).round() / 3.0).collect();
        let spending = linear_spending(30, 0.05);
        for (look, most) in run(&differences, 30).looks.iter().zip(spending) {
            assert!(look.used <= most + 1e-9, "{look:?}");
        }
    }

    #[test]
    fn drawn_patterns_decide_about_where_all_patterns_do() {
        let spending = linear_spending(30, 0.05);
        let differences: Vec<f64> = (0..30).map(|i| if i % 5 == 4 { -1.0 } else { 1.0 }).collect();
        let all = run(&differences, 30).decided.unwrap();
        let some = drawn(&differences, &spending, 5, 2).decided.unwrap();
        assert!(all.abs_diff(some) <= 2, "{all} {some}");
    }

    #[test]
    fn evidence_from_very_many_tasks_stays_a_number() {
        assert!(e_process(&[1.0; 5000]).unwrap().iter().all(|e| e.is_finite()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn both_sides_are_treated_alike(d in prop::collection::vec(-3i32..=3, 1..25)) {
            let d: Vec<f64> = d.iter().map(|d| f64::from(*d) / 3.0).collect();
            let turned: Vec<f64> = d.iter().map(|d| -d).collect();
            prop_assert_eq!(run(&d, 25).decided, run(&turned, 25).decided);
            let (e, f) = (e_process(&d).unwrap(), e_process(&turned).unwrap());
            prop_assert!(e.iter().zip(&f).all(|(e, f)| (e - f).abs() <= 1e-9 * e.max(1.0)));
            let (a, b) = (confidence_sequence(&d).unwrap(), confidence_sequence(&turned).unwrap());
            prop_assert!((a.low + b.high).abs() < 1e-9 && a.low <= a.value && a.value <= a.high);
        }

        #[test]
        fn looks_equal_those_of_every_path_written_out(d in prop::collection::vec(-2i64..=2, 1..10)) {
            let (spending, first) = (linear_spending(10, 0.2), 3);
            let got = sequential_sign_flip(&d.iter().map(|d| *d as f64).collect::<Vec<_>>(), &spending, first, 0).unwrap();
            let all = 1usize << d.len();
            let mut active: Vec<usize> = (0..all).collect();
            let (mut used, mut decided) = (0usize, None);
            for (at, cumulative) in spending.iter().enumerate().take(d.len()) {
                let sum = |path: usize| -> i64 {
                    (0..=at).map(|i| if path >> i & 1 == 1 { -d[i] } else { d[i] }).sum()
                };
                let allowed = ((cumulative * all as f64 + 1e-9).floor() as usize).saturating_sub(used);
                let size = |t: u64| active.iter().filter(|p| sum(**p).unsigned_abs() >= t).count();
                let boundary = (1..=20u64).find(|t| size(*t) > 0 && size(*t) <= allowed).filter(|_| at + 1 >= first);
                if let Some(t) = boundary {
                    used += size(t);
                    if active.contains(&0) && sum(0).unsigned_abs() >= t { decided = decided.or(Some(at + 1)); }
                    active.retain(|p| sum(*p).unsigned_abs() < t);
                }
                prop_assert!((got.looks[at].used - used as f64 / all as f64).abs() < 1e-9);
            }
            prop_assert_eq!(got.decided, decided);
        }
    }
}
