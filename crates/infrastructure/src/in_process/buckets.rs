use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How many keys are kept. When more than half of them are busy all are forgotten: who has thousands of addresses to try from is
/// not held up by this anyway, and nobody else may be made to pay for it.
const MAX_KEYS: usize = 50_000;
/// How often those are forgotten that have recovered.
const PURGE_PERIOD: Duration = Duration::from_mins(1);

/// How much is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many in a row.
    pub burst: u32,
    /// How long each further one has to wait.
    pub period: Duration,
}

/// A bucket per key (the generic cell rate algorithm). Bounded, however many keys there are.
pub struct Buckets<K> {
    rate: Rate,
    state: Mutex<State<K>>,
}

struct State<K> {
    /// When each will have recovered in full.
    recovered_at: HashMap<K, Instant>,
    purge_at: Option<Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Nothing has been let through yet.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            state: Mutex::new(State {
                recovered_at: HashMap::new(),
                purge_at: None,
            }),
        }
    }

    /// Lets one through, or says how long to wait.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock();
        state.purge(now);
        let recovered_at = state.recovered_at.entry(key).or_insert(now);
        let debt = recovered_at.saturating_duration_since(now);
        let wait = (debt + self.rate.period).saturating_sub(self.rate.period * self.rate.burst);
        if wait.is_zero() {
            *recovered_at = now + debt + self.rate.period;
            Ok(())
        } else {
            Err(wait)
        }
    }

    /// Takes one back, as if it had not been.
    pub fn give_back(&self, key: &K) {
        if let Some(recovered_at) = self.state.lock().recovered_at.get_mut(key) {
            *recovered_at -= self.rate.period;
        }
    }

    /// Takes it that others have let through so many that the key will not have recovered before `recovered_at`.
    pub fn raise(&self, key: K, recovered_at: Instant) {
        let mut state = self.state.lock();
        let known = state.recovered_at.entry(key).or_insert(recovered_at);
        *known = recovered_at.max(*known);
    }

    /// How many keys are kept at the moment.
    pub fn len(&self) -> usize {
        self.state.lock().recovered_at.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Eq + Hash> State<K> {
    fn purge(&mut self, now: Instant) {
        let is_due = self.purge_at.is_none_or(|at| at <= now);
        let is_full = self.recovered_at.len() >= MAX_KEYS;
        if !is_due && !is_full {
            return;
        }
        self.recovered_at
            .retain(|_, recovered_at| *recovered_at > now);
        // From half on, so that a table that is nearly full is not searched through on every try.
        if is_full && self.recovered_at.len() > MAX_KEYS / 2 {
            self.recovered_at.clear();
        }
        self.purge_at = Some(now + PURGE_PERIOD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 2,
        period: Duration::from_secs(6),
    };

    #[test]
    fn what_has_recovered_is_forgotten() {
        let buckets = Buckets::new(RATE);
        let start = Instant::now();
        for key in 0..1_000 {
            assert_eq!(buckets.take(key, start), Ok(()));
        }
        assert_eq!(buckets.take(0, start + PURGE_PERIOD), Ok(()));
        assert_eq!(buckets.len(), 1);
    }

    #[test]
    fn there_is_a_bound_however_many_come_at_once() {
        let buckets = Buckets::new(RATE);
        let now = Instant::now();
        for key in 0..3 * MAX_KEYS {
            assert_eq!(buckets.take(key, now), Ok(()));
            assert!(buckets.len() <= MAX_KEYS);
        }
    }

    #[test]
    fn one_comes_through_for_each_period_after_the_burst() {
        let buckets = Buckets::new(RATE);
        let start = Instant::now();
        assert_eq!(buckets.take("key", start), Ok(()));
        assert_eq!(buckets.take("key", start), Ok(()));
        assert_eq!(buckets.take("key", start), Err(RATE.period));
        let later = start + Duration::from_secs(4);
        assert_eq!(buckets.take("key", later), Err(Duration::from_secs(2)));
        buckets.give_back(&"key");
        assert_eq!(buckets.take("key", later), Ok(()));
    }
}
