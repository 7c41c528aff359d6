//! What is only one user's about threads.

use hubbub_domain::ids::{MessageId, UserId};
use hubbub_domain::numbers::UserRev;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::{FollowedThread, Result};
use sqlx::FromRow;

use super::records::{MessageRecord, ThreadStateRecord, message_columns};
use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;
use super::unread::unread_replies;

/// A view of a thread with what is unread there.
#[derive(FromRow)]
struct CountedThreadRecord {
    #[sqlx(flatten)]
    state: ThreadStateRecord,
    unread_count: i64,
}

#[derive(FromRow)]
struct FollowedThreadRecord {
    #[sqlx(flatten)]
    thread: CountedThreadRecord,
    #[sqlx(flatten)]
    root: MessageRecord,
}

impl SqlUnitOfWork {
    pub(super) async fn thread_state(
        &mut self,
        user: UserId,
        root: MessageId,
    ) -> Result<Option<ThreadState>> {
        let found = Statement::new(
            "SELECT user_id, root_id, conversation_id, root_seq, is_following, read_seq
             FROM thread_states WHERE user_id = $1 AND root_id = $2",
        )
        .bind(user.as_uuid())
        .bind(root.as_uuid());
        let record = self.session.fetch_optional::<ThreadStateRecord>(found);
        Ok(record.await?.map(ThreadState::from))
    }

    pub(super) async fn save_thread_state(
        &mut self,
        state: &ThreadState,
        user_rev: Option<UserRev>,
    ) -> Result<()> {
        let saved = Statement::new(
            "INSERT INTO thread_states (user_id, root_id, conversation_id, root_seq, is_following,
                                        read_seq, user_rev)
             VALUES ($1, $2, $3, $4, $5, $6, COALESCE($7, 0))
             ON CONFLICT (user_id, root_id) DO UPDATE
             SET is_following = excluded.is_following,
                 read_seq = CASE WHEN thread_states.read_seq > excluded.read_seq
                                 THEN thread_states.read_seq ELSE excluded.read_seq END,
                 user_rev = COALESCE($7, thread_states.user_rev)",
        )
        .bind(state.user_id.as_uuid())
        .bind(state.root_id.as_uuid())
        .bind(state.conversation_id.as_uuid())
        .bind(state.root_seq.get())
        .bind(state.is_following)
        .bind(state.read_seq.get())
        .bind(user_rev.map(UserRev::get));
        self.session.execute(saved).await?;
        Ok(())
    }

    pub(super) async fn unread_replies(&mut self, state: &ThreadState) -> Result<i64> {
        let unread = Statement::new(concat!(
            "SELECT ",
            unread_replies!(in "$1", under "$2", of "$3", after "$4")
        ))
        .bind(state.conversation_id.as_uuid())
        .bind(state.root_id.as_uuid())
        .bind(state.user_id.as_uuid())
        .bind(state.read_seq.get());
        let (count,) = self.session.fetch_one::<(i64,)>(unread).await?;
        Ok(count)
    }

    /// Those of a user's threads, in no order, each with what is unread there.
    pub(super) async fn counted_threads(
        &mut self,
        user: UserId,
        roots: impl IntoIterator<Item = MessageId>,
    ) -> Result<Vec<(ThreadState, i64)>> {
        let roots = Rows::new().column(roots.into_iter().map(MessageId::as_uuid));
        let threads = Statement::new(concat!(
            "SELECT t.user_id, t.root_id, t.conversation_id, t.root_seq, t.is_following, t.read_seq, ",
            unread_replies!(in "t.conversation_id", under "t.root_id", of "$1", after "t.read_seq"),
            " AS unread_count
             FROM thread_states t WHERE t.user_id = $1 AND t.root_id IN ({rows})"
        ))
        .bind(user.as_uuid())
        .rows(roots);
        let records = self
            .session
            .fetch_all::<CountedThreadRecord>(threads)
            .await?;
        Ok(records
            .into_iter()
            .map(|record| (record.state.into(), record.unread_count))
            .collect())
    }

    pub(super) async fn followed_threads(
        &mut self,
        user: UserId,
        limit: i64,
    ) -> Result<Vec<FollowedThread>> {
        let followed = Statement::new(concat!(
            "SELECT x.user_id, x.root_id, x.root_seq, x.is_following, x.read_seq, ",
            message_columns!(),
            ", ",
            unread_replies!(in "x.conversation_id", under "x.root_id", of "$1", after "x.read_seq"),
            " AS unread_count
             FROM (SELECT t.user_id, t.root_id, t.root_seq, t.is_following, t.read_seq, r.*
                   FROM thread_states t
                   JOIN memberships m ON m.user_id = t.user_id
                        AND m.conversation_id = t.conversation_id AND m.to_rev IS NULL
                   JOIN messages r ON r.id = t.root_id AND r.seq >= m.visible_from_seq
                   WHERE t.user_id = $1 AND t.is_following
                   ORDER BY COALESCE(r.last_reply_at, 0) DESC, r.id DESC LIMIT $2) AS x
             ORDER BY COALESCE(x.last_reply_at, 0) DESC, x.id DESC"
        ))
        .bind(user.as_uuid())
        .bind(limit);
        let records = self.session.fetch_all::<FollowedThreadRecord>(followed);
        records
            .await?
            .into_iter()
            .map(|record| {
                Ok(FollowedThread {
                    state: record.thread.state.into(),
                    root: record.root.message()?,
                    unread: record.thread.unread_count,
                })
            })
            .collect()
    }
}
