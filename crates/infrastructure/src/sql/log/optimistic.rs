//! Storing what was decided by an earlier sight, if that still holds.

use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{Append, PostKey, Result, Sighting, Stored};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;

use super::super::messages::columns::{
    mentions_from_rows, mentions_of, messages_from_rows, plain_messages_from_rows, plain_rows_of,
    rows_of,
};
use super::super::records::{ConversationRecord, conversation_columns};
use super::super::rows::Rows;
use super::super::session::Session;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;
use super::append::{
    extend_threads, followers_from_rows, read_own_runs, rows_of_followers, rows_of_roots,
    rows_of_runs,
};

/// Whether every conversation stands where it was seen. PostgreSQL answers this once, before anything else happens, as everything
/// asks it.
macro_rules! unmoved {
    () => {
        "(SELECT COUNT(*) FROM held) = $1"
    };
}

/// Locks the conversations that have not moved, in the order of their ids as everybody does, and moves them if that is all of them.
/// A row that somebody else has locked is looked at again when it is free.
macro_rules! move_unmoved {
    () => {
        concat!(
            "WITH seen (id, rev, last_seq, last_rev, last_activity_at) AS ({rows}),
             held AS MATERIALIZED (
                SELECT c.id FROM seen JOIN conversations c ON c.id = seen.id AND c.last_rev = seen.rev
                ORDER BY c.id FOR NO KEY UPDATE OF c),
             moved AS (
                UPDATE conversations
                SET last_seq = seen.last_seq, last_rev = seen.last_rev, last_activity_at = seen.last_activity_at
                FROM seen WHERE conversations.id = seen.id AND ",
            unmoved!(),
            "), own AS (",
            read_own_runs!(if unmoved!()),
            ")"
        )
    };
}

macro_rules! stored {
    () => {
        " SELECT COUNT(*) AS posted, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS stored_at
          FROM posted"
    };
}

/// Words and nothing else, as most messages are.
const PLAIN: &str = concat!(
    move_unmoved!(),
    ", posted AS (",
    plain_messages_from_rows!(),
    " WHERE ",
    unmoved!(),
    " RETURNING 1)",
    stored!()
);

const ANY: &str = concat!(
    move_unmoved!(),
    ", posted AS (",
    messages_from_rows!(),
    " WHERE ",
    unmoved!(),
    " RETURNING 1), called AS (",
    mentions_from_rows!(),
    " WHERE ",
    unmoved!(),
    " ON CONFLICT DO NOTHING), extended AS (",
    extend_threads!(),
    " AND ",
    unmoved!(),
    "), followed AS (",
    followers_from_rows!(),
    " WHERE ",
    unmoved!(),
    " ON CONFLICT DO NOTHING)",
    stored!()
);

#[derive(FromRow)]
struct SeenRecord {
    #[sqlx(flatten)]
    conversation: ConversationRecord,
    seen_at: Option<i64>,
}

#[derive(FromRow)]
struct StoredRecord {
    posted: i64,
    stored_at: i64,
}

impl SqlUnitOfWork {
    /// The conversations are read first: if one moves between, what is decided by the rest will not be stored.
    pub(crate) async fn sight(&mut self, posts: &[PostKey]) -> Result<Sighting> {
        let seen = Statement::either(
            concat!(
                "SELECT ",
                conversation_columns!(),
                ", NULL AS seen_at FROM conversations c WHERE c.id IN ({rows})"
            ),
            concat!(
                "SELECT ",
                conversation_columns!(),
                ", CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS seen_at
                 FROM conversations c WHERE c.id IN ({rows})"
            ),
        );
        let mut ids: Vec<_> = posts
            .iter()
            .map(|post| post.conversation_id.as_uuid())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let seen = seen.rows(Rows::new().column(ids));
        let seen = self.session.fetch_all::<SeenRecord>(seen).await?;
        let now = seen.iter().filter_map(|record| record.seen_at).max();
        let conversations = seen
            .into_iter()
            .map(|record| record.conversation.try_into());
        Ok(Sighting {
            conversations: conversations.collect::<Result<_>>()?,
            circumstances: self.circumstances(posts).await?,
            now: now.map(Timestamp::from_unix_micros),
        })
    }

    /// For a session that commits with each statement on PostgreSQL, and with the unit of work on SQLite.
    pub(crate) async fn append_if_unmoved(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored> {
        if let Session::Sqlite(_) = self.session {
            return self.append_under_lock(seen, append).await;
        }
        let count = i64::try_from(seen.len()).unwrap_or(i64::MAX);
        let statement = |text| {
            Statement::new(text)
                .bind(count)
                .rows(rows_of_seen(seen, append))
                .rows(rows_of_runs(&append.read))
        };
        let is_plain = append.roots.is_empty() && append.followed.is_empty();
        let plain = plain_rows_of(&append.messages).filter(|_| is_plain);
        let statement = match plain {
            Some(messages) => statement(PLAIN).rows(messages),
            None => statement(ANY)
                .rows(rows_of(&append.messages)?)
                .rows(mentions_of(&append.messages))
                .rows(rows_of_roots(&append.roots))
                .rows(rows_of_followers(&append.followed)),
        };
        let stored = self.session.fetch_one::<StoredRecord>(statement).await?;
        if stored.posted == 0 {
            return Ok(Stored::Nothing);
        }
        Ok(Stored::All {
            now: Some(Timestamp::from_unix_micros(stored.stored_at)),
        })
    }

    async fn append_under_lock(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored> {
        let ids = Rows::new().column(seen.iter().map(|(id, _)| id.as_uuid()));
        let revs = Statement::new("SELECT id, last_rev FROM conversations WHERE id IN ({rows})");
        let revs = self
            .session
            .fetch_all::<(uuid::Uuid, i64)>(revs.rows(ids))
            .await?;
        let is_unmoved =
            |(id, rev): &(ConversationId, Rev)| revs.contains(&(id.as_uuid(), rev.get()));
        if !seen.iter().all(is_unmoved) {
            return Ok(Stored::Nothing);
        }
        self.store(append).await?;
        Ok(Stored::All { now: None })
    }
}

fn rows_of_seen(seen: &[(ConversationId, Rev)], append: &Append) -> Rows {
    let each = || append.conversations.iter();
    Rows::new()
        .column(seen.iter().map(|(id, _)| id.as_uuid()))
        .column(seen.iter().map(|(_, rev)| rev.get()))
        .column(each().map(|conversation| conversation.last_seq.get()))
        .column(each().map(|conversation| conversation.last_rev.get()))
        .column(each().map(|conversation| conversation.last_activity_at.unix_micros()))
}
