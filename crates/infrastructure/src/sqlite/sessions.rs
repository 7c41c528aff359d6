use async_trait::async_trait;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::repository::{Result, SessionRepository};
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;
use sqlx::{query, query_as};

use super::store::{SqliteUnitOfWork, failed};
use crate::records::SessionRecord;

#[async_trait]
impl SessionRepository for SqliteUnitOfWork {
    async fn add(&mut self, session: &Session) -> Result<()> {
        query(
            "INSERT INTO sessions (id, user_id, device_name, generation, created_at, last_used_at,
                                   expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(session.id.as_uuid())
        .bind(session.user_id.as_uuid())
        .bind(&session.device_name)
        .bind(session.generation)
        .bind(session.created_at.unix_micros())
        .bind(session.last_used_at.unix_micros())
        .bind(session.expires_at.unix_micros())
        .bind(session.revoked_at.map(Timestamp::unix_micros))
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>> {
        query_as::<_, SessionRecord>("SELECT * FROM sessions WHERE id = $1")
            .bind(id.as_uuid())
            .fetch_optional(&mut *self.tx)
            .await
            .map(|record| record.map(Session::from))
            .map_err(failed)
    }

    async fn update(&mut self, session: &Session) -> Result<()> {
        query(
            "UPDATE sessions
             SET generation = $2, last_used_at = $3, expires_at = $4, revoked_at = $5
             WHERE id = $1",
        )
        .bind(session.id.as_uuid())
        .bind(session.generation)
        .bind(session.last_used_at.unix_micros())
        .bind(session.expires_at.unix_micros())
        .bind(session.revoked_at.map(Timestamp::unix_micros))
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn list_live(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        query_as::<_, SessionRecord>(
            "SELECT * FROM sessions
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
             ORDER BY last_used_at DESC LIMIT 200",
        )
        .bind(user.as_uuid())
        .bind(now.unix_micros())
        .fetch_all(&mut *self.tx)
        .await
        .map(|records| records.into_iter().map(Session::from).collect())
        .map_err(failed)
    }

    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        query(
            "DELETE FROM sessions WHERE id IN (
                SELECT id FROM sessions
                WHERE expires_at < $1 OR revoked_at < $1
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
