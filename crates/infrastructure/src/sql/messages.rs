use async_trait::async_trait;
use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::{Message, MessageBody, Revision};
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::{MessageRange, MessageRepository, Result};
use hubbub_domain::timestamp::Timestamp;

use super::records::{MessageRecord, corrupt, message_columns};
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

pub(super) mod columns;
mod pages;
mod writing;

/// Messages, narrowed by what is appended.
macro_rules! messages {
    ($narrowed:literal) => {
        concat!(
            "SELECT ",
            message_columns!(),
            " FROM messages x ",
            $narrowed
        )
    };
}
use messages;

#[async_trait]
impl MessageRepository for SqlUnitOfWork {
    /// After a conflict the unit of work goes on, and finds what another has committed under the same key.
    async fn add(&mut self, message: &Message) -> Result<()> {
        self.insert_message(message).await
    }

    async fn update(&mut self, message: &Message) -> Result<()> {
        self.update_message(message).await
    }

    async fn find(
        &mut self,
        conversation: ConversationId,
        id: MessageId,
    ) -> Result<Option<Message>> {
        let found = Statement::new(messages!("WHERE x.id = $1 AND x.conversation_id = $2"))
            .bind(id.as_uuid())
            .bind(conversation.as_uuid());
        let record = self.session.fetch_optional::<MessageRecord>(found).await?;
        record.map(MessageRecord::with_what_is_kept).transpose()
    }

    async fn find_by_client_id(
        &mut self,
        sender: UserId,
        client_id: ClientId,
    ) -> Result<Option<Message>> {
        let found = Statement::new(messages!("WHERE x.sender_id = $1 AND x.client_id = $2"))
            .bind(sender.as_uuid())
            .bind(client_id.as_uuid());
        let record = self.session.fetch_optional::<MessageRecord>(found).await?;
        record.map(MessageRecord::message).transpose()
    }

    async fn list(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>> {
        self.page(conversation, None, visible_from, range, limit)
            .await
    }

    async fn list_thread(
        &mut self,
        conversation: ConversationId,
        root: MessageId,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>> {
        self.page(conversation, Some(root), visible_from, range, limit)
            .await
    }

    async fn list_pinned(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        limit: i64,
    ) -> Result<Vec<Message>> {
        // The plus keeps SQLite from reading every message from there on: pins are few.
        let pinned = Statement::new(messages!(
            "WHERE x.conversation_id = $1 AND x.pinned_at IS NOT NULL AND +x.seq >= $2
             ORDER BY x.pinned_at DESC, x.seq DESC LIMIT $3"
        ))
        .bind(conversation.as_uuid())
        .bind(visible_from.get())
        .bind(limit);
        let records = self.session.fetch_all::<MessageRecord>(pinned).await?;
        records.into_iter().map(MessageRecord::message).collect()
    }

    async fn count_pinned(&mut self, conversation: ConversationId) -> Result<i64> {
        let count = Statement::new(
            "SELECT COUNT(*) FROM messages WHERE conversation_id = $1 AND pinned_at IS NOT NULL",
        )
        .bind(conversation.as_uuid());
        let (count,) = self.session.fetch_one::<(i64,)>(count).await?;
        Ok(count)
    }

    async fn add_revision(&mut self, message: MessageId, revision: &Revision) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO revisions (message_id, number, body, written_at)
             SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3 FROM revisions WHERE message_id = $1",
        )
        .bind(message.as_uuid())
        .bind(revision.body.as_str())
        .bind(revision.written_at.unix_micros());
        self.session.execute(added).await?;
        Ok(())
    }

    /// Those of a deleted message are not told any more.
    async fn list_revisions(&mut self, message: MessageId) -> Result<Vec<Revision>> {
        let revisions = Statement::new(
            "SELECT r.body, r.written_at FROM revisions r
             JOIN messages x ON x.id = r.message_id
             WHERE r.message_id = $1 AND x.deleted_at IS NULL
             ORDER BY r.number",
        )
        .bind(message.as_uuid());
        let revisions = self.session.fetch_all::<(String, i64)>(revisions).await?;
        revisions
            .into_iter()
            .map(|(body, written_at)| {
                Ok(Revision {
                    body: MessageBody::parse(body).map_err(|_| corrupt("revision"))?,
                    written_at: Timestamp::from_unix_micros(written_at),
                })
            })
            .collect()
    }

    async fn count_revisions(&mut self, message: MessageId) -> Result<i64> {
        let count = Statement::new("SELECT COUNT(*) FROM revisions WHERE message_id = $1")
            .bind(message.as_uuid());
        let (count,) = self.session.fetch_one::<(i64,)>(count).await?;
        Ok(count)
    }

    async fn purge_deleted(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        self.purge(before, limit).await
    }
}
