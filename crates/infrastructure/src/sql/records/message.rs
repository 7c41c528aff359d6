use hubbub_domain::ids::{ClientId, ConversationId, MessageId, UserId};
use hubbub_domain::message::{Content, Message, MessageRef, RequestHash, Thread};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{ContentColumns, Joined, Result, bytes};

/// The columns of a [`MessageRecord`], from `messages x`. The id has a name of its own, to stand beside those of other tables.
macro_rules! message_columns {
    () => {
        "x.conversation_id, x.seq, x.id AS message_id, x.created_rev, x.rev, x.sender_id, x.client_id,
         x.request_hash, x.body, x.system, x.sent_at, x.reply_to_id, x.reply_to_seq, x.reply_to_sender,
         x.thread_id, x.thread_seq, x.thread_sender, x.reply_count, x.last_reply_seq, x.last_reply_at,
         x.mentions, x.mentions_all, x.reactions, x.edited_at, x.pinned_at, x.pinned_by, x.deleted_at,
         x.deleted_by, x.purged"
    };
}
pub(crate) use message_columns;

#[derive(FromRow)]
pub(crate) struct MessageRecord {
    conversation_id: Uuid,
    seq: i64,
    message_id: Uuid,
    created_rev: i64,
    rev: i64,
    sender_id: Uuid,
    client_id: Uuid,
    request_hash: Vec<u8>,
    sent_at: i64,
    reply_to_id: Option<Uuid>,
    reply_to_seq: Option<i64>,
    reply_to_sender: Option<Uuid>,
    thread_id: Option<Uuid>,
    thread_seq: Option<i64>,
    thread_sender: Option<Uuid>,
    reply_count: Option<i64>,
    last_reply_seq: Option<i64>,
    last_reply_at: Option<i64>,
    #[sqlx(flatten)]
    content: ContentColumns,
}

impl Joined for MessageRecord {
    const NEVER_NULL: &'static str = "message_id";
}

impl MessageRecord {
    /// The message, without the words of what was deleted.
    pub(crate) fn message(self) -> Result<Message> {
        self.read(ContentColumns::content)
    }

    /// The message with the words of what was deleted, unless they are purged: for who takes the deletion back.
    pub(crate) fn with_what_is_kept(self) -> Result<Message> {
        self.read(ContentColumns::with_what_is_kept)
    }

    fn read(self, content: fn(ContentColumns) -> Result<Content>) -> Result<Message> {
        Ok(Message {
            id: MessageId::from_uuid(self.message_id),
            conversation_id: ConversationId::from_uuid(self.conversation_id),
            seq: Seq::new(self.seq),
            created_rev: Rev::new(self.created_rev),
            rev: Rev::new(self.rev),
            sender_id: UserId::from_uuid(self.sender_id),
            client_id: ClientId::from_uuid(self.client_id),
            request_hash: RequestHash(bytes(&self.request_hash, "request hash")?),
            content: content(self.content)?,
            reply_to: reference(self.reply_to_id, self.reply_to_seq, self.reply_to_sender),
            thread_root: reference(self.thread_id, self.thread_seq, self.thread_sender),
            thread: thread(self.reply_count, self.last_reply_seq, self.last_reply_at),
            sent_at: Timestamp::from_unix_micros(self.sent_at),
        })
    }
}

fn reference(id: Option<Uuid>, seq: Option<i64>, sender: Option<Uuid>) -> Option<MessageRef> {
    let ((id, seq), sender) = id.zip(seq).zip(sender)?;
    Some(MessageRef {
        id: MessageId::from_uuid(id),
        seq: Seq::new(seq),
        sender_id: UserId::from_uuid(sender),
    })
}

fn thread(count: Option<i64>, last_seq: Option<i64>, last_at: Option<i64>) -> Option<Thread> {
    let ((reply_count, seq), at) = count.zip(last_seq).zip(last_at)?;
    Some(Thread {
        reply_count,
        last_reply_seq: Seq::new(seq),
        last_reply_at: Timestamp::from_unix_micros(at),
    })
}
