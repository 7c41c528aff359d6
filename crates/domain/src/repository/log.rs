//! The way by which many messages are stored in one transaction with few statements.

use async_trait::async_trait;

use super::Result;
use crate::conversation::Conversation;
use crate::ids::{ClientId, ConversationId, MessageId, UserId};
use crate::member::Membership;
use crate::message::Message;
use crate::numbers::{Rev, Seq};
use crate::personal::ThreadState;
use crate::timestamp::Timestamp;

/// Conversations under their row locks.
#[derive(Clone, Debug)]
pub struct LockedConversations {
    /// Those that exist.
    pub conversations: Vec<Conversation>,
    /// The time by the database's own clock, if that is another machine's.
    pub now: Option<Timestamp>,
}

/// What a message to be posted is about.
#[derive(Clone, Copy, Debug)]
pub struct PostKey {
    /// Where to.
    pub conversation_id: ConversationId,
    /// Who sends it.
    pub sender_id: UserId,
    /// The sender's key for it.
    pub client_id: ClientId,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The message whose thread it is for.
    pub thread_root: Option<MessageId>,
}

/// What decides about a message to be posted.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// What the sender has sent under that key before, in whatever conversation.
    pub before: Option<Message>,
    /// The sender's present stay.
    pub stay: Option<Membership>,
    /// The message that it answers, if it is one of the conversation.
    pub reply_to: Option<Message>,
    /// The root of the thread, if it is a message of the conversation.
    pub thread_root: Option<Message>,
}

/// What a batch stores.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// Conversations that have moved on.
    pub conversations: Vec<Conversation>,
    /// New messages, in the order of their numbers.
    pub messages: Vec<Message>,
    /// Roots of threads that have new replies, each once, as they stand now.
    pub roots: Vec<Message>,
    /// The new messages in the order of their numbers, each with its sender: who had read everything up to the message before it has
    /// read it as well. A sender stands here once for each message.
    pub read: Vec<(ConversationId, UserId, Seq)>,
    /// Threads that people follow from now on, unless they have a view of the thread already.
    pub followed: Vec<ThreadState>,
}

/// Many messages at once. Every method is a fixed number of statements, however many there are.
#[async_trait]
pub trait LogRepository: Send {
    /// Takes the row locks, in the order of the ids. Everything that depends on them is read after.
    async fn lock(&mut self, ids: &[ConversationId]) -> Result<LockedConversations>;
    /// What decides about each of the messages, in their order. To be called under the locks.
    async fn find_circumstances(&mut self, posts: &[PostKey]) -> Result<Vec<Circumstances>>;
    /// Stores everything. A key that was used in another conversation at the same time is a conflict, after which the unit of work
    /// must be dropped.
    async fn append(&mut self, append: &Append) -> Result<()>;
}

/// Where conversations stand at one moment, and what decides about messages to be posted to them.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Those conversations that exist.
    pub conversations: Vec<Conversation>,
    /// For each of the messages, in their order.
    pub circumstances: Vec<Circumstances>,
    /// Everybody who is in one of the conversations, but for those with more than 100 members.
    pub stays: Vec<Membership>,
    /// The time by the database's own clock, if that is another machine's.
    pub now: Option<Timestamp>,
}

/// What was stored without having locked before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The conversations whose share is on disk. Nothing is stored of the others.
    pub conversations: Vec<ConversationId>,
    /// The time by the database's own clock, if that is another machine's.
    pub now: Option<Timestamp>,
}

/// Storing without a transaction that is open while it is decided what to store.
///
/// Everything that decides about a message is in its conversation's log, but for its sender's key, which is unique. So what was
/// decided by an earlier sight still holds if the conversation has not moved on; and whether it has is looked at under the lock, by
/// what stores the message. Whoever finds that it has must decide anew.
#[async_trait]
pub trait OptimisticLog: Send {
    /// Looks, and locks nothing.
    async fn sight(&mut self, posts: &[PostKey]) -> Result<Sighting>;
    /// Stores durably what belongs to conversations that stand where they were seen, in the order of their ids as in `append`. A key
    /// that is taken is a conflict, and then nothing is stored.
    async fn append_if_unmoved(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored>;
}
