use async_trait::async_trait;
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::{MessageRange, MessageRepository, Result};

use super::records::MessageRecord;
use super::statement::Statement;
use super::unit_of_work::SqlUnitOfWork;

/// Messages, narrowed by what is appended.
macro_rules! messages {
    ($narrowed:literal) => {
        concat!(
            "SELECT conversation_id, seq, id, created_rev, rev, sender_id, client_id, request_hash, body,
                    sent_at
             FROM messages ",
            $narrowed
        )
    };
}
pub(super) use messages;

#[async_trait]
impl MessageRepository for SqlUnitOfWork {
    /// After a conflict the unit of work goes on, and finds what another has committed under the same key.
    async fn add(&mut self, message: &Message) -> Result<()> {
        let added = Statement::new(
            "INSERT INTO messages (conversation_id, seq, id, created_rev, rev, sender_id, client_id,
                                   request_hash, body, sent_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT DO NOTHING",
        )
        .bind(message.conversation_id.as_uuid())
        .bind(message.seq.get())
        .bind(message.id.as_uuid())
        .bind(message.created_rev.get())
        .bind(message.rev.get())
        .bind(message.sender_id.as_uuid())
        .bind(message.client_id.as_uuid())
        .bind(&message.request_hash.0[..])
        .bind(message.body.as_str())
        .bind(message.sent_at.unix_micros());
        self.session.insert(added).await
    }

    async fn find_by_client_id(
        &mut self,
        sender: UserId,
        client_id: ClientId,
    ) -> Result<Option<Message>> {
        let found = Statement::new(messages!("WHERE sender_id = $1 AND client_id = $2"))
            .bind(sender.as_uuid())
            .bind(client_id.as_uuid());
        let record = self.session.fetch_optional::<MessageRecord>(found);
        record.await?.map(Message::try_from).transpose()
    }

    async fn list(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>> {
        match range {
            MessageRange::Newest => {
                self.before(conversation, visible_from, i64::MAX, limit)
                    .await
            }
            MessageRange::Before(seq) => {
                self.before(conversation, visible_from, seq.get(), limit)
                    .await
            }
            MessageRange::After(seq) => {
                let first = seq.next().max(visible_from);
                self.from(conversation, first, limit).await
            }
            MessageRange::Around(seq) => {
                // The message itself is the first of the newer half; a side that is short leaves its places to the other.
                let first = seq.max(visible_from);
                let mut newer = self.from(conversation, first, limit).await?;
                let older_limit = limit - count(&newer).min(limit - limit / 2);
                let mut messages = self
                    .before(conversation, visible_from, seq.get(), older_limit)
                    .await?;
                let left = limit - count(&messages);
                newer.truncate(usize::try_from(left).unwrap_or_default());
                messages.append(&mut newer);
                Ok(messages)
            }
        }
    }
}

fn count(messages: &[Message]) -> i64 {
    i64::try_from(messages.len()).unwrap_or(i64::MAX)
}

impl SqlUnitOfWork {
    /// The newest messages below `before`, in seq order.
    async fn before(
        &mut self,
        conversation: ConversationId,
        visible_from: Seq,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let page = Statement::new(messages!(
            "WHERE conversation_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"
        ))
        .bind(conversation.as_uuid())
        .bind(visible_from.get())
        .bind(before)
        .bind(limit);
        let newest_first = self.session.fetch_all::<MessageRecord>(page).await?;
        newest_first
            .into_iter()
            .rev()
            .map(Message::try_from)
            .collect()
    }

    /// The messages from `first` on, in seq order.
    async fn from(
        &mut self,
        conversation: ConversationId,
        first: Seq,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let page = Statement::new(messages!(
            "WHERE conversation_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3"
        ))
        .bind(conversation.as_uuid())
        .bind(first.get())
        .bind(limit);
        let records = self.session.fetch_all::<MessageRecord>(page).await?;
        records.into_iter().map(Message::try_from).collect()
    }
}
