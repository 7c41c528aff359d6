//! Which logs were moved on, transaction by transaction.

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::repository::Result;
use uuid::Uuid;

use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

/// How many transactions a look takes in at most: more than a node can store until its next look.
const MOST_TRANSACTIONS: i64 = 20_000;

/// Where a statement of the hot path writes what its transaction has moved on.
macro_rules! move_into {
    () => {
        "INSERT INTO moves (conversations, users) "
    };
}
pub(super) use move_into;

/// The logs that were moved on, each once.
#[derive(Default)]
pub(super) struct Moves {
    conversations: BTreeSet<ConversationId>,
    users: BTreeSet<UserId>,
}

impl Moves {
    pub(super) fn conversations(&mut self, ids: impl IntoIterator<Item = ConversationId>) {
        self.conversations.extend(ids);
    }

    pub(super) fn users(&mut self, ids: impl IntoIterator<Item = UserId>) {
        self.users.extend(ids);
    }
}

/// Some of the logs that were moved on.
pub(super) struct Moved {
    pub(super) conversations: BTreeSet<ConversationId>,
    pub(super) users: BTreeSet<UserId>,
    /// Whether they are all.
    pub(super) is_whole: bool,
}

impl SqlUnitOfWork {
    /// Tells what this unit of work has moved on, to be committed with it.
    pub(super) async fn write_moves(&mut self) -> Result<()> {
        let Moves {
            conversations,
            users,
        } = std::mem::take(&mut self.moves);
        if conversations.is_empty() && users.is_empty() {
            return Ok(());
        }
        let written = Statement::new(concat!(move_into!(), "VALUES ($1, $2)"))
            .bind(bytes_of(conversations.iter().map(|id| id.as_uuid())))
            .bind(bytes_of(users.iter().map(|id| id.as_uuid())));
        self.session.execute(written).await?;
        Ok(())
    }

    /// What was moved on since a look.
    ///
    /// A transaction that a snapshot of PostgreSQL does not see has a number at or above the snapshot's `xmin`, however late it
    /// commits; so a look that begins at the `xmin` of the look before steps over nothing. A number at or above the snapshot's `xmax`
    /// is not of this server: the row was restored from a dump, before which nobody has looked. SQLite has one writer at a time, so
    /// numbers that count up are committed in their order.
    pub(super) async fn moved_since(&mut self, cursor: i64) -> Result<Moved> {
        let found = Statement::either(
            "SELECT conversations, users FROM moves
             WHERE transaction_id > $1 ORDER BY transaction_id LIMIT $2",
            "SELECT conversations, users FROM moves
             WHERE transaction_id >= CAST(CAST($1 AS TEXT) AS XID8)
               AND transaction_id < pg_snapshot_xmax(pg_current_snapshot())
             ORDER BY transaction_id LIMIT $2",
        );
        let found = found.bind(cursor).bind(MOST_TRANSACTIONS);
        let found = self.session.fetch_all::<(Vec<u8>, Vec<u8>)>(found).await?;
        let mut moved = Moved {
            conversations: BTreeSet::new(),
            users: BTreeSet::new(),
            is_whole: i64::try_from(found.len()).is_ok_and(|count| count < MOST_TRANSACTIONS),
        };
        for (conversations, users) in &found {
            let conversations = ids_in(conversations)?.map(ConversationId::from_uuid);
            moved.conversations.extend(conversations);
            moved.users.extend(ids_in(users)?.map(UserId::from_uuid));
        }
        // After the rows: what was forgotten before they were read is missed here, what is forgotten later was among them.
        moved.is_whole &= self.remembers_since(cursor).await?;
        Ok(moved)
    }

    /// Whether nothing since a look was forgotten: only what is older than the oldest ever is.
    async fn remembers_since(&mut self, cursor: i64) -> Result<bool> {
        let oldest = Statement::either(
            "SELECT MIN(transaction_id) FROM moves",
            "SELECT CAST(CAST(MIN(transaction_id) AS TEXT) AS BIGINT) FROM moves
             WHERE transaction_id < pg_snapshot_xmax(pg_current_snapshot())",
        );
        let (oldest,) = self.session.fetch_one::<(Option<i64>,)>(oldest).await?;
        Ok(oldest.is_some_and(|oldest| oldest <= cursor))
    }

    /// Removes all before the newest that is old enough, and which no running transaction can come before. Answers how many.
    pub(super) async fn forget_moves(&mut self, older_than: Duration) -> Result<u64> {
        let age = i64::try_from(older_than.as_micros()).unwrap_or(i64::MAX);
        let forgotten = Statement::either(
            "DELETE FROM moves WHERE transaction_id <
                (SELECT MAX(transaction_id) FROM moves
                 WHERE moved_at <= CAST(unixepoch('subsec') * 1000000 AS INTEGER) - $1)",
            "WITH old AS (
                 SELECT transaction_id FROM moves
                 WHERE moved_at <= CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) - $1)
             DELETE FROM moves WHERE transaction_id <
                (SELECT MAX(transaction_id) FROM old WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot()))
                OR transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
                   AND transaction_id IN (SELECT transaction_id FROM old)",
        );
        self.session.execute(forgotten.bind(age)).await
    }
}

fn bytes_of(ids: impl Iterator<Item = Uuid>) -> Vec<u8> {
    ids.flat_map(Uuid::into_bytes).collect()
}

fn ids_in(bytes: &[u8]) -> Result<impl Iterator<Item = Uuid>> {
    let (ids, []) = bytes.as_chunks::<16>() else {
        let torn = "a list of ids has half an id";
        return Err(RepositoryError::new(RepositoryErrorKind::Corrupt, torn));
    };
    Ok(ids.iter().copied().map(Uuid::from_bytes))
}
