//! The bus between nodes.

use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use tokio::sync::watch;

use crate::events::{ConversationEventChange, Event};

/// What a node listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What happens in a conversation, for nodes that serve one of its members.
    Conversation(ConversationId),
    /// What concerns one user, for nodes that serve that user.
    User(UserId),
    /// What every node must hear.
    Everybody,
}

impl Topic {
    /// Where an event is told. A join is told to the new member as well, whose nodes may not listen to the conversation yet.
    pub fn all_of(event: &Event) -> impl Iterator<Item = Self> + use<> {
        let (topic, other) = match event {
            Event::Conversation(step) => {
                let joining = match &step.change {
                    ConversationEventChange::Member(change) if change.joined => {
                        Some(Self::User(change.user.id))
                    }
                    _ => None,
                };
                (Self::Conversation(step.conversation_id), joining)
            }
            Event::Typing {
                conversation_id, ..
            }
            | Event::ReadMarkerMoved {
                conversation_id, ..
            } => (Self::Conversation(*conversation_id), None),
            Event::User(step) => (Self::User(step.user_id), None),
            Event::Presence(_) | Event::SessionEnded { .. } | Event::Digest(_) => {
                (Self::Everybody, None)
            }
        };
        std::iter::once(topic).chain(other)
    }
}

/// Whether hints can be relied on at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusHealth {
    /// What is published is heard, but for rare losses.
    Healthy,
    /// Hints are lost, or may be: whoever must not miss anything asks the database more often.
    Degraded,
}

/// The bus could not confirm in time that it listens. It will as soon as it can, and counts an interruption then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus between nodes is not available at the moment")]
pub struct BusUnavailable;

/// Tells all nodes what has happened. A hint: it may be lost, doubled or late, and the database remains the truth.
///
/// What a node publishes reaches its own relay at once and without the bus; the other nodes hear what they follow.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Sends the event on its way. Never waits and never fails; an adapter that must queue bounds its queue and drops hints
    /// when it is full.
    fn publish(&self, event: Event);

    /// Listens to topics, and returns when everything that is said from then on will be heard; after half a second at the
    /// latest. An error takes nothing back. References are counted: each call is taken back by one of
    /// [`unfollow`](Self::unfollow).
    async fn follow(&self, topics: &[Topic]) -> Result<(), BusUnavailable>;

    /// Takes back one [`follow`](Self::follow) of these topics. The last one ends the listening.
    fn unfollow(&self, topics: &[Topic]);

    /// Whether hints can be relied on.
    fn health(&self) -> watch::Receiver<BusHealth>;

    /// Counts up each time after something may have been missed: whoever must not miss anything compares with the database.
    fn interruptions(&self) -> watch::Receiver<u64>;
}
