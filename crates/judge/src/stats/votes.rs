//! Strengths from blind votes: Bradley and Terry's model with Davidson's ties and an effect of the side shown.

use super::random::SplitMix;

/// Resamples of tasks behind an interval.
const RESAMPLES: usize = 299;
/// Tasks below which resampling them says nothing.
const FEWEST_TASKS: usize = 5;
/// Draws strengths of a resample together, so that one in which somebody always wins stays finite.
const RIDGE: f64 = 0.05;

/// Log odds beyond which strengths stand for no maximum.
const FAR: f64 = 10.0;

/// Which of two patches shown side by side was preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preferred {
    /// The left one.
    Left,
    /// The right one.
    Right,
    /// Neither.
    Tie,
}

/// A blind vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// Who stood on the left.
    pub left: usize,
    /// Who stood on the right.
    pub right: usize,
    /// Which was preferred.
    pub preferred: Preferred,
    /// The task; votes on one task are alike.
    pub task: usize,
}

/// Strengths on a log scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Strengths {
    /// One per assistant, with sum 0.
    pub beta: Vec<f64>,
    /// Davidson's ν: how readily a tie is voted; 0 when there was none.
    pub tie: f64,
    /// What standing on the left adds to a strength; `None` when it was not asked for.
    pub left: Option<f64>,
    /// The logarithm of the likelihood at the maximum.
    pub log_likelihood: f64,
}

/// Why there are no strengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoStrengths {
    /// No vote, or votes on who is not among those compared.
    NoVotes,
    /// Somebody always wins or always loses, or groups never met: no finite strengths fit best.
    Separated,
}

/// Votes counted by left, right and preference.
#[derive(Clone)]
struct Counts {
    arms: usize,
    cells: Vec<[f64; 3]>,
}

impl Counts {
    fn new(arms: usize) -> Self {
        Counts { arms, cells: vec![[0.0; 3]; arms * arms] }
    }

    fn add(&mut self, vote: &Vote) {
        let place = match vote.preferred {
            Preferred::Left => 0,
            Preferred::Right => 1,
            Preferred::Tie => 2,
        };
        self.cells[vote.left * self.arms + vote.right][place] += 1.0;
    }

    fn meetings(&self) -> impl Iterator<Item = (usize, usize, &[f64; 3])> {
        let met = self.cells.iter().enumerate().filter(|(_, cell)| cell.iter().sum::<f64>() > 0.0);
        met.map(|(i, cell)| (i / self.arms, i % self.arms, cell))
    }
}

/// Returns the strengths that make the votes likeliest: P(left) ∝ √(πₗ/πᵣ)·e^{γ/2}, P(tie) ∝ ν (Davidson, JASA 1970;
/// side effect γ after Davidson and Beaver, Biometrics 1977), by Newton's method.
///
/// # Errors
/// When there are no votes or no finite strengths fit best.
pub fn davidson(votes: &[Vote], arms: usize, side: bool) -> Result<Strengths, NoStrengths> {
    let fits = |vote: &Vote| vote.left < arms && vote.right < arms && vote.left != vote.right;
    if votes.is_empty() || !votes.iter().all(fits) {
        return Err(NoStrengths::NoVotes);
    }
    let mut counts = Counts::new(arms);
    votes.iter().for_each(|vote| counts.add(vote));
    fit(&counts, side, 0.0).ok_or(NoStrengths::Separated)
}

/// Returns the 2.5 % and 97.5 % points of each strength, and last of the effect of the left side, over 299 resamples
/// of whole tasks drawn with `seed`. `None` below five tasks with votes.
pub fn bootstrap_strengths(votes: &[Vote], arms: usize, seed: u64) -> Option<Vec<(f64, f64)>> {
    davidson(votes, arms, true).ok()?;
    let mut tasks: Vec<usize> = votes.iter().map(|vote| vote.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    if tasks.len() < FEWEST_TASKS {
        return None;
    }
    let mut by_task: Vec<Vec<&Vote>> = vec![vec![]; tasks.len()];
    for vote in votes {
        if let Ok(place) = tasks.binary_search(&vote.task) {
            by_task[place].push(vote);
        }
    }
    let mut draws = SplitMix::new(seed);
    let mut found = vec![Vec::with_capacity(RESAMPLES); arms + 1];
    for _ in 0..RESAMPLES {
        let mut counts = Counts::new(arms);
        for _ in 0..by_task.len() {
            by_task[draws.below(by_task.len())].iter().for_each(|vote| counts.add(vote));
        }
        let got = fit(&counts, true, RIDGE)?;
        for (all, value) in found.iter_mut().zip(got.beta.iter().copied().chain(got.left)) {
            all.push(value);
        }
    }
    let bounds = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[(share * (values.len() as f64 - 1.0)).round() as usize];
        (at(0.025), at(0.975))
    };
    Some(found.into_iter().map(bounds).collect())
}

