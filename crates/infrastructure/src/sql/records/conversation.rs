use hubbub_domain::conversation::{
    Conversation, ConversationName, DirectPair, HistoryVisibility, Subject, Title, Topic,
};
use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Result, corrupt};

/// The columns of a [`ConversationRecord`], from `conversations c`.
macro_rules! conversation_columns {
    () => {
        "c.id, c.kind, c.direct_low, c.direct_high, c.name, c.topic, c.last_seq, c.last_rev,
         c.settings_rev, c.history, c.member_count, c.last_activity_at, c.created_at"
    };
}
pub(crate) use conversation_columns;

#[derive(FromRow)]
pub(crate) struct ConversationRecord {
    id: Uuid,
    kind: String,
    direct_low: Option<Uuid>,
    direct_high: Option<Uuid>,
    name: Option<String>,
    topic: Option<String>,
    last_seq: i64,
    last_rev: i64,
    settings_rev: i64,
    history: String,
    member_count: i64,
    last_activity_at: i64,
    created_at: i64,
}

impl TryFrom<ConversationRecord> for Conversation {
    type Error = RepositoryError;

    fn try_from(record: ConversationRecord) -> Result<Self> {
        let subject = match record.kind.as_str() {
            "direct" => Subject::Direct(pair(record.direct_low, record.direct_high)?),
            "group" => Subject::Group(title(record.name, record.topic)?),
            "channel" => Subject::Channel(title(record.name, record.topic)?),
            _ => return Err(corrupt("kind of conversation")),
        };
        Ok(Self {
            id: ConversationId::from_uuid(record.id),
            subject,
            last_seq: Seq::new(record.last_seq),
            last_rev: Rev::new(record.last_rev),
            settings_rev: Rev::new(record.settings_rev),
            history: HistoryVisibility::from_name(&record.history)
                .ok_or_else(|| corrupt("visible history"))?,
            member_count: record.member_count,
            last_activity_at: Timestamp::from_unix_micros(record.last_activity_at),
            created_at: Timestamp::from_unix_micros(record.created_at),
        })
    }
}

fn pair(low: Option<Uuid>, high: Option<Uuid>) -> Result<DirectPair> {
    low.zip(high)
        .and_then(|(low, high)| DirectPair::of(UserId::from_uuid(low), UserId::from_uuid(high)))
        .ok_or_else(|| corrupt("pair"))
}

fn title(name: Option<String>, topic: Option<String>) -> Result<Title> {
    Ok(Title {
        name: ConversationName::parse(&name.unwrap_or_default())
            .map_err(|_| corrupt("conversation name"))?,
        topic: Topic::parse(&topic.unwrap_or_default()).map_err(|_| corrupt("topic"))?,
    })
}
