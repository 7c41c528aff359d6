use std::fmt::Debug;
use std::hash::Hash;

use hubbub_application::chat::dto::Heads;
use hubbub_application::events::{ConversationEvent, UserEvent};
use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::Seq;

/// What identifies a connection.
pub(crate) trait ConnectionKey: Clone + Eq + Hash + Debug + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Debug + Send + Sync + 'static> ConnectionKey for K {}

/// The connections of this node. Nothing here waits: a connection that cannot keep up is closed by its own bounds.
pub(crate) trait Outbound<K>: Send + Sync {
    /// Adds a connection to those that receive a conversation's events.
    fn join(&self, key: &K, id: ConversationId);
    /// Takes it out again.
    fn leave(&self, key: &K, id: ConversationId);
    /// Tells a connection from where on it is live.
    fn heads(&self, key: &K, heads: &Heads);
    /// Reminds a live connection where those of its logs stand that have changed lately. Whatever led there was sent before.
    fn beacon(&self, key: &K, heads: &Heads);
    /// Brings a step to all connections that have joined its conversation, except `hidden_from`, which only learn that the log moved
    /// on.
    fn conversation_step(&self, step: &ConversationEvent, hidden_from: &[K]);
    /// Brings a step of a user's own log to one of the user's connections.
    fn user_step(&self, key: &K, step: &UserEvent);
    /// Tells all that have joined a conversation, except `own`, that somebody types.
    fn typing(&self, id: ConversationId, user: UserId, is_typing: bool, own: &[K]);
    /// Tells all that have joined a conversation, except `private`, that somebody has read on.
    fn read_marker_moved(&self, id: ConversationId, user: UserId, seq: Seq, private: &[K]);
    /// Tells those who watch a person.
    fn presence(&self, presence: &PresenceDto);
    /// Closes the connections of a sign-in that has ended.
    fn session_ended(&self, user: UserId, session: SessionId);
}
