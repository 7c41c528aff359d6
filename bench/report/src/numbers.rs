//! Numbers: which of them count, and how they are written.

use std::time::Duration;

/// The value below which this share of the values lies; zero if there are none.
pub fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let last = u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of an index is an index"
    )]
    let index = (f64::from(last) * share).round() as usize;
    values.get(index).copied().unwrap_or_default()
}

/// The middle of some numbers, or of the two in the middle the lower; zero if there are none.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
        .get(numbers.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}

/// A whole number with its thousands apart.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether a target is reached, for a table.
pub fn verdict(holds: bool) -> &'static str {
    if holds { "reached" } else { "**missed**" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_there() {
        let mut values: Vec<_> = (1..=101).rev().map(Duration::from_micros).collect();
        assert_eq!(quantile(&mut values, 0.5), Duration::from_micros(51));
        assert_eq!(quantile(&mut values, 0.99), Duration::from_micros(100));
        assert_eq!(quantile(&mut [], 0.5), Duration::ZERO);
    }

    #[test]
    fn one_bad_round_of_three_does_not_move_the_median() {
        assert_eq!(median([100.0, 1.0, 101.0]).to_bits(), 100f64.to_bits());
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(7.4), "7");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
        assert_eq!(thousands(123_456.0), "123,456");
    }
}
