//! What the client rule made of what it was told.

use serde::{Deserialize, Serialize};

use super::row::MessageRow;
use crate::digest::Digest;
use crate::ids::{ClientId, ConversationId, Epoch, UserId};

/// How messages came into a device's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// By a range of changes, live or synchronised.
    Range,
    /// By the newest page, in place of everything held before.
    Reset,
    /// By a page of older messages; the position does not move.
    Older,
}

/// A message as a device took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Its place.
    pub seq: u64,
    /// Its latest change.
    pub rev: u64,
    /// The sender's name of it.
    pub client_id: ClientId,
    /// Who sent it.
    pub sender_id: UserId,
    /// Of all its fields.
    pub state: Digest,
}

impl From<&MessageRow> for Mark {
    fn from(row: &MessageRow) -> Self {
        Self {
            seq: row.seq,
            rev: row.rev,
            client_id: row.client_id,
            sender_id: row.sender_id,
            state: row.state,
        }
    }
}

/// One step of the client rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "effect",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(missing_docs, reason = "positions are revs; the variants say which")]
pub enum Effect {
    /// Rows were taken, and the position moved from `before` (nothing was held) to `after`.
    Applied {
        conversation: ConversationId,
        how: How,
        /// Where the range began; the position itself for pages.
        from: u64,
        before: Option<u64>,
        after: u64,
        inserted: Vec<Mark>,
        replaced: Vec<Mark>,
        /// How many rows were known already, in this state or a later one.
        kept: u32,
    },
    /// A range ends at or below the position: it was known.
    Dropped {
        conversation: ConversationId,
        to: u64,
        position: u64,
    },
    /// A range begins above the position, or nothing is held yet: something is missing.
    Hole {
        conversation: ConversationId,
        from: u64,
        position: Option<u64>,
    },
    /// The user's own position moved.
    UserMoved { before: Option<u64>, after: u64 },
    /// Everything was forgotten, because the database has another history.
    EpochChanged { before: Epoch, after: Epoch },
    /// A conversation was forgotten, because it may no longer be read.
    Lost { conversation: ConversationId },
}

impl Effect {
    /// The conversation that it is about, if it is about one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Applied { conversation, .. }
            | Self::Dropped { conversation, .. }
            | Self::Hole { conversation, .. }
            | Self::Lost { conversation } => Some(*conversation),
            Self::UserMoved { .. } | Self::EpochChanged { .. } => None,
        }
    }
}
