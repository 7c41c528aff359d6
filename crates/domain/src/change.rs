//! What has happened, in the past tense: the changes of a conversation's log and of a user's own log, as their rows stand now.

use crate::conversation::{Conversation, ConversationOverview, Unread};
use crate::ids::{ConversationId, UserId};
use crate::member::Membership;
use crate::message::Message;
use crate::numbers::{Rev, UserRev};
use crate::personal::{PersonalState, ThreadState};

/// What happened in a conversation after a position, in the order in which it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesAfter {
    /// The newest change of the conversation, read before the rows.
    pub head: Rev,
    /// The changes. Where there are fewer than were asked for, there are no more up to `head`.
    pub changes: Vec<PlacedChange>,
}

/// A change and the place at which it is told: a message where it was created, and once more where it was last changed, if that was
/// later; both times as it stands now. A stay where it began, and where it last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedChange {
    /// Its place in the log.
    pub rev: Rev,
    /// The row.
    pub change: ConversationChange,
}

/// A change in a conversation's log, as its row stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationChange {
    /// A message came.
    MessagePosted(Message),
    /// A message was edited, deleted, pinned, reacted or replied to.
    MessageChanged(Message),
    /// Somebody's stay began, ended, or has another role.
    MembershipChanged(Membership),
    /// Name, topic or visible history changed.
    SettingsChanged(Conversation),
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
    /// The user read on, marked something unread, or muted a conversation, on some device.
    StateChanged {
        /// Where.
        conversation_id: ConversationId,
        /// How it stands now.
        state: PersonalState,
        /// What is left to read.
        unread: Unread,
    },
    /// The user read on in a thread, follows it, or no longer does.
    ThreadStateChanged {
        /// How it stands now.
        state: ThreadState,
        /// How many replies of others are left to read; counting stops at [`crate::conversation::MAX_UNREAD`].
        unread: i64,
    },
    /// The user shows, or no longer shows, others how far conversations were read.
    ReceiptsChanged {
        /// Whether it is kept private.
        is_private: bool,
    },
}
