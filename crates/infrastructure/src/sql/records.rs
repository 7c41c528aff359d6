//! Rows as databases keep them, and their way to the domain and back. Shared by every database.

use hubbub_domain::conversation::{
    Conversation, ConversationName, ConversationOverview, DirectPair, Subject, Title, Topic,
};
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::{ClientId, ConversationId, InvitationId, MessageId, SessionId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::message::{Message, MessageBody, RequestHash};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::{DisplayName, ServerRole, User, Username};
use sqlx::FromRow;
use uuid::Uuid;

type Result<T> = std::result::Result<T, RepositoryError>;

/// A stored value that no code of ours can have written.
pub(crate) fn corrupt(what: &str) -> RepositoryError {
    RepositoryError::new(
        RepositoryErrorKind::Corrupt,
        format!("the stored {what} is not valid"),
    )
}

#[derive(FromRow)]
pub(crate) struct UserRecord {
    pub(crate) id: Uuid,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) role: String,
    pub(crate) created_at: i64,
}

impl TryFrom<UserRecord> for User {
    type Error = RepositoryError;

    fn try_from(record: UserRecord) -> Result<Self> {
        Ok(Self {
            id: UserId::from_uuid(record.id),
            username: Username::parse(&record.username).map_err(|_| corrupt("username"))?,
            display_name: DisplayName::parse(&record.display_name)
                .map_err(|_| corrupt("display name"))?,
            role: ServerRole::from_name(&record.role).ok_or_else(|| corrupt("server role"))?,
            created_at: Timestamp::from_unix_micros(record.created_at),
        })
    }
}

#[derive(FromRow)]
pub(crate) struct SessionRecord {
    id: Uuid,
    user_id: Uuid,
    device_name: String,
    generation: i64,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl From<SessionRecord> for Session {
    fn from(record: SessionRecord) -> Self {
        Self {
            id: SessionId::from_uuid(record.id),
            user_id: UserId::from_uuid(record.user_id),
            device_name: record.device_name,
            generation: record.generation,
            created_at: Timestamp::from_unix_micros(record.created_at),
            last_used_at: Timestamp::from_unix_micros(record.last_used_at),
            expires_at: Timestamp::from_unix_micros(record.expires_at),
            revoked_at: record.revoked_at.map(Timestamp::from_unix_micros),
        }
    }
}

#[derive(FromRow)]
pub(crate) struct InvitationRecord {
    id: Uuid,
    code_hash: Vec<u8>,
    created_by: Uuid,
    created_at: i64,
    expires_at: i64,
    max_uses: i64,
    uses: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<InvitationRecord> for Invitation {
    type Error = RepositoryError;

    fn try_from(record: InvitationRecord) -> Result<Self> {
        Ok(Self {
            id: InvitationId::from_uuid(record.id),
            code_hash: bytes(&record.code_hash, "invitation code")?,
            created_by: UserId::from_uuid(record.created_by),
            created_at: Timestamp::from_unix_micros(record.created_at),
            expires_at: Timestamp::from_unix_micros(record.expires_at),
            max_uses: record.max_uses,
            uses: record.uses,
            revoked_at: record.revoked_at.map(Timestamp::from_unix_micros),
        })
    }
}

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

#[derive(FromRow)]
pub(crate) struct MembershipRecord {
    conversation_id: Uuid,
    user_id: Uuid,
    role: String,
    from_rev: i64,
    to_rev: Option<i64>,
    visible_from_seq: i64,
    rev: i64,
    joined_at: i64,
}

impl TryFrom<MembershipRecord> for Membership {
    type Error = RepositoryError;

    fn try_from(record: MembershipRecord) -> Result<Self> {
        Ok(Self {
            conversation_id: ConversationId::from_uuid(record.conversation_id),
            user_id: UserId::from_uuid(record.user_id),
            role: MemberRole::from_name(&record.role).ok_or_else(|| corrupt("member role"))?,
            from_rev: Rev::new(record.from_rev),
            to_rev: record.to_rev.map(Rev::new),
            visible_from_seq: Seq::new(record.visible_from_seq),
            rev: Rev::new(record.rev),
            joined_at: Timestamp::from_unix_micros(record.joined_at),
        })
    }
}

#[derive(FromRow)]
pub(crate) struct MessageRecord {
    conversation_id: Uuid,
    seq: i64,
    id: Uuid,
    created_rev: i64,
    rev: i64,
    sender_id: Uuid,
    client_id: Uuid,
    request_hash: Vec<u8>,
    body: String,
    sent_at: i64,
}

impl TryFrom<MessageRecord> for Message {
    type Error = RepositoryError;

