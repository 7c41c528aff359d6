//! A conversation: an ordered log that numbers everything its members may see.
//!
//! Two counters live on it. [`Conversation::last_seq`] numbers messages, [`Conversation::last_rev`] numbers every
//! change. Both move only through the methods here, and only while storage holds the conversation's row lock, so the
//! numbers have no holes and commit in order.

mod log;

use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;
use crate::ids::{ConversationId, UserId};
use crate::member::{MemberRole, Membership};
use crate::message::Message;
use crate::numbers::{Rev, Seq};
use crate::personal::PersonalState;
use crate::text;
use crate::timestamp::Timestamp;
use crate::user::User;

/// The id of "General", the channel that exists from the first start and that everybody joins on registering.
pub const GENERAL: ConversationId = ConversationId::from_uuid(uuid::Uuid::from_u128(
    0x0000_0000_0000_7000_8000_0000_0000_0001,
));

/// An ordered log of messages and changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which conversation it is.
    pub id: ConversationId,
    /// What it is for, and for whom.
    pub subject: Subject,
    /// The number of the newest message.
    pub last_seq: Seq,
    /// The number of the newest change.
    pub last_rev: Rev,
    /// The newest change of name, topic or visible history; zero if there was none.
    pub settings_rev: Rev,
    /// What those who join from now on may read.
    pub history: HistoryVisibility,
    /// How many members there are now.
    pub member_count: i64,
    /// When the newest message was stored, or the conversation was made.
    pub last_activity_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a conversation is for, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Two people, and nobody else ever.
    Direct(DirectPair),
    /// Private: one must be added.
    Group(Title),
    /// Public: anybody may find and join it.
    Channel(Title),
}

/// The name and topic of a group or channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// What it is called.
    pub name: ConversationName,
    /// What it is about.
    pub topic: Option<Topic>,
}

/// What of the messages before the join a new member may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum HistoryVisibility {
    /// Nothing: one sees what is written from the join on.
    Joined,
    /// Everything.
    All,
}

/// What is to change about a group or channel; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// Another name.
    pub name: Option<ConversationName>,
    /// Another topic, or none any more.
    pub topic: Option<Option<Topic>>,
    /// What those who join from now on may read.
    pub history: Option<HistoryVisibility>,
}

/// The kind of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum ConversationKind {
    /// Two people.
    Direct,
    /// Private, with a name.
    Group,
    /// Public, with a name.
    Channel,
}

/// Two different people, in one order whoever asks, so that a pair has exactly one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

/// The name of a group or channel: 1 to 80 characters on one line, without invisible ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationName(String);

/// What a group or channel is about: up to 250 characters on one line, without invisible ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic(String);

/// A conversation as one user sees it in a list.
#[derive(Clone, Debug)]
pub struct ConversationOverview {
    /// The conversation.
    pub conversation: Conversation,
    /// The user's present stay in it, if any.
    pub membership: Option<Membership>,
    /// The other person of a direct conversation.
    pub peer: Option<User>,
    /// The newest message outside threads that the user may see.
    pub last_message: Option<Message>,
    /// What is the user's own about it.
    pub personal: PersonalState,
    /// What the user has not read.
    pub unread: Unread,
}

/// How much a user has not read of a conversation, threads left out. Own and deleted messages and those of the system never count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many messages; counting stops at [`MAX_UNREAD`].
    pub messages: i64,
    /// How many of them call the user; counting stops there too.
    pub mentions: i64,
}

/// Where counting unread messages stops.
pub const MAX_UNREAD: i64 = 100;

impl Conversation {
    /// A new conversation of two people, who are its members from the start.
    pub fn open_direct(
        id: ConversationId,
        pair: DirectPair,
        now: Timestamp,
    ) -> (Self, [Membership; 2]) {
        let mut conversation = Self::empty(id, Subject::Direct(pair), now);
        let members = pair
            .members()
            .map(|user| conversation.admit(user, MemberRole::Member, now));
        (conversation, members)
    }

    /// A new group or channel without members; the founder is to be admitted first.
    pub fn found(id: ConversationId, subject: Subject, now: Timestamp) -> Self {
        Self::empty(id, subject, now)
    }

    fn empty(id: ConversationId, subject: Subject, now: Timestamp) -> Self {
        Self {
            id,
            last_seq: Seq::ZERO,
            last_rev: Rev::ZERO,
            settings_rev: Rev::ZERO,
            history: match subject {
                Subject::Group(_) => HistoryVisibility::Joined,
                Subject::Direct(_) | Subject::Channel(_) => HistoryVisibility::All,
            },
            subject,
            member_count: 0,
            last_activity_at: now,
            created_at: now,
        }
    }

    /// What kind of conversation it is.
    pub fn kind(&self) -> ConversationKind {
        match self.subject {
            Subject::Direct(_) => ConversationKind::Direct,
            Subject::Group(_) => ConversationKind::Group,
            Subject::Channel(_) => ConversationKind::Channel,
        }
    }

    /// Name and topic, which direct conversations do not have.
    pub fn title(&self) -> Option<&Title> {
        self.subject.title()
    }
}

impl HistoryVisibility {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::All => "all",
        }
    }

    /// Reads the stored word.
    pub fn from_name(word: &str) -> Option<Self> {
        [Self::Joined, Self::All]
            .into_iter()
            .find(|history| history.as_str() == word)
    }
}

impl Subject {
    /// Name and topic, which direct conversations do not have.
    pub fn title(&self) -> Option<&Title> {
        match self {
            Self::Direct(_) => None,
            Self::Group(title) | Self::Channel(title) => Some(title),
        }
    }
}

impl ConversationKind {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Channel => "channel",
        }
    }
}

impl DirectPair {
    /// The pair of two people, or `None` if they are one.
    pub fn of(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self {
            low: one.min(other),
            high: one.max(other),
        })
    }

    /// Both people, in the pair's own order.
    pub fn members(self) -> [UserId; 2] {
        [self.low, self.high]
    }

    /// The other person, or `None` if `user` is not of the pair.
    pub fn peer_of(self, user: UserId) -> Option<UserId> {
        match user {
            user if user == self.low => Some(self.high),
            user if user == self.high => Some(self.low),
            _ => None,
        }
    }
}

impl ConversationName {
    /// Checks and trims what a person entered.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text::name(text, 1, 80)
            .map(Self)
            .ok_or(InvalidValue::ConversationName)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Topic {
    /// Checks and trims what a person entered; nothing but white space is no topic.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidValue> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        text::name(text, 1, 250)
            .map(|topic| Some(Self(topic)))
            .ok_or(InvalidValue::Topic)
    }

    /// The topic.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_pair_is_the_same_whoever_asks() {
        assert_eq!(
            DirectPair::of(user(1), user(2)),
            DirectPair::of(user(2), user(1))
        );
        assert_eq!(DirectPair::of(user(1), user(1)), None);
        let pair = DirectPair::of(user(2), user(1)).unwrap();
        assert_eq!(pair.peer_of(user(2)), Some(user(1)));
        assert_eq!(pair.peer_of(user(3)), None);
    }
}
