//! Events of every kind.

use std::sync::Arc;

use hubbub_application::chat::dto::{
    ConversationSummary, MentionsDto, MessageDto, PersonalDto, ReactionDto, ReplyDto, SettingsDto,
    SystemNoteDto, ThreadDto, ThreadStateDto,
};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, Digest, Event, UserEvent, UserEventChange,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_application::presence::dto::{PresenceDto, PresenceState};
use hubbub_application::users::dto::UserDto;
use hubbub_domain::conversation::{ConversationKind, HistoryVisibility};
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, SessionId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::personal::NotificationLevel;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::ServerRole;
use uuid::Uuid;

pub(super) fn conversation(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(number))
}

pub(super) fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// Somebody of that number types in a conversation.
pub(super) fn typing(where_: u128, who: u128) -> Event {
    Event::Typing {
        conversation_id: conversation(where_),
        user_id: user(who),
        is_typing: true,
    }
}

/// Whether two events say the same, to the last field.
pub(super) fn same(one: &Event, other: &Event) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

/// One event of every kind, and of every kind of change, with every field in use.
pub(super) fn every_kind() -> Vec<Event> {
    let mut events = vec![
        typing(1, 2),
        Event::ReadMarkerMoved {
            conversation_id: conversation(1),
            user_id: user(2),
            seq: Seq::new(3),
        },
        Event::Presence(PresenceDto {
            user_id: user(1),
            state: PresenceState::Offline,
            last_seen: Some(at(1)),
            status: None,
            version: u64::MAX,
        }),
        Event::Digest(Arc::new(Digest {
            conversations: vec![(conversation(1), Rev::new(2))],
            users: vec![(user(3), UserRev::new(4))],
        })),
        Event::SessionEnded {
            user_id: user(1),
            session_id: SessionId::from_uuid(Uuid::from_u128(9)),
        },
    ];
    let (message, note) = (message(), note());
    let steps = [
        ConversationEventChange::MessagePosted(message.clone()),
        ConversationEventChange::MessagePosted(note),
        ConversationEventChange::MessageChanged(message.clone()),
        ConversationEventChange::Member(MemberChange {
            user: UserDto {
                id: user(6),
                ..person()
            },
            role: Some(MemberRole::ReadOnly),
            joined: true,
            rev: Rev::new(7),
            visible_from_seq: Seq::new(5),
        }),
        ConversationEventChange::Settings(SettingsDto {
            name: "Harbour".to_owned(),
            topic: Some("Ships \u{1f6a2}".to_owned()),
            history: HistoryVisibility::Joined,
            rev: Rev::new(7),
        }),
        ConversationEventChange::Nothing,
    ];
    events.extend(steps.map(|change| {
        Event::Conversation(Arc::new(ConversationEvent {
            conversation_id: conversation(1),
            from_rev: Rev::new(6),
            to_rev: Rev::new(9),
            change,
            hidden_from: vec![user(3), user(4)],
        }))
    }));
    let own = [
        UserEventChange::ConversationGained {
            conversation: Box::new(summary(message)),
        },
        UserEventChange::ConversationLost {
            conversation_id: conversation(1),
        },
        UserEventChange::StateChanged {
            conversation_id: conversation(1),
            personal: personal(),
        },
        UserEventChange::ThreadStateChanged(ThreadStateDto {
            conversation_id: conversation(1),
            root_id: MessageId::from_uuid(Uuid::from_u128(5)),
            following: true,
            last_read_seq: Seq::new(3),
            unread_count: 100,
        }),
        UserEventChange::ReceiptsChanged {
            private_receipts: true,
        },
    ];
    events.extend(own.map(|change| {
        Event::User(Arc::new(UserEvent {
            user_id: user(1),
            from_rev: UserRev::new(1),
            to_rev: UserRev::new(2),
            change,
        }))
    }));
    events
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_795_446_000_123_456 + micros)
}

fn person() -> UserDto {
    UserDto {
        id: user(1),
        username: "ada".to_owned(),
        display_name: "Ada \"the first\"".to_owned(),
        role: ServerRole::Guest,
    }
}

fn message() -> MessageDto {
    let id = |number| MessageId::from_uuid(Uuid::from_u128(number));
    MessageDto {
        conversation_id: conversation(1),
        seq: Seq::new(4),
        created_rev: Rev::new(6),
        rev: Rev::new(9),
        message_id: id(1),
        client_id: ClientId::from_uuid(Uuid::from_u128(2)),
        sender_id: user(1),
        body: "line\n\u{0}\u{2028}\u{1f600}".to_owned(),
        sent_at: at(0),
        reply_to: Some(ReplyDto {
            message_id: id(2),
            seq: Seq::new(2),
            sender_id: user(2),
        }),
        thread_of: Some(id(3)),
        thread: Some(ThreadDto {
            reply_count: 2,
            last_reply_seq: Seq::new(4),
            last_reply_at: at(2),
        }),
        mentions: Some(MentionsDto {
            user_ids: vec![user(2)],
            all: true,
        }),
        reactions: vec![ReactionDto {
            emoji: "\u{1f44d}".to_owned(),
            user_ids: vec![user(2), user(3)],
        }],
        pinned_at: Some(at(3)),
        pinned_by: Some(user(4)),
        edited_at: Some(at(4)),
        deleted_at: Some(at(5)),
        deleted_by: Some(user(5)),
        system: None,
    }
}

/// A message with as little as there can be.
fn note() -> MessageDto {
    MessageDto {
        body: String::new(),
        reply_to: None,
        thread_of: None,
        thread: None,
        mentions: None,
        reactions: Vec::new(),
        pinned_at: None,
        pinned_by: None,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
        system: Some(SystemNoteDto::TopicChanged { topic: None }),
        ..message()
    }
}

fn personal() -> PersonalDto {
    PersonalDto {
        last_read_seq: Seq::new(3),
        unread_from: Some(Seq::new(2)),
        unread_count: 100,
        mention_count: 1,
        muted_until: Some(at(6)),
        level: NotificationLevel::Mentions,
    }
}

fn summary(last_message: MessageDto) -> ConversationSummary {
    ConversationSummary {
        id: conversation(1),
        kind: ConversationKind::Direct,
        name: Some("Harbour".to_owned()),
        topic: None,
        peer: Some(person()),
        member_count: 2,
        role: Some(MemberRole::Owner),
        joined: true,
        last_seq: Seq::new(4),
        rev: Rev::new(9),
        history: HistoryVisibility::All,
        visible_from_seq: Some(Seq::FIRST),
        personal: personal(),
        last_message: Some(last_message),
        created_at: at(7),
    }
}
