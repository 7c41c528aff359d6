//! The relay: brings what was committed to the connections of this node, in order and without a hole.
//!
//! What arrives from the bus is a hint that may be late, doubled or missing. Per conversation, and per user, the relay keeps
//! how far it has delivered ([`log::Log`]); a step that connects is delivered, one that is behind is dropped, and one that is ahead shows a
//! hole, which is read from the database ([`filling`]). A hint that never comes is noticed by [`detectors`]. A connection becomes live
//! against a snapshot that nothing has overtaken ([`Relay::attach`]), and its first event says from where on.
//!
//! The relay reaches the database through [`source::Source`] and connections through [`outbound::Outbound`], so that it can be tested
//! without either.

mod committed;
mod counters;
mod detectors;
mod filling;
mod listening;
mod log;
#[cfg(test)]
mod model;
pub(crate) mod outbound;
#[cfg(test)]
mod simulation;
mod source;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use hubbub_application::chat::ChatError;
use hubbub_application::chat::dto::Heads;
use hubbub_application::events::Event;
use hubbub_application::ports::{EventBus, Topic};
use hubbub_domain::ids::{ConversationId, UserId};
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

pub(crate) use counters::{Detector, RelayCounters};
use outbound::{ConnectionKey, Outbound};
use source::Source;
use state::{GoLive, State};

pub(crate) use committed::Committed;
pub(crate) use detectors::Surroundings;

/// Brings committed changes to connections. Clones are the same relay.
pub(crate) struct Relay<K: ConnectionKey> {
    shared: Arc<Shared<K>>,
}

struct Shared<K: ConnectionKey> {
    source: Arc<dyn Source>,
    outbound: Arc<dyn Outbound<K>>,
    bus: Arc<dyn EventBus>,
    /// Held while steps are handed to connections, which never waits: that is what keeps them in order.
    state: Mutex<State<K>>,
    /// The topics that this node listens to. Locked after the state.
    held: Mutex<HashSet<Topic>>,
    counters: Arc<RelayCounters>,
    tasks: TaskTracker,
}

impl<K: ConnectionKey> Clone for Relay<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K: ConnectionKey> Relay<K> {
    /// A relay that reads holes from `source`, delivers through `outbound` and listens to what it needs of `bus`, whose events are to be
    /// handed to [`Relay::receive`].
    pub(crate) fn new(
        source: Arc<dyn Source>,
        outbound: Arc<dyn Outbound<K>>,
        bus: Arc<dyn EventBus>,
        tasks: TaskTracker,
    ) -> Self {
        let counters = Arc::new(RelayCounters::default());
        Self {
            shared: Arc::new(Shared {
                source,
                outbound,
                bus,
                state: Mutex::new(State::new(Arc::clone(&counters))),
                held: Mutex::default(),
                counters,
                tasks,
            }),
        }
    }

    /// What it has counted since the start.
    pub(crate) fn counters(&self) -> &Arc<RelayCounters> {
        &self.shared.counters
    }

    /// Takes what the bus brings. Never waits.
    pub(crate) fn receive(&self, event: Event) {
        match event {
            Event::Conversation(step) => self.with(|state, outbound| state.offer(&step, outbound)),
            Event::User(step) => self.with(|state, outbound| state.offer_user(step, outbound)),
            Event::Digest(digest) => {
                self.with(|state, _| state.hear_of(&digest, Detector::Digest, None));
            }
            Event::Typing {
                conversation_id,
                user_id,
                is_typing,
            } => self.with(|state, outbound| {
                let own = state.connections_of(user_id);
                outbound.typing(conversation_id, user_id, is_typing, own);
            }),
            Event::ReadMarkerMoved {
                conversation_id,
                user_id,
                seq,
            } => self.with(|state, outbound| {
                let private = state.private_connections();
                outbound.read_marker_moved(conversation_id, user_id, seq, &private);
            }),
            Event::Presence(presence) => self.shared.outbound.presence(&presence),
            Event::SessionEnded {
                user_id,
                session_id,
            } => self.shared.outbound.session_ended(user_id, session_id),
        }
    }

    /// Makes a connection live: from its first event, `Heads`, on it receives every step of its user's conversations and of
    /// its user's own log.
    ///
    /// The conversations are tracked and listened to first and read after, so that nothing can fall between. If a change of membership
    /// overtakes the reading, it is read again.
    pub(crate) async fn attach(&self, key: K, user: UserId) -> Result<(), ChatError> {
        self.with(|state, _| state.register(key.clone(), user));
        let attached = self.make_live(&key, user).await;
        if attached.is_err() {
            self.detach(&key);
        }
        attached
    }

    async fn make_live(&self, key: &K, user: UserId) -> Result<(), ChatError> {
        let source = &self.shared.source;
        loop {
            self.with(|state, _| state.begin_snapshot(key));
            let heads = source.heads(user).await?;
            self.with(|state, _| state.track(key, &ids(&heads)));
            self.listen(topics(user, &heads)).await;
            let heads = source.heads(user).await?;
            loop {
                match self.with(|state, outbound| state.go_live(key, user, &heads, outbound)) {
                    GoLive::Done | GoLive::Gone => return Ok(()),
                    GoLive::Overtaken => break,
                    GoLive::Behind(behind) => {
                        for head in behind {
                            self.catch_up(head).await?;
                        }
                    }
                }
            }
        }
    }

    /// Forgets a connection. One that is not known changes nothing.
    pub(crate) fn detach(&self, key: &K) {
        self.with(|state, _| state.forget(key));
    }

    /// Does something under the lock, and afterwards sees to what has become necessary by it.
    fn with<T>(&self, act: impl FnOnce(&mut State<K>, &dyn Outbound<K>) -> T) -> T {
        let (done, work) = {
            let mut state = self.shared.state.lock();
            let done = act(&mut state, self.shared.outbound.as_ref());
            (done, state.take_work())
        };
        self.begin(work);
        done
    }
}

fn ids(heads: &Heads) -> HashSet<ConversationId> {
    heads
        .conversations
        .iter()
        .map(|head| head.conversation_id)
        .collect()
}

/// What is said about a user, and in the user's conversations.
fn topics(user: UserId, heads: &Heads) -> Vec<Topic> {
    let conversations = heads.conversations.iter();
    let conversations = conversations.map(|head| Topic::Conversation(head.conversation_id));
    std::iter::once(Topic::User(user))
        .chain(conversations)
        .collect()
}
