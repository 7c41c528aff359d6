//! What the relay counts, for whoever watches over a node.

use std::sync::atomic::{AtomicU64, Ordering};

/// How it was noticed that something had not been delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detector {
    /// A later hint of the same log came.
    Gap,
    /// A node told what it had committed.
    Digest,
    /// The database was asked what has changed.
    Sweep,
    /// All logs were compared with the database, after an interruption of the bus or of this node.
    Comparison,
}

impl Detector {
    /// All of them, in the order of their counters.
    pub(crate) const ALL: [Self; 4] = [Self::Gap, Self::Digest, Self::Sweep, Self::Comparison];
}

/// One number that only goes up.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was increased.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything since the start of the node.
#[derive(Debug, Default)]
pub(crate) struct RelayCounters {
    /// Holes that the database was asked about, by what had noticed them.
    holes_found: [Counter; Detector::ALL.len()],
    /// Those of which it had the missing steps.
    holes_filled: [Counter; Detector::ALL.len()],
    /// Hints that came again, or after what they bring was read.
    pub(crate) duplicates_dropped: Counter,
    /// Looks at what has changed in the database that were answered.
    pub(crate) sweeps: Counter,
    /// Looks that were not.
    pub(crate) failed_sweeps: Counter,
    /// Times at which all logs were compared with the database.
    pub(crate) comparisons: Counter,
    /// Times at which the node noticed that it had stood still.
    pub(crate) pauses: Counter,
    /// Digests that were published.
    pub(crate) digests: Counter,
    /// Beacons that were sent to connections.
    pub(crate) beacons: Counter,
}

impl RelayCounters {
    /// Holes found by this detector.
    pub(crate) fn holes_found(&self, detector: Detector) -> &Counter {
        &self.holes_found[detector as usize]
    }

    /// Those of them that were filled.
    pub(crate) fn holes_filled(&self, detector: Detector) -> &Counter {
        &self.holes_filled[detector as usize]
    }
}
