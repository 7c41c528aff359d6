//! What the node wants to hear, and what Redis has confirmed.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hubbub_application::ports::{BusUnavailable, Topic};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// How long a caller waits for the confirmation, and then goes on without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The wanted topics with their references. One task, the subscriber, brings Redis in line with them.
#[derive(Default)]
pub(super) struct Subscriptions {
    inner: Mutex<Inner>,
    /// Told when a topic is new or no longer wanted.
    wanted_changed: Notify,
    /// Counts confirmations and losses of the connection, for those who wait.
    progress: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    topics: HashMap<Topic, Wanted>,
    /// Those that are new or no longer wanted since the subscriber has looked.
    touched: HashSet<Topic>,
    is_connected: bool,
}

#[derive(Default)]
struct Wanted {
    references: usize,
    is_confirmed: bool,
    /// Whether somebody went on without the confirmation, and may have missed something.
    is_awaited_no_more: bool,
}

/// What the subscriber must tell Redis.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) begun: Vec<Topic>,
    pub(super) ended: Vec<Topic>,
}

impl Subscriptions {
    pub(super) async fn follow(&self, topics: &[Topic]) -> Result<(), BusUnavailable> {
        let mut progress = self.progress.subscribe();
        {
            let mut inner = self.inner.lock();
            for &topic in topics {
                let wanted = inner.topics.entry(topic).or_default();
                wanted.references += 1;
                if !wanted.is_confirmed {
                    inner.touched.insert(topic);
                }
            }
        }
        self.wanted_changed.notify_one();
        let confirmed = async {
            loop {
                if let Some(outcome) = self.inner.lock().outcome(topics) {
                    return outcome;
                }
                // The sender is a field of this one.
                let _ = progress.changed().await;
            }
        };
        let outcome = timeout(PATIENCE, confirmed).await;
        let outcome = outcome.unwrap_or(Err(BusUnavailable));
        if outcome.is_err() {
            self.inner.lock().give_up(topics);
        }
        outcome
    }

    pub(super) fn unfollow(&self, topics: &[Topic]) {
        if topics.is_empty() {
            return;
        }
        let mut inner = self.inner.lock();
        for &topic in topics {
            let Some(wanted) = inner.topics.get_mut(&topic) else {
                continue;
            };
            wanted.references -= 1;
            if wanted.references == 0 {
                inner.topics.remove(&topic);
                inner.touched.insert(topic);
            }
        }
        drop(inner);
        self.wanted_changed.notify_one();
    }

    /// A new connection, which hears nothing yet. Answers all that is wanted.
    pub(super) fn connected(&self) -> Vec<Topic> {
        let mut inner = self.inner.lock();
        inner.is_connected = true;
        inner.touched.clear();
        inner.topics.keys().copied().collect()
    }

    /// The connection is gone, and with it everything that was confirmed.
    pub(super) fn disconnected(&self) {
        let mut inner = self.inner.lock();
        inner.is_connected = false;
        for wanted in inner.topics.values_mut() {
            wanted.is_confirmed = false;
        }
        drop(inner);
        self.progress.send_modify(|count| *count += 1);
    }

    /// Waits until what is wanted has changed.
    pub(super) async fn changed(&self) {
        self.wanted_changed.notified().await;
    }

    /// What has to be said to a connection that hears `heard`.
    pub(super) fn changes(&self, heard: &HashSet<Topic>) -> Changes {
        let mut inner = self.inner.lock();
        let mut changes = Changes::default();
        for topic in std::mem::take(&mut inner.touched) {
            let is_heard = heard.contains(&topic);
            match inner.topics.get_mut(&topic) {
                // It was given up and wanted again before anybody said so to Redis.
                Some(wanted) if is_heard => wanted.is_confirmed = true,
                Some(_) => changes.begun.push(topic),
                None if is_heard => changes.ended.push(topic),
                None => {}
            }
        }
        drop(inner);
        self.progress.send_modify(|count| *count += 1);
        changes
    }

    /// Redis has confirmed these. Answers whether somebody had gone on without.
    pub(super) fn confirmed(&self, topics: &[Topic]) -> bool {
        let mut inner = self.inner.lock();
        let mut is_late = false;
        for topic in topics {
            if let Some(wanted) = inner.topics.get_mut(topic) {
                wanted.is_confirmed = true;
                is_late |= std::mem::take(&mut wanted.is_awaited_no_more);
            }
        }
        drop(inner);
        self.progress.send_modify(|count| *count += 1);
        is_late
    }
}

impl Inner {
    /// How waiting for these has ended, if it has.
    fn outcome(&self, topics: &[Topic]) -> Option<Result<(), BusUnavailable>> {
        let is_confirmed =
            |topic| matches!(self.topics.get(topic), Some(wanted) if wanted.is_confirmed);
        if topics.iter().all(is_confirmed) {
            Some(Ok(()))
        } else if self.is_connected {
            None
        } else {
            Some(Err(BusUnavailable))
        }
    }

    fn give_up(&mut self, topics: &[Topic]) {
        for topic in topics {
            if let Some(wanted) = self.topics.get_mut(topic) {
                wanted.is_awaited_no_more |= !wanted.is_confirmed;
            }
        }
    }
}

#[cfg(test)]
mod tests;
