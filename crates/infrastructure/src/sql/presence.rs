use async_trait::async_trait;
use hubbub_domain::ids::UserId;
use hubbub_domain::message::Emoji;
use hubbub_domain::presence::{ManualState, Status, StatusText};
use hubbub_domain::repository::{KeptPresence, PresenceRepository, Result};
use hubbub_domain::timestamp::Timestamp;

use super::records::PresenceRecord;
use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl PresenceRepository for SqlUnitOfWork {
    async fn list(&mut self, users: &[UserId]) -> Result<Vec<(UserId, KeptPresence)>> {
        let kept = Statement::new(
            "WITH wanted (id) AS ({rows})
             SELECT p.user_id, p.state, p.status_text, p.emoji, p.until, p.last_seen_at
             FROM wanted JOIN presence p ON p.user_id = wanted.id",
        )
        .rows(Rows::new().column(users.iter().map(|user| user.as_uuid())));
        let records = self.session.fetch_all::<PresenceRecord>(kept).await?;
        records.into_iter().map(PresenceRecord::read).collect()
    }

    async fn save_status(&mut self, user: UserId, status: &Status) -> Result<()> {
        let saved = Statement::new(
            "INSERT INTO presence (user_id, state, status_text, emoji, until)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE
             SET state = excluded.state, status_text = excluded.status_text,
                 emoji = excluded.emoji, until = excluded.until",
        )
        .bind(user.as_uuid())
        .bind(status.state.map(ManualState::as_str))
        .bind(status.text.as_ref().map(StatusText::as_str))
        .bind(status.emoji.as_ref().map(Emoji::as_str))
        .bind(status.until.map(Timestamp::unix_micros));
        self.session.execute(saved).await?;
        Ok(())
    }

    async fn save_last_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Result<()> {
        // In one order everywhere, so that two nodes never wait for each other's rows. The condition is what tells SQLite that
        // `ON` begins no join.
        let mut seen = seen.to_vec();
        seen.sort_unstable_by(|a, b| b.cmp(a));
        seen.dedup_by_key(|(user, _)| *user);
        let saved = Statement::new(
            "WITH seen (id, at) AS ({rows})
             INSERT INTO presence (user_id, last_seen_at)
             SELECT seen.id, seen.at FROM seen JOIN users u ON u.id = seen.id WHERE TRUE
             ORDER BY seen.id
             ON CONFLICT (user_id) DO UPDATE SET last_seen_at = excluded.last_seen_at
             WHERE presence.last_seen_at IS NULL OR presence.last_seen_at < excluded.last_seen_at",
        )
        .rows(
            Rows::new()
                .column(seen.iter().map(|(user, _)| user.as_uuid()))
                .column(seen.iter().map(|(_, at)| at.unix_micros())),
        );
        self.session.execute(saved).await?;
        Ok(())
    }
}
