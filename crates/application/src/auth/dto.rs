//! Sign-ins as clients see them.

use hubbub_domain::ids::SessionId;
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::users::dto::UserDto;

/// What a sign-in yields. How the refresh token travels is the caller's business.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Good for calls to the API.
    pub access_token: String,
    /// For how many seconds.
    pub expires_in: u64,
    /// Good for one refresh.
    pub refresh_token: String,
    /// When the sign-in ends unless it is refreshed.
    pub refresh_expires_at: Timestamp,
    /// Who signed in.
    pub user: UserDto,
}

/// A token for opening one hub connection, fit to stand in a URL.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HubTicket {
    /// The ticket.
    pub ticket: String,
    /// For how many seconds it can be used.
    pub expires_in: u64,
}

/// A sign-in on one device.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeviceSession)]
pub struct SessionDto {
    /// Which sign-in it is.
    pub id: SessionId,
    /// What the device called itself.
    pub device_name: String,
    /// When the person signed in there.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl SessionDto {
    /// Describes a session to the one that asks.
    pub(super) fn new(session: &Session, asking: SessionId) -> Self {
        Self {
            id: session.id,
            device_name: session.device_name.clone(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            current: session.id == asking,
        }
    }
}
