//! How long a device waits before it tries again.

use std::time::Duration;

use crate::seed::Seed;

/// Endless retry with full jitter: each wait is anything up to a limit that doubles until it reaches the cap.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    limit: Duration,
    seed: Seed,
}

impl Backoff {
    /// The first wait is at most `first`, no wait is longer than `cap`.
    pub fn new(first: Duration, cap: Duration, seed: Seed) -> Self {
        Self {
            first,
            cap,
            limit: first,
            seed,
        }
    }

    /// How long to wait this time.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.seed.up_to(self.limit);
        self.limit = (self.limit * 2).min(self.cap);
        delay
    }

    /// It worked: the next wait is a first one.
    pub fn reset(&mut self) {
        self.limit = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_repeatable_grow_up_to_the_cap_and_start_anew() {
        let (first, cap) = (Duration::from_secs(1), Duration::from_secs(30));
        let waits = |seed| {
            let mut backoff = Backoff::new(first, cap, Seed::new(seed));
            (0..200).map(|_| backoff.next_delay()).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
        assert!(waits(1)[0] <= first);
        assert!(waits(1).iter().all(|wait| *wait <= cap));
        assert!(
            waits(1).iter().any(|wait| *wait > cap / 2),
            "the limit grows"
        );
        let mut backoff = Backoff::new(first, cap, Seed::new(3));
        (0..10).for_each(|_| drop_delay(&mut backoff));
        backoff.reset();
        assert!(backoff.next_delay() <= first);
    }

    fn drop_delay(backoff: &mut Backoff) {
        let _ = backoff.next_delay();
    }
}
