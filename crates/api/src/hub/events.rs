//! What clients are called with.

use hubbub_application::chat::dto::{MessageDto, SettingsDto};
use hubbub_application::events::UserEventChange;
use hubbub_application::groups::dto::MemberChange;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use serde::Serialize;

/// The payload of `ReceiveMessage` and `MessageChanged`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageStep<'a> {
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

/// The payload of `ConversationChanged`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationChanged<'a> {
    pub(super) conversation_id: ConversationId,
    #[serde(flatten)]
    pub(super) settings: &'a SettingsDto,
    pub(super) from_rev: Rev,
    pub(super) to_rev: Rev,
}

/// The payload of `Advanced`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Advanced {
    pub(super) conversation_id: ConversationId,
    pub(super) from_rev: Rev,
    pub(super) to_rev: Rev,
}

/// The payload of `UserChanged`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserChanged<'a> {
    pub(super) from_rev: UserRev,
    pub(super) to_rev: UserRev,
    pub(super) change: &'a UserEventChange,
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
