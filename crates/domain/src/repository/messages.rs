use async_trait::async_trait;

use super::Result;
use crate::ids::{ClientId, ConversationId, MessageId, UserId};
use crate::message::{Message, Revision};
use crate::numbers::Seq;
use crate::timestamp::Timestamp;

/// Which messages of a conversation are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRange {
    /// The newest.
    Newest,
    /// Those right before this one.
    Before(Seq),
    /// Those right after this one.
    After(Seq),
    /// Those around this one, it included.
    Around(Seq),
}

/// Messages.
#[async_trait]
pub trait MessageRepository: Send {
    /// Stores a new message. A used client id of the same sender is a conflict, after which the unit of work can go on.
    async fn add(&mut self, message: &Message) -> Result<()>;
    /// Stores what changed about a message, within the conversation's lock.
    async fn update(&mut self, message: &Message) -> Result<()>;
    /// The message with that id, in that conversation.
    async fn find(
        &mut self,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Option<Message>>;
    /// The message that a sender has sent under a client id.
    async fn find_by_client_id(
        &mut self,
        sender: UserId,
        client_id: ClientId,
    ) -> Result<Option<Message>>;
    /// Messages from `visible_from` on, those of threads included, in seq order.
    async fn list(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>>;
    /// The replies of one thread from `visible_from` on, in seq order.
    async fn list_thread(
        &mut self,
        conversation: ConversationId,
        root: MessageId,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>>;
    /// Pinned messages from `visible_from` on, the latest pin first.
    async fn list_pinned(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        limit: i64,
    ) -> Result<Vec<Message>>;
    /// How many messages are pinned.
    async fn count_pinned(&mut self, conversation: ConversationId) -> Result<i64>;
    /// Keeps a text that a message had.
    async fn add_revision(&mut self, message: MessageId, revision: &Revision) -> Result<()>;
    /// The texts that a message had, the first one first.
    async fn list_revisions(&mut self, message: MessageId) -> Result<Vec<Revision>>;
    /// How many texts a message had.
    async fn count_revisions(&mut self, message: MessageId) -> Result<i64>;
    /// Removes what up to `limit` messages said that were deleted before `before`, with their revisions. Answers how many.
    async fn purge_deleted(&mut self, before: Timestamp, limit: i64) -> Result<u64>;
}
