//! What a history consists of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::frame::{Frame, Head};
use super::row::MessageRow;
use crate::digest::Digest;
use crate::ids::{CallId, ClientId, ConversationId, DeviceId, Epoch, MessageId, UserId};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, on the machine's monotonic clock, in nanoseconds.
    pub at: u64,
    /// Where; nothing for what happened outside all devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(missing_docs, reason = "the variants say what their fields are")]
pub enum Event {
    /// A name for a person, for readers.
    Person { user: UserId, name: Arc<str> },
    /// A name for a conversation, for readers.
    Conversation {
        conversation: ConversationId,
        name: Arc<str>,
    },
    /// A device exists, and whose it is.
    Device { user: UserId, name: Arc<str> },

    /// The server is about to be called.
    Invoked { call: CallId, action: Action },
    /// A call came to its end.
    Answered { call: CallId, outcome: Outcome },

    /// The device is about to connect.
    Connecting,
    /// The device is connected.
    Connected,
    /// The connection ended.
    Disconnected { reason: Arc<str> },
    /// The device lost its storage.
    Forgot,

    /// A synchronisation is about to be asked for, from these positions.
    SyncStarted { sync: CallId, positions: Vec<Head> },
    /// It was answered to its end.
    SyncDone {
        sync: CallId,
        epoch: Epoch,
        heads: Vec<Head>,
    },
    /// It was not.
    SyncFailed { sync: CallId, reason: Arc<str> },

    /// Something came from the server, before the rule looked at it.
    Received { frame: Frame },
    /// What the rule did about it.
    Ruled { effect: Effect },
    /// The device has everything that it can have: its last synchronisation ended after the last fault and the last answer.
    Settled,

    /// Something was broken on purpose.
    Fault { name: Arc<str>, kind: FaultKind },
    /// It is whole again.
    Healed { name: Arc<str> },
    /// The log of a conversation after everything was healed.
    Dump(Dump),
}

/// What a fault excuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FaultKind {
    /// Delivery is slower, within the bound for degraded operation.
    Degrades,
    /// Delivery stops until it is healed.
    Interrupts,
}

/// What the server is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(missing_docs, reason = "the variants say what their fields are")]
pub enum Action {
    /// Store a message; the same again with the same `client_id` is a retry.
    Send {
        conversation: ConversationId,
        client_id: ClientId,
        body: Digest,
    },
    /// Change a text.
    Edit {
        conversation: ConversationId,
        message: MessageId,
        body: Digest,
    },
    /// Take a message away.
    Delete {
        conversation: ConversationId,
        message: MessageId,
    },
    /// Add or remove a reaction.
    React {
        conversation: ConversationId,
        message: MessageId,
        add: bool,
    },
    /// Become a member.
    Join { conversation: ConversationId },
    /// Stop being one.
    Leave { conversation: ConversationId },
    /// Make somebody a member.
    Add {
        conversation: ConversationId,
        user: UserId,
    },
    /// Stop somebody's membership.
    Remove {
        conversation: ConversationId,
        user: UserId,
    },
}

impl Action {
    /// The conversation that it is about.
    pub fn conversation(&self) -> ConversationId {
        match self {
            Self::Send { conversation, .. }
            | Self::Edit { conversation, .. }
            | Self::Delete { conversation, .. }
            | Self::React { conversation, .. }
            | Self::Join { conversation }
            | Self::Leave { conversation }
            | Self::Add { conversation, .. }
            | Self::Remove { conversation, .. } => *conversation,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// It was done.
    Ok {
        /// What was stored, for calls that answer with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
    },
    /// It was not done, and will not be.
    Refused {
        /// The stable code.
        code: Arc<str>,
    },
    /// It may have been done or not.
    Unknown {
        /// Why nobody knows.
        reason: Arc<str>,
    },
}

/// What the server acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Its place; 0 when the answer has only a rev.
    pub seq: u64,
    /// The change.
    pub rev: u64,
    /// The server's name of the message, when the answer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// When it was stored, as the server writes it.
    pub sent_at: Arc<str>,
}

/// The final log of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dump {
    /// Which.
    pub conversation: ConversationId,
    /// How many messages it says it has.
    pub last_seq: u64,
    /// How many changes it says it has.
    pub rev: u64,
    /// All messages, in the order in which they were read.
    pub messages: Vec<MessageRow>,
    /// Who could see what.
    pub stays: Vec<Stay>,
}

/// One stretch of somebody's membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stay {
    /// Whose.
    pub user: UserId,
    /// The change that made them a member.
    pub from_rev: u64,
    /// The change that ended it, which they still see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_rev: Option<u64>,
    /// The first message that they may read.
    pub visible_from_seq: u64,
}
