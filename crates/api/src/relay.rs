//! The relay: brings what was committed to the connections of this node, in order and without a hole.
//!
//! What arrives from the bus is a hint that may be late, doubled or missing. Per conversation, and per user, the relay keeps
//! how far it has delivered ([`log::Log`]); a step that connects is delivered, one that is behind is dropped, and one that is ahead shows a
//! hole, which is read from the database. A connection becomes live against a snapshot that nothing has overtaken
//! ([`Relay::attach`]), and its first event says from where on.
//!
//! The relay reaches the database through [`source::Source`] and connections through [`outbound::Outbound`], so that it can be tested
//! without either.

mod listening;
mod log;
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
use std::time::Duration;

use hubbub_application::chat::ChatError;
use hubbub_application::chat::dto::{Head, Heads};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, Event, UserEvent, UserEventChange,
};
use hubbub_application::ports::{EventBus, Topic};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use outbound::{ConnectionKey, Outbound};
use source::Source;
use state::{GoLive, State};

/// How many steps one query for a hole brings.
const FETCH_LIMIT: i64 = 200;
/// How long to wait before a hole is tried again that could not be read.
const FETCH_RETRY: Duration = Duration::from_secs(1);

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
        Self {
            shared: Arc::new(Shared {
                source,
                outbound,
                bus,
                state: Mutex::default(),
                held: Mutex::default(),
                tasks,
            }),
        }
    }

    /// Takes what the bus brings. Never waits.
    pub(crate) fn receive(&self, event: Event) {
        match event {
            Event::Conversation(step) => self.receive_step(&step),
            Event::User(step) => self.receive_user_step(step),
            Event::Typing {
                conversation_id,
                user_id,
                is_typing,
            } => {
                let state = self.shared.state.lock();
                let own = state.connections_of(user_id);
                self.shared
                    .outbound
                    .typing(conversation_id, user_id, is_typing, own);
            }
            Event::ReadMarkerMoved {
                conversation_id,
                user_id,
                seq,
            } => {
                let state = self.shared.state.lock();
                let private = state.private_connections();
                self.shared
                    .outbound
                    .read_marker_moved(conversation_id, user_id, seq, &private);
            }
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
    /// The conversations are tracked and listened to first and read after, so that nothing can fall between. If a change of membership overtakes
    /// the reading, it is read again.
    pub(crate) async fn attach(&self, key: K, user: UserId) -> Result<(), ChatError> {
        self.shared.state.lock().register(key.clone(), user);
        let attached = self.make_live(&key, user).await;
        if attached.is_err() {
            self.detach(&key);
        }
        attached
    }

    async fn make_live(&self, key: &K, user: UserId) -> Result<(), ChatError> {
        let shared = &self.shared;
        loop {
            shared.state.lock().begin_snapshot(key);
            let heads = shared.source.heads(user).await?;
            let gone = shared.state.lock().track(key, &ids(&heads));
            self.stop_listening(gone.into_iter().map(Topic::Conversation));
            self.listen(topics(user, &heads)).await;
            let heads = shared.source.heads(user).await?;
            loop {
                let outbound = shared.outbound.as_ref();
                let outcome = shared.state.lock().go_live(key, user, &heads, outbound);
                match outcome {
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

    /// Delivers a conversation's log as far as a snapshot has seen it.
    async fn catch_up(&self, head: Head) -> Result<(), ChatError> {
        let id = head.conversation_id;
        loop {
            let applied = self.shared.state.lock().applied(id);
            let Some(after) = applied.filter(|&applied| applied < head.rev) else {
                self.stop_listening([Topic::Conversation(id)]);
                return Ok(());
            };
            let steps = self.shared.source.steps_after(id, after, FETCH_LIMIT);
            let steps = steps.await?;
            let outbound = self.shared.outbound.as_ref();
            self.shared.state.lock().deliver_read(id, steps, outbound);
        }
    }

    /// Forgets a connection. One that is not known changes nothing.
    pub(crate) fn detach(&self, key: &K) {
        let unneeded = self.shared.state.lock().forget(key);
        self.stop_listening(unneeded);
    }

    fn receive_step(&self, step: &Arc<ConversationEvent>) {
        let id = step.conversation_id;
        let outbound = self.shared.outbound.as_ref();
        let follow_up = self.shared.state.lock().offer(step, outbound);
        if matches!(step.change, ConversationEventChange::Member(_)) {
            self.stop_listening([Topic::Conversation(id)]);
        }
        if follow_up.must_fill {
            let relay = self.clone();
            self.shared.tasks.spawn(async move {
                // It may be tracked from this very step on, which came on its user's topic.
                relay.listen(vec![Topic::Conversation(id)]).await;
                relay.fill(id).await;
            });
        }
        self.look_again_at(follow_up.deaf);
    }

    /// Has the snapshots of these taken again.
    fn look_again_at(&self, deaf: Vec<K>) {
        for key in deaf {
            let relay = self.clone();
            self.shared
                .tasks
                .spawn(async move { relay.look_again(key).await });
        }
    }

    fn receive_user_step(&self, step: Arc<UserEvent>) {
        let user = step.user_id;
        let outbound = self.shared.outbound.as_ref();
        let must_fill = self.shared.state.lock().offer_user(step, outbound);
        if must_fill {
            let relay = self.clone();
            self.shared
                .tasks
                .spawn(async move { relay.fill_user(user).await });
        }
    }

    /// Takes the snapshot of a live connection again, and tells it again from where on it is live.
    async fn look_again(&self, key: K) {
        loop {
            let user = self.shared.state.lock().user_of(&key);
            let Some(user) = user else { return };
            match self.make_live(&key, user).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(user.id = %user, error = %error, "a connection cannot be looked after yet");
                    tokio::time::sleep(FETCH_RETRY).await;
                }
            }
        }
    }

    /// Reads what is missing of a conversation until nothing is. One such task runs per conversation.
    async fn fill(&self, id: ConversationId) {
        loop {
            let missing = self.shared.state.lock().next_to_fill(id);
            let Some(missing) = missing else {
                return self.stop_listening([Topic::Conversation(id)]);
            };
            let after = Rev::new(missing.after);
            match self.shared.source.steps_after(id, after, FETCH_LIMIT).await {
                Ok(steps) => {
                    let outbound = self.shared.outbound.as_ref();
                    self.shared.state.lock().fill(id, missing, steps, outbound);
                }
                Err(error) => {
                    tracing::warn!(conversation.id = %id, error = %error, "a hole cannot be read yet");
                    tokio::time::sleep(FETCH_RETRY).await;
                }
            }
        }
    }

    /// The same for a user's own log.
    async fn fill_user(&self, user: UserId) {
        loop {
            let missing = self.shared.state.lock().next_to_fill_of_user(user);
            let Some(missing) = missing else { return };
            let after = UserRev::new(missing.after);
            let steps = self
                .shared
                .source
                .user_steps_after(user, after, FETCH_LIMIT);
            match steps.await {
                Ok(steps) => {
                    let gained = gained(&steps);
                    let outbound = self.shared.outbound.as_ref();
                    let mut state = self.shared.state.lock();
                    state.fill_user(user, missing, steps, outbound);
                    // With the step of the own log, the join may have been lost as well.
                    let deaf = gained.into_iter().map(|id| state.begin_looking(user, id));
                    let deaf: Vec<_> = deaf.flatten().collect();
                    drop(state);
                    self.look_again_at(deaf);
                }
                Err(error) => {
                    tracing::warn!(user.id = %user, error = %error, "a hole cannot be read yet");
                    tokio::time::sleep(FETCH_RETRY).await;
                }
            }
        }
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

/// The conversations that a user has become a member of by these steps.
fn gained(steps: &[UserEvent]) -> Vec<ConversationId> {
    let gains = steps.iter().filter_map(|step| match &step.change {
        UserEventChange::ConversationGained { conversation } => Some(conversation.id),
        _ => None,
    });
    gains.collect()
}
