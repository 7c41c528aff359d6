//! What the bus has done so far, for whoever watches it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start; they only grow.
#[derive(Debug, Default)]
pub struct BusCounters {
    pub(super) published: Counter,
    pub(super) dropped: Counter,
    pub(super) received: Counter,
    pub(super) bad: Counter,
}

impl BusCounters {
    /// Hints that Redis has taken.
    pub fn published(&self) -> u64 {
        self.published.get()
    }

    /// Hints that were not sent: the queue was full, Redis was away, or it did not answer in time.
    pub fn dropped(&self) -> u64 {
        self.dropped.get()
    }

    /// Hints of other nodes that were taken.
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// Messages that were not taken: forged, of a version that is not understood, or of another history.
    pub fn bad(&self) -> u64 {
        self.bad.get()
    }
}

/// A number that is counted up from several threads.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Counts up, and answers the count.
    pub(super) fn add(&self, number: usize) -> u64 {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.0.fetch_add(number, Ordering::Relaxed) + number
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
