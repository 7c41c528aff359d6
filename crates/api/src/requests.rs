//! What clients send over HTTP and over the hub in the same form.

use hubbub_application::chat::{ChangePreferences, Position, SyncRequest};
use hubbub_application::presence::SetStatus;
use hubbub_application::presence::dto::ManualStateDto;
use hubbub_domain::ids::{ConversationId, Epoch};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::personal::NotificationLevel;
use hubbub_domain::timestamp::Timestamp;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// What a client has, and wants to have brought up to date.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SyncRequest)]
pub(crate) struct SyncBody {
    /// The history that the positions are of.
    #[schema(nullable = false)]
    epoch: Option<Epoch>,
    /// The position in one's own log; without it, all conversations are listed.
    #[schema(nullable = false)]
    user_rev: Option<UserRev>,
    /// The positions in conversations, at most 500; 0 for one of which one has nothing.
    #[serde(default)]
    #[schema(max_items = 500)]
    positions: Vec<PositionBody>,
}

/// How far a client has a conversation.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Position)]
struct PositionBody {
    /// Which conversation.
    conversation_id: ConversationId,
    /// Up to which change.
    rev: Rev,
}

impl From<SyncBody> for SyncRequest {
    fn from(body: SyncBody) -> Self {
        Self {
            epoch: body.epoch,
            user_rev: body.user_rev,
            positions: body
                .positions
                .into_iter()
                .map(|position| Position {
                    conversation_id: position.conversation_id,
                    rev: position.rev,
                })
                .collect(),
        }
    }
}

/// What of a conversation may disturb; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ChangePreferencesRequest)]
pub(crate) struct PreferencesBody {
    /// Until when nothing may; `null` ends that.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Timestamp>)]
    #[expect(clippy::option_option, reason = "left out, null, or a time")]
    muted_until: Option<Option<Timestamp>>,
    /// What may.
    #[schema(nullable = false)]
    level: Option<NotificationLevel>,
}

impl From<PreferencesBody> for ChangePreferences {
    fn from(body: PreferencesBody) -> Self {
        Self {
            muted_until: body.muted_until,
            level: body.level,
        }
    }
}

/// What one says of oneself from now on; what is left out is not said any more.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SetStatusRequest)]
pub(crate) struct StatusBody {
    /// What to be shown as in place of what the connections say.
    state: Option<ManualStateDto>,
    /// Up to 100 characters.
    #[schema(max_length = 100)]
    text: Option<String>,
    /// One emoji.
    emoji: Option<String>,
    /// When all of it ends.
    until: Option<Timestamp>,
}

impl From<StatusBody> for SetStatus {
    fn from(body: StatusBody) -> Self {
        Self {
            state: body.state,
            text: body.text,
            emoji: body.emoji,
            until: body.until,
        }
    }
}

/// Tells a field that says `null` from one that was left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, json};

    use super::*;

    #[test]
    fn to_say_null_is_not_to_say_nothing() {
        let read = |text| ChangePreferences::from(from_str::<PreferencesBody>(text).unwrap());
        assert_eq!(read("{}").muted_until, None);
        assert_eq!(read(r#"{"mutedUntil":null}"#).muted_until, Some(None));
        let until = Timestamp::from_unix_micros(1_795_446_000_000_000);
        let text = json!({ "mutedUntil": until }).to_string();
        assert_eq!(read(&text).muted_until, Some(Some(until)));
    }
}
