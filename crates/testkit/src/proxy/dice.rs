//! Chance from a seed (SplitMix64): small, and the same on every machine.

use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice of their own for each purpose under one seed.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(seed);
        Self(dice.next() ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("no more than 64 bits");
        usize::try_from(self.next() % bound).expect("it is below a usize")
    }

    /// `middle`, give or take up to `spread`, and never less than nothing.
    pub(super) fn around(&mut self, middle: Duration, spread: Duration) -> Duration {
        let width = u64::try_from(spread.as_nanos() * 2).unwrap_or(u64::MAX);
        if width == 0 {
            return middle;
        }
        let drawn = Duration::from_nanos(self.next() % width.saturating_add(1));
        (middle + drawn).saturating_sub(spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_and_each_purpose_its_own() {
        let draw = |seed, purpose| {
            let mut dice = Dice::new(seed, purpose);
            [(); 8].map(|()| dice.below(1000))
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn what_is_drawn_spreads_around_the_middle_and_not_beyond() {
        let mut dice = Dice::new(7, 0);
        let (middle, spread) = (Duration::from_millis(200), Duration::from_millis(100));
        let expected = Duration::from_millis(100)..=Duration::from_millis(300);
        let drawn: Vec<_> = (0..1000).map(|_| dice.around(middle, spread)).collect();

        assert!(drawn.iter().all(|drawn| expected.contains(drawn)));
        assert!(
            drawn
                .iter()
                .any(|drawn| *drawn < Duration::from_millis(110))
        );
        assert!(
            drawn
                .iter()
                .any(|drawn| *drawn > Duration::from_millis(290))
        );
        assert_eq!(dice.around(middle, Duration::ZERO), middle);
        assert!(dice.around(Duration::ZERO, spread) <= spread);
    }
}
