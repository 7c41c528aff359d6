use hubbub_domain::conversation::{Conversation, ConversationOverview, Unread};
use hubbub_domain::ids::UserId;
use hubbub_domain::personal::PersonalState;
use hubbub_domain::user::User;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    ConversationRecord, Joined, MessageRecord, Outer, PersonalStateRecord, Result, StayColumns,
    UserRecord,
};

/// A conversation as one user sees it.
#[derive(FromRow)]
pub(crate) struct OverviewRecord {
    #[sqlx(flatten)]
    conversation: ConversationRecord,
    #[sqlx(flatten)]
    stay: Outer<StayColumns>,
    #[sqlx(flatten)]
    peer: Outer<PeerColumns>,
    #[sqlx(flatten)]
    last_message: Outer<MessageRecord>,
    #[sqlx(flatten)]
    personal: Outer<PersonalStateRecord>,
    unread_count: i64,
    mention_count: i64,
}

impl OverviewRecord {
    pub(crate) fn overview_of(self, user_id: UserId) -> Result<ConversationOverview> {
        let conversation = Conversation::try_from(self.conversation)?;
        Ok(ConversationOverview {
            membership: self
                .stay
                .map(|stay| stay.stay_of(conversation.id, user_id))?,
            peer: self
                .peer
                .map(|peer| User::try_from(UserRecord::from(peer)))?,
            last_message: self.last_message.map(MessageRecord::message)?,
            personal: self
                .personal
                .map(PersonalState::try_from)?
                .unwrap_or_default(),
            unread: Unread {
                messages: self.unread_count,
                mentions: self.mention_count,
            },
            conversation,
        })
    }
}

/// The columns of a user under names of their own.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the columns, which stand beside others"
)]
#[derive(FromRow)]
struct PeerColumns {
    peer_id: Uuid,
    peer_username: String,
    peer_display_name: String,
    peer_role: String,
    peer_created_at: i64,
}

impl Joined for PeerColumns {
    const NEVER_NULL: &'static str = "peer_id";
}

impl From<PeerColumns> for UserRecord {
    fn from(peer: PeerColumns) -> Self {
        Self {
            id: peer.peer_id,
            username: peer.peer_username,
            display_name: peer.peer_display_name,
            role: peer.peer_role,
            created_at: peer.peer_created_at,
        }
    }
}
