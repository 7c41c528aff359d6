use async_trait::async_trait;
use hubbub_domain::ids::InvitationId;
use hubbub_domain::invitation::Invitation;
use hubbub_domain::repository::{InvitationRepository, Result};
use hubbub_domain::timestamp::Timestamp;
use sqlx::{query, query_as};

use super::store::{SqliteUnitOfWork, failed};
use crate::records::InvitationRecord;

#[async_trait]
impl InvitationRepository for SqliteUnitOfWork {
    async fn add(&mut self, invitation: &Invitation) -> Result<()> {
        query(
            "INSERT INTO invitations (id, code_hash, created_by, created_at, expires_at, max_uses,
                                      uses, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(invitation.id.as_uuid())
        .bind(&invitation.code_hash[..])
        .bind(invitation.created_by.as_uuid())
        .bind(invitation.created_at.unix_micros())
        .bind(invitation.expires_at.unix_micros())
        .bind(invitation.max_uses)
        .bind(invitation.uses)
        .bind(invitation.revoked_at.map(Timestamp::unix_micros))
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn find_by_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<Invitation>> {
        query_as::<_, InvitationRecord>("SELECT * FROM invitations WHERE code_hash = $1")
            .bind(&code_hash[..])
            .fetch_optional(&mut *self.tx)
            .await
            .map_err(failed)?
            .map(Invitation::try_from)
            .transpose()
    }

    async fn find(&mut self, id: InvitationId) -> Result<Option<Invitation>> {
        query_as::<_, InvitationRecord>("SELECT * FROM invitations WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(&mut *self.tx)
            .await
            .map_err(failed)?
            .map(Invitation::try_from)
            .transpose()
    }

    async fn update(&mut self, invitation: &Invitation) -> Result<()> {
        query("UPDATE invitations SET uses = $2, revoked_at = $3 WHERE id = $1")
            .bind(invitation.id.as_uuid())
            .bind(invitation.uses)
            .bind(invitation.revoked_at.map(Timestamp::unix_micros))
            .execute(&mut *self.tx)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn list_usable(&mut self, now: Timestamp) -> Result<Vec<Invitation>> {
        query_as::<_, InvitationRecord>(
            "SELECT * FROM invitations
             WHERE revoked_at IS NULL AND expires_at > $1 AND uses < max_uses
             ORDER BY created_at DESC LIMIT 1000",
        )
        .bind(now.unix_micros())
        .fetch_all(&mut *self.tx)
        .await
        .map_err(failed)?
        .into_iter()
        .map(Invitation::try_from)
        .collect()
    }

    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        query(
            "DELETE FROM invitations WHERE id IN (
                SELECT id FROM invitations
                WHERE expires_at < $1 OR revoked_at < $1
                    OR (uses >= max_uses AND created_at < $1)
                LIMIT $2)",
        )
        .bind(before.unix_micros())
        .bind(limit)
        .execute(&mut *self.tx)
        .await
        .map(|done| done.rows_affected())
        .map_err(failed)
    }
}
