use async_trait::async_trait;

use super::Result;
use crate::conversation::Unread;
use crate::ids::{ConversationId, MessageId, UserId};
use crate::message::Message;
use crate::numbers::{Seq, UserRev};
use crate::personal::{PersonalState, ThreadState};

/// A thread that somebody follows.
#[derive(Clone, Debug)]
pub struct FollowedThread {
    /// The follower's view.
    pub state: ThreadState,
    /// The message that it hangs on.
    pub root: Message,
    /// How many replies of others the follower has not read; counting stops at [`crate::conversation::MAX_UNREAD`].
    pub unread: i64,
}

/// What is only one user's: how far conversations and threads were read, and what may disturb.
#[async_trait]
pub trait PersonalStateRepository: Send {
    /// A user's view of a conversation; that of who has read nothing where none is stored.
    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<PersonalState>;
    /// Stores it, at its place in the user's own log. The stored marker never goes back, whatever `state` says.
    async fn save(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        state: &PersonalState,
        user_rev: UserRev,
    ) -> Result<()>;
    /// Moves the marker of who has read everything up to the message before `seq` on to `seq`. Clients derive the same from an own
    /// message, so the move takes no number of the user's own log.
    async fn read_own(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    ) -> Result<()>;
    /// What a member has not read outside threads, by that state.
    async fn count_unread(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        state: &PersonalState,
    ) -> Result<Unread>;
    /// Up to where present members have read who do not keep that private.
    async fn list_receipts(
        &mut self,
        conversation: ConversationId,
        limit: i64,
    ) -> Result<Vec<(UserId, Seq)>>;
    /// A user's view of a thread.
    async fn find_thread(&mut self, user: UserId, root: MessageId) -> Result<Option<ThreadState>>;
    /// Stores it, at its place in the user's own log if it has one there. The stored marker never goes back.
    async fn save_thread(&mut self, state: &ThreadState, user_rev: Option<UserRev>) -> Result<()>;
    /// How many replies of others stand after the marker; counting stops at [`crate::conversation::MAX_UNREAD`].
    async fn count_unread_replies(&mut self, state: &ThreadState) -> Result<i64>;
    /// Threads of present conversations that a user follows, the one with the newest reply first.
    async fn list_followed(&mut self, user: UserId, limit: i64) -> Result<Vec<FollowedThread>>;
}
