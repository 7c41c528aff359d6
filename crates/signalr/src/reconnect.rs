//! Stateful reconnect: a connection that outlives its WebSocket.
//!
//! Both sides number the messages that matter (types 1 to 5) and keep what the other side has not acknowledged. When a socket breaks, the
//! client opens another with the same token; each side then says with which number it goes on, and sends again what may have been lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use hyper::upgrade::OnUpgrade;
use parking_lot::Mutex;

use crate::clock::{AtomicStamp, Stamp};

/// The state of one connection that may reconnect.
#[derive(Default)]
pub(crate) struct Reconnect {
    /// A new socket that waits to take over.
    offered: Mutex<Option<OnUpgrade>>,
    /// Since when the connection has no socket; `NEVER` while it has one.
    detached_since: AtomicStamp,
    /// The number of the last message from the client that was acted on.
    latest: AtomicU64,
    acknowledged: AtomicU64,
    ack_is_due: AtomicBool,
    resumes: AtomicBool,
}

impl Reconnect {
    /// Lets a new socket take over from the present one.
    pub(crate) fn offer(&self, socket: OnUpgrade) {
        *self.offered.lock() = Some(socket);
    }

    pub(crate) fn has_offer(&self) -> bool {
        self.offered.lock().is_some()
    }

    pub(crate) fn take_offer(&self) -> Option<OnUpgrade> {
        self.offered.lock().take()
    }

    pub(crate) fn detach(&self, now: Stamp) {
        self.detached_since.set(now);
    }

    /// A new socket is there: before anything else it says where to go on.
    pub(crate) fn attach(&self) {
        self.detached_since.set(Stamp::NEVER);
        self.resumes.store(true, Ordering::Relaxed);
    }

    pub(crate) fn detached_since(&self) -> Option<Stamp> {
        Some(self.detached_since.get()).filter(|since| *since != Stamp::NEVER)
    }

    pub(crate) fn received(&self, number: u64) {
        self.latest.store(number, Ordering::Relaxed);
    }

    /// Called by the heartbeat: says whether there is something to acknowledge.
    pub(crate) fn schedule_ack(&self) -> bool {
        let is_due =
            self.latest.load(Ordering::Relaxed) > self.acknowledged.load(Ordering::Relaxed);
        if is_due {
            self.ack_is_due.store(true, Ordering::Relaxed);
        }
        is_due
    }

    /// The acknowledgement to send now.
    pub(crate) fn take_ack(&self) -> Option<u64> {
        if !self.ack_is_due.swap(false, Ordering::Relaxed) {
            return None;
        }
        let latest = self.latest.load(Ordering::Relaxed);
        self.acknowledged.store(latest, Ordering::Relaxed);
        Some(latest)
    }

    /// Whether a new socket has yet to say where to go on.
    pub(crate) fn take_resume(&self) -> bool {
        self.resumes.swap(false, Ordering::Relaxed)
    }
}

/// The numbering of what the client sends.
#[derive(Debug)]
pub(crate) struct Receiving {
    /// The number that the next message will get.
    next: u64,
    latest: u64,
    /// A new socket has not said yet where it goes on; until then nothing else counts.
    awaits_sequence: bool,
}

impl Default for Receiving {
    fn default() -> Self {
        Self {
            next: 1,
            latest: 0,
            awaits_sequence: false,
        }
    }
}

impl Receiving {
    pub(crate) fn awaits_sequence(&self) -> bool {
        self.awaits_sequence
    }

    /// Whether the next message was acted on already, over an earlier socket.
    pub(crate) fn is_duplicate(&self) -> bool {
        self.next <= self.latest
    }

    /// Counts a message and returns the highest number so far.
    pub(crate) fn count(&mut self) -> u64 {
        self.latest = self.latest.max(self.next);
        self.next += 1;
        self.latest
    }

    pub(crate) fn reattach(&mut self) {
        self.awaits_sequence = true;
    }

    /// The client goes on with this number; `false` if messages in between are missing. The number may be beyond the next one that was
    /// expected, where an earlier repetition broke off and the client learned meanwhile that it need not be finished.
    pub(crate) fn resume_at(&mut self, number: u64) -> bool {
        if number > self.latest + 1 {
            return false;
        }
        self.next = number;
        self.awaits_sequence = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Receiving;

    #[test]
    fn a_repetition_that_broke_off_may_go_on_behind_what_was_acknowledged_meanwhile() {
        let mut receiving = Receiving::default();
        for number in 1..=5 {
            assert_eq!(receiving.count(), number);
        }

        // The client repeats from 2 on. The acknowledgement of 5 reaches it when the socket has carried no more than 2.
        assert!(receiving.resume_at(2));
        assert_eq!(receiving.count(), 5);
        assert!(receiving.resume_at(6));
        assert!(!receiving.is_duplicate());

        assert!(!receiving.resume_at(7), "6 would be missing");
    }
}
