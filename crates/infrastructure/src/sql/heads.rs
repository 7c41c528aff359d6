use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, HeadRepository, LogHeads, Result};
use uuid::Uuid;

use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

/// What a statement that moves a log on writes into the row's `changed_in`.
///
/// PostgreSQL: the number of the transaction. A transaction that a snapshot does not see has a number at or above the snapshot's
/// `xmin`, however late it commits; so a look that begins at the `xmin` of the look before steps over nothing. SQLite has one writer
/// at a time, so numbers that count up are committed in their order.
macro_rules! change_mark {
    (postgres) => {
        "pg_current_xact_id()"
    };
    (sqlite) => {
        "(SELECT 1 + MAX((SELECT COALESCE(MAX(changed_in), 0) FROM conversations),
                         (SELECT COALESCE(MAX(changed_in), 0) FROM users)))"
    };
}
pub(super) use change_mark;

/// The rows whose log has moved on. A mark at or above the snapshot's `xmax` is not of this server: the row was restored from a
/// dump, before which nobody has looked.
macro_rules! changed {
    ($columns:literal) => {
        Statement::either(
            concat!(
                "SELECT ",
                $columns,
                " WHERE changed_in > $1 ORDER BY changed_in LIMIT $2"
            ),
            concat!(
                "SELECT ",
                $columns,
                " WHERE changed_in >= CAST(CAST($1 AS TEXT) AS XID8)
                    AND changed_in < pg_snapshot_xmax(pg_current_snapshot())
                  ORDER BY changed_in LIMIT $2"
            ),
        )
    };
}

#[async_trait]
impl HeadRepository for SqlUnitOfWork {
    async fn changed_since(
        &mut self,
        cursor: Option<ChangeCursor>,
        limit: i64,
    ) -> Result<ChangedSince> {
        // The cursor first: whatever is committed after it is found from it.
        let next = Statement::either(
            "SELECT MAX((SELECT COALESCE(MAX(changed_in), 0) FROM conversations),
                        (SELECT COALESCE(MAX(changed_in), 0) FROM users))",
            "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)",
        );
        let (next,) = self.session.fetch_one::<(i64,)>(next).await?;
        let next = ChangeCursor(next);
        let Some(ChangeCursor(since)) = cursor else {
            let heads = LogHeads::default();
            return Ok(ChangedSince {
                heads,
                next,
                is_whole: false,
            });
        };
        let conversations = changed!("id, last_rev FROM conversations");
        let conversations = self.heads(conversations.bind(since).bind(limit)).await?;
        let users = changed!("id, user_rev FROM users");
        let users = self.heads(users.bind(since).bind(limit)).await?;
        let limit = usize::try_from(limit).unwrap_or(0);
        Ok(ChangedSince {
            is_whole: conversations.len() < limit && users.len() < limit,
            heads: log_heads(conversations, users),
            next,
        })
    }

    async fn list(
        &mut self,
        conversations: &[ConversationId],
        users: &[UserId],
    ) -> Result<LogHeads> {
        let found = Statement::new("SELECT id, last_rev FROM conversations WHERE id IN ({rows})");
        let ids = conversations.iter().map(|id| id.as_uuid());
        let conversations = self.heads(found.rows(Rows::new().column(ids))).await?;
        let found = Statement::new("SELECT id, user_rev FROM users WHERE id IN ({rows})");
        let ids = users.iter().map(|id| id.as_uuid());
        let users = self.heads(found.rows(Rows::new().column(ids))).await?;
        Ok(log_heads(conversations, users))
    }
}

impl SqlUnitOfWork {
    async fn heads(&mut self, statement: Statement) -> Result<Vec<(Uuid, i64)>> {
        self.session.fetch_all::<(Uuid, i64)>(statement).await
    }
}

fn log_heads(conversations: Vec<(Uuid, i64)>, users: Vec<(Uuid, i64)>) -> LogHeads {
    let conversations = conversations.into_iter();
    let users = users.into_iter();
    LogHeads {
        conversations: conversations
            .map(|(id, rev)| (ConversationId::from_uuid(id), Rev::new(rev)))
            .collect(),
        users: users
            .map(|(id, rev)| (UserId::from_uuid(id), UserRev::new(rev)))
            .collect(),
    }
}
