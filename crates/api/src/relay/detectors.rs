//! What notices a hint that never came, when no later one shows the hole.
//!
//! Each second a node tells the others what it has committed lately ([`Committed`]), and hears it from them: that finds a hint lost on
//! its way within 2 s. A sweep asks the database what has changed, every 5 s, and every second while the bus cannot be relied on: that
//! finds everything within 7 s, whatever became of the bus or of who should have published. After an interruption of the bus, and after
//! this node has stood still, all logs are compared with the database. What none of these finds, because the node is wrong about what
//! it has delivered, a client finds itself by the beacon, every 30 s.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::chat::ChatError;
use hubbub_application::ports::BusHealth;
use hubbub_domain::repository::ChangeCursor;
use hubbub_shared::Causes;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::committed::Committed;
use super::counters::Detector;
use super::outbound::ConnectionKey;

/// How often a node tells what it has committed, and looks whether it has stood still.
const BEAT: Duration = Duration::from_secs(1);
/// After how long without a beat the node has stood still.
const PAUSE: Duration = Duration::from_secs(5);
/// How many beats lie between two beacons to a connection.
const BEACON_ROUND: usize = 30;
/// How often the database is asked what has changed.
const SWEEP: Duration = Duration::from_secs(5);
const SWEEP_DEGRADED: Duration = Duration::from_secs(1);
/// How soon a look at the database that failed is tried again.
const SWEEP_RETRY: Duration = Duration::from_secs(1);
/// How many logs of each kind a sweep tells of. If more have changed, all that is delivered here is compared instead.
const SWEEP_LIMIT: i64 = 10_000;
/// How many logs one query compares.
const COMPARED_AT_ONCE: usize = 1_000;

/// What a relay's detectors must know of the bus.
pub(crate) struct Surroundings {
    /// What this node has committed, and where it is told.
    pub(crate) committed: Arc<Committed>,
    /// Whether the bus can be relied on.
    pub(crate) health: watch::Receiver<BusHealth>,
    /// Counts up after each time in which something may have been said that was not heard.
    pub(crate) interruptions: watch::Receiver<u64>,
    /// Ends everything.
    pub(crate) stopping: CancellationToken,
}

impl<K: ConnectionKey> Relay<K> {
    /// Watches until the node stops.
    pub(crate) async fn watch(self, surroundings: Surroundings) {
        let stopping = surroundings.stopping.clone();
        // The beat must not wait for the database: it would take its own waiting for a pause.
        let paused = Arc::new(Notify::new());
        tokio::select! {
            () = stopping.cancelled() => {}
            () = self.beat(&surroundings.committed, &paused) => {}
            () = self.sweep(surroundings.health, surroundings.interruptions, &paused) => {}
        }
    }

    async fn beat(&self, committed: &Committed, paused: &Notify) {
        let counters = &self.shared.counters;
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        for second in (0..BEACON_ROUND).cycle() {
            beats.tick().await;
            let now = Instant::now();
            if now.duration_since(last) > PAUSE {
                tracing::warn!(
                    pause_ms = now.duration_since(last).as_millis(),
                    "this node has stood still"
                );
                counters.pauses.increment();
                paused.notify_one();
            }
            last = now;
            for _ in 0..committed.publish_digests() {
                counters.digests.increment();
            }
            self.send_beacons(second);
        }
    }

    fn send_beacons(&self, second: usize) {
        let now = Instant::now();
        // One at a time, so that steps need not wait for all of them.
        for key in self.with(|state, _| state.due_for_beacon(second, BEACON_ROUND)) {
            if self.with(|state, outbound| state.beacon(&key, now, outbound)) {
                self.shared.counters.beacons.increment();
            }
        }
    }

    async fn sweep(
        &self,
        mut health: watch::Receiver<BusHealth>,
        mut interruptions: watch::Receiver<u64>,
        paused: &Notify,
    ) {
        let counters = &self.shared.counters;
        let mut cursor = None;
        let mut last = None;
        let mut must_compare = false;
        loop {
            let period = match *health.borrow_and_update() {
                BusHealth::Healthy => SWEEP,
                BusHealth::Degraded => SWEEP_DEGRADED,
            };
            let is_due = async {
                if let Some(last) = last {
                    sleep_until(last + period).await;
                }
            };
            let must_sweep = tokio::select! {
                () = is_due => true,
                () = changed(&mut interruptions) => false,
                () = paused.notified() => false,
                // The period is another one now.
                () = changed(&mut health) => continue,
            };
            if must_sweep {
                last = Some(Instant::now());
            } else {
                must_compare = true;
            }
            let found = self.find_changes(must_sweep, &mut cursor, &mut must_compare);
            if let Err(error) = found.await {
                tracing::warn!(error = %Causes(&error), "what has changed cannot be asked yet");
                counters.failed_sweeps.increment();
                tokio::time::sleep(SWEEP_RETRY).await;
                last = None;
            }
        }
    }

    /// Asks the database what has changed, and where everything stands if that is not enough. A cursor that was not answered stays, so
    /// that a failure steps over nothing.
    async fn find_changes(
        &self,
        must_sweep: bool,
        cursor: &mut Option<ChangeCursor>,
        must_compare: &mut bool,
    ) -> Result<(), ChatError> {
        let shared = &self.shared;
        // What this negative control breaks.
        let must_sweep = must_sweep && !cfg!(feature = "broken-no-sweep");
        if must_sweep {
            let changed = shared.source.changed_since(*cursor, SWEEP_LIMIT).await?;
            shared.counters.sweeps.increment();
            *cursor = Some(changed.next);
            *must_compare |= !changed.is_whole;
            let (heads, now) = (changed.heads.into(), Instant::now());
            self.with(|state, _| state.hear_of(&heads, Detector::Sweep, Some(now)));
        }
        if *must_compare {
            self.compare().await?;
            *must_compare = false;
            shared.counters.comparisons.increment();
        }
        Ok(())
    }

    /// Compares everything that this node delivers with the database.
    async fn compare(&self) -> Result<(), ChatError> {
        let (conversations, users) = self.with(|state, _| state.tracked());
        let source = &self.shared.source;
        for part in conversations.chunks(COMPARED_AT_ONCE) {
            let heads = source.stand_at(part, &[]).await?;
            let now = Some(Instant::now());
            self.with(|state, _| state.hear_of(&heads, Detector::Comparison, now));
        }
        for part in users.chunks(COMPARED_AT_ONCE) {
            let heads = source.stand_at(&[], part).await?;
            let now = Some(Instant::now());
            self.with(|state, _| state.hear_of(&heads, Detector::Comparison, now));
        }
        Ok(())
    }
}

/// Waits for a change. Where nobody is left who could make one, there is none.
async fn changed<T>(of: &mut watch::Receiver<T>) {
    if of.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
