//! Chance that can be had again.

use std::ops::RangeInclusive;

use uuid::Uuid;

/// A sequence of random numbers that its seed determines (`SplitMix64`: not for secrets).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range. The ranges of tests are so small that none of their numbers is noticeably preferred.
    pub fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (first, last) = range.into_inner();
        first + self.number() % (last - first + 1)
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        let last = several.len() as u64 - 1;
        let index = usize::try_from(self.between(0..=last));
        &several[index.expect("an index into a slice fits")]
    }

    /// A key for a message.
    pub fn key(&mut self) -> Uuid {
        let (high, low) = (self.number(), self.number());
        let bits = (u128::from(high) << 64) | u128::from(low);
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_another_seed_others() {
        let drawn = |seed| -> Vec<u64> {
            let mut chance = Chance::of(seed);
            (0..8).map(|_| chance.number()).collect()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
    }

    #[test]
    fn every_number_of_a_range_comes_and_no_other() {
        let mut chance = Chance::of(1);
        let mut seen = [0; 5];
        for _ in 0..200 {
            seen[usize::try_from(chance.between(1..=3)).unwrap()] += 1;
        }
        assert_eq!((seen[0], seen[4]), (0, 0));
        assert!(seen[1..4].iter().all(|count| *count > 20), "{seen:?}");
    }
}
