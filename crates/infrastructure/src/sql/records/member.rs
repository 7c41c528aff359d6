use hubbub_domain::error::RepositoryError;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Joined, Result, UserRecord, corrupt};

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
            role: role(&record.role)?,
            from_rev: Rev::new(record.from_rev),
            to_rev: record.to_rev.map(Rev::new),
            visible_from_seq: Seq::new(record.visible_from_seq),
            rev: Rev::new(record.rev),
            joined_at: Timestamp::from_unix_micros(record.joined_at),
        })
    }
}

/// The columns of [`StayColumns`], from `memberships m`.
macro_rules! stay_columns {
    () => {
        "m.role AS stay_role, m.from_rev AS stay_from_rev, m.visible_from_seq AS stay_visible_from_seq,
         m.rev AS stay_rev, m.joined_at AS stay_joined_at"
    };
}
pub(crate) use stay_columns;

/// The columns of an open stay under names of their own, to stand beside those of other tables.
#[expect(
    clippy::struct_field_names,
    reason = "they are the names of the columns, which stand beside others"
)]
#[derive(FromRow)]
pub(crate) struct StayColumns {
    stay_role: String,
    stay_from_rev: i64,
    stay_visible_from_seq: i64,
    stay_rev: i64,
    stay_joined_at: i64,
}

impl Joined for StayColumns {
    const NEVER_NULL: &'static str = "stay_role";
}

impl StayColumns {
    /// The open stay that the columns describe.
    pub(crate) fn stay_of(
        self,
        conversation_id: ConversationId,
        user_id: UserId,
    ) -> Result<Membership> {
        Ok(Membership {
            conversation_id,
            user_id,
            role: role(&self.stay_role)?,
            from_rev: Rev::new(self.stay_from_rev),
            to_rev: None,
            visible_from_seq: Seq::new(self.stay_visible_from_seq),
            rev: Rev::new(self.stay_rev),
            joined_at: Timestamp::from_unix_micros(self.stay_joined_at),
        })
    }
}

/// A member with the person behind it.
#[derive(FromRow)]
pub(crate) struct MemberRecord {
    #[sqlx(flatten)]
    pub(crate) user: UserRecord,
    #[sqlx(flatten)]
    pub(crate) stay: StayColumns,
}

fn role(word: &str) -> Result<MemberRole> {
    MemberRole::from_name(word).ok_or_else(|| corrupt("member role"))
}
