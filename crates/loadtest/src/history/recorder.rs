//! Writes a history down while it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

use super::event::{Entry, Event};
use crate::ids::{CallId, DeviceId};

/// Where everybody who takes part in a run writes what happens. Clones write into the same history.
///
/// An event is noted before what it announces is begun (calls) and after what it tells has come (answers, frames): the times
/// enclose what really happened, so an order that they prove is the real one.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: Mutex<Vec<Entry>>,
    calls: AtomicU64,
}

impl Recorder {
    /// Notes what happens at a device.
    pub fn note(&self, device: DeviceId, event: Event) {
        self.record(Some(device), event);
    }

    /// Notes what happens outside all devices.
    pub fn note_outside(&self, event: Event) {
        self.record(None, event);
    }

    /// A number for the next call.
    pub fn next_call(&self) -> CallId {
        CallId(self.0.calls.fetch_add(1, Ordering::Relaxed))
    }

    /// Notes a call that is about to be made, under a fresh number.
    pub fn invoke(&self, device: DeviceId, action: super::Action) -> CallId {
        let call = self.next_call();
        self.note(device, Event::Invoked { call, action });
        call
    }

    /// Everything noted so far, in the order in which it happened.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.entries.lock().clone()
    }

    fn record(&self, device: Option<DeviceId>, event: Event) {
        // The time is read under the lock, so that the order of the list is the order of the times.
        let mut entries = self.0.entries.lock();
        let at = now();
        entries.push(Entry { at, device, event });
    }
}

/// Nanoseconds since the machine was started; the same in every process, and never set back.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).expect("the monotonic clock starts at nothing");
    let nanos = u64::try_from(now.tv_nsec).expect("a part of a second is positive");
    seconds * 1_000_000_000 + nanos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_in_the_order_of_their_times_and_calls_have_numbers_of_their_own() {
        let recorder = Recorder::default();
        let other = recorder.clone();
        std::thread::scope(|scope| {
            for recorder in [&recorder, &other] {
                scope
                    .spawn(|| (0..100).for_each(|_| recorder.note(DeviceId(0), Event::Connecting)));
            }
        });
        let entries = recorder.entries();
        assert_eq!(entries.len(), 200);
        assert!(entries.is_sorted_by_key(|entry| entry.at));
        assert_ne!(recorder.next_call(), other.next_call());
    }
}
