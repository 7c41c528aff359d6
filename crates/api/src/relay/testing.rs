//! Short ways to the changes that the tests of the relay need.

use hubbub_application::chat::dto::{ConversationSummary, MessageDto, PersonalDto};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, UserEvent, UserEventChange,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_application::users::dto::UserDto;
use hubbub_domain::conversation::{ConversationKind, HistoryVisibility};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::message::{Content, Mentions, Message, MessageBody, RequestHash, Text};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::personal::NotificationLevel;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::ServerRole;
use uuid::Uuid;

pub(super) fn user_id(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

pub(super) fn conversation_id(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

/// One step of a conversation's log.
pub(super) fn step(
    conversation_id: ConversationId,
    from_rev: Rev,
    change: ConversationEventChange,
) -> ConversationEvent {
    ConversationEvent {
        conversation_id,
        from_rev,
        to_rev: from_rev.next(),
        change,
        hidden_from: Vec::new(),
    }
}

/// A join, or a departure, of who may see everything.
pub(super) fn membership(user: UserId, joined: bool) -> ConversationEventChange {
    ConversationEventChange::Member(MemberChange {
        user: UserDto {
            id: user,
            username: "somebody".to_owned(),
            display_name: "Somebody".to_owned(),
            role: ServerRole::Member,
        },
        role: joined.then_some(MemberRole::Member),
        joined,
        rev: Rev::ZERO,
        visible_from_seq: Seq::FIRST,
    })
}

/// One step of a user's own log: a conversation was gained, or lost.
pub(super) fn own_step(
    user_id: UserId,
    from_rev: UserRev,
    conversation_id: ConversationId,
    joined: bool,
) -> UserEvent {
    UserEvent {
        user_id,
        from_rev,
        to_rev: from_rev.next(),
        change: if joined {
            UserEventChange::ConversationGained {
                conversation: Box::new(summary(conversation_id)),
            }
        } else {
            UserEventChange::ConversationLost { conversation_id }
        },
    }
}

fn summary(id: ConversationId) -> ConversationSummary {
    ConversationSummary {
        id,
        kind: ConversationKind::Group,
        name: None,
        topic: None,
        peer: None,
        member_count: 1,
        role: Some(MemberRole::Member),
        joined: true,
        last_seq: Seq::ZERO,
        rev: Rev::ZERO,
        history: HistoryVisibility::All,
        visible_from_seq: Some(Seq::FIRST),
        personal: PersonalDto {
            last_read_seq: Seq::ZERO,
            unread_from: None,
            unread_count: 0,
            mention_count: 0,
            muted_until: None,
            level: NotificationLevel::All,
        },
        last_message: None,
        created_at: Timestamp::from_unix_micros(0),
    }
}

/// A message at `seq`, as the change `rev` has left it.
pub(super) fn message(seq: Seq, rev: Rev) -> MessageDto {
    let body = MessageBody::parse("text".to_owned()).unwrap();
    MessageDto::from(&Message {
        id: MessageId::from_uuid(Uuid::nil()),
        conversation_id: conversation_id(0),
        seq,
        created_rev: Rev::FIRST,
        rev,
        sender_id: user_id(0),
        client_id: ClientId::from_uuid(Uuid::nil()),
        request_hash: RequestHash([0; 32]),
        content: Content::Text(Text::new(body, Mentions::default())),
        reply_to: None,
        thread_root: None,
        thread: None,
        sent_at: Timestamp::from_unix_micros(0),
    })
}

pub(super) fn says() -> ConversationEventChange {
    ConversationEventChange::MessagePosted(message(Seq::FIRST, Rev::FIRST))
}
