//! What this node listens to on the bus: the topics of what is tracked, for as long as it is.

use hubbub_application::ports::{EventBus, Topic};

use super::outbound::ConnectionKey;
use super::state::State;
use super::{Relay, Shared};

/// References that are given back unless they are kept.
struct Following<'a> {
    bus: &'a dyn EventBus,
    topics: Vec<Topic>,
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        self.bus.unfollow(&self.topics);
    }
}

impl<K: ConnectionKey> Relay<K> {
    /// Listens to topics, and returns when everything that is said from then on will come; or later, if the bus is not well, which
    /// then counts as an interruption.
    ///
    /// The relay keeps one reference for each topic that it still needs afterwards. The caller reads from the database after this.
    pub(super) async fn listen(&self, topics: Vec<Topic>) {
        let Shared { bus, .. } = self.shared.as_ref();
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
            .retain(|&topic| !needs(&state, topic) || !held.insert(topic));
    }

    /// No longer listens to those of the topics that nobody needs any more.
    pub(super) fn stop_listening(&self, topics: impl IntoIterator<Item = Topic>) {
        let state = self.shared.state.lock();
        let mut held = self.shared.held.lock();
        let topics = topics.into_iter();
        let given_up: Vec<_> = topics
            .filter(|&topic| !needs(&state, topic) && held.remove(&topic))
            .collect();
        drop((state, held));
        if !given_up.is_empty() {
            self.shared.bus.unfollow(&given_up);
        }
    }
}

fn needs<K: ConnectionKey>(state: &State<K>, topic: Topic) -> bool {
    match topic {
        Topic::Conversation(id) => state.tracks(id),
        Topic::User(user) => state.tracks_user(user),
        Topic::Everybody => true,
    }
}
