//! Storing messages one by one, and removing what deleted ones said.

use hubbub_domain::message::{Content, Message};
use hubbub_domain::repository::Result;
use hubbub_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::super::records::ContentColumns;
use super::super::rows::Rows;
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;
use super::columns::{
    insert_mentions, insert_messages, mentions_into, mentions_of, messages_into, rows_of,
};

/// Everything about a message that can change, but for its words.
macro_rules! updated {
    ($words:literal) => {
        concat!(
            "UPDATE messages
             SET rev = $2, reply_count = $3, last_reply_seq = $4, last_reply_at = $5, pinned_at = $6,
                 pinned_by = $7, deleted_at = $8, deleted_by = $9",
            $words,
            " WHERE id = $1"
        )
    };
}

impl SqlUnitOfWork {
    pub(super) async fn insert_message(&mut self, message: &Message) -> Result<()> {
        let message = std::slice::from_ref(message);
        let added = Statement::new(insert_messages!()).rows(rows_of(message)?);
        self.session.insert(added).await?;
        self.call(message).await
    }

    /// The words of a deletion that keeps none stay as they are stored: whoever changes such a message has not read them.
    pub(super) async fn update_message(&mut self, message: &Message) -> Result<()> {
        let are_words_known = match &message.content {
            Content::Deleted(deletion) => deletion.kept.is_some(),
            Content::Text(_) | Content::System(_) => true,
        };
        let content = ContentColumns::of(&message.content)?;
        let updated = Statement::new(if are_words_known {
            updated!(
                ", body = $10, mentions = $11, mentions_all = $12, reactions = $13, edited_at = $14,
                   purged = FALSE"
            )
        } else {
            updated!("")
        });
        let mut updated = updated
            .bind(message.id.as_uuid())
            .bind(message.rev.get())
            .bind(message.thread.map(|thread| thread.reply_count))
            .bind(message.thread.map(|thread| thread.last_reply_seq.get()))
            .bind(
                message
                    .thread
                    .map(|thread| thread.last_reply_at.unix_micros()),
            )
            .bind(content.pinned_at)
            .bind(content.pinned_by)
            .bind(content.deleted_at)
            .bind(content.deleted_by);
        if are_words_known {
            updated = updated
                .bind(content.body)
                .bind(content.mentions)
                .bind(content.mentions_all)
                .bind(content.reactions)
                .bind(content.edited_at);
        }
        self.session.execute(updated).await?;
        let called_before =
            Statement::new("DELETE FROM mentions WHERE conversation_id = $1 AND seq = $2")
                .bind(message.conversation_id.as_uuid())
                .bind(message.seq.get());
        self.session.execute(called_before).await?;
        self.call(std::slice::from_ref(message)).await
    }

    /// Stores whom messages call, where they call somebody.
    pub(in crate::sql) async fn call(&mut self, messages: &[Message]) -> Result<()> {
        let called = mentions_of(messages);
        if called.len() > 0 {
            self.session
                .execute(Statement::new(insert_mentions!()).rows(called))
                .await?;
        }
        Ok(())
    }

    pub(super) async fn purge(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        // Looked at twice: on PostgreSQL one of them may be restored between being found and being changed.
        let purged = Statement::new(
            "UPDATE messages
             SET body = '', mentions = NULL, mentions_all = FALSE, reactions = NULL, edited_at = NULL,
                 purged = TRUE
             WHERE id IN (SELECT id FROM messages WHERE deleted_at < $1 AND NOT purged
                          ORDER BY deleted_at LIMIT $2)
               AND deleted_at < $1 AND NOT purged
             RETURNING id",
        )
        .bind(before.unix_micros())
        .bind(limit);
        let purged = self.session.fetch_all::<(Uuid,)>(purged).await?;
        let ids = Rows::new().column(purged.iter().map(|&(id,)| id));
        let revisions = Statement::new("DELETE FROM revisions WHERE message_id IN ({rows})");
        if !purged.is_empty() {
            self.session.execute(revisions.rows(ids)).await?;
        }
        Ok(u64::try_from(purged.len()).unwrap_or(u64::MAX))
    }
}
