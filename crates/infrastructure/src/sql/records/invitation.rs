use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, InvitationId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Result, bytes};

#[derive(FromRow)]
pub(crate) struct InvitationRecord {
    id: Uuid,
    conversation_id: Option<Uuid>,
    code_hash: Vec<u8>,
    created_by: Uuid,
    created_at: i64,
    expires_at: i64,
    max_uses: i64,
    uses: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<InvitationRecord> for Invitation {
    type Error = RepositoryError;

    fn try_from(record: InvitationRecord) -> Result<Self> {
        Ok(Self {
            id: InvitationId::from_uuid(record.id),
            conversation_id: record.conversation_id.map(ConversationId::from_uuid),
            code_hash: bytes(&record.code_hash, "invitation code")?,
            created_by: UserId::from_uuid(record.created_by),
            created_at: Timestamp::from_unix_micros(record.created_at),
            expires_at: Timestamp::from_unix_micros(record.expires_at),
            max_uses: record.max_uses,
            uses: record.uses,
            revoked_at: record.revoked_at.map(Timestamp::from_unix_micros),
        })
    }
}
