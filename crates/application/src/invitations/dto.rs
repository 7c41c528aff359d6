//! Invitations as clients see them.

use hubbub_domain::ids::{InvitationId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An invitation that can still be used. The code is not in it: it is shown once, when the invitation is made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invitation)]
pub struct InvitationDto {
    /// Which invitation it is.
    pub id: InvitationId,
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
}

impl From<&Invitation> for InvitationDto {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: invitation.id,
            created_by: invitation.created_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            max_uses: invitation.max_uses,
            uses: invitation.uses,
        }
    }
}

/// An invitation that was just made, with its code.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedInvitation {
    /// Which invitation it is.
    pub id: InvitationId,
    /// The secret in the link.
    pub code: String,
    /// The page that accepts it, on this server.
    pub path: String,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// How many people may use it.
    pub max_uses: i64,
    /// How many have.
    pub uses: i64,
}

impl CreatedInvitation {
    /// Describes a new invitation, whose link leads to `page` and the code.
    pub(crate) fn new(invitation: &Invitation, code: String, page: &str) -> Self {
        Self {
            id: invitation.id,
            path: format!("{page}{code}"),
            code,
            expires_at: invitation.expires_at,
            max_uses: invitation.max_uses,
            uses: invitation.uses,
        }
    }
}

/// What somebody who holds a link may know before registering.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationPreview {
    /// The display name of who made it.
    pub invited_by: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}
