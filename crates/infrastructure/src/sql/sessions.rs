use async_trait::async_trait;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::repository::{Result, SessionRepository};
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;

use super::records::SessionRecord;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl SessionRepository for SqlUnitOfWork {
    async fn add(&mut self, session: &Session) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO sessions (id, user_id, device_name, generation, created_at, last_used_at,
                                   expires_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(session.id.as_uuid())
        .bind(session.user_id.as_uuid())
        .bind(session.device_name.as_str())
        .bind(session.generation)
        .bind(session.created_at.unix_micros())
        .bind(session.last_used_at.unix_micros())
        .bind(session.expires_at.unix_micros())
        .bind(session.revoked_at.map(Timestamp::unix_micros));
        self.session.execute(added).await?;
        Ok(())
    }

    async fn find(&mut self, id: SessionId) -> Result<Option<Session>> {
        let found = Statement::new(
            "SELECT id, user_id, device_name, generation, created_at, last_used_at, expires_at,
                    revoked_at
             FROM sessions WHERE id = $1",
        )
        .bind(id.as_uuid())
        .locking();
        let record = self.session.fetch_optional::<SessionRecord>(found).await?;
        Ok(record.map(Session::from))
    }

    async fn update(&mut self, session: &Session) -> Result<()> {
        let updated = Statement::new(
            "UPDATE sessions
             SET generation = $2, last_used_at = $3, expires_at = $4, revoked_at = $5
             WHERE id = $1",
        )
        .bind(session.id.as_uuid())
        .bind(session.generation)
        .bind(session.last_used_at.unix_micros())
        .bind(session.expires_at.unix_micros())
        .bind(session.revoked_at.map(Timestamp::unix_micros));
        self.session.execute(updated).await?;
        Ok(())
    }

    async fn list_live(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let live = Statement::new(
            "SELECT id, user_id, device_name, generation, created_at, last_used_at, expires_at,
                    revoked_at
             FROM sessions
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
             ORDER BY last_used_at DESC LIMIT 200",
        )
        .bind(user.as_uuid())
        .bind(now.unix_micros());
        let records = self.session.fetch_all::<SessionRecord>(live).await?;
        Ok(records.into_iter().map(Session::from).collect())
    }

    async fn remove_ended(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        let ended = Statement::new(
            "DELETE FROM sessions WHERE id IN (
                SELECT id FROM sessions
                WHERE expires_at < $1 OR revoked_at < $1
                LIMIT $2)",
        )
        .bind(before.unix_micros())
        .bind(limit);
        self.session.execute(ended).await
    }

    async fn list_revoked(&mut self, after: Timestamp, limit: i64) -> Result<Vec<Session>> {
        let revoked = Statement::new(
            "SELECT id, user_id, device_name, generation, created_at, last_used_at, expires_at,
                    revoked_at
             FROM sessions WHERE revoked_at > $1 AND revoked_at IS NOT NULL
             ORDER BY revoked_at LIMIT $2",
        )
        .bind(after.unix_micros())
        .bind(limit);
        let records = self.session.fetch_all::<SessionRecord>(revoked).await?;
        Ok(records.into_iter().map(Session::from).collect())
    }
}
