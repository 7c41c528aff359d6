//! What waits to be sent to one connection.
//!
//! Senders push encoded frames and never wait; the one consumer, which is the connection's transport, takes what is queued. An idle
//! outbox owns no memory on the heap.

#[cfg(all(not(debug_assertions), feature = "broken-silent-queue-drop"))]
compile_error!("`broken-silent-queue-drop` is a negative control; no release may contain it");

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::clock::Stamp;
use crate::options::OutboxLimits;

/// Queues above this capacity are given back when they run empty.
const KEPT_CAPACITY: usize = 4;

/// An encoded hub message.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// Whether stateful reconnect counts it.
    pub(crate) sequenced: bool,
    /// Since when it waits.
    queued_at: Stamp,
}

impl Frame {
    pub(crate) fn sequenced(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            sequenced: true,
            queued_at: Stamp::NEVER,
        }
    }

    pub(crate) fn control(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            sequenced: false,
            queued_at: Stamp::NEVER,
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
    /// No frame is taken to wait since before this moment, at which the consumer became able to take any.
    ready_at: Stamp,
    /// What was sent and may have to be sent again.
    replay: Option<Box<Replay>>,
    /// Producers that can wait: streams.
    producers: Vec<Waker>,
}

/// Sent messages that the client has not acknowledged.
#[derive(Debug, Default)]
struct Replay {
    /// The number of the last message that was sent.
    sent: u64,
    unacknowledged: VecDeque<Frame>,
    bytes: usize,
    limit: usize,
    /// How many of the unacknowledged messages the present socket has got.
    written: usize,
    /// The highest number that the client has acknowledged.
    acknowledged: u64,
}

impl Replay {
    /// Messages beyond the limit wait for an acknowledgement.
    fn is_full(&self) -> bool {
        self.bytes >= self.limit
    }

    fn keep(&mut self, frame: Frame) {
        self.sent += 1;
        self.bytes += frame.bytes.len();
        self.unacknowledged.push_back(frame);
        self.advance();
    }

    /// The present socket has got another message.
    fn advance(&mut self) {
        self.written += 1;
        self.forget();
    }

    /// The number of the first message that is kept, or would be.
    fn first(&self) -> u64 {
        self.sent + 1 - self.unacknowledged.len() as u64
    }

    fn acknowledge(&mut self, number: u64) {
        self.acknowledged = self.acknowledged.max(number.min(self.sent));
        self.forget();
    }

    /// Forgets what was acknowledged, but for what the present socket has not got yet: the client counts what follows the beginning of a
    /// repetition, and a message left out would put its count in disorder.
    fn forget(&mut self) {
        while self.written > 0 && self.first() <= self.acknowledged {
            let Some(frame) = self.unacknowledged.pop_front() else {
                break;
            };
            self.bytes -= frame.bytes.len();
            self.written -= 1;
        }
    }

    /// Begins a repetition for another socket, and returns the number of its first message.
    fn rewind(&mut self) -> u64 {
        self.written = self.unacknowledged.len();
        self.forget();
        self.written = 0;
        self.first()
    }
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
        mut frame: Frame,
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
            if cfg!(feature = "broken-silent-queue-drop") {
                return Pushed::Queued;
            }
            return Pushed::Overflow;
        }
        state.bytes = bytes;
        frame.queued_at = now;
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

    /// Lets the frames of others go. Their time begins now.
    pub(crate) fn release(&self, now: Stamp) {
        let mut state = self.state.lock();
        state.release_held();
        state.ready_at = now;
        drop(state);
        self.consumer.wake();
    }

    /// The consumer was away and is back: the time of what waits begins now.
    pub(crate) fn restart(&self, now: Stamp) {
        self.state.lock().ready_at = now;
    }

    /// Accepts nothing more. `last` follows what is queued, or takes its place if that shall be discarded.
    pub(crate) fn close(&self, last: Option<Frame>, discard: bool) {
        let mut state = self.state.lock();
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        state.release_held();
        // There will be no other socket: nothing waits for an acknowledgement any more.
        if let Some(replay) = &mut state.replay {
            replay.limit = usize::MAX;
        }
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
        let State {
            queue,
            replay,
            bytes,
            ..
        } = &mut *state;
        let mut goes_on = true;
        if let Some(replay) = replay {
            while let Some(frame) = replay.unacknowledged.get(replay.written) {
                goes_on = take(frame);
                if !goes_on {
                    break;
                }
                replay.advance();
            }
        }
        while let Some(frame) = queue.front().filter(|_| goes_on) {
            let must_wait =
                frame.sequenced && replay.as_ref().is_some_and(|replay| replay.is_full());
            if must_wait || !take(frame) {
                break;
            }
            *bytes -= frame.bytes.len();
            if let (Some(frame), Some(replay)) = (
                queue.pop_front().filter(|frame| frame.sequenced),
                replay.as_mut(),
            ) {
                replay.keep(frame);
            }
        }
        if state.queue.is_empty() && state.queue.capacity() > KEPT_CAPACITY {
            state.queue = VecDeque::new();
        }
        let producers = std::mem::take(&mut state.producers);
        drop(state);
        producers.into_iter().for_each(Waker::wake);
    }

    /// Keeps what is sent until it is acknowledged, up to a number of bytes.
    pub(crate) fn enable_replay(&self, limit: usize) {
        self.state.lock().replay = Some(Box::new(Replay {
            limit,
            ..Replay::default()
        }));
    }

    /// Everything up to this number has arrived.
    pub(crate) fn acknowledge(&self, number: u64) {
        if let Some(replay) = &mut self.state.lock().replay {
            replay.acknowledge(number);
        }
        self.consumer.wake();
    }

    /// Starts over with the first unacknowledged message, and returns its number.
    pub(crate) fn rewind(&self) -> u64 {
        self.state
            .lock()
            .replay
            .as_mut()
            .map_or(1, |replay| replay.rewind())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().queue.is_empty()
    }

    /// Since when the oldest frame waits for the consumer. What is held does not.
    pub(crate) fn waiting_since(&self) -> Option<Stamp> {
        let state = self.state.lock();
        let oldest = state.queue.front()?;
        Some(oldest.queued_at.max(state.ready_at))
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

#[cfg(test)]
mod tests;
