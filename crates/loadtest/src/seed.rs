//! Chance that can be repeated.

use std::time::Duration;

/// A `SplitMix64` generator: the same seed gives the same numbers in every version of this program.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// The generator of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for one part of a run, so that parts do not disturb one another's numbers.
    pub fn branch(&self, part: u64) -> Self {
        let mut branch = Self(self.0 ^ part.wrapping_mul(0xd134_2543_de82_ef95));
        Self(branch.next_u64())
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64() % bound
    }

    /// A place in a list of this length, which is not 0.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("an index of a list fits")
    }

    /// A time between nothing and the limit: full jitter.
    pub fn up_to(&mut self, limit: Duration) -> Duration {
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.below(micros + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_numbers_of_the_generator() {
        let mut seed = Seed::new(1_234_567);
        assert_eq!(seed.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(seed.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn branches_differ_and_repeat() {
        let root = Seed::new(7);
        assert_eq!(root.branch(1).next_u64(), root.branch(1).next_u64());
        assert_ne!(root.branch(1).next_u64(), root.branch(2).next_u64());
    }

    #[test]
    fn jitter_stays_within_its_limit() {
        let mut seed = Seed::new(3);
        let limit = Duration::from_millis(5);
        assert!((0..1_000).all(|_| seed.up_to(limit) <= limit));
        assert_eq!(seed.up_to(Duration::ZERO), Duration::ZERO);
    }
}
