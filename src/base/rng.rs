//! Keyed randomness: every draw is named by (seed, stream name, index), so that a log line needs no state and one more
//! draw in one place changes nothing in another.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood 2014), started at a hash of the key. It implements `rand`'s
//! generator trait; only fixed-width integers and ratios are drawn through `rand`, because its float and `usize`
//! methods may differ between platforms and versions.

use rand::{Rng as _, RngCore};

use super::hash::{hash_str, mix64};

const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream at one index.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream `name` of `seed`, at index 0.
    pub fn new(seed: u64, name: &str) -> Rng {
        Rng::at(seed, hash_str(name), 0)
    }

    /// The stream whose name hashes to `stream`, at `index`: for callers that draw once a line and keep the hash.
    pub fn at(seed: u64, stream: u64, index: u64) -> Rng {
        Rng(mix64(mix64(seed ^ GOLDEN_GAMMA) ^ stream) ^ mix64(index.wrapping_mul(GOLDEN_GAMMA)))
    }

    /// A whole number in `0..below`; 0 if `below` is 0.
    pub fn below(&mut self, below: u64) -> u64 {
        if below == 0 { 0 } else { self.random_range(0..below) }
    }

    /// A whole number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        if high <= low { low } else { self.random_range(low..=high) }
    }

    /// True `numerator` times out of `denominator`.
    pub fn ratio(&mut self, numerator: u32, denominator: u32) -> bool {
        self.below(u64::from(denominator.max(1))) < u64::from(numerator)
    }

    /// One of `items`; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Uniform in [0, 1): 53 bits, exact on every platform.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Standard normal (Box–Muller on `libm`).
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        let v = self.unit();
        (-2.0 * libm::log(u)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * v)
    }

    /// Lognormal with median 1 and shape `sigma`.
    pub fn lognormal(&mut self, sigma: f64) -> f64 {
        libm::exp(sigma * self.normal())
    }

    /// Poisson with mean `mean`: Knuth's product below 30, above it the rounded normal (error under 1 % of the spread).
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 || mean.is_nan() {
            return 0;
        }
        if mean < 30.0 {
            let limit = libm::exp(-mean);
            let (mut k, mut p) = (0, self.unit());
            while p > limit {
                k += 1;
                p *= self.unit();
            }
            k
        } else {
            (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64
        }
    }
}

impl RngCore for Rng {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix64(self.0)
    }
    fn fill_bytes(&mut self, dst: &mut [u8]) {
        for chunk in dst.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frozen: run files of every player depend on these numbers.
    #[test]
    fn the_algorithm_is_fixed() {
        let mut r = Rng::new(7, "web/access-log");
        let drawn: Vec<u64> = (0..3).map(|_| r.next_u64()).collect();
        assert_eq!(drawn, FROZEN);
    }
    const FROZEN: [u64; 3] = [13528352532649961184, 6747345008126680584, 13806254874690299219];

    #[test]
    fn streams_and_indices_are_independent() {
        let a = Rng::at(1, 2, 3).next_u64();
        assert_ne!(a, Rng::at(1, 2, 4).next_u64());
        assert_ne!(a, Rng::at(1, 3, 3).next_u64());
        assert_ne!(a, Rng::at(2, 2, 3).next_u64());
    }

    #[test]
    fn poisson_has_its_mean_and_variance() {
        for mean in [0.3, 4.0, 29.0, 400.0] {
            let n = 20_000;
            let draws: Vec<f64> = (0..n).map(|i| Rng::at(5, 5, i).poisson(mean) as f64).collect();
            let m = draws.iter().sum::<f64>() / n as f64;
            let v = draws.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n as f64;
            assert!((m - mean).abs() < 0.05 * mean + 0.02, "mean {m} for {mean}");
            assert!((v - mean).abs() < 0.08 * mean + 0.02, "variance {v} for {mean}");
        }
    }
}
