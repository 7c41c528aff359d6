use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::{DisplayName, ServerRole, User, Username};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Result, corrupt};

#[derive(FromRow)]
pub(crate) struct UserRecord {
    pub(crate) id: Uuid,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) role: String,
    pub(crate) created_at: i64,
}

impl TryFrom<UserRecord> for User {
    type Error = RepositoryError;

    fn try_from(record: UserRecord) -> Result<Self> {
        Ok(Self {
            id: UserId::from_uuid(record.id),
            username: Username::parse(&record.username).map_err(|_| corrupt("username"))?,
            display_name: DisplayName::parse(&record.display_name)
                .map_err(|_| corrupt("display name"))?,
            role: ServerRole::from_name(&record.role).ok_or_else(|| corrupt("server role"))?,
            created_at: Timestamp::from_unix_micros(record.created_at),
        })
    }
}

#[derive(FromRow)]
pub(crate) struct SessionRecord {
    id: Uuid,
    user_id: Uuid,
    device_name: String,
    generation: i64,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl From<SessionRecord> for Session {
    fn from(record: SessionRecord) -> Self {
        Self {
            id: SessionId::from_uuid(record.id),
            user_id: UserId::from_uuid(record.user_id),
            device_name: record.device_name,
            generation: record.generation,
            created_at: Timestamp::from_unix_micros(record.created_at),
            last_used_at: Timestamp::from_unix_micros(record.last_used_at),
            expires_at: Timestamp::from_unix_micros(record.expires_at),
            revoked_at: record.revoked_at.map(Timestamp::from_unix_micros),
        }
    }
}
