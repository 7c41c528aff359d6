//! Whether the bus can be relied on: it can while every topic is listened to and this node hears itself.
//!
//! A canary goes every second from the publisher through Redis to the subscriber, numbered. It goes behind the hints that were
//! queued before it, so hearing it says that they have gone out, and that what others say is heard as well.

use hubbub_application::ports::BusHealth;
use parking_lot::Mutex;
use tokio::sync::watch;

/// How many canaries in a row may be on their way or lost.
const MISSES: u64 = 2;

/// The health of the bus, and how often something may have been missed.
pub(super) struct Status {
    health: watch::Sender<BusHealth>,
    interruptions: watch::Sender<u64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether every topic is listened to.
    is_linked: bool,
    /// The latest canary that was sent, and the latest that was heard.
    said: u64,
    heard: u64,
    /// The first canary that must be heard before the bus is healthy (again).
    must_hear: u64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            health: watch::Sender::new(BusHealth::Degraded),
            interruptions: watch::Sender::new(0),
            state: Mutex::default(),
        }
    }
}

impl Status {
    pub(super) fn health(&self) -> watch::Receiver<BusHealth> {
        self.health.subscribe()
    }

    pub(super) fn interruptions(&self) -> watch::Receiver<u64> {
        self.interruptions.subscribe()
    }

    /// Every topic is listened to from now on.
    pub(super) fn linked(&self) {
        let mut state = self.state.lock();
        state.is_linked = true;
        state.must_hear = state.said + 1;
    }

    /// Nothing is listened to any more.
    pub(super) fn unlinked(&self) {
        let mut state = self.state.lock();
        state.is_linked = false;
        self.degrade("nothing is heard");
    }

    /// Own hints were lost.
    pub(super) fn hints_lost(&self) {
        let mut state = self.state.lock();
        state.must_hear = state.said + 1;
        self.degrade("own hints were dropped");
    }

    /// Something may have been missed although the bus was thought to be healthy.
    pub(super) fn interrupt(&self) {
        self.interruptions.send_modify(|count| *count += 1);
    }

    /// The number of the next canary. To be asked once a second.
    pub(super) fn next_canary(&self) -> u64 {
        let mut state = self.state.lock();
        if state.said - state.heard >= MISSES {
            state.must_hear = state.said + 1;
            self.degrade("this node does not hear itself");
        }
        state.said += 1;
        state.said
    }

    /// A canary was heard.
    pub(super) fn heard(&self, number: u64) {
        let mut state = self.state.lock();
        if number <= state.heard || number > state.said {
            return;
        }
        let has_gap = number > state.heard + 1;
        state.heard = number;
        if !state.is_linked || number < state.must_hear {
            return;
        }
        let was_degraded = self.health.send_if_modified(|health| {
            std::mem::replace(health, BusHealth::Healthy) == BusHealth::Degraded
        });
        if was_degraded {
            tracing::info!("the bus between nodes works");
        }
        if was_degraded || has_gap {
            self.interrupt();
        }
    }

    /// With the state locked, so that nothing comes between it and what follows from it.
    fn degrade(&self, reason: &'static str) {
        let was_healthy = self.health.send_if_modified(|health| {
            std::mem::replace(health, BusHealth::Degraded) == BusHealth::Healthy
        });
        if was_healthy {
            tracing::warn!(
                reason,
                "the bus between nodes cannot be relied on; the database is asked more often"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(status: &Status) -> BusHealth {
        *status.health().borrow()
    }

    fn interruptions(status: &Status) -> u64 {
        *status.interruptions().borrow()
    }

    fn healthy() -> Status {
        let status = Status::default();
        status.linked();
        status.heard(status.next_canary());
        assert_eq!(health(&status), BusHealth::Healthy);
        status
    }

    #[test]
    fn it_is_healthy_once_everything_is_listened_to_and_a_canary_was_heard() {
        let status = Status::default();
        status.heard(status.next_canary());
        assert_eq!(health(&status), BusHealth::Degraded, "nothing listens");
        let on_its_way = status.next_canary();
        status.linked();
        status.heard(on_its_way);
        assert_eq!(health(&status), BusHealth::Degraded, "it was sent before");
        status.heard(status.next_canary());
        assert_eq!(health(&status), BusHealth::Healthy);
        assert_eq!(interruptions(&status), 1);
    }

    #[test]
    fn two_missed_canaries_degrade_it_and_coming_back_is_an_interruption() {
        let status = healthy();
        status.next_canary();
        status.next_canary();
        assert_eq!(health(&status), BusHealth::Healthy);
        let heard = status.next_canary();
        assert_eq!(health(&status), BusHealth::Degraded);
        status.heard(heard);
        assert_eq!(health(&status), BusHealth::Healthy);
        assert_eq!(interruptions(&status), 2);
    }

    #[test]
    fn a_single_missed_canary_is_an_interruption_as_soon_as_the_next_is_heard() {
        let status = healthy();
        status.next_canary();
        status.heard(status.next_canary());
        assert_eq!(health(&status), BusHealth::Healthy);
        assert_eq!(interruptions(&status), 2);
    }

    #[test]
    fn after_lost_hints_only_a_later_canary_counts() {
        let status = healthy();
        let before = status.next_canary();
        status.hints_lost();
        assert_eq!(health(&status), BusHealth::Degraded);
        status.heard(before);
        assert_eq!(health(&status), BusHealth::Degraded);
        status.heard(status.next_canary());
        assert_eq!(health(&status), BusHealth::Healthy);
    }

    #[test]
    fn what_was_never_said_or_heard_before_says_nothing() {
        let status = healthy();
        status.unlinked();
        status.linked();
        status.heard(1);
        status.heard(99);
        assert_eq!(health(&status), BusHealth::Degraded);
    }
}
