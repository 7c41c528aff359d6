//! Pages of a conversation or of a thread, in seq order.

use hubbub_domain::ids::{ConversationId, MessageId};
use hubbub_domain::message::Message;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::{MessageRange, Result};

use super::super::records::{MessageRecord, message_columns};
use super::super::statement::Statement;
use super::super::unit_of_work::SqlUnitOfWork;
use super::messages;

/// What is paged through, and how many messages are wanted of it.
#[derive(Clone, Copy)]
struct Paged {
    conversation: ConversationId,
    thread: Option<MessageId>,
    visible_from: Seq,
}

impl SqlUnitOfWork {
    /// A page of a conversation, or of one of its threads.
    pub(super) async fn page(
        &mut self,
        conversation: ConversationId,
        thread: Option<MessageId>,
        visible_from: Seq,
        range: MessageRange,
        limit: i64,
    ) -> Result<Vec<Message>> {
        let paged = Paged {
            conversation,
            thread,
            visible_from,
        };
        match range {
            MessageRange::Newest => self.before(paged, i64::MAX, limit).await,
            MessageRange::Before(seq) => self.before(paged, seq.get(), limit).await,
            MessageRange::After(seq) => self.from(paged, seq.next(), limit).await,
            MessageRange::Around(seq) => {
                // The message itself is the first of the newer half; a side that is short leaves its places to the other.
                let mut newer = self.from(paged, seq, limit).await?;
                let older_limit = limit - count(&newer).min(limit - limit / 2);
                let mut messages = self.before(paged, seq.get(), older_limit).await?;
                let left = limit - count(&messages);
                newer.truncate(usize::try_from(left).unwrap_or_default());
                messages.append(&mut newer);
                Ok(messages)
            }
        }
    }

    /// The newest messages below `before`.
    async fn before(&mut self, paged: Paged, before: i64, limit: i64) -> Result<Vec<Message>> {
        let page = Statement::new(match paged.thread {
            None => messages!(
                "WHERE x.conversation_id = $1 AND x.seq >= $2 AND x.seq < $3
                 ORDER BY x.seq DESC LIMIT $4"
            ),
            Some(_) => messages!(
                "WHERE x.conversation_id = $1 AND x.thread_id = $5 AND x.seq >= $2 AND x.seq < $3
                 ORDER BY x.seq DESC LIMIT $4"
            ),
        });
        let page = page
            .bind(paged.conversation.as_uuid())
            .bind(paged.visible_from.get())
            .bind(before)
            .bind(limit);
        let mut messages = self.paged(page, paged.thread).await?;
        messages.reverse();
        Ok(messages)
    }

    /// The messages from `first` on.
    async fn from(&mut self, paged: Paged, first: Seq, limit: i64) -> Result<Vec<Message>> {
        let page = Statement::new(match paged.thread {
            None => {
                messages!("WHERE x.conversation_id = $1 AND x.seq >= $2 ORDER BY x.seq LIMIT $3")
            }
            Some(_) => messages!(
                "WHERE x.conversation_id = $1 AND x.thread_id = $4 AND x.seq >= $2
                 ORDER BY x.seq LIMIT $3"
            ),
        });
        let page = page
            .bind(paged.conversation.as_uuid())
            .bind(first.max(paged.visible_from).get())
            .bind(limit);
        self.paged(page, paged.thread).await
    }

    async fn paged(&mut self, page: Statement, thread: Option<MessageId>) -> Result<Vec<Message>> {
        let page = match thread {
            Some(root) => page.bind(root.as_uuid()),
            None => page,
        };
        let records = self.session.fetch_all::<MessageRecord>(page).await?;
        records.into_iter().map(MessageRecord::message).collect()
    }
}

fn count(messages: &[Message]) -> i64 {
    i64::try_from(messages.len()).unwrap_or(i64::MAX)
}
