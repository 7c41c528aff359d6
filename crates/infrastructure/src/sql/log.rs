use async_trait::async_trait;
use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::repository::{
    Append, Circumstances, LockedConversations, LogRepository, PostKey, Result,
};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;

use super::records::{ConversationRecord, conversation_columns};
use super::rows::Rows;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

mod append;
mod circumstances;
mod optimistic;

#[derive(FromRow)]
struct LockedRecord {
    #[sqlx(flatten)]
    conversation: ConversationRecord,
    locked_at: Option<i64>,
}

#[async_trait]
impl LogRepository for SqlUnitOfWork {
    /// The time is PostgreSQL's when it had the last lock. SQLite's clock is ours.
    async fn lock(&mut self, ids: &[ConversationId]) -> Result<LockedConversations> {
        let locked = Statement::either(
            concat!(
                "SELECT ",
                conversation_columns!(),
                ", NULL AS locked_at FROM conversations c WHERE c.id IN ({rows}) ORDER BY c.id"
            ),
            concat!(
                "SELECT locked.*,
                        CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS locked_at
                 FROM (SELECT ",
                conversation_columns!(),
                " FROM conversations c WHERE c.id IN ({rows}) ORDER BY c.id
                  FOR NO KEY UPDATE OF c) AS locked"
            ),
        );
        let locked = locked.rows_apart(Rows::new().column(ids.iter().map(|id| id.as_uuid())));
        let locked = self.session.fetch_all::<LockedRecord>(locked).await?;
        let now = locked.iter().filter_map(|record| record.locked_at).max();
        let conversations = locked
            .into_iter()
            .map(|record| Conversation::try_from(record.conversation));
        Ok(LockedConversations {
            conversations: conversations.collect::<Result<_>>()?,
            now: now.map(Timestamp::from_unix_micros),
        })
    }

    async fn find_circumstances(&mut self, posts: &[PostKey]) -> Result<Vec<Circumstances>> {
        self.circumstances(posts).await
    }

    async fn append(&mut self, append: &Append) -> Result<()> {
        self.store(append).await
    }
}
