//! Who belongs to a conversation, and from when to when: an append-only list of intervals in the conversation's log.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::numbers::{Rev, Seq};
use crate::timestamp::Timestamp;

/// One stay of one user in one conversation. Leaving closes it; coming back opens another.
///
/// Who may see a change is a function of these intervals alone, so every node gives the same answer at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// What the member may do.
    pub role: MemberRole,
    /// The change that began the stay: the join itself.
    pub from_rev: Rev,
    /// The change that ended it: the departure itself, which is the last one the member sees.
    pub to_rev: Option<Rev>,
    /// The first message the member may see.
    pub visible_from_seq: Seq,
    /// The latest change of this row.
    pub rev: Rev,
    /// When the stay began.
    pub joined_at: Timestamp,
}

impl Membership {
    /// Whether the member is still there.
    pub fn is_open(&self) -> bool {
        self.to_rev.is_none()
    }

    /// Whether the member may learn of the change `rev`.
    pub fn covers(&self, rev: Rev) -> bool {
        self.from_rev <= rev && self.to_rev.is_none_or(|to| rev <= to)
    }

    /// Whether the member may see a message at `seq` as the change `rev` has left it, whatever came before the join.
    pub fn shows(&self, seq: Seq, rev: Rev) -> bool {
        seq >= self.visible_from_seq && self.to_rev.is_none_or(|to| rev <= to)
    }
}

/// Who may not come back to a group or channel until the ban is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// Who said so.
    pub banned_by: UserId,
    /// When.
    pub banned_at: Timestamp,
}

/// What a member may do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum MemberRole {
    /// Founded it or was handed it; may do everything.
    Owner,
    /// May manage members.
    Admin,
    /// May write.
    Member,
    /// May read.
    ReadOnly,
}

impl MemberRole {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::ReadOnly => "read_only",
        }
    }

    /// Reads the stored word.
    pub fn from_name(word: &str) -> Option<Self> {
        [Self::Owner, Self::Admin, Self::Member, Self::ReadOnly]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn stay(from: i64, to: Option<i64>, visible_from: i64) -> Membership {
        Membership {
            conversation_id: ConversationId::from_uuid(Uuid::nil()),
            user_id: UserId::from_uuid(Uuid::nil()),
            role: MemberRole::Member,
            from_rev: Rev::new(from),
            to_rev: to.map(Rev::new),
            visible_from_seq: Seq::new(visible_from),
            rev: Rev::new(to.unwrap_or(from)),
            joined_at: Timestamp::from_unix_micros(0),
        }
    }

    #[test]
    fn the_removal_is_the_last_change_its_member_sees() {
        let stay = stay(3, Some(7), 1);
        let seen: Vec<i64> = (1..=9).filter(|&rev| stay.covers(Rev::new(rev))).collect();
        assert_eq!(seen, [3, 4, 5, 6, 7]);
    }

    #[test]
    fn history_is_visible_from_the_given_message_until_the_departure() {
        let stay = stay(10, Some(20), 5);
        assert!(
            !stay.shows(Seq::new(4), Rev::new(8)),
            "before the visible history"
        );
        assert!(
            stay.shows(Seq::new(5), Rev::new(9)),
            "older than the join, but opened to it"
        );
        assert!(stay.shows(Seq::new(9), Rev::new(19)));
        assert!(
            !stay.shows(Seq::new(10), Rev::new(21)),
            "after the departure"
        );
    }

    #[test]
    fn every_role_is_read_back_from_its_word() {
        for role in [
            MemberRole::Owner,
            MemberRole::Admin,
            MemberRole::Member,
            MemberRole::ReadOnly,
        ] {
            assert_eq!(MemberRole::from_name(role.as_str()), Some(role));
        }
    }
}
