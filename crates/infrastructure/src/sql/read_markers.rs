use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::repository::{ReadMarkerRepository, Result};

use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl ReadMarkerRepository for SqlUnitOfWork {
    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<Seq> {
        let found = Statement::new(
            "SELECT seq FROM read_markers WHERE conversation_id = $1 AND user_id = $2",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid());
        let row = self.session.fetch_optional::<(i64,)>(found).await?;
        Ok(row.map_or(Seq::ZERO, |(seq,)| Seq::new(seq)))
    }

    async fn advance(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
        user_rev: Option<UserRev>,
    ) -> Result<()> {
        let moved = Statement::new(
            "INSERT INTO read_markers (conversation_id, user_id, seq, user_rev)
             VALUES ($1, $2, $3, COALESCE($4, 0))
             ON CONFLICT (conversation_id, user_id) DO UPDATE
             SET seq = excluded.seq, user_rev = COALESCE($4, read_markers.user_rev)
             WHERE read_markers.seq < excluded.seq",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .bind(seq.get())
        .bind(user_rev.map(UserRev::get));
        self.session.execute(moved).await?;
        Ok(())
    }

    async fn count_unread(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    ) -> Result<i64> {
        let unread = Statement::new(
            "SELECT COUNT(*) FROM (
                SELECT 1 FROM messages x
                JOIN memberships m ON m.conversation_id = x.conversation_id
                     AND m.user_id = $2 AND m.to_rev IS NULL
                WHERE x.conversation_id = $1 AND x.seq > $3 AND x.seq >= m.visible_from_seq
                  AND x.sender_id <> $2
                LIMIT 100) AS unread",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .bind(seq.get());
        let (count,) = self.session.fetch_one::<(i64,)>(unread).await?;
        Ok(count)
    }
}
