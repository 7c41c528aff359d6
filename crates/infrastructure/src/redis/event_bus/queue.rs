//! Hints that wait to be sent.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How many hints may wait, and how large they may be together. What comes beyond is dropped: the database has it.
const MAX_HINTS: usize = 10_000;
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How long a hint may wait. By then the other nodes have looked into the database.
const MAX_AGE: Duration = Duration::from_secs(5);
/// How much goes out at once.
const BATCH_HINTS: usize = 500;
const BATCH_BYTES: usize = 1024 * 1024;

/// A message and where it is said.
pub(super) struct Hint {
    pub(super) channel: String,
    pub(super) frame: Vec<u8>,
}

/// A bounded queue with one reader.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Default)]
struct Inner {
    hints: VecDeque<(Instant, Hint)>,
    bytes: usize,
    is_closed: bool,
}

/// What is to be sent next.
pub(super) struct Batch {
    pub(super) hints: Vec<Hint>,
    /// How many have waited for too long and are not among them.
    pub(super) expired: usize,
}

impl Queue {
    /// Whether a hint would be taken now.
    pub(super) fn has_room(&self) -> bool {
        self.inner.lock().has_room()
    }

    /// Takes a hint. Answers that it was dropped if the queue is full.
    pub(super) fn push(&self, hint: Hint) -> bool {
        let mut inner = self.inner.lock();
        let has_room = inner.has_room();
        if has_room {
            inner.bytes += hint.size();
            inner.hints.push_back((Instant::now(), hint));
            drop(inner);
            self.changed.notify_one();
        }
        has_room
    }

    /// Waits for hints. Answers nothing when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Batch> {
        loop {
            {
                let mut inner = self.inner.lock();
                let batch = inner.take();
                if !batch.hints.is_empty() || batch.expired > 0 {
                    return Some(batch);
                }
                if inner.is_closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Throws away what has waited for too long, so that there is room for what is new. Answers how many that were.
    pub(super) fn expire(&self) -> usize {
        let mut inner = self.inner.lock();
        let mut expired = 0;
        while let Some((since, hint)) = inner.hints.front()
            && since.elapsed() > MAX_AGE
        {
            let size = hint.size();
            inner.bytes -= size;
            inner.hints.pop_front();
            expired += 1;
        }
        expired
    }

    /// Takes nothing more.
    pub(super) fn close(&self) {
        self.inner.lock().is_closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.inner.lock().is_closed
    }
}

impl Inner {
    fn has_room(&self) -> bool {
        !self.is_closed && self.hints.len() < MAX_HINTS && self.bytes < MAX_BYTES
    }

    fn take(&mut self) -> Batch {
        let mut batch = Batch {
            hints: Vec::new(),
            expired: 0,
        };
        let mut bytes = 0;
        while batch.hints.len() < BATCH_HINTS && bytes < BATCH_BYTES {
            let Some((since, hint)) = self.hints.pop_front() else {
                break;
            };
            self.bytes -= hint.size();
            if since.elapsed() > MAX_AGE {
                batch.expired += 1;
            } else {
                bytes += hint.size();
                batch.hints.push(hint);
            }
        }
        batch
    }
}

impl Hint {
    fn size(&self) -> usize {
        self.channel.len() + self.frame.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(bytes: usize) -> Hint {
        Hint {
            channel: String::new(),
            frame: vec![0; bytes],
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_by_number_and_by_size() {
        let queue = Queue::default();
        for _ in 0..MAX_HINTS {
            assert!(queue.push(hint(10)));
        }
        assert!(!queue.push(hint(10)));
        let batch = queue.next().await.unwrap();
        assert_eq!(batch.hints.len(), BATCH_HINTS);
        assert!(queue.push(hint(10)));

        let queue = Queue::default();
        for _ in 0..8 {
            assert!(queue.push(hint(1024 * 1024)));
        }
        assert!(!queue.push(hint(1)));
        assert_eq!(queue.next().await.unwrap().hints.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_waited_for_too_long_is_not_sent() {
        let queue = Queue::default();
        queue.push(hint(1));
        tokio::time::advance(MAX_AGE + Duration::from_millis(1)).await;
        queue.push(hint(2));
        let batch = queue.next().await.unwrap();
        assert_eq!((batch.hints.len(), batch.expired), (1, 1));
        assert_eq!(batch.hints[0].frame.len(), 2);
    }

    #[tokio::test]
    async fn a_closed_queue_is_emptied_and_ends() {
        let queue = Queue::default();
        queue.push(hint(1));
        queue.close();
        assert!(!queue.push(hint(1)));
        assert_eq!(queue.next().await.unwrap().hints.len(), 1);
        assert!(queue.next().await.is_none());
    }
}