    fn try_from(record: MessageRecord) -> Result<Self> {
        Ok(Self {
            id: MessageId::from_uuid(record.id),
            conversation_id: ConversationId::from_uuid(record.conversation_id),
            seq: Seq::new(record.seq),
            created_rev: Rev::new(record.created_rev),
            rev: Rev::new(record.rev),
            sender_id: UserId::from_uuid(record.sender_id),
            client_id: ClientId::from_uuid(record.client_id),
            request_hash: RequestHash(bytes(&record.request_hash, "request hash")?),
            body: MessageBody::parse(record.body).map_err(|_| corrupt("message"))?,
            sent_at: Timestamp::from_unix_micros(record.sent_at),
        })
    }
}

/// A member with the person behind it. The columns of the membership are prefixed where both tables have them.
#[derive(FromRow)]
pub(crate) struct MemberRecord {
    #[sqlx(flatten)]
    pub(crate) user: UserRecord,
    #[sqlx(flatten)]
    pub(crate) stay: StayColumns,
}

/// The columns of a membership under names of their own, absent where there is none.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the columns, which stand beside others"
)]
#[derive(FromRow)]
pub(crate) struct StayColumns {
    stay_role: Option<String>,
    stay_from_rev: Option<i64>,
    stay_visible_from_seq: Option<i64>,
    stay_rev: Option<i64>,
    stay_joined_at: Option<i64>,
}

impl StayColumns {
    /// The open stay that the columns describe, if there is one.
    pub(crate) fn open_stay(
        self,
        conversation_id: ConversationId,
        user_id: UserId,
    ) -> Result<Option<Membership>> {
        let Some(role) = self.stay_role else {
            return Ok(None);
        };
        let missing = || corrupt("membership");
        Ok(Some(Membership {
            conversation_id,
            user_id,
            role: MemberRole::from_name(&role).ok_or_else(|| corrupt("member role"))?,
            from_rev: Rev::new(self.stay_from_rev.ok_or_else(missing)?),
            to_rev: None,
            visible_from_seq: Seq::new(self.stay_visible_from_seq.ok_or_else(missing)?),
            rev: Rev::new(self.stay_rev.ok_or_else(missing)?),
            joined_at: Timestamp::from_unix_micros(self.stay_joined_at.ok_or_else(missing)?),
        }))
    }
}

/// A conversation as one user sees it: the conversation, the stay, the peer, the newest message and what is unread.
#[derive(FromRow)]
pub(crate) struct OverviewRecord {
    #[sqlx(flatten)]
    conversation: ConversationRecord,
    #[sqlx(flatten)]
    stay: StayColumns,
    peer_id: Option<Uuid>,
    peer_username: Option<String>,
    peer_display_name: Option<String>,
    peer_role: Option<String>,
    peer_created_at: Option<i64>,
    last_message_id: Option<Uuid>,
    last_message_created_rev: Option<i64>,
    last_message_rev: Option<i64>,
    last_message_sender_id: Option<Uuid>,
    last_message_client_id: Option<Uuid>,
    last_message_request_hash: Option<Vec<u8>>,
    last_message_body: Option<String>,
    last_message_sent_at: Option<i64>,
    last_read_seq: i64,
    unread_count: i64,
}

impl OverviewRecord {
    pub(crate) fn overview_of(self, user_id: UserId) -> Result<ConversationOverview> {
        let conversation = Conversation::try_from(self.conversation)?;
        let peer = match (
            self.peer_id,
            self.peer_username,
            self.peer_display_name,
            self.peer_role,
            self.peer_created_at,
        ) {
            (Some(id), Some(username), Some(display_name), Some(role), Some(created_at)) => {
                Some(User::try_from(UserRecord {
                    id,
                    username,
                    display_name,
                    role,
                    created_at,
                })?)
            }
            _ => None,
        };
        let last_message = match (
            self.last_message_id,
            self.last_message_created_rev,
            self.last_message_rev,
            self.last_message_sender_id,
            self.last_message_client_id,
            self.last_message_request_hash,
            self.last_message_body,
            self.last_message_sent_at,
        ) {
            (
                Some(id),
                Some(created_rev),
                Some(rev),
                Some(sender_id),
                Some(client_id),
                Some(request_hash),
                Some(body),
                Some(sent_at),
            ) => Some(Message::try_from(MessageRecord {
                conversation_id: conversation.id.as_uuid(),
                seq: conversation.last_seq.get(),
                id,
                created_rev,
                rev,
                sender_id,
                client_id,
                request_hash,
                body,
                sent_at,
            })?),
            _ => None,
        };
        Ok(ConversationOverview {
            membership: self.stay.open_stay(conversation.id, user_id)?,
            conversation,
            peer,
            last_message,
            last_read_seq: Seq::new(self.last_read_seq),
            unread_count: self.unread_count,
        })
    }
}

/// A stored value of a fixed length.
pub(crate) fn bytes<const N: usize>(value: &[u8], what: &str) -> Result<[u8; N]> {
    value.try_into().map_err(|_| corrupt(what))
}
