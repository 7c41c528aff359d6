//! Conversations and messages as clients see them.

mod message;
mod reading;
mod sync;

use hubbub_domain::conversation::{Conversation, ConversationKind, HistoryVisibility, Unread};
use hubbub_domain::ids::{ConversationId, Epoch, MessageId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::Message;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::personal::{NotificationLevel, PersonalState, ThreadState};
use hubbub_domain::repository::MessageRange;
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::users::dto::UserDto;

pub use message::{
    MentionsDto, MessageDto, ReactionDto, ReplyDto, RevisionDto, SendReceipt, SystemNoteDto,
    ThreadDto,
};
pub use reading::{FollowedThreadDto, ReceiptDto};
pub use sync::{Row, SyncPage};

/// A conversation as one user sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// What those who join from now on may read of what was written before.
    pub history: HistoryVisibility,
    /// The first message that one may see, for a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visible_from_seq: Option<Seq>,
    /// How far one has read, and what may disturb.
    #[serde(flatten)]
    pub personal: PersonalDto,
    /// The newest message outside threads, for a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_message: Option<MessageDto>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is only one's own about a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PersonalState)]
pub struct PersonalDto {
    /// Up to where one has read.
    pub last_read_seq: Seq,
    /// From where on one wants it to count as unread again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unread_from: Option<Seq>,
    /// How many messages of others one has not read, threads left out; counting stops at 100.
    #[schema(minimum = 0, maximum = 100)]
    pub unread_count: i64,
    /// How many of them call one; counting stops at 100.
    #[schema(minimum = 0, maximum = 100)]
    pub mention_count: i64,
    /// Until when nothing of it may disturb.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub muted_until: Option<Timestamp>,
    /// What of it may disturb.
    pub level: NotificationLevel,
}

impl PersonalDto {
    /// Describes a state and what it leaves unread.
    pub(crate) fn new(state: &PersonalState, unread: Unread) -> Self {
        Self {
            last_read_seq: state.read_seq,
            unread_from: state.unread_from,
            unread_count: unread.messages,
            mention_count: unread.mentions,
            muted_until: state.muted_until,
            level: state.level,
        }
    }
}

/// One's own view of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ThreadState)]
pub struct ThreadStateDto {
    /// Where.
    pub conversation_id: ConversationId,
    /// The message that the thread hangs on.
    pub root_id: MessageId,
    /// Whether one wants to know of replies.
    pub following: bool,
    /// Up to where one has read the thread.
    pub last_read_seq: Seq,
    /// How many replies of others one has not read; counting stops at 100.
    #[schema(minimum = 0, maximum = 100)]
    pub unread_count: i64,
}

impl ThreadStateDto {
    /// Describes a state and what it leaves unread.
    pub(crate) fn new(state: &ThreadState, unread: i64) -> Self {
        Self {
            conversation_id: state.conversation_id,
            root_id: state.root_id,
            following: state.is_following,
            last_read_seq: state.read_seq,
            unread_count: unread,
        }
    }
}

/// Name, topic and visible history of a group or channel, after one of them changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConversationSettings)]
pub struct SettingsDto {
    /// What it is called.
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub topic: Option<String>,
    /// What those who join from now on may read of what was written before.
    pub history: HistoryVisibility,
    /// The place of the latest change of these in the conversation's log.
    pub rev: Rev,
}

impl SettingsDto {
    /// Describes a group or channel; direct conversations have no name.
    pub(crate) fn new(conversation: &Conversation) -> Self {
        let title = conversation.title();
        Self {
            name: title
                .map(|title| title.name.as_str().to_owned())
                .unwrap_or_default(),
            topic: title
                .and_then(|title| title.topic.as_ref())
                .map(|topic| topic.as_str().to_owned()),
            history: conversation.history,
            rev: conversation.settings_rev,
        }
    }
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

/// The pinned messages of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedMessages {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// The newest change when they were read.
    pub rev: Rev,
    /// The messages, the latest pin first.
    pub messages: Vec<MessageDto>,
}

impl MessagePage {
    /// Describes messages that were read by `range` of those from `first_visible` on, after the conversation was.
    pub(crate) fn new(
        conversation: &Conversation,
        first_visible: Seq,
        range: MessageRange,
        messages: &[Message],
    ) -> Self {
        let (oldest, newest) = (first_visible.max(Seq::FIRST), conversation.last_seq);
        let (has_before, has_after) = match (messages.first(), messages.last()) {
            (Some(first), Some(last)) => (first.seq > oldest, last.seq < newest),
            // Nothing lies on the side that was asked for; everything that is visible lies on the other.
            _ => match range {
                MessageRange::Before(seq) => (false, seq.max(oldest) <= newest),
                MessageRange::After(seq) => (seq.min(newest) >= oldest, false),
                MessageRange::Newest | MessageRange::Around(_) => (false, false),
            },
        };
        Self {
            conversation_id: conversation.id,
            rev: conversation.last_rev,
            last_seq: newest,
            has_before,
            has_after,
            messages: messages.iter().map(MessageDto::from).collect(),
        }
    }
}

/// How far one conversation's log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Its newest change.
    pub rev: Rev,
    /// The first message that its member may see. For the relay; clients learn it from the summary.
    #[serde(skip)]
    pub visible_from_seq: Seq,
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
    /// Whether the user keeps private how far conversations were read. For the relay.
    #[serde(skip)]
    pub has_private_receipts: bool,
}
