//! What has happened, in the past tense: the changes of a conversation's log and of a user's own log.

use crate::conversation::ConversationOverview;
use crate::ids::{ConversationId, UserId};
use crate::member::Membership;
use crate::message::Message;
use crate::numbers::{Rev, Seq, UserRev};

/// A change in a conversation's log, as its row stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationChange {
    /// Somebody wrote a message.
    MessagePosted(Message),
    /// Somebody's stay began or ended.
    MembershipChanged(Membership),
}

impl ConversationChange {
    /// Where it happened.
    pub fn conversation_id(&self) -> ConversationId {
        match self {
            Self::MessagePosted(message) => message.conversation_id,
            Self::MembershipChanged(membership) => membership.conversation_id,
        }
    }

    /// The place of the row's latest change in the log.
    pub fn rev(&self) -> Rev {
        match self {
            Self::MessagePosted(message) => message.rev,
            Self::MembershipChanged(membership) => membership.rev,
        }
    }
}

/// Something that only one user must learn, at its place in that user's log.
#[derive(Clone, Debug)]
pub struct UserChange {
    /// Who must learn it.
    pub user_id: UserId,
    /// Its place in the user's log.
    pub rev: UserRev,
    /// What it is.
    pub kind: UserChangeKind,
}

/// What a user must learn.
#[derive(Clone, Debug)]
pub enum UserChangeKind {
    /// The user became a member, or joined again.
    ConversationGained(Box<ConversationOverview>),
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
