//! Storing what was decided by an earlier sight, if that still holds.

use std::collections::HashMap;

use hubbub_domain::ids::ConversationId;
use hubbub_domain::member::Membership;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::{Append, PostKey, Result, Sighting, Stored};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::super::messages::columns::{
    mentions_into, mentions_of, messages_into, plain_messages_into, plain_rows_of, rows_of,
};
use super::super::moves::move_into;
use super::super::records::{ConversationRecord, MembershipRecord, conversation_columns};
use super::super::rows::Rows;
use super::super::session::Session;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;
use super::append::{
    extend_threads, followers_into, read_own_runs, rows_of_followers, rows_of_roots, rows_of_runs,
};

/// Moves the conversations that stand where they were seen, which locks them one after the other in the order of their ids, and
/// waits for whoever has locked one. What follows keeps to those.
macro_rules! move_unmoved {
    () => {
        concat!(
            "WITH moved AS (
                UPDATE conversations
                SET last_seq = seen.last_seq, last_rev = seen.last_rev, last_activity_at = seen.last_activity_at
                FROM ({rows}) AS seen (id, rev, last_seq, last_rev, last_activity_at)
                WHERE conversations.id = seen.id AND conversations.last_rev = seen.rev
                RETURNING conversations.id),
             told AS (",
            move_into!(),
            "SELECT string_agg(uuid_send(id), ''), '' FROM moved HAVING COUNT(*) > 0),
             own AS (",
            read_own_runs!(join "JOIN moved ON moved.id = r.conversation_id"),
            ")"
        )
    };
}

/// The next rows, of conversations that were moved: their ids stand in the column after `$columns`.
macro_rules! rows_of_moved {
    ($($columns:literal)?) => {
        concat!(
            "SELECT new.* FROM ({rows}) AS new (", $($columns, )? "conversation_id)
             JOIN moved ON moved.id = new.conversation_id"
        )
    };
}

macro_rules! stored {
    () => {
        " SELECT id, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS stored_at FROM moved"
    };
}

/// Words and nothing else, as most messages are.
const PLAIN: &str = concat!(
    move_unmoved!(),
    ", posted AS (",
    plain_messages_into!(),
    rows_of_moved!(),
    ")",
    stored!()
);

const ANY: &str = concat!(
    move_unmoved!(),
    ", posted AS (",
    messages_into!(),
    rows_of_moved!(),
    "), called AS (",
    mentions_into!(),
    rows_of_moved!("user_id, "),
    " ON CONFLICT DO NOTHING), extended AS (",
    extend_threads!(),
    " AND messages.conversation_id IN (SELECT id FROM moved)), followed AS (",
    followers_into!(),
    rows_of_moved!("user_id, root_id, "),
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
    id: Uuid,
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
        let seen = seen.rows_apart(Rows::new().column(ids.iter().copied()));
        let seen = self.session.fetch_all::<SeenRecord>(seen).await?;
        let now = seen.iter().filter_map(|record| record.seen_at).max();
        let conversations = seen
            .into_iter()
            .map(|record| record.conversation.try_into());
        let conversations = conversations.collect::<Result<_>>()?;
        let stays = Statement::new(
            "SELECT m.conversation_id, m.user_id, m.role, m.from_rev, m.to_rev, m.visible_from_seq, m.rev, m.joined_at
             FROM conversations c JOIN memberships m ON m.conversation_id = c.id AND m.to_rev IS NULL
             WHERE c.id IN ({rows}) AND c.member_count <= 100",
        );
        let stays = stays.rows_apart(Rows::new().column(ids));
        let stays = self.session.fetch_all::<MembershipRecord>(stays).await?;
        let stays = stays.into_iter().map(Membership::try_from);
        Ok(Sighting {
            conversations,
            circumstances: self.circumstances(posts).await?,
            stays: stays.collect::<Result<_>>()?,
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
        let statement = |text| {
            Statement::new(text)
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
        let stored = self.session.fetch_all::<StoredRecord>(statement).await?;
        let now = stored.first().map(|record| record.stored_at);
        let ids = stored.iter().map(|record| record.id);
        Ok(Stored {
            conversations: ids.map(ConversationId::from_uuid).collect(),
            now: now.map(Timestamp::from_unix_micros),
        })
    }

    /// All or nothing, with the whole database's lock.
    async fn append_under_lock(
        &mut self,
        seen: &[(ConversationId, Rev)],
        append: &Append,
    ) -> Result<Stored> {
        let ids = Rows::new().column(seen.iter().map(|(id, _)| id.as_uuid()));
        let revs = Statement::new("SELECT id, last_rev FROM conversations WHERE id IN ({rows})");
        let revs = self
            .session
            .fetch_all::<(Uuid, i64)>(revs.rows_apart(ids))
            .await?;
        let revs: HashMap<_, _> = revs.into_iter().collect();
        let is_unmoved =
            |(id, rev): &(ConversationId, Rev)| revs.get(&id.as_uuid()) == Some(&rev.get());
        if !seen.iter().all(is_unmoved) {
            return Ok(Stored::default());
        }
        self.store(append).await?;
        Ok(Stored {
            conversations: seen.iter().map(|(id, _)| *id).collect(),
            now: None,
        })
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
