use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::{MembershipRepository, ReadMarkerRepository, Result};
use hubbub_domain::user::{User, Username};
use sqlx::{query, query_as, query_scalar};

use super::store::{SqliteUnitOfWork, failed};
use crate::records::{MemberRecord, MembershipRecord, corrupt};

#[async_trait]
impl MembershipRepository for SqliteUnitOfWork {
    async fn add(&mut self, membership: &Membership, user_rev: UserRev) -> Result<()> {
        query(
            "INSERT INTO memberships (conversation_id, user_id, role, from_rev, to_rev,
                                      visible_from_seq, rev, user_rev, joined_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(membership.conversation_id.as_uuid())
        .bind(membership.user_id.as_uuid())
        .bind(membership.role.as_str())
        .bind(membership.from_rev.get())
        .bind(membership.to_rev.map(Rev::get))
        .bind(membership.visible_from_seq.get())
        .bind(membership.rev.get())
        .bind(user_rev.get())
        .bind(membership.joined_at.unix_micros())
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn update(&mut self, membership: &Membership, user_rev: Option<UserRev>) -> Result<()> {
        query(
            "UPDATE memberships
             SET role = $4, to_rev = $5, rev = $6, user_rev = COALESCE($7, user_rev)
             WHERE conversation_id = $1 AND user_id = $2 AND from_rev = $3",
        )
        .bind(membership.conversation_id.as_uuid())
        .bind(membership.user_id.as_uuid())
        .bind(membership.from_rev.get())
        .bind(membership.role.as_str())
        .bind(membership.to_rev.map(Rev::get))
        .bind(membership.rev.get())
        .bind(user_rev.map(UserRev::get))
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn find_most_senior(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Option<Membership>> {
        query_as::<_, MembershipRecord>(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND to_rev IS NULL
             ORDER BY CASE role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 WHEN 'member' THEN 2 ELSE 3 END,
                      from_rev
             LIMIT 1",
        )
        .bind(conversation.as_uuid())
        .fetch_optional(&mut *self.tx)
        .await
        .map_err(failed)?
        .map(Membership::try_from)
        .transpose()
    }

    async fn find_open(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> Result<Option<Membership>> {
        query_as::<_, MembershipRecord>(
            "SELECT conversation_id, user_id, role, from_rev, to_rev, visible_from_seq, rev, joined_at
             FROM memberships WHERE conversation_id = $1 AND user_id = $2 AND to_rev IS NULL",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .fetch_optional(&mut *self.tx)
        .await
        .map_err(failed)?
        .map(Membership::try_from)
        .transpose()
    }

    async fn list_open(
        &mut self,
        conversation: ConversationId,
        after: Option<&Username>,
        limit: i64,
    ) -> Result<Vec<(User, Membership)>> {
        query_as::<_, MemberRecord>(
            "SELECT u.id, u.username, u.display_name, u.role, u.created_at,
                    m.role AS stay_role, m.from_rev AS stay_from_rev,
                    m.visible_from_seq AS stay_visible_from_seq, m.rev AS stay_rev,
                    m.joined_at AS stay_joined_at
             FROM memberships m JOIN users u ON u.id = m.user_id
             WHERE m.conversation_id = $1 AND m.to_rev IS NULL AND u.username > $2
             ORDER BY u.username LIMIT $3",
        )
        .bind(conversation.as_uuid())
        .bind(after.map_or("", Username::as_str))
        .bind(limit)
        .fetch_all(&mut *self.tx)
        .await
        .map_err(failed)?
        .into_iter()
        .map(|record| {
            let user = User::try_from(record.user)?;
            let stay = record.stay.open_stay(conversation, user.id)?;
            Ok((user, stay.ok_or_else(|| corrupt("membership"))?))
        })
        .collect()
    }
}

#[async_trait]
impl ReadMarkerRepository for SqliteUnitOfWork {
    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<Seq> {
        query_scalar::<_, i64>(
            "SELECT seq FROM read_markers WHERE conversation_id = $1 AND user_id = $2",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .fetch_optional(&mut *self.tx)
        .await
        .map(|seq| Seq::new(seq.unwrap_or(0)))
        .map_err(failed)
    }

    async fn advance(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
        user_rev: Option<UserRev>,
    ) -> Result<()> {
        query(
            "INSERT INTO read_markers (conversation_id, user_id, seq, user_rev)
             VALUES ($1, $2, $3, COALESCE($4, 0))
             ON CONFLICT (conversation_id, user_id) DO UPDATE
             SET seq = excluded.seq, user_rev = COALESCE($4, read_markers.user_rev)
             WHERE read_markers.seq < excluded.seq",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .bind(seq.get())
        .bind(user_rev.map(UserRev::get))
        .execute(&mut *self.tx)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn count_unread(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    ) -> Result<i64> {
        query_scalar::<_, i64>(
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
        .bind(seq.get())
        .fetch_one(&mut *self.tx)
        .await
        .map_err(failed)
    }
}
