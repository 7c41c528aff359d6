//! What is published after a commit, in the form in which clients will receive it.

use std::sync::Arc;

use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};

use crate::chat::dto::{ConversationSummary, MessageDto};
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
}

/// What a step in a conversation's log brings.
#[derive(Clone, Debug)]
pub enum ConversationEventChange {
    /// A new message.
    Message(MessageDto),
    /// A join or departure.
    Member(MemberChange),
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
#[derive(Clone, Debug)]
pub enum UserEventChange {
    /// The user is a member now.
    ConversationGained(Box<ConversationSummary>),
    /// The user is no longer a member.
    ConversationLost(ConversationId),
    /// The user read on, on some device.
    ReadMarkerMoved {
        /// Where.
        conversation_id: ConversationId,
        /// Up to which message.
        seq: Seq,
        /// How many messages are left.
        unread_count: i64,
    },
}
