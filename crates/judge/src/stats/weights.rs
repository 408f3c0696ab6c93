//! What weights decide: a weighted score, the weight at which an order turns, and how much of all weights favours whom.

use super::random::SplitMix;

/// Draws of weights and scores.
const DRAWS: usize = 20_000;

/// Returns whether weights can be used: numbers from 0 up that are not all 0.
fn sound(weights: &[f64]) -> bool {
    weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().sum::<f64>() > 0.0
}

/// Returns Σ w·x / Σ w. `None` when lengths differ, a weight cannot be used or a score is no number.
pub fn weighted(scores: &[f64], weights: &[f64]) -> Option<f64> {
    if scores.len() != weights.len() || !sound(weights) || scores.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let sum: f64 = scores.iter().zip(weights).map(|(x, w)| x * w).sum();
    Some(sum / weights.iter().sum::<f64>())
}

/// Returns for each criterion the weight in [0, 1] at which `a` and `b` tie, the others keeping their proportions:
/// −r/(δⱼ − r), where r is the mean difference of the others (SCORING B6); `None` inside where no weight on that
/// criterion turns the order. `None` outside when lengths differ or a number cannot be used.
pub fn flip_weights(a: &[f64], b: &[f64], weights: &[f64]) -> Option<Vec<Option<f64>>> {
    weighted(a, weights)?;
    weighted(b, weights)?;
    let total: f64 = weights.iter().sum();
    let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let sum: f64 = apart.iter().zip(weights).map(|(d, w)| d * w / total).sum();
    let flip = |(d, w): (&f64, &f64)| {
        let rest = 1.0 - w / total;
        if rest <= 1e-12 {
            return None;
        }
        let others = (sum - d * w / total) / rest;
        let at = -others / (d - others);
        (at.is_finite() && (-1e-12..=1.0 + 1e-12).contains(&at)).then(|| at.clamp(0.0, 1.0))
    };
    Some(apart.iter().zip(weights).map(flip).collect())
}

/// How much of all weights puts an option first.
#[derive(Debug, Clone, PartialEq)]
pub struct Acceptability {
    /// The share of draws in which it is first, in [0, 1].
    pub first: f64,
    /// The mean of the weights that put it first; `None` when none did.
    pub central: Option<Vec<f64>>,
}

/// Returns stochastic multicriteria acceptability: weights drawn evenly from the simplex and scores from normal
/// distributions, 20 000 times with `seed` (Lahdelma and Salminen, Operations Research 2001). `scores[option]` holds
/// a mean and a standard error per criterion. `None` without options or criteria, or on numbers that cannot be used.
pub fn smaa(scores: &[Vec<(f64, f64)>], seed: u64) -> Option<Vec<Acceptability>> {
    let criteria = scores.first()?.len();
    let usable = |&(mean, se): &(f64, f64)| mean.is_finite() && se.is_finite() && se >= 0.0;
    if criteria == 0 || scores.iter().any(|o| o.len() != criteria || !o.iter().all(usable)) {
        return None;
    }
    let mut draws = SplitMix::new(seed);
    let mut firsts = vec![0u32; scores.len()];
    let mut sums = vec![vec![0.0; criteria]; scores.len()];
    let mut weights = vec![0.0; criteria];
    let mut spare = None;
    for _ in 0..DRAWS {
        // Exponential draws over their sum are even on the simplex.
        weights.iter_mut().for_each(|w| *w = draws.exponential());
        let total: f64 = weights.iter().sum();
        let mut best = (0, f64::NEG_INFINITY);
        for (option, criteria) in scores.iter().enumerate() {
            let mut value = 0.0;
            for (&(mean, se), weight) in criteria.iter().zip(&weights) {
                value += weight * if se > 0.0 { mean + se * normal(&mut draws, &mut spare) } else { mean };
            }
            if value > best.1 {
                best = (option, value);
            }
        }
        firsts[best.0] += 1;
        sums[best.0].iter_mut().zip(&weights).for_each(|(sum, w)| *sum += w / total);
    }
    let told = |(first, sum): (u32, Vec<f64>)| Acceptability {
        first: f64::from(first) / DRAWS as f64,
        central: (first > 0).then(|| sum.iter().map(|s| s / f64::from(first)).collect()),
    };
    Some(firsts.into_iter().zip(sums).map(told).collect())
}

fn normal(draws: &mut SplitMix, spare: &mut Option<f64>) -> f64 {
    spare.take().unwrap_or_else(|| {
        let (one, other) = draws.normals();
        *spare = Some(other);
        one
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weights_that_cannot_be_used_are_refused() {
        for bad in [vec![], vec![0.0, 0.0], vec![-1.0, 2.0], vec![f64::NAN, 1.0], vec![1.0]] {
            assert_eq!(weighted(&[1.0, 2.0], &bad), None, "{bad:?}");
            assert_eq!(flip_weights(&[1.0, 2.0], &[1.0, 2.0], &bad), None, "{bad:?}");
        }
        assert_eq!(smaa(&[], 0), None);
        assert_eq!(smaa(&[vec![(f64::NAN, 0.0)]], 0), None);
        assert_eq!(smaa(&[vec![(1.0, 0.0)], vec![]], 0), None);
    }

    #[test]
    fn one_criterion_alone_has_no_weight_that_turns_it() {
        assert_eq!(flip_weights(&[1.0], &[0.0], &[2.0]), Some(vec![None]));
    }

    proptest! {
        #[test]
        fn at_the_flip_weight_both_score_the_same(
            rows in prop::collection::vec((0.0f64..1.0, 0.0f64..1.0, 0.05f64..1.0), 2..6),
        ) {
            let column = |pick: fn(&(f64, f64, f64)) -> f64| rows.iter().map(pick).collect::<Vec<f64>>();
            let (a, b, w) = (column(|r| r.0), column(|r| r.1), column(|r| r.2));
            for (j, at) in flip_weights(&a, &b, &w).unwrap().into_iter().enumerate() {
                let Some(at) = at else { continue };
                let others: f64 = w.iter().sum::<f64>() - w[j];
                let mut turned: Vec<f64> = w.iter().map(|w| w / others * (1.0 - at)).collect();
                turned[j] = at;
                let (x, y) = (weighted(&a, &turned).unwrap(), weighted(&b, &turned).unwrap());
                prop_assert!((x - y).abs() < 1e-6, "{x} {y}");
            }
        }

        #[test]
        fn shares_of_first_places_add_up(scores in prop::collection::vec((0.0f64..1.0, 0.0f64..0.2), 3)) {
            let got = smaa(&[scores.clone(), scores], 4).unwrap();
            prop_assert!((got.iter().map(|a| a.first).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
