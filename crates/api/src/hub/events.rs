//! What clients are called with.

use hubbub_application::chat::dto::{ConversationSummary, MessageDto};
use hubbub_application::events::UserEventChange;
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use serde::Serialize;

/// The payload of `ReceiveMessage`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiveMessage<'a> {
    #[serde(flatten)]
    pub(super) message: &'a MessageDto,
    pub(super) from_rev: Rev,
    pub(super) to_rev: Rev,
}

/// The payload of `MemberChanged`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberChanged<'a> {
    pub(super) conversation_id: ConversationId,
    #[serde(flatten)]
    pub(super) change: &'a MemberChange,
    pub(super) from_rev: Rev,
    pub(super) to_rev: Rev,
}

/// The payload of `UserChanged`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserChanged<'a> {
    pub(super) from_rev: UserRev,
    pub(super) to_rev: UserRev,
    pub(super) change: UserChange<'a>,
}

/// What changed for a user.
#[derive(Serialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum UserChange<'a> {
    ConversationGained {
        conversation: &'a ConversationSummary,
    },
    ConversationLost {
        conversation_id: ConversationId,
    },
    ReadMarkerMoved {
        conversation_id: ConversationId,
        seq: Seq,
        unread_count: i64,
    },
}

impl<'a> From<&'a UserEventChange> for UserChange<'a> {
    fn from(change: &'a UserEventChange) -> Self {
        match change {
            UserEventChange::ConversationGained(conversation) => {
                Self::ConversationGained { conversation }
            }
            UserEventChange::ConversationLost(conversation_id) => Self::ConversationLost {
                conversation_id: *conversation_id,
            },
            UserEventChange::ReadMarkerMoved {
                conversation_id,
                seq,
                unread_count,
            } => Self::ReadMarkerMoved {
                conversation_id: *conversation_id,
                seq: *seq,
                unread_count: *unread_count,
            },
        }
    }
}

/// The payload of `UserTyping`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserTyping {
    pub(super) conversation_id: ConversationId,
    pub(super) user_id: UserId,
    pub(super) is_typing: bool,
}

/// The payload of `ReadMarkerMoved`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadMarkerMoved {
    pub(super) conversation_id: ConversationId,
    pub(super) user_id: UserId,
    pub(super) seq: Seq,
}
