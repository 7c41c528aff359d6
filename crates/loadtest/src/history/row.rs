//! The rows that frames, pages and dumps carry, reduced to what can be checked.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::digest::Digest;
use crate::ids::{ClientId, MessageId, UserId};

/// A message as one frame, page or dump had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Its place among the messages.
    pub seq: u64,
    /// The change that made it.
    pub created_rev: u64,
    /// Its latest change.
    pub rev: u64,
    /// The server's name of it.
    pub message_id: MessageId,
    /// The sender's name of it.
    pub client_id: ClientId,
    /// Who sent it.
    pub sender_id: UserId,
    /// When it was sent, as the server writes it.
    pub sent_at: Arc<str>,
    /// Of its text.
    pub body: Digest,
    /// Of all its fields together.
    pub state: Digest,
    /// What the server tells with it, when nobody wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemNote>,
    /// Whether its text was changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub edited: bool,
    /// Whether only its tombstone is left.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
}

/// What a message of the server tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemNote {
    /// `founded`, `joined`, `left`, `renamed` or `topicChanged`.
    pub kind: Arc<str>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

/// The latest change of one person's membership, as a frame had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberRow {
    /// Who.
    pub user: UserId,
    /// Whether they are a member since.
    pub joined: bool,
    /// The change.
    pub rev: u64,
}

/// One row of a conversation's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "camelCase")]
pub enum Row {
    /// A message in its present state.
    Message(MessageRow),
    /// Somebody's membership.
    Member(MemberRow),
    /// Name, topic or history.
    Settings {
        /// Their latest change.
        rev: u64,
    },
}

impl Row {
    /// Its latest change.
    pub fn rev(&self) -> u64 {
        match self {
            Self::Message(message) => message.rev,
            Self::Member(member) => member.rev,
            Self::Settings { rev } => *rev,
        }
    }

    /// A row of a `changes` page.
    pub fn parse(row: &Value) -> anyhow::Result<Self> {
        Ok(match row["type"].as_str() {
            Some("message") => Self::Message(MessageRow::parse(&row["message"])?),
            Some("member") => Self::Member(MemberRow::parse(row)?),
            Some("settings") => Self::Settings {
                rev: field(row, "rev")?,
            },
            other => bail!("a row has the type {other:?}"),
        })
    }
}

impl MessageRow {
    /// A message of the wire, with or without the range of its event.
    pub fn parse(message: &Value) -> anyhow::Result<Self> {
        let system = match &message["system"] {
            Value::Null => None,
            system => Some(SystemNote {
                kind: field(system, "type")?,
                user_id: field(system, "userId")?,
            }),
        };
        Ok(Self {
            seq: field(message, "seq")?,
            created_rev: field(message, "createdRev")?,
            rev: field(message, "rev")?,
            message_id: field(message, "messageId")?,
            client_id: field(message, "clientId")?,
            sender_id: field(message, "senderId")?,
            sent_at: field(message, "sentAt")?,
            body: Digest::of(message["body"].as_str().context("a message has a body")?),
            state: Digest::of_object(message, &["fromRev", "toRev"]),
            system,
            edited: !message["editedAt"].is_null(),
            deleted: !message["deletedAt"].is_null(),
        })
    }
}

impl MemberRow {
    /// A `MemberChanged` event or a member's row of a page.
    pub fn parse(row: &Value) -> anyhow::Result<Self> {
        let user = match &row["user"] {
            Value::Null => field(row, "userId")?,
            user => field(user, "id")?,
        };
        Ok(Self {
            user,
            joined: field(row, "joined")?,
            rev: field(row, "rev")?,
        })
    }
}

/// A field of an object of the wire.
pub(crate) fn field<T: DeserializeOwned>(object: &Value, name: &str) -> anyhow::Result<T> {
    T::deserialize(&object[name])
        .with_context(|| format!("{name} is missing or strange in {object}"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}