/// The chances of left, right and tie between two.
fn chances(theta: f64, log_tie: Option<f64>) -> [f64; 3] {
    let terms = [theta / 2.0, -theta / 2.0, log_tie.unwrap_or(f64::NEG_INFINITY)];
    let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers = terms.map(|term| (term - top).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// Strengths, then the side's effect, then the logarithm of ν; those not asked for stay 0.
struct Model {
    arms: usize,
    side: bool,
    ties: bool,
}

impl Model {
    fn theta(&self, x: &[f64], left: usize, right: usize) -> f64 {
        x[left] - x[right] + if self.side { x[self.arms] } else { 0.0 }
    }

    fn log_tie(&self, x: &[f64]) -> Option<f64> {
        self.ties.then(|| x[self.arms + 1])
    }

    fn log_likelihood(&self, counts: &Counts, x: &[f64], ridge: f64) -> f64 {
        let told = counts.meetings().map(|(left, right, cell)| {
            let p = chances(self.theta(x, left, right), self.log_tie(x));
            cell.iter().zip(p).filter(|(n, _)| **n > 0.0).map(|(n, p)| n * p.ln()).sum::<f64>()
        });
        told.sum::<f64>() - ridge / 2.0 * x.iter().map(|v| v * v).sum::<f64>()
    }

    /// The gradient and the negative Hessian of the logarithm of the likelihood.
    fn slopes(&self, counts: &Counts, x: &[f64], ridge: f64) -> (Vec<f64>, Vec<Vec<f64>>) {
        let m = self.arms + 2;
        let mut gradient: Vec<f64> = x.iter().map(|v| -ridge * v).collect();
        let mut hessian = vec![vec![0.0; m]; m];
        for (left, right, cell) in counts.meetings() {
            let n: f64 = cell.iter().sum();
            let [l, r, t] = chances(self.theta(x, left, right), self.log_tie(x));
            let mut parts = vec![(left, 0.5), (right, -0.5)];
            parts.extend(self.side.then_some((self.arms, 0.5)));
            let pull = cell[0] - cell[1] - n * (l - r);
            let spread = n * (l + r - (l - r) * (l - r));
            for &(i, u) in &parts {
                gradient[i] += u * pull;
                parts.iter().for_each(|&(j, v)| hessian[i][j] += u * v * spread);
            }
            if self.ties {
                let tie = self.arms + 1;
                gradient[tie] += cell[2] - n * t;
                hessian[tie][tie] += n * t * (1.0 - t);
                for &(i, u) in &parts {
                    let with = -n * u * (l - r) * t;
                    hessian[i][tie] += with;
                    hessian[tie][i] += with;
                }
            }
        }
        // Only differences of strengths matter: a weight on their sum keeps it 0 and the matrix regular.
        for row in hessian.iter_mut().take(self.arms) {
            row.iter_mut().take(self.arms).for_each(|v| *v += 1.0);
        }
        for (i, row) in hessian.iter_mut().enumerate() {
            let idle = i == self.arms && !self.side || i == self.arms + 1 && !self.ties;
            row[i] += ridge + if idle { 1.0 } else { 1e-12 };
        }
        (gradient, hessian)
    }
}

fn fit(counts: &Counts, side: bool, ridge: f64) -> Option<Strengths> {
    let ties = counts.meetings().any(|(_, _, cell)| cell[2] > 0.0);
    let model = Model { arms: counts.arms, side, ties };
    let mut x = vec![0.0; counts.arms + 2];
    let mut now = model.log_likelihood(counts, &x, ridge);
    for _ in 0..100 {
        let (gradient, hessian) = model.slopes(counts, &x, ridge);
        if gradient.iter().all(|g| g.abs() < 1e-9) {
            break;
        }
        let step = solve(hessian, gradient)?;
        let mut scale = 1.0;
        let (next, better) = loop {
            let next: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + scale * s).collect();
            let told = model.log_likelihood(counts, &next, ridge);
            if told >= now - 1e-12 || scale < 1e-6 {
                break (next, told);
            }
            scale /= 2.0;
        };
        (x, now) = (next, better);
    }
    let (gradient, _) = model.slopes(counts, &x, ridge);
    // Far out the likelihood is flat as well: strengths this large stand for no maximum.
    let far = counts.meetings().any(|(left, right, _)| model.theta(&x, left, right).abs() > FAR);
    let settled = gradient.iter().all(|g| g.abs() < 1e-6) && !far;
    settled.then(|| Strengths {
        beta: x[..counts.arms].to_vec(),
        tie: model.log_tie(&x).map_or(0.0, f64::exp),
        left: side.then(|| x[counts.arms]),
        log_likelihood: now,
    })
}

/// Solves a symmetric system by elimination with pivots.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))?;
        if a[pivot][column].abs() < 1e-300 {
            return None;
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        let top = a[column].clone();
        for row in column + 1..n {
            let by = a[row][column] / top[column];
            a[row].iter_mut().zip(&top).skip(column).for_each(|(v, t)| *v -= by * t);
            b[row] -= by * b[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| a[row][j] * b[j]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b.iter().all(|v| v.is_finite()).then_some(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vote(left: usize, right: usize, preferred: Preferred, task: usize) -> Vote {
        Vote { left, right, preferred, task }
    }

    #[test]
    fn who_always_wins_has_no_strength() {
        assert_eq!(davidson(&[], 2, false), Err(NoStrengths::NoVotes));
        assert_eq!(davidson(&[vote(0, 5, Preferred::Left, 0)], 2, false), Err(NoStrengths::NoVotes));
        let sweep = [vote(0, 1, Preferred::Left, 0), vote(1, 0, Preferred::Right, 1)];
        assert_eq!(davidson(&sweep, 2, false), Err(NoStrengths::Separated));
    }

    #[test]
    fn votes_for_a_side_are_told_from_votes_for_an_assistant() {
        // The left side wins three times of four whoever stands there.
        let turns = (0..80).map(|i| {
            let preferred = if i / 2 % 4 == 0 { Preferred::Right } else { Preferred::Left };
            vote(i % 2, 1 - i % 2, preferred, i % 11)
        });
        let votes: Vec<Vote> = turns.collect();
        let got = davidson(&votes, 2, true).unwrap();
        assert!(got.beta[0].abs() < 1e-6, "{got:?}");
        assert!((got.left.unwrap() - 3.0_f64.ln()).abs() < 1e-6, "{got:?}");
        let bounds = bootstrap_strengths(&votes, 2, 1).unwrap();
        assert!(bounds[0].0 < 0.0 && bounds[0].1 > 0.0 && bounds[2].0 > 0.0, "{bounds:?}");
        assert_eq!(bootstrap_strengths(&votes, 2, 1), Some(bounds));
    }

    #[test]
    fn few_tasks_have_no_bounds() {
        let votes =
            [vote(0, 1, Preferred::Left, 0), vote(0, 1, Preferred::Right, 1), vote(1, 0, Preferred::Left, 1)];
        assert_eq!(bootstrap_strengths(&votes, 2, 1), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn mirrored_votes_give_the_same_strengths(
            rows in prop::collection::vec((0usize..3, 1usize..3, 0u8..3), 1..40),
        ) {
            let votes: Vec<Vote> = rows.iter().map(|&(left, by, what)| {
                let preferred = [Preferred::Left, Preferred::Right, Preferred::Tie][usize::from(what)];
                vote(left, (left + by) % 3, preferred, 0)
            }).collect();
            let turned: Vec<Vote> = votes.iter().map(|v| {
                let preferred = match v.preferred {
                    Preferred::Left => Preferred::Right,
                    Preferred::Right => Preferred::Left,
                    Preferred::Tie => Preferred::Tie,
                };
                vote(v.right, v.left, preferred, 0)
            }).collect();
            match (davidson(&votes, 3, true), davidson(&turned, 3, true)) {
                (Ok(a), Ok(b)) => {
                    prop_assert!(a.beta.iter().zip(&b.beta).all(|(x, y)| (x - y).abs() < 1e-5));
                    prop_assert!((a.left.unwrap() + b.left.unwrap()).abs() < 1e-5);
                    prop_assert!(a.beta.iter().sum::<f64>().abs() < 1e-6);
                }
                (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
            }
        }
    }
}
