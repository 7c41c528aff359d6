//! What this node listens to on the bus: the topics of what is tracked, for as long as it is.

use hubbub_application::ports::{EventBus, Topic};

use super::outbound::ConnectionKey;
use super::{Relay, Shared};

/// References that are given back unless they are kept.
struct Following<'a> {
    bus: &'a dyn EventBus,
    topics: Vec<Topic>,
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        if !self.topics.is_empty() {
            self.bus.unfollow(&self.topics);
        }
    }
}

impl<K: ConnectionKey> Relay<K> {
    /// Listens to topics, and returns when everything that is said from then on will come; or later, if the bus is not well, which
    /// then counts as an interruption.
    ///
    /// What is listened to already is needed by somebody, and stays so if the caller tracks it. The relay keeps one reference for each
    /// topic that it still needs afterwards. The caller reads from the database after this.
    pub(super) async fn listen(&self, mut topics: Vec<Topic>) {
        let Shared { bus, .. } = self.shared.as_ref();
        {
            let held = self.shared.held.lock();
            topics.retain(|topic| !held.contains(topic));
        }
        if topics.is_empty() {
            return;
        }
        // Taken with the first poll of the call, so it is given back if the caller does not wait for the end.
        let mut following = Following {
            bus: bus.as_ref(),
            topics,
        };
        if let Err(error) = bus.follow(&following.topics).await {
            tracing::debug!(%error, "going on without the bus");
        }
        let state = self.shared.state.lock();
        let mut held = self.shared.held.lock();
        following
            .topics
            .retain(|&topic| !state.needs(topic) || !held.insert(topic));
        drop((held, state));
    }

    /// No longer listens to those of the topics that nobody needs any more.
    pub(super) fn stop_listening(&self, topics: &[Topic]) {
        if topics.is_empty() {
            return;
        }
        let state = self.shared.state.lock();
        let mut held = self.shared.held.lock();
        let topics = topics.iter().copied();
        let given_up: Vec<_> = topics
            .filter(|&topic| !state.needs(topic) && held.remove(&topic))
            .collect();
        drop((held, state));
        if !given_up.is_empty() {
            self.shared.bus.unfollow(&given_up);
        }
    }
}
