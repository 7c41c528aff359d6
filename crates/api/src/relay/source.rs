use std::future::Future;
use std::pin::Pin;

use hubbub_application::chat::dto::Heads;
use hubbub_application::chat::{ChatError, ChatService};
use hubbub_application::events::{ConversationEvent, Digest, UserEvent};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince};

/// What a read answers, later.
pub(crate) type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChatError>> + Send + 'a>>;

/// Where the relay reads what hints did not bring.
pub(crate) trait Source: Send + Sync {
    /// How far everything has come that the user can see.
    fn heads(&self, user: UserId) -> Reading<'_, Heads>;
    /// What happened in a conversation after `rev`.
    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Reading<'_, Vec<ConversationEvent>>;
    /// What happened in a user's own log after `rev`.
    fn user_steps_after(
        &self,
        user: UserId,
        rev: UserRev,
        limit: i64,
    ) -> Reading<'_, Vec<UserEvent>>;
    /// The logs that have moved on since the look that gave the cursor.
    fn changed_since(&self, cursor: Option<ChangeCursor>, limit: i64) -> Reading<'_, ChangedSince>;
    /// Where these logs stand.
    fn stand_at<'a>(
        &'a self,
        conversations: &'a [ConversationId],
        users: &'a [UserId],
    ) -> Reading<'a, Digest>;
}

impl Source for ChatService {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        Box::pin(Self::heads(self, user))
    }

    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        Box::pin(Self::steps_after(self, id, rev, limit))
    }

    fn user_steps_after(
        &self,
        user: UserId,
        rev: UserRev,
        limit: i64,
    ) -> Reading<'_, Vec<UserEvent>> {
        Box::pin(Self::user_steps_after(self, user, rev, limit))
    }

    fn changed_since(&self, cursor: Option<ChangeCursor>, limit: i64) -> Reading<'_, ChangedSince> {
        Box::pin(Self::changed_since(self, cursor, limit))
    }

    fn stand_at<'a>(
        &'a self,
        conversations: &'a [ConversationId],
        users: &'a [UserId],
    ) -> Reading<'a, Digest> {
        Box::pin(Self::stand_at(self, conversations, users))
    }
}
