//! Coarse time: one reading a second serves every connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How often the heartbeat runs.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// A moment in milliseconds since the hub was built, rounded up to the next tick: nothing measured from it ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stamp(u64);

impl Stamp {
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// How long ago this was.
    pub(crate) fn elapsed(self, now: Self) -> Duration {
        Duration::from_millis(now.0.saturating_sub(self.0))
    }
}

/// A stamp that several tasks read and write.
#[derive(Debug)]
pub(crate) struct AtomicStamp(AtomicU64);

impl Default for AtomicStamp {
    fn default() -> Self {
        Self::new(Stamp::NEVER)
    }
}

impl AtomicStamp {
    pub(crate) fn new(stamp: Stamp) -> Self {
        Self(AtomicU64::new(stamp.0))
    }

    pub(crate) fn get(&self) -> Stamp {
        Stamp(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, stamp: Stamp) {
        self.0.store(stamp.0, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
pub(crate) struct Clock {
    started: std::sync::OnceLock<Instant>,
    now: AtomicU64,
}

impl Clock {
    fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// Reads the real clock. Called by the heartbeat, once a tick.
    pub(crate) fn advance(&self) -> Stamp {
        let now = self.exact(Instant::now());
        self.now.store(now.0, Ordering::Relaxed);
        now
    }

    /// The moment to note for something that happens now.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp(
            self.now.load(Ordering::Relaxed)
                + u64::try_from(TICK.as_millis()).expect("a tick is short"),
        )
    }

    /// A given moment, not rounded. Moments before the hub's first request count as its beginning.
    pub(crate) fn exact(&self, at: Instant) -> Stamp {
        let since = at.saturating_duration_since(self.started());
        Stamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
