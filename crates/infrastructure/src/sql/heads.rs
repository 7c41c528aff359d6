use std::time::Duration;

use async_trait::async_trait;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, HeadRepository, LogHeads, Result};
use uuid::Uuid;

use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

#[async_trait]
impl HeadRepository for SqlUnitOfWork {
    async fn changed_since(
        &mut self,
        cursor: Option<ChangeCursor>,
        limit: i64,
    ) -> Result<ChangedSince> {
        // The cursor first: whatever is committed after it is found from it.
        let next = Statement::either(
            "SELECT MAX(transaction_id) FROM moves",
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
        let moved = self.moved_since(since).await?;
        let limit = usize::try_from(limit).unwrap_or(0);
        let is_within = moved.conversations.len() <= limit && moved.users.len() <= limit;
        let conversations: Vec<_> = moved.conversations.into_iter().take(limit).collect();
        let users: Vec<_> = moved.users.into_iter().take(limit).collect();
        Ok(ChangedSince {
            heads: self.list(&conversations, &users).await?,
            next,
            is_whole: moved.is_whole && is_within,
        })
    }

    async fn forget_changes(&mut self, older_than: Duration) -> Result<u64> {
        self.forget_moves(older_than).await
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
