//! Assistants and tasks made up for a simulation: what one task gives, as exact chances.

use crate::stats::{SplitMix, normal_quantile};

/// Points that stand for the normal spread of difficulty, equally likely.
const DIFFICULTIES: usize = 31;
/// Points that stand for what suits one assistant and not another.
const SUITABILITIES: usize = 15;

/// A distribution over whole numbers from 0, drawn by its cumulative chances.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    /// They need no common factor: a draw divides by the last.
    cumulative: Vec<f64>,
}

impl Draw {
    fn of(chances: &[f64]) -> Draw {
        let mut sum = 0.0;
        let cumulative = chances.iter().map(|p| {
            sum += p;
            sum
        });
        Draw { cumulative: cumulative.collect() }
    }

    pub(super) fn draw(&self, random: &mut SplitMix) -> u32 {
        let at = random.uniform() * self.cumulative.last().copied().unwrap_or(1.0);
        let place = self.cumulative.iter().position(|c| at < *c).unwrap_or(self.cumulative.len() - 1);
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

/// Returns the chances of 0 to `trials` passes at chance `p` each.
fn binomial(trials: u32, p: f64) -> Vec<f64> {
    let mut chances = vec![1.0];
    for _ in 0..trials {
        let mut next = vec![0.0; chances.len() + 1];
        for (passed, chance) in chances.iter().enumerate() {
            next[passed] += chance * (1.0 - p);
            next[passed + 1] += chance * p;
        }
        chances = next;
    }
    chances
}

/// Returns passes of `trials` on a task whose own rate follows a beta distribution with mean `rate` and intraclass
/// correlation `icc`: the beta-binomial distribution, by Pólya's urn.
pub(super) fn beta_binomial(trials: u32, rate: f64, icc: f64) -> Draw {
    let weight = (1.0 - icc) / icc;
    let mut chances = vec![1.0];
    for drawn in 0..trials {
        let mut next = vec![0.0; chances.len() + 1];
        for (passed, chance) in chances.iter().enumerate() {
            let p = (rate * weight + passed as f64) / (weight + f64::from(drawn));
            next[passed] += chance * (1.0 - p);
            next[passed + 1] += chance * p;
        }
        chances = next;
    }
    Draw::of(&chances)
}

/// Several assistants on tasks whose difficulty they share.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// By assistant, then by difficulty.
    passes: Vec<Vec<Draw>>,
    /// The true rate of each.
    pub(super) rates: Vec<f64>,
}

impl Field {
    /// Makes assistants with mean rates `rates`: the logit of a pass is a constant, plus difficulty with deviation
    /// `difficulty` that all share, plus what suits the assistant with deviation `suits`.
    pub(super) fn new(trials: u32, rates: &[f64], difficulty: f64, suits: f64) -> Field {
        let (hard, own) = (spread(DIFFICULTIES, difficulty), spread(SUITABILITIES, suits));
        let mut field = Field { passes: vec![], rates: vec![] };
        for rate in rates {
            let centre = centre(*rate, &hard, &own);
            field.rates.push(mean_rate(centre, &hard, &own));
            let at = |hard: &f64| {
                let mut chances = vec![0.0; trials as usize + 1];
                for own in &own {
                    let p = logistic(centre + hard + own);
                    let more = binomial(trials, p);
                    chances.iter_mut().zip(more).for_each(|(sum, p)| *sum += p);
                }
                Draw::of(&chances)
            };
            field.passes.push(hard.iter().map(at).collect());
        }
        field
    }

    /// Draws a task: passes by assistant.
    pub(super) fn task(&self, random: &mut SplitMix, passed: &mut [u32]) {
        let hard = random.below(self.passes.first().map_or(0, Vec::len));
        for (passed, draws) in passed.iter_mut().zip(&self.passes) {
            *passed = draws[hard].draw(random);
        }
    }
}

fn spread(points: usize, deviation: f64) -> Vec<f64> {
    if deviation <= 0.0 {
        return vec![0.0];
    }
    let at = |i: usize| normal_quantile((i as f64 + 0.5) / points as f64).unwrap_or(0.0);
    (0..points).map(|i| deviation * at(i)).collect()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn mean_rate(centre: f64, hard: &[f64], own: &[f64]) -> f64 {
    let sum: f64 = hard.iter().flat_map(|h| own.iter().map(move |o| logistic(centre + h + o))).sum();
    sum / (hard.len() * own.len()) as f64
}

/// Returns the constant that gives the mean rate asked for.
fn centre(rate: f64, hard: &[f64], own: &[f64]) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if mean_rate(middle, hard, own) < rate { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_gives_what_its_distribution_says() {
        let (draw, mut random) = (beta_binomial(3, 0.8, 0.5), SplitMix::new(5));
        let n = 40_000;
        let passed: Vec<u32> = (0..n).map(|_| draw.draw(&mut random)).collect();
        let rate = passed.iter().sum::<u32>() as f64 / (3.0 * f64::from(n));
        assert!((rate - 0.8).abs() < 0.01, "{rate}");
        // With correlation ρ, Var(x/T) = p(1−p)(1 + (T−1)ρ)/T.
        let spread = passed.iter().map(|x| (f64::from(*x) / 3.0 - rate).powi(2)).sum::<f64>() / f64::from(n);
        assert!((spread - 0.16 * 2.0 / 3.0).abs() < 0.004, "{spread}");
    }

    #[test]
    fn a_field_has_the_rates_that_it_was_asked_for() {
        let field = Field::new(1, &[0.7, 0.4], 2.0, 1.0);
        assert!(field.rates.iter().zip([0.7, 0.4]).all(|(a, b)| (a - b).abs() < 1e-9));
        let (mut random, mut passed, n) = (SplitMix::new(6), [0, 0], 40_000);
        let mut sums = [0, 0];
        for _ in 0..n {
            field.task(&mut random, &mut passed);
            sums[0] += passed[0];
            sums[1] += passed[1];
        }
        assert!((f64::from(sums[0]) / f64::from(n) - 0.7).abs() < 0.01);
        assert!((f64::from(sums[1]) / f64::from(n) - 0.4).abs() < 0.01);
    }
}
