//! Links by which people may make an account, or join a group.

use crate::ids::{ConversationId, InvitationId, UserId};
use crate::timestamp::Timestamp;

/// A link that lets up to `max_uses` people in before it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Which invitation it is.
    pub id: InvitationId,
    /// The group that it leads to; without one, it is for registering.
    pub conversation_id: Option<ConversationId>,
    /// SHA-256 of the code in the link; the code itself is not kept.
    pub code_hash: [u8; 32],
    /// Who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// How many people may use it.
    pub max_uses: i64,
    /// How many have.
    pub uses: i64,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

impl Invitation {
    /// Whether somebody may still use it.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && self.uses < self.max_uses
    }
}
