//! Messages: what people write, numbered by the conversation that they write it in.

mod content;
mod mention;
mod reaction;

use crate::ids::{ClientId, ConversationId, MessageId, UserId};
use crate::numbers::{Rev, Seq};
use crate::timestamp::Timestamp;

pub use content::{Content, Deletion, MAX_MESSAGE_CHARACTERS, MessageBody, Pin, SystemNote, Text};
pub use mention::{MAX_MENTIONS, Mentions, mentioned_in};
pub use reaction::{Emoji, Reaction, Reactions};

/// How long the author of a deleted message can take the deletion back. What it said is purged afterwards.
pub const UNDO_DELETE: std::time::Duration = std::time::Duration::from_secs(10);
/// How many earlier texts of a message are kept; who wants to edit it more often writes another one.
pub const MAX_REVISIONS: i64 = 100;
/// How many messages of a conversation can be pinned at once.
pub const MAX_PINS: i64 = 100;

/// A hash of a send as it was first requested, to tell a retry from another message under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHash(pub [u8; 32]);

/// A message before its conversation has numbered it.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it will be called.
    pub id: MessageId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// The sender's own key for it.
    pub client_id: ClientId,
    /// A hash of the request that carried it.
    pub request_hash: RequestHash,
    /// What it says.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<MessageRef>,
    /// The message whose thread it stands in.
    pub thread_root: Option<MessageRef>,
}

/// A message in its conversation, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is called, for ever.
    pub id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place among the messages.
    pub seq: Seq,
    /// The change that created it.
    pub created_rev: Rev,
    /// Its latest change.
    pub rev: Rev,
    /// Who wrote it; for a system message, who did what it tells of.
    pub sender_id: UserId,
    /// The sender's own key for it, unique for this sender.
    pub client_id: ClientId,
    /// A hash of the request that carried it.
    pub request_hash: RequestHash,
    /// What it says, or that it is gone.
    pub content: Content,
    /// The message that it answers.
    pub reply_to: Option<MessageRef>,
    /// The message whose thread it stands in. Such a message never counts in the conversation's main count.
    pub thread_root: Option<MessageRef>,
    /// The thread that hangs on it.
    pub thread: Option<Thread>,
    /// When it was stored; never earlier than the message before it.
    pub sent_at: Timestamp,
}

/// A message that another one refers to. None of it ever changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRef {
    /// What it is called.
    pub id: MessageId,
    /// Its place among the messages.
    pub seq: Seq,
    /// Who wrote it.
    pub sender_id: UserId,
}

/// What a thread looks like from its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// How many replies there are, deleted ones left out.
    pub reply_count: i64,
    /// The place of the newest reply among the messages, deleted ones included.
    pub last_reply_seq: Seq,
    /// When that was stored.
    pub last_reply_at: Timestamp,
}

/// A text that a message had before it was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What it said.
    pub body: MessageBody,
    /// Since when it had said so.
    pub written_at: Timestamp,
}

/// Why a message cannot be changed in the way that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchangeable {
    /// It was deleted.
    Deleted,
    /// It tells of a change of the conversation; only people's words can be changed.
    System,
    /// It was deleted too long ago, or by somebody else, or is not deleted at all.
    NotRestorable,
    /// It has as many different reactions, or as many reactions, as it may have.
    TooManyReactions,
}

impl Message {
    /// How others refer to it.
    pub fn reference(&self) -> MessageRef {
        MessageRef {
            id: self.id,
            seq: self.seq,
            sender_id: self.sender_id,
        }
    }

    /// What a person wrote, unless it is gone.
    pub fn text(&self) -> Option<&Text> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::System(_) | Content::Deleted(_) => None,
        }
    }

    /// The text, to be changed.
    pub(crate) fn text_mut(&mut self) -> Result<&mut Text, Unchangeable> {
        match &mut self.content {
            Content::Text(text) => Ok(text),
            Content::System(_) => Err(Unchangeable::System),
            Content::Deleted(_) => Err(Unchangeable::Deleted),
        }
    }

    /// Whether it was deleted.
    pub fn is_deleted(&self) -> bool {
        matches!(self.content, Content::Deleted(_))
    }

    /// Whether a thread may hang on it: threads have no threads, and neither have notes of the system.
    pub fn may_root_a_thread(&self) -> bool {
        self.thread_root.is_none() && self.text().is_some()
    }
}
