use hubbub_domain::ids::UserId;
use hubbub_domain::message::Emoji;
use hubbub_domain::presence::{ManualState, Status, StatusText};
use hubbub_domain::repository::KeptPresence;
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Result, corrupt};

#[derive(FromRow)]
pub(crate) struct PresenceRecord {
    user_id: Uuid,
    state: Option<String>,
    status_text: Option<String>,
    emoji: Option<String>,
    until: Option<i64>,
    last_seen_at: Option<i64>,
}

impl PresenceRecord {
    /// Whose it is, and what it says.
    pub(crate) fn read(self) -> Result<(UserId, KeptPresence)> {
        let state = self
            .state
            .as_deref()
            .map(|name| ManualState::from_name(name).ok_or_else(|| corrupt("state of a person")));
        let text = self.status_text.as_deref().map(StatusText::parse);
        let emoji = self.emoji.as_deref().map(Emoji::parse);
        let kept = KeptPresence {
            status: Status {
                state: state.transpose()?,
                text: text.transpose().map_err(|_| corrupt("status"))?,
                emoji: emoji.transpose().map_err(|_| corrupt("status"))?,
                until: self.until.map(Timestamp::from_unix_micros),
            },
            last_seen_at: self.last_seen_at.map(Timestamp::from_unix_micros),
        };
        Ok((UserId::from_uuid(self.user_id), kept))
    }
}
