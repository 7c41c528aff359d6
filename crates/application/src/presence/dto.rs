//! Presence as clients see it.

use hubbub_domain::ids::UserId;
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PresenceState {
    /// At a device.
    Active,
    /// Connected, but not at a device.
    Away,
    /// Not connected, and the time of grace is over.
    Offline,
}

/// A person's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Presence)]
pub struct PresenceDto {
    /// Who.
    pub user_id: UserId,
    /// Whether the person is there.
    pub state: PresenceState,
    /// When the last connection ended, while offline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_seen: Option<Timestamp>,
    /// Grows with every change of this person; one with a smaller version is stale.
    pub version: u64,
}

impl PresenceDto {
    /// How somebody is shown of whom nothing is known, or may be.
    pub(crate) fn unknown(user_id: UserId) -> Self {
        Self {
            user_id,
            state: PresenceState::Offline,
            last_seen: None,
            version: 0,
        }
    }
}
