//! What a client that was away receives.

use hubbub_domain::ids::{ConversationId, Epoch};
use hubbub_domain::numbers::{Rev, UserRev};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ConversationSummary, Head, MessageDto, MessagePage, SettingsDto};
use crate::events::UserEventChange;
use crate::groups::dto::MemberChange;

/// One part of the answer to a synchronisation. Parts are to be applied in their order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SyncPage {
    /// The database's history is not the one that the positions are of: everything that was cached is void. The list of
    /// conversations follows, and a reset of each of which a position was given.
    #[serde(rename_all = "camelCase")]
    Epoch {
        /// The identity of the history.
        epoch: Epoch,
    },
    /// What happened in the user's own log.
    #[serde(rename_all = "camelCase")]
    User {
        /// Where the range begins.
        from_rev: UserRev,
        /// Where it ends.
        to_rev: UserRev,
        /// How far the log had come before it was read.
        as_of_rev: UserRev,
        /// What happened, in order.
        changes: Vec<UserEventChange>,
    },
    /// All conversations of the user, where that is shorter than what happened. What is not among them is lost.
    #[serde(rename_all = "camelCase")]
    Conversations {
        /// How far the user's own log had come before they were read.
        user_rev: UserRev,
        /// The conversations, the latest activity first.
        conversations: Vec<ConversationSummary>,
    },
    /// What happened in a conversation.
    #[serde(rename_all = "camelCase")]
    Changes {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Where the range begins.
        from_rev: Rev,
        /// Where it ends.
        to_rev: Rev,
        /// How far the conversation had come, or the user's stay has lasted, before it was read.
        as_of_rev: Rev,
        /// The rows as they stand now, in the order in which they would have been told.
        rows: Vec<Row>,
    },
    /// The newest messages of a conversation, where what happened is longer, or began before the user's stay: whatever was cached of
    /// the conversation is void, and the position is the page's.
    #[serde(rename_all = "camelCase")]
    Reset {
        /// The newest page.
        page: MessagePage,
    },
    /// The user is not a member of a conversation of which a position was given.
    #[serde(rename_all = "camelCase")]
    Lost {
        /// Which conversation.
        conversation_id: ConversationId,
    },
    /// Everything was said.
    #[serde(rename_all = "camelCase")]
    Done {
        /// The identity of the database's history.
        epoch: Epoch,
        /// The user's own log.
        user_rev: UserRev,
        /// The conversations of the user.
        heads: Vec<Head>,
    },
}

/// A row that has changed, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Row {
    /// A message, new or changed.
    Message {
        /// The message.
        message: Box<MessageDto>,
    },
    /// A join, a departure or another role.
    Member(MemberChange),
    /// Another name, topic or visible history.
    Settings(SettingsDto),
}
