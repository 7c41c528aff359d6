//! A conversation: an ordered log that numbers everything its members may see.
//!
//! Two counters live on it. [`Conversation::last_seq`] numbers messages, [`Conversation::last_rev`] numbers every
//! change. Both move only through the methods here, and only while storage holds the conversation's row lock, so the
//! numbers have no holes and commit in order.

use serde::{Deserialize, Serialize};

use crate::error::InvalidValue;
use crate::ids::{ConversationId, UserId};
use crate::member::{MemberRole, Membership};
use crate::message::{Message, NewMessage};
use crate::numbers::{Rev, Seq};
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
    /// The newest message that the user may see.
    pub last_message: Option<Message>,
    /// Up to where the user has read.
    pub last_read_seq: Seq,
    /// How many messages of others the user has not read; counting stops at [`MAX_UNREAD`].
    pub unread_count: i64,
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
            subject,
            last_seq: Seq::ZERO,
            last_rev: Rev::ZERO,
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
        match &self.subject {
            Subject::Direct(_) => None,
            Subject::Group(title) | Subject::Channel(title) => Some(title),
        }
    }

    /// Begins a stay. Who joins a group sees what is written from then on; channels and direct conversations are open
    /// from their first message.
    pub fn admit(&mut self, user_id: UserId, role: MemberRole, now: Timestamp) -> Membership {
        let rev = self.advance();
        self.member_count += 1;
        Membership {
            conversation_id: self.id,
            user_id,
            role,
            from_rev: rev,
            to_rev: None,
            visible_from_seq: match self.subject {
                Subject::Group(_) => self.last_seq.next(),
                Subject::Direct(_) | Subject::Channel(_) => Seq::FIRST,
            },
            rev,
            joined_at: now,
        }
    }

    /// Ends a stay. The departure is the last change that the member sees.
    pub fn release(&mut self, membership: &mut Membership) {
        let rev = self.advance();
        self.member_count -= 1;
        membership.to_rev = Some(rev);
        membership.rev = rev;
    }

    /// Gives a member another role.
    pub fn change_role(&mut self, membership: &mut Membership, role: MemberRole) {
        membership.rev = self.advance();
        membership.role = role;
    }

    /// Takes a message into the log. Its time is never earlier than that of the message before it, whatever the clock says.
    pub fn post(&mut self, message: NewMessage, now: Timestamp) -> Message {
        let rev = self.advance();
        self.last_seq = self.last_seq.next();
        self.last_activity_at = self.last_activity_at.max(now);
        Message {
            id: message.id,
            conversation_id: self.id,
            seq: self.last_seq,
            created_rev: rev,
            rev,
            sender_id: message.sender_id,
            client_id: message.client_id,
            request_hash: message.request_hash,
            body: message.body,
            sent_at: self.last_activity_at,
        }
    }

    fn advance(&mut self) -> Rev {
        self.last_rev = self.last_rev.next();
        self.last_rev
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
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::ids::{ClientId, MessageId};
    use crate::message::{MessageBody, RequestHash};

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_unix_micros(micros)
    }

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn group() -> Conversation {
        let title = Title {
            name: ConversationName::parse("Tea").unwrap(),
            topic: None,
        };
        let id = ConversationId::from_uuid(Uuid::nil());
        Conversation::found(id, Subject::Group(title), at(0))
    }

    fn message() -> NewMessage {
        NewMessage {
            id: MessageId::from_uuid(Uuid::nil()),
            sender_id: user(1),
            client_id: ClientId::from_uuid(Uuid::nil()),
            request_hash: RequestHash([0; 32]),
            body: MessageBody::parse("hi".to_owned()).unwrap(),
        }
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

    #[test]
    fn who_joins_a_group_later_sees_what_is_written_from_then_on() {
        let mut group = group();
        let founder = group.admit(user(1), MemberRole::Owner, at(1));
        let first = group.post(message(), at(2));
        let late = group.admit(user(2), MemberRole::Member, at(3));
        let second = group.post(message(), at(4));
        assert!(founder.shows(first.seq, first.created_rev));
        assert!(!late.shows(first.seq, first.created_rev));
        assert!(late.shows(second.seq, second.created_rev));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_turn_time_back() {
        let mut group = group();
        assert_eq!(group.post(message(), at(100)).sent_at, at(100));
        assert_eq!(group.post(message(), at(40)).sent_at, at(100));
    }

    proptest! {
        #[test]
        fn numbers_have_no_holes_whatever_happens(steps in proptest::collection::vec(0_u8..3, 0..60)) {
            let mut group = group();
            let (mut seqs, mut revs, mut stays) = (Vec::new(), Vec::new(), Vec::new());
            for (step, what) in steps.into_iter().enumerate() {
                let now = at(i64::try_from(step).unwrap());
                match (what, stays.pop()) {
                    (0, stay) => {
                        stays.extend(stay);
                        let message = group.post(message(), now);
                        seqs.push(message.seq.get());
                        revs.push(message.rev.get());
                    }
                    (1, Some(mut stay)) => {
                        group.release(&mut stay);
                        revs.push(stay.rev.get());
                    }
                    (_, stay) => {
                        stays.extend(stay);
                        let stay = group.admit(user(step as u128), MemberRole::Member, now);
                        revs.push(stay.rev.get());
                        stays.push(stay);
                    }
                }
            }
            prop_assert!(seqs.iter().copied().eq(1..=group.last_seq.get()));
            prop_assert!(revs.iter().copied().eq(1..=group.last_rev.get()));
            prop_assert_eq!(group.member_count, i64::try_from(stays.len()).unwrap());
        }
    }
}
