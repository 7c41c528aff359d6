//! Messages as clients see them.

use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::{
    Content, Message, MessageRef, Pin, Reaction, Revision, SystemNote, Thread,
};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message in its conversation, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageDto {
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place among the messages: 1, 2, 3, …
    pub seq: Seq,
    /// The change that created it.
    pub created_rev: Rev,
    /// Its latest change.
    pub rev: Rev,
    /// What it is called, for ever.
    pub message_id: MessageId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// Who wrote it; for a note of the system, who did what it tells of.
    pub sender_id: UserId,
    /// What it says; empty for a note of the system and for what was deleted.
    pub body: String,
    /// When it was stored.
    pub sent_at: Timestamp,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<ReplyDto>,
    /// The message whose thread it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thread_of: Option<MessageId>,
    /// The thread that hangs on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thread: Option<ThreadDto>,
    /// Whom it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mentions: Option<MentionsDto>,
    /// What others have put beneath it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reactions: Vec<ReactionDto>,
    /// When it was pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned_at: Option<Timestamp>,
    /// Who pinned it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned_by: Option<UserId>,
    /// When its author last changed what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_by: Option<UserId>,
    /// What has happened to the conversation, if the message tells of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub system: Option<SystemNoteDto>,
}

/// A message that another one answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReplyReference)]
pub struct ReplyDto {
    /// What it is called.
    pub message_id: MessageId,
    /// Its place among the messages.
    pub seq: Seq,
    /// Who wrote it.
    pub sender_id: UserId,
}

/// What a thread looks like from its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Thread)]
pub struct ThreadDto {
    /// How many replies there are, deleted ones left out.
    pub reply_count: i64,
    /// The place of the newest reply among the messages.
    pub last_reply_seq: Seq,
    /// When that was stored.
    pub last_reply_at: Timestamp,
}

/// Whom a message calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mentions)]
pub struct MentionsDto {
    /// People called by name.
    pub user_ids: Vec<UserId>,
    /// Whether everybody is called.
    pub all: bool,
}

/// One kind of reaction, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reaction)]
pub struct ReactionDto {
    /// What it shows.
    pub emoji: String,
    /// Who, in the order in which they came.
    pub user_ids: Vec<UserId>,
}

/// A text that a message had before it was edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Revision)]
pub struct RevisionDto {
    /// What it said.
    pub body: String,
    /// Since when it had said so.
    pub written_at: Timestamp,
}

/// What has happened to a conversation. The message's sender did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
#[schema(as = SystemNote)]
pub enum SystemNoteDto {
    /// It was founded.
    Founded,
    /// Somebody became a member; was added, if the sender is another one.
    #[serde(rename_all = "camelCase")]
    Joined {
        /// Who.
        user_id: UserId,
    },
    /// Somebody left; was removed, if the sender is another one.
    #[serde(rename_all = "camelCase")]
    Left {
        /// Who.
        user_id: UserId,
    },
    /// It has another name.
    #[serde(rename_all = "camelCase")]
    Renamed {
        /// Which.
        name: String,
    },
    /// It is about something else.
    #[serde(rename_all = "camelCase")]
    TopicChanged {
        /// What; absent if it is about nothing in particular.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        topic: Option<String>,
    },
}

impl From<&Message> for MessageDto {
    fn from(message: &Message) -> Self {
        let bare = Self {
            conversation_id: message.conversation_id,
            seq: message.seq,
            created_rev: message.created_rev,
            rev: message.rev,
            message_id: message.id,
            client_id: message.client_id,
            sender_id: message.sender_id,
            body: String::new(),
            sent_at: message.sent_at,
            reply_to: message.reply_to.map(ReplyDto::from),
            thread_of: message.thread_root.map(|root| root.id),
            thread: message.thread.map(ThreadDto::from),
            mentions: None,
            reactions: Vec::new(),
            pinned_at: None,
            pinned_by: None,
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
            system: None,
        };
        match &message.content {
            Content::Text(text) => Self {
                body: text.body.as_str().to_owned(),
                mentions: (!text.mentions.is_empty()).then(|| MentionsDto {
                    user_ids: text.mentions.user_ids.clone(),
                    all: text.mentions.all,
                }),
                reactions: text
                    .reactions
                    .as_slice()
                    .iter()
                    .map(ReactionDto::from)
                    .collect(),
                pinned_at: text.pin.map(|Pin { at, .. }| at),
                pinned_by: text.pin.map(|Pin { by, .. }| by),
                edited_at: text.edited_at,
                ..bare
            },
            Content::System(note) => Self {
                system: Some(SystemNoteDto::from(note)),
                ..bare
            },
            // Whatever is kept for second thoughts is nobody's to see.
            Content::Deleted(deletion) => Self {
                deleted_at: Some(deletion.at),
                deleted_by: Some(deletion.by),
                ..bare
            },
        }
    }
}

impl From<MessageRef> for ReplyDto {
    fn from(message: MessageRef) -> Self {
        Self {
            message_id: message.id,
            seq: message.seq,
            sender_id: message.sender_id,
        }
    }
}

impl From<Thread> for ThreadDto {
    fn from(thread: Thread) -> Self {
        Self {
            reply_count: thread.reply_count,
            last_reply_seq: thread.last_reply_seq,
            last_reply_at: thread.last_reply_at,
        }
    }
}

impl From<&Reaction> for ReactionDto {
    fn from(reaction: &Reaction) -> Self {
        Self {
            emoji: reaction.emoji.as_str().to_owned(),
            user_ids: reaction.user_ids.clone(),
        }
    }
}

impl From<&Revision> for RevisionDto {
    fn from(revision: &Revision) -> Self {
        Self {
            body: revision.body.as_str().to_owned(),
            written_at: revision.written_at,
        }
    }
}

impl From<&SystemNote> for SystemNoteDto {
    fn from(note: &SystemNote) -> Self {
        match note {
            SystemNote::Founded => Self::Founded,
            SystemNote::Joined { user_id } => Self::Joined { user_id: *user_id },
            SystemNote::Left { user_id } => Self::Left { user_id: *user_id },
            SystemNote::Renamed { name } => Self::Renamed {
                name: name.as_str().to_owned(),
            },
            SystemNote::TopicChanged { topic } => Self::TopicChanged {
                topic: topic.as_ref().map(|topic| topic.as_str().to_owned()),
            },
        }
    }
}

/// The answer to a send, an edit or a deletion: the change is on disk, at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendReceipt {
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// What it is called, for ever.
    pub message_id: MessageId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// Its place among the messages.
    pub seq: Seq,
    /// The change that was asked for; where nothing was different, the message's latest.
    pub rev: Rev,
    /// When it was stored.
    pub sent_at: Timestamp,
}

impl SendReceipt {
    /// The answer to a send, the same for every retry.
    pub(crate) fn posted(message: &Message) -> Self {
        Self {
            conversation_id: message.conversation_id,
            message_id: message.id,
            client_id: message.client_id,
            seq: message.seq,
            rev: message.created_rev,
            sent_at: message.sent_at,
        }
    }

    /// The answer to a change of the message.
    pub(crate) fn changed(message: &Message) -> Self {
        Self {
            rev: message.rev,
            ..Self::posted(message)
        }
    }
}
