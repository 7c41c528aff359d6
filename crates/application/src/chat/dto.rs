//! Conversations and messages as clients see them.

use hubbub_domain::conversation::ConversationKind;
use hubbub_domain::ids::{ClientId, ConversationId, Epoch, MessageId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::Message;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::users::dto::UserDto;

/// A message in its conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageDto {
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place among the messages: 1, 2, 3, …
    pub seq: Seq,
    /// The change that created it.
    pub created_rev: Rev,
    /// Its latest change.
    pub rev: Rev,
    /// What it is called, for ever.
    pub message_id: MessageId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// What it says.
    pub body: String,
    /// When it was stored.
    pub sent_at: Timestamp,
}

impl From<&Message> for MessageDto {
    fn from(message: &Message) -> Self {
        Self {
            conversation_id: message.conversation_id,
            seq: message.seq,
            created_rev: message.created_rev,
            rev: message.rev,
            message_id: message.id,
            client_id: message.client_id,
            sender_id: message.sender_id,
            body: message.body.as_str().to_owned(),
            sent_at: message.sent_at,
        }
    }
}

/// The answer to a send: the message is on disk, at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendReceipt {
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// What it is called, for ever.
    pub message_id: MessageId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// Its place among the messages.
    pub seq: Seq,
    /// The change that created it.
    pub rev: Rev,
    /// When it was stored.
    pub sent_at: Timestamp,
}

impl From<&Message> for SendReceipt {
    fn from(message: &Message) -> Self {
        Self {
            conversation_id: message.conversation_id,
            message_id: message.id,
            client_id: message.client_id,
            seq: message.seq,
            rev: message.created_rev,
            sent_at: message.sent_at,
        }
    }
}

/// A conversation as one user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationSummary {
    /// Which conversation it is.
    pub id: ConversationId,
    /// Direct, group or channel.
    pub kind: ConversationKind,
    /// The name of a group or channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What a group or channel is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topic: Option<String>,
    /// The other person of a direct conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub peer: Option<UserDto>,
    /// How many members there are.
    pub member_count: i64,
    /// One's own role, for a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<MemberRole>,
    /// Whether one is a member.
    pub joined: bool,
    /// The newest message.
    pub last_seq: Seq,
    /// The newest change; read before everything else here.
    pub rev: Rev,
    /// Up to where one has read.
    pub last_read_seq: Seq,
    /// How many messages of others one has not read; counting stops at 100.
    #[schema(minimum = 0, maximum = 100)]
    pub unread_count: i64,
    /// The newest message, for a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_message: Option<MessageDto>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// All conversations of a user, with the positions they were read at.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationList {
    /// The identity of the database's history.
    pub epoch: Epoch,
    /// How far the user's own log had come.
    pub user_rev: UserRev,
    /// The conversations, the latest activity first.
    pub conversations: Vec<ConversationSummary>,
}

/// Some messages of a conversation, in seq order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// The newest change when the page was read.
    pub rev: Rev,
    /// The newest message when the page was read.
    pub last_seq: Seq,
    /// Whether older messages can be had.
    pub has_before: bool,
    /// Whether newer messages can be had.
    pub has_after: bool,
    /// The messages.
    pub messages: Vec<MessageDto>,
}

/// How far one conversation's log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its newest change.
    pub rev: Rev,
}

/// How far everything has come that a user can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heads {
    /// The identity of the database's history.
    pub epoch: Epoch,
    /// The user's own log.
    pub user_rev: UserRev,
    /// The conversations that the user is a member of.
    pub conversations: Vec<Head>,
}
