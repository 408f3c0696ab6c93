//! Chance that repeats: a small generator whose seed means the same draws on every machine.

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014), with the published constants.
#[derive(Debug, Clone)]
pub struct SplitMix {
    state: u64,
}

impl SplitMix {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        SplitMix { state: seed }
    }

    /// Returns the next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number in [0, 1), in steps of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns a whole number below `bound` (0 when it is 0); the bias is below `bound` / 2⁶⁴.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Returns two independent draws of the standard normal distribution (Marsaglia's polar method, 1964).
    pub fn normals(&mut self) -> (f64, f64) {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * s.ln() / s).sqrt();
                return (x * scale, y * scale);
            }
        }
    }

    /// Returns a draw of the exponential distribution with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_draws_everywhere() {
        let mut draws = SplitMix::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| draws.bits()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_have_the_moments_of_their_distributions() {
        let mut draws = SplitMix::new(3);
        let n = 40_000;
        let mean = |of: &mut dyn FnMut() -> f64| (0..n).map(|_| of()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || draws.uniform()) - 0.5).abs() < 0.01);
        assert!((mean(&mut || draws.exponential()) - 1.0).abs() < 0.03);
        assert!(mean(&mut || draws.normals().0).abs() < 0.03);
        assert!((mean(&mut || draws.normals().1.powi(2)) - 1.0).abs() < 0.04);
        assert!((mean(&mut || draws.below(7) as f64) - 3.0).abs() < 0.05);
        assert_eq!(draws.below(0), 0);
    }
}
