use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, MessageId, UserId};
use hubbub_domain::numbers::Seq;
use hubbub_domain::personal::{NotificationLevel, PersonalState, ThreadState};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Joined, Result, corrupt};

#[derive(FromRow)]
pub(crate) struct PersonalStateRecord {
    read_seq: i64,
    unread_from: Option<i64>,
    muted_until: Option<i64>,
    level: String,
}

impl Joined for PersonalStateRecord {
    const NEVER_NULL: &'static str = "read_seq";
}

impl TryFrom<PersonalStateRecord> for PersonalState {
    type Error = RepositoryError;

    fn try_from(record: PersonalStateRecord) -> Result<Self> {
        Ok(Self {
            read_seq: Seq::new(record.read_seq),
            unread_from: record.unread_from.map(Seq::new),
            muted_until: record.muted_until.map(Timestamp::from_unix_micros),
            level: NotificationLevel::from_name(&record.level)
                .ok_or_else(|| corrupt("notification level"))?,
        })
    }
}

#[derive(FromRow)]
pub(crate) struct ThreadStateRecord {
    user_id: Uuid,
    root_id: Uuid,
    conversation_id: Uuid,
    root_seq: i64,
    is_following: bool,
    read_seq: i64,
}

impl From<ThreadStateRecord> for ThreadState {
    fn from(record: ThreadStateRecord) -> Self {
        Self {
            conversation_id: ConversationId::from_uuid(record.conversation_id),
            root_id: MessageId::from_uuid(record.root_id),
            root_seq: Seq::new(record.root_seq),
            user_id: UserId::from_uuid(record.user_id),
            is_following: record.is_following,
            read_seq: Seq::new(record.read_seq),
        }
    }
}
