use async_trait::async_trait;
use hubbub_domain::conversation::Unread;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::{Seq, UserRev};
use hubbub_domain::personal::{PersonalState, ThreadState};
use hubbub_domain::repository::{FollowedThread, PersonalStateRepository, Result};
use hubbub_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::records::PersonalStateRecord;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;
use super::unread::{unread_mentions, unread_messages};

/// The place of the first message that counts as unread for who has the stay `m`, by what the state says.
macro_rules! first_unread {
    () => {
        "CASE WHEN m.visible_from_seq > $3 THEN m.visible_from_seq ELSE $3 END"
    };
}

#[async_trait]
impl PersonalStateRepository for SqlUnitOfWork {
    async fn find(&mut self, conversation: ConversationId, user: UserId) -> Result<PersonalState> {
        let found = Statement::new(
            "SELECT read_seq, unread_from, muted_until, level
             FROM personal_states WHERE conversation_id = $1 AND user_id = $2",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid());
        let record = self.session.fetch_optional::<PersonalStateRecord>(found);
        let state = record.await?.map(PersonalState::try_from).transpose()?;
        Ok(state.unwrap_or_default())
    }

    async fn save(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        state: &PersonalState,
        user_rev: UserRev,
    ) -> Result<()> {
        let saved = Statement::new(
            "INSERT INTO personal_states (conversation_id, user_id, read_seq, unread_from, muted_until,
                                          level, user_rev)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (conversation_id, user_id) DO UPDATE
             SET read_seq = CASE WHEN personal_states.read_seq > excluded.read_seq
                                 THEN personal_states.read_seq ELSE excluded.read_seq END,
                 unread_from = excluded.unread_from, muted_until = excluded.muted_until,
                 level = excluded.level, user_rev = excluded.user_rev",
        )
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .bind(state.read_seq.get())
        .bind(state.unread_from.map(Seq::get))
        .bind(state.muted_until.map(Timestamp::unix_micros))
        .bind(state.level.as_str())
        .bind(user_rev.get());
        self.session.execute(saved).await?;
        Ok(())
    }

    async fn read_own(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        seq: Seq,
    ) -> Result<()> {
        self.read_own_messages(&[(conversation, user, seq)]).await
    }

    async fn count_unread(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        state: &PersonalState,
    ) -> Result<Unread> {
        let unread = Statement::new(concat!(
            "SELECT ",
            unread_messages!(in "$1", of "$2", from first_unread!()),
            ", ",
            unread_mentions!(in "$1", of "$2", from first_unread!()),
            " FROM memberships m
              WHERE m.conversation_id = $1 AND m.user_id = $2 AND m.to_rev IS NULL"
        ))
        .bind(conversation.as_uuid())
        .bind(user.as_uuid())
        .bind(state.counted_to().next().get());
        let counts = self.session.fetch_optional::<(i64, i64)>(unread).await?;
        let (messages, mentions) = counts.unwrap_or_default();
        Ok(Unread { messages, mentions })
    }

    async fn list_receipts(
        &mut self,
        conversation: ConversationId,
        limit: i64,
    ) -> Result<Vec<(UserId, Seq)>> {
        let receipts = Statement::new(
            "SELECT m.user_id, COALESCE(p.read_seq, 0)
             FROM memberships m
             JOIN users u ON u.id = m.user_id
             LEFT JOIN personal_states p
                    ON p.conversation_id = m.conversation_id AND p.user_id = m.user_id
             WHERE m.conversation_id = $1 AND m.to_rev IS NULL AND NOT u.private_receipts
             ORDER BY m.user_id LIMIT $2",
        )
        .bind(conversation.as_uuid())
        .bind(limit);
        let receipts = self.session.fetch_all::<(Uuid, i64)>(receipts).await?;
        Ok(receipts
            .into_iter()
            .map(|(user, seq)| (UserId::from_uuid(user), Seq::new(seq)))
            .collect())
    }

    async fn find_thread(&mut self, user: UserId, root: MessageId) -> Result<Option<ThreadState>> {
        self.thread_state(user, root).await
    }

    async fn save_thread(&mut self, state: &ThreadState, user_rev: Option<UserRev>) -> Result<()> {
        self.save_thread_state(state, user_rev).await
    }

    async fn count_unread_replies(&mut self, state: &ThreadState) -> Result<i64> {
        self.unread_replies(state).await
    }

    async fn list_followed(&mut self, user: UserId, limit: i64) -> Result<Vec<FollowedThread>> {
        self.followed_threads(user, limit).await
    }
}
