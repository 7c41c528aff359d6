//! Events as they travel between nodes.
//!
//! The types that clients see leave out what only the relay needs, so they are carried here with what they leave out.

use std::borrow::Cow;
use std::sync::Arc;

use hubbub_application::chat::dto::{MessageDto, SettingsDto};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, Digest, Event, UserEvent, UserEventChange,
};
use hubbub_application::groups::dto::MemberChange;
use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::ids::{ConversationId, SessionId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use serde::{Deserialize, Serialize};

/// What a frame says.
#[expect(clippy::large_enum_variant, reason = "one at a time, and not for long")]
#[derive(Serialize, Deserialize)]
pub(super) enum Content<'a> {
    /// Nothing but that its sender can be heard, to its sender; numbered.
    Canary(u64),
    Conversation {
        id: ConversationId,
        from: Rev,
        to: Rev,
        change: Change<'a>,
        #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
        hidden_from: Cow<'a, [UserId]>,
    },
    User {
        id: UserId,
        from: UserRev,
        to: UserRev,
        change: Cow<'a, UserEventChange>,
    },
    Typing {
        conversation: ConversationId,
        user: UserId,
        is_typing: bool,
    },
    ReadMarker {
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    },
    Presence(Cow<'a, PresenceDto>),
    Digest(Cow<'a, Digest>),
    SessionEnded {
        user: UserId,
        session: SessionId,
    },
}

/// What a step in a conversation's log brings.
#[derive(Serialize, Deserialize)]
pub(super) enum Change<'a> {
    Posted(Cow<'a, MessageDto>),
    Changed(Cow<'a, MessageDto>),
    Member {
        change: Cow<'a, MemberChange>,
        visible_from: Seq,
    },
    Settings(Cow<'a, SettingsDto>),
    Nothing,
}

impl<'a> From<&'a Event> for Content<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Conversation(step) => Self::Conversation {
                id: step.conversation_id,
                from: step.from_rev,
                to: step.to_rev,
                change: Change::from(&step.change),
                hidden_from: Cow::Borrowed(&step.hidden_from),
            },
            Event::User(step) => Self::User {
                id: step.user_id,
                from: step.from_rev,
                to: step.to_rev,
                change: Cow::Borrowed(&step.change),
            },
            Event::Typing {
                conversation_id,
                user_id,
                is_typing,
            } => Self::Typing {
                conversation: *conversation_id,
                user: *user_id,
                is_typing: *is_typing,
            },
            Event::ReadMarkerMoved {
                conversation_id,
                user_id,
                seq,
            } => Self::ReadMarker {
                conversation: *conversation_id,
                user: *user_id,
                seq: *seq,
            },
            Event::Presence(presence) => Self::Presence(Cow::Borrowed(presence)),
            Event::Digest(digest) => Self::Digest(Cow::Borrowed(digest)),
            Event::SessionEnded {
                user_id,
                session_id,
            } => Self::SessionEnded {
                user: *user_id,
                session: *session_id,
            },
        }
    }
}

impl<'a> From<&'a ConversationEventChange> for Change<'a> {
    fn from(change: &'a ConversationEventChange) -> Self {
        match change {
            ConversationEventChange::MessagePosted(message) => Self::Posted(Cow::Borrowed(message)),
            ConversationEventChange::MessageChanged(message) => {
                Self::Changed(Cow::Borrowed(message))
            }
            ConversationEventChange::Member(change) => Self::Member {
                change: Cow::Borrowed(change),
                visible_from: change.visible_from_seq,
            },
            ConversationEventChange::Settings(settings) => Self::Settings(Cow::Borrowed(settings)),
            ConversationEventChange::Nothing => Self::Nothing,
        }
    }
}

impl Content<'_> {
    /// The event, unless it is a canary.
    pub(super) fn into_event(self) -> Result<Event, u64> {
        Ok(match self {
            Self::Canary(number) => return Err(number),
            Self::Conversation {
                id,
                from,
                to,
                change,
                hidden_from,
            } => Event::Conversation(Arc::new(ConversationEvent {
                conversation_id: id,
                from_rev: from,
                to_rev: to,
                change: change.into_owned(),
                hidden_from: hidden_from.into_owned(),
            })),
            Self::User {
                id,
                from,
                to,
                change,
            } => Event::User(Arc::new(UserEvent {
                user_id: id,
                from_rev: from,
                to_rev: to,
                change: change.into_owned(),
            })),
            Self::Typing {
                conversation,
                user,
                is_typing,
            } => Event::Typing {
                conversation_id: conversation,
                user_id: user,
                is_typing,
            },
            Self::ReadMarker {
                conversation,
                user,
                seq,
            } => Event::ReadMarkerMoved {
                conversation_id: conversation,
                user_id: user,
                seq,
            },
            Self::Presence(presence) => Event::Presence(presence.into_owned()),
            Self::Digest(digest) => Event::Digest(Arc::new(digest.into_owned())),
            Self::SessionEnded { user, session } => Event::SessionEnded {
                user_id: user,
                session_id: session,
            },
        })
    }
}

impl Change<'_> {
    fn into_owned(self) -> ConversationEventChange {
        match self {
            Self::Posted(message) => ConversationEventChange::MessagePosted(message.into_owned()),
            Self::Changed(message) => ConversationEventChange::MessageChanged(message.into_owned()),
            Self::Member {
                change,
                visible_from,
            } => ConversationEventChange::Member(MemberChange {
                visible_from_seq: visible_from,
                ..change.into_owned()
            }),
            Self::Settings(settings) => ConversationEventChange::Settings(settings.into_owned()),
            Self::Nothing => ConversationEventChange::Nothing,
        }
    }
}
