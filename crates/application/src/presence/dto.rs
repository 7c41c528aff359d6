//! Presence as clients see it.

use hubbub_domain::ids::UserId;
use hubbub_domain::presence::{ManualState, Status};
use hubbub_domain::repository::KeptPresence;
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{Liveness, Standing};

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PresenceState {
    /// At a device.
    Active,
    /// Connected, but not at a device.
    Away,
    /// Connected, and not to be disturbed.
    DoNotDisturb,
    /// Not connected, and the time of grace is over.
    Offline,
    /// It cannot be told at the moment.
    Unknown,
}

impl PresenceState {
    /// Whether the person is connected.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Active | Self::Away | Self::DoNotDisturb)
    }
}

/// What a person says of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresenceStatus)]
pub struct StatusDto {
    /// A few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub text: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub emoji: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<Timestamp>,
}

/// A person's presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Presence)]
pub struct PresenceDto {
    /// Who.
    pub user_id: UserId,
    /// Whether the person is there.
    pub state: PresenceState,
    /// When the last connection ended, while offline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_seen: Option<Timestamp>,
    /// What the person says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub status: Option<StatusDto>,
    /// Grows with every change of this person; one with a smaller version is stale. 0 while the state is unknown, which always holds.
    pub version: u64,
}

/// What one says of oneself, as one set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnStatus)]
pub struct OwnStatusDto {
    /// What one is shown as in place of what the connections say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<ManualStateDto>,
    /// The words, the picture and the end.
    #[serde(flatten)]
    pub status: StatusDto,
}

/// What one can be shown as in place of what the connections say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ManualState)]
pub enum ManualStateDto {
    /// As not at a device.
    Away,
    /// As not to be disturbed.
    DoNotDisturb,
    /// As not connected.
    Invisible,
}

impl From<ManualStateDto> for ManualState {
    fn from(state: ManualStateDto) -> Self {
        match state {
            ManualStateDto::Away => Self::Away,
            ManualStateDto::DoNotDisturb => Self::DoNotDisturb,
            ManualStateDto::Invisible => Self::Invisible,
        }
    }
}

impl From<ManualState> for ManualStateDto {
    fn from(state: ManualState) -> Self {
        match state {
            ManualState::Away => Self::Away,
            ManualState::DoNotDisturb => Self::DoNotDisturb,
            ManualState::Invisible => Self::Invisible,
        }
    }
}

impl From<&Status> for OwnStatusDto {
    fn from(status: &Status) -> Self {
        Self {
            state: status.state.map(ManualStateDto::from),
            status: StatusDto {
                text: status.text.as_ref().map(|text| text.as_str().to_owned()),
                emoji: status.emoji.as_ref().map(|emoji| emoji.as_str().to_owned()),
                until: status.until,
            },
        }
    }
}

impl PresenceDto {
    /// How somebody is shown of whom nothing can be told.
    pub fn unknown(user_id: UserId) -> Self {
        Self {
            user_id,
            state: PresenceState::Unknown,
            last_seen: None,
            status: None,
            version: 0,
        }
    }

    /// How somebody is shown who is none of the asker's business: as anybody who never was here.
    pub(super) fn nobody(user_id: UserId, now: Timestamp) -> Self {
        Self {
            user_id,
            state: PresenceState::Offline,
            last_seen: None,
            status: None,
            version: u64::try_from(now.unix_micros()).unwrap_or(0),
        }
    }

    /// How somebody is shown who stands so and of whom that is kept.
    pub(super) fn new(standing: &Standing, kept: KeptPresence, now: Timestamp) -> Self {
        let status = kept.status.at(now);
        let state = match standing.liveness {
            Liveness::Unknown => return Self::unknown(standing.user),
            Liveness::Offline => PresenceState::Offline,
            Liveness::Active | Liveness::Away => match status.state {
                Some(ManualState::DoNotDisturb) => PresenceState::DoNotDisturb,
                Some(ManualState::Away) => PresenceState::Away,
                // The store says of who is hidden that nobody is there; it will in a moment.
                Some(ManualState::Invisible) => PresenceState::Offline,
                None if standing.liveness == Liveness::Away => PresenceState::Away,
                None => PresenceState::Active,
            },
        };
        let says = OwnStatusDto::from(&status).status;
        let is_said = says.text.is_some() || says.emoji.is_some();
        Self {
            user_id: standing.user,
            state,
            last_seen: standing
                .left_at
                .max(kept.last_seen_at)
                .filter(|_| state == PresenceState::Offline),
            status: is_said.then_some(says),
            version: standing.version,
        }
    }

    /// Whether it says the same, if perhaps under another version.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.state == other.state
            && self.status == other.status
            && self.last_seen == other.last_seen
    }
}
