//! What waits to be sent to one connection.
//!
//! Senders push encoded frames and never wait; the one consumer, which is the connection's transport, takes what is queued. An idle
//! outbox owns no memory on the heap.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::clock::Stamp;
use crate::options::OutboxLimits;

/// Queues above this capacity are given back when they run empty.
const KEPT_CAPACITY: usize = 16;

/// An encoded hub message.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// Whether stateful reconnect counts it.
    #[expect(dead_code, reason = "read by stateful reconnect")]
    pub(crate) sequenced: bool,
}

impl Frame {
    pub(crate) fn sequenced(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            sequenced: true,
        }
    }

    pub(crate) fn control(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            sequenced: false,
        }
    }
}

/// Where a frame comes from, which matters while `on_connected` runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Anywhere: waits until `on_connected` is over.
    Anyone,
    /// `on_connected` itself, or the protocol: goes out at once.
    Connecting,
}

/// What happened to a pushed frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// The connection is ending; the frame was dropped with everything that would have followed it.
    Closed,
    /// The frame did not fit. The connection must be ended.
    Overflow,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    consumer: AtomicWaker,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Frame>,
    /// Frames of others while `on_connected` runs.
    held: Option<VecDeque<Frame>>,
    bytes: usize,
    /// Since when the queue has not been empty.
    waiting_since: Stamp,
    /// Producers that can wait: streams.
    producers: Vec<Waker>,
}

impl State {
    fn frames(&self) -> usize {
        self.queue.len() + self.held.as_ref().map_or(0, VecDeque::len)
    }

    fn release_held(&mut self) {
        if let Some(held) = self.held.take() {
            self.queue.extend(held);
        }
    }
}

impl Outbox {
    pub(crate) fn push(
        &self,
        frame: Frame,
        origin: Origin,
        limits: &OutboxLimits,
        now: Stamp,
    ) -> Pushed {
        let mut state = self.state.lock();
        if self.is_closed() {
            return Pushed::Closed;
        }
        let frames = state.frames();
        let bytes = state.bytes + frame.bytes.len();
        // A single message of any size may pass when nothing else waits.
        if frames > 0 && (frames >= limits.frames || bytes > limits.bytes) {
            return Pushed::Overflow;
        }
        if frames == 0 {
            state.waiting_since = now;
        }
        state.bytes = bytes;
        match &mut state.held {
            Some(held) if origin == Origin::Anyone => held.push_back(frame),
            _ => state.queue.push_back(frame),
        }
        drop(state);
        self.consumer.wake();
        Pushed::Queued
    }

    /// From now on frames of others wait until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.state.lock().held = Some(VecDeque::new());
    }

    /// Whether frames of others wait.
    pub(crate) fn is_held(&self) -> bool {
        self.state.lock().held.is_some()
    }

    pub(crate) fn release(&self) {
        self.state.lock().release_held();
        self.consumer.wake();
    }

    /// Accepts nothing more. `last` follows what is queued, or takes its place if that shall be discarded.
    pub(crate) fn close(&self, last: Option<Frame>, discard: bool) {
        let mut state = self.state.lock();
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        state.release_held();
        if discard {
            state.queue.clear();
            state.bytes = 0;
        }
        if let Some(frame) = last {
            state.bytes += frame.bytes.len();
            state.queue.push_back(frame);
        }
        let producers = std::mem::take(&mut state.producers);
        drop(state);
        self.consumer.wake();
        producers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Makes `waker` the one that hears of new frames and of the end.
    pub(crate) fn register(&self, waker: &Waker) {
        self.consumer.register(waker);
    }

    /// Wakes the consumer, for news that is not in the queue.
    pub(crate) fn wake(&self) {
        self.consumer.wake();
    }

    /// Hands over the queued frames in order until `take` declines one.
    pub(crate) fn drain(&self, mut take: impl FnMut(&Frame) -> bool) {
        let mut state = self.state.lock();
        while let Some(frame) = state.queue.front() {
            if !take(frame) {
                break;
            }
            state.bytes -= frame.bytes.len();
            state.queue.pop_front();
        }
        if state.queue.is_empty() && state.queue.capacity() > KEPT_CAPACITY {
            state.queue = VecDeque::new();
        }
        let producers = if state.queue.is_empty() {
            std::mem::take(&mut state.producers)
        } else {
            Vec::new()
        };
        drop(state);
        producers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().queue.is_empty()
    }

    /// Since when something waits.
    pub(crate) fn waiting_since(&self) -> Option<Stamp> {
        let state = self.state.lock();
        (state.frames() > 0).then_some(state.waiting_since)
    }

    /// Waits until a producer of many frames may go on: when fewer than half of the limits are in use.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>, limits: &OutboxLimits) -> Poll<()> {
        let mut state = self.state.lock();
        let busy = state.frames() >= limits.frames.div_ceil(2) || state.bytes >= limits.bytes / 2;
        if !busy || self.is_closed() {
            return Poll::Ready(());
        }
        if !state
            .producers
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.producers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
