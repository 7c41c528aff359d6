//! What is published after a commit, in the form in which clients will receive it.

use std::sync::Arc;

use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::LogHeads;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::dto::{ConversationSummary, MessageDto, PersonalDto, SettingsDto, ThreadStateDto};
use crate::groups::dto::MemberChange;
use crate::presence::dto::PresenceDto;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A conversation's log moved on.
    Conversation(Arc<ConversationEvent>),
    /// A user's own log moved on.
    User(Arc<UserEvent>),
    /// Somebody began or stopped typing.
    Typing {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// Whether it began.
        is_typing: bool,
    },
    /// Somebody read on.
    ReadMarkerMoved {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// Up to which message.
        seq: Seq,
    },
    /// Somebody came online, changed state or went offline.
    Presence(PresenceDto),
    /// A sign-in ended; its connections must end too.
    SessionEnded {
        /// Whose it was.
        user_id: UserId,
        /// Which one.
        session_id: SessionId,
    },
    /// What a node has committed lately, so that others notice what they have not heard of.
    Digest(Arc<Digest>),
}

/// Where some logs stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Conversations, and the newest change of each.
    pub conversations: Vec<(ConversationId, Rev)>,
    /// Users, and the newest change of each one's own log.
    pub users: Vec<(UserId, UserRev)>,
}

impl Digest {
    /// Whether it tells nothing.
    pub fn is_empty(&self) -> bool {
        self.conversations.is_empty() && self.users.is_empty()
    }
}

impl From<LogHeads> for Digest {
    fn from(heads: LogHeads) -> Self {
        Self {
            conversations: heads.conversations,
            users: heads.users,
        }
    }
}

/// A step in a conversation's log: it takes who stands at `from_rev` to `to_rev`.
#[derive(Clone, Debug)]
pub struct ConversationEvent {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Where the step begins.
    pub from_rev: Rev,
    /// Where it ends.
    pub to_rev: Rev,
    /// What it brings.
    pub change: ConversationEventChange,
    /// Members at that step who left before the row came to stand as it is brought: they only learn that the log moved on.
    pub hidden_from: Vec<UserId>,
}

/// What a step in a conversation's log brings.
#[derive(Clone, Debug)]
pub enum ConversationEventChange {
    /// A new message.
    MessagePosted(MessageDto),
    /// A message in its new state.
    MessageChanged(MessageDto),
    /// A join, a departure or another role.
    Member(MemberChange),
    /// Another name, topic or visible history.
    Settings(SettingsDto),
    /// Nothing any more: what happened was overtaken by a later change, which tells of itself.
    Nothing,
}

impl ConversationEvent {
    /// The step by which a stored message, new or changed, takes its conversation on.
    pub(crate) fn of_message(message: &hubbub_domain::message::Message) -> Self {
        let dto = MessageDto::from(message);
        Self {
            conversation_id: message.conversation_id,
            from_rev: message.rev.previous(),
            to_rev: message.rev,
            change: if message.rev == message.created_rev {
                ConversationEventChange::MessagePosted(dto)
            } else {
                ConversationEventChange::MessageChanged(dto)
            },
            hidden_from: Vec::new(),
        }
    }
}

/// A step in a user's own log.
#[derive(Clone, Debug)]
pub struct UserEvent {
    /// Whose log.
    pub user_id: UserId,
    /// Where the step begins.
    pub from_rev: UserRev,
    /// Where it ends.
    pub to_rev: UserRev,
    /// What it brings.
    pub change: UserEventChange,
}

/// What a step in a user's own log brings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
#[schema(as = UserChange)]
pub enum UserEventChange {
    /// The user is a member now.
    #[serde(rename_all = "camelCase")]
    ConversationGained {
        /// Of which conversation.
        conversation: Box<ConversationSummary>,
    },
    /// The user is no longer a member.
    #[serde(rename_all = "camelCase")]
    ConversationLost {
        /// Of which conversation.
        conversation_id: ConversationId,
    },
    /// The user read on, marked something unread, or muted a conversation, on some device.
    #[serde(rename_all = "camelCase")]
    StateChanged {
        /// Which conversation.
        conversation_id: ConversationId,
        /// How it stands now.
        #[serde(flatten)]
        personal: PersonalDto,
    },
    /// The user read on in a thread, follows it, or no longer does.
    ThreadStateChanged(ThreadStateDto),
    /// The user shows, or no longer shows, others how far conversations were read.
    #[serde(rename_all = "camelCase")]
    ReceiptsChanged {
        /// Whether it is kept private.
        private_receipts: bool,
    },
}
