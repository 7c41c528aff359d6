//! Storing many messages at once.

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::ThreadState;
use hubbub_domain::repository::{Append, Result};

use super::super::messages::columns::{
    insert_mentions, insert_messages, mentions_into, mentions_of, messages_into, rows_of,
};
use super::super::rows::Rows;
use super::super::session::{Session, taken};
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;

macro_rules! move_conversations {
    () => {
        "WITH moved (id, last_seq, last_rev, last_activity_at) AS ({rows})
         UPDATE conversations
         SET last_seq = moved.last_seq, last_rev = moved.last_rev, last_activity_at = moved.last_activity_at
         FROM moved WHERE conversations.id = moved.id"
    };
}

/// Runs are own messages one after the other. Who had read up to the message before the first has read up to the last.
macro_rules! read_own_runs {
    () => {
        read_own_runs!(join "")
    };
    (join $join:literal) => {
        concat!(
            "WITH runs (conversation_id, user_id, first_seq, last_seq) AS ({rows})
             INSERT INTO personal_states (conversation_id, user_id, read_seq, level)
             SELECT r.conversation_id, r.user_id, r.last_seq, 'all'
             FROM runs r ",
            $join,
            " LEFT JOIN personal_states p ON p.conversation_id = r.conversation_id AND p.user_id = r.user_id
             WHERE COALESCE(p.read_seq, 0) >= r.first_seq - 1 AND COALESCE(p.read_seq, 0) < r.last_seq
             ON CONFLICT (conversation_id, user_id) DO UPDATE SET read_seq = excluded.read_seq
             WHERE personal_states.read_seq < excluded.read_seq"
        )
    };
}

macro_rules! extend_threads {
    () => {
        "WITH roots (id, rev, reply_count, last_reply_seq, last_reply_at) AS ({rows})
         UPDATE messages
         SET rev = roots.rev, reply_count = roots.reply_count, last_reply_seq = roots.last_reply_seq,
             last_reply_at = roots.last_reply_at
         FROM roots WHERE messages.id = roots.id"
    };
}

macro_rules! followers_into {
    () => {
        "INSERT INTO thread_states (user_id, root_id, conversation_id, root_seq, is_following, read_seq) "
    };
}

macro_rules! insert_followers {
    () => {
        concat!(followers_into!(), "{rows} ON CONFLICT DO NOTHING")
    };
}

pub(super) use {extend_threads, followers_into, read_own_runs};

/// Everything in one round trip: PostgreSQL is on another machine.
const ALL: &str = concat!(
    "WITH posted AS (",
    insert_messages!(),
    " RETURNING 1), called AS (",
    insert_mentions!(),
    "), moved AS (",
    move_conversations!(),
    "), own AS (",
    read_own_runs!(),
    "), extended AS (",
    extend_threads!(),
    "), followed AS (",
    insert_followers!(),
    ") SELECT COUNT(*) FROM posted"
);

impl SqlUnitOfWork {
    pub(super) async fn store(&mut self, append: &Append) -> Result<()> {
        let messages = rows_of(&append.messages)?;
        let called = mentions_of(&append.messages);
        let moved = rows_of_moved(&append.conversations);
        let own = rows_of_runs(&append.read);
        let extended = rows_of_roots(&append.roots);
        let followed = rows_of_followers(&append.followed);
        let wanted = u64::try_from(append.messages.len()).unwrap_or(u64::MAX);
        let conversations = append.conversations.iter();
        self.moves
            .conversations(conversations.map(|conversation| conversation.id));
        let posted = if let Session::Postgres(_) = self.session {
            let all = [messages, called, moved, own, extended, followed];
            let all = all.into_iter().fold(Statement::new(ALL), Statement::rows);
            let (count,) = self.session.fetch_one::<(i64,)>(all).await?;
            u64::try_from(count).unwrap_or_default()
        } else {
            let count = self.store_some(insert_messages!(), messages).await?;
            self.store_some(insert_mentions!(), called).await?;
            self.store_some(move_conversations!(), moved).await?;
            self.store_some(read_own_runs!(), own).await?;
            self.store_some(extend_threads!(), extended).await?;
            self.store_some(insert_followers!(), followed).await?;
            count
        };
        if posted == wanted {
            Ok(())
        } else {
            Err(taken())
        }
    }

    /// Moves the marker of who had read up to the message before an own one.
    pub(in crate::sql) async fn read_own_messages(
        &mut self,
        own: &[(ConversationId, UserId, Seq)],
    ) -> Result<()> {
        self.store_some(read_own_runs!(), rows_of_runs(own)).await?;
        Ok(())
    }

    /// How many rows were stored. None is nothing to do.
    async fn store_some(&mut self, text: &'static str, rows: Rows) -> Result<u64> {
        if rows.len() == 0 {
            return Ok(0);
        }
        self.session
            .execute(Statement::new(text).rows_apart(rows))
            .await
    }
}

fn rows_of_moved(conversations: &[Conversation]) -> Rows {
    let each = || conversations.iter();
    Rows::new()
        .column(each().map(|conversation| conversation.id.as_uuid()))
        .column(each().map(|conversation| conversation.last_seq.get()))
        .column(each().map(|conversation| conversation.last_rev.get()))
        .column(each().map(|conversation| conversation.last_activity_at.unix_micros()))
}

pub(super) fn rows_of_roots(roots: &[Message]) -> Rows {
    let each = || roots.iter();
    let thread = || each().map(|root| root.thread);
    Rows::new()
        .column(each().map(|root| root.id.as_uuid()))
        .column(each().map(|root| root.rev.get()))
        .column(thread().map(|thread| thread.map(|thread| thread.reply_count)))
        .column(thread().map(|thread| thread.map(|thread| thread.last_reply_seq.get())))
        .column(thread().map(|thread| thread.map(|thread| thread.last_reply_at.unix_micros())))
}

pub(super) fn rows_of_followers(followers: &[ThreadState]) -> Rows {
    let each = || followers.iter();
    Rows::new()
        .column(each().map(|state| state.user_id.as_uuid()))
        .column(each().map(|state| state.root_id.as_uuid()))
        .column(each().map(|state| state.conversation_id.as_uuid()))
        .column(each().map(|state| state.root_seq.get()))
        .column(each().map(|state| state.is_following))
        .column(each().map(|state| state.read_seq.get()))
}

/// Of one person in one conversation at most one run follows on the stored marker, so no marker is moved twice.
pub(super) fn rows_of_runs(own: &[(ConversationId, UserId, Seq)]) -> Rows {
    let mut own = own.to_vec();
    own.sort_unstable();
    let runs: Vec<_> = own
        .chunk_by(|one, next| (one.0, one.1, one.2.next()) == *next)
        .filter_map(|run| Some((run.first()?, run.last()?)))
        .collect();
    let first = || runs.iter().map(|(first, _)| first);
    Rows::new()
        .column(first().map(|(conversation, _, _)| conversation.as_uuid()))
        .column(first().map(|(_, user, _)| user.as_uuid()))
        .column(first().map(|(_, _, seq)| seq.get()))
        .column(runs.iter().map(|(_, (_, _, seq))| seq.get()))
}
