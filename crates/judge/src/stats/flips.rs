//! The sign-flip test: were both assistants alike, each task's difference could as well have the other sign.
//!
//! Fisher's randomisation test for paired data (The Design of Experiments, 1935, §21).

use super::random::SplitMix;

/// Differences of exactly representable counts may differ by rounding; sums closer than this are ties.
const TIE: f64 = 1e-9;
/// Steps of work up to which the distribution of all patterns is worked out.
const EXACT_WORK: u64 = 8_000_000;
/// Sign patterns drawn where that is too much.
const FLIPS: u32 = 20_000;
/// The largest common denominator that is looked for: the least common multiple of 1 to 8.
const DENOMINATOR: u32 = 840;

/// Differences as whole multiples of one fraction, in the order given.
pub(super) struct Lattice {
    pub(super) steps: Vec<i64>,
    /// How many steps make 1.
    pub(super) denominator: u32,
}

impl Lattice {
    /// Returns the coarsest lattice that holds every value; `None` when there is none.
    pub(super) fn of(values: &[f64]) -> Option<Lattice> {
        let fits = |d: &u32| values.iter().all(|v| off(v * f64::from(*d)) < TIE);
        let denominator = (1..=DENOMINATOR).find(fits)?;
        let steps = values.iter().map(|v| (v * f64::from(denominator)).round() as i64).collect();
        Some(Lattice { steps, denominator })
    }

    /// Returns the largest sum that signs can make.
    pub(super) fn reach(&self) -> usize {
        self.steps.iter().map(|step| step.unsigned_abs() as usize).sum()
    }

    /// Returns whether the distribution of all sign patterns is worked out in a moment.
    pub(super) fn is_small(&self) -> bool {
        self.steps.len() as u64 * (self.reach() as u64 + 1) <= EXACT_WORK
    }
}

fn off(value: f64) -> f64 {
    (value - value.round()).abs()
}

/// Returns the two-sided p of the sign-flip test on task differences: the share of all sign patterns whose sum is at
/// least as far from zero as the observed one. It is exact, by convolution, wherever differences are multiples of a
/// common fraction, as those of solved rates are; else from 20 000 patterns drawn with `seed`, the observed one
/// counted among them. The order of `differences` does not matter. `None` below two tasks or when a difference is
/// no number.
pub fn sign_flip_p(differences: &[f64], seed: u64) -> Option<f64> {
    if differences.len() < 2 || differences.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let small = differences.iter().all(|d| d.abs() <= 1e6);
    match Lattice::of(differences).filter(|lattice| small && lattice.is_small()) {
        Some(lattice) => Some(exact_p(&lattice.steps)),
        None => Some(drawn_p(differences, seed)),
    }
}

/// The distribution of the sum of steps with random signs: `mass[i]` is the chance of `i − reach`.
fn exact_p(steps: &[i64]) -> f64 {
    let mut sizes: Vec<usize> = steps.iter().map(|s| s.unsigned_abs() as usize).filter(|s| *s > 0).collect();
    sizes.sort_unstable();
    let observed = steps.iter().sum::<i64>().unsigned_abs() as usize;
    let reach: usize = sizes.iter().sum();
    // A sum with signs is reach − 2 × what the negative ones hold, so that counting that is enough.
    let mut mass = vec![0.0; reach + 1];
    mass[0] = 1.0;
    let mut held = 0;
    for size in sizes {
        for at in (0..=held).rev() {
            let half = mass[at] / 2.0;
            mass[at] = half;
            mass[at + size] += half;
        }
        held += size;
    }
    let far = |negative: &usize| (2 * negative).abs_diff(reach) >= observed;
    (0..=reach).filter(far).map(|negative| mass[negative]).sum::<f64>().min(1.0)
}

fn drawn_p(differences: &[f64], seed: u64) -> f64 {
    let mut sizes: Vec<f64> = differences.iter().map(|d| d.abs()).filter(|d| *d > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let observed = differences.iter().sum::<f64>().abs() - TIE;
    let mut draws = SplitMix::new(seed);
    let mut reached = 0u32;
    for _ in 0..FLIPS {
        let mut sum = 0.0;
        for sizes in sizes.chunks(64) {
            let bits = draws.bits();
            for (i, size) in sizes.iter().enumerate() {
                sum += if bits >> i & 1 == 1 { -size } else { *size };
            }
        }
        reached += u32::from(sum.abs() >= observed);
    }
    (f64::from(reached) + 1.0) / (f64::from(FLIPS) + 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every pattern, one by one.
    fn enumerated(differences: &[f64]) -> f64 {
        let observed = differences.iter().sum::<f64>().abs() - TIE;
        let sum = |pattern: u32| -> f64 {
            let signed = |(i, d): (usize, &f64)| if pattern >> i & 1 == 1 { -d } else { *d };
            differences.iter().enumerate().map(signed).sum()
        };
        let patterns = 1u32 << differences.len();
        let reached = (0..patterns).filter(|pattern| sum(*pattern).abs() >= observed).count();
        reached as f64 / f64::from(patterns)
    }

    #[test]
    fn one_difference_or_none_has_no_p() {
        assert_eq!(sign_flip_p(&[1.0], 0), None);
        assert_eq!(sign_flip_p(&[f64::NAN, 1.0], 0), None);
        assert_eq!(sign_flip_p(&[0.0; 10], 0), Some(1.0));
    }

    #[test]
    fn five_tasks_cannot_reach_five_percent_and_six_can() {
        assert_eq!(sign_flip_p(&[1.0; 5], 0), Some(2.0 / 32.0));
        assert_eq!(sign_flip_p(&[1.0; 6], 0), Some(2.0 / 64.0));
    }

    #[test]
    fn drawn_patterns_agree_with_all_patterns_and_repeat_with_their_seed() {
        let differences = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0];
        let drawn = drawn_p(&differences, 7);
        assert!((enumerated(&differences) - drawn).abs() < 0.01, "{drawn}");
        assert_eq!(drawn_p(&differences, 7), drawn);
        assert!(drawn_p(&[0.3_f64.sqrt(); 40], 1) > 0.0);
    }

    #[test]
    fn values_without_a_common_fraction_are_drawn() {
        let odd = [0.1_f64.sqrt(), 0.2_f64.sqrt(), 0.3_f64.sqrt(), 0.7_f64.sqrt()];
        assert!(Lattice::of(&odd).is_none());
        assert!((sign_flip_p(&odd, 5).unwrap() - enumerated(&odd)).abs() < 0.01);
        assert!(sign_flip_p(&[1e300, -1e300, 1e300], 5).is_some());
    }

    proptest! {
        #[test]
        fn convolution_gives_what_enumeration_gives(counts in prop::collection::vec((-5i32..=5, 1i32..=5), 2..11)) {
            let differences: Vec<f64> = counts.iter().map(|&(x, t)| f64::from(x % (t + 1)) / f64::from(t)).collect();
            let p = sign_flip_p(&differences, 0).unwrap();
            prop_assert!((p - enumerated(&differences)).abs() < 1e-12);
        }

        #[test]
        fn neither_order_nor_names_change_p(mut d in prop::collection::vec(-1.0f64..1.0, 2..12), by in 0usize..12) {
            let p = sign_flip_p(&d, 3).unwrap();
            prop_assert!(p > 0.0 && p <= 1.0);
            let by = by % d.len();
            d.rotate_left(by);
            d.iter_mut().for_each(|d| *d = -*d);
            prop_assert!((sign_flip_p(&d, 3).unwrap() - p).abs() < 1e-12);
        }
    }
}
