//! Members as clients see them.

use hubbub_domain::member::{MemberRole, Membership};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::User;
use serde::Serialize;
use utoipa::ToSchema;

use crate::users::dto::UserDto;

/// A member of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
pub struct MemberDto {
    /// Who.
    pub user: UserDto,
    /// What the member may do.
    pub role: MemberRole,
    /// Since when.
    pub joined_at: Timestamp,
}

impl MemberDto {
    pub(super) fn new(user: &User, stay: &Membership) -> Self {
        Self {
            user: UserDto::from(user),
            role: stay.role,
            joined_at: stay.joined_at,
        }
    }
}

/// Some members, and how to get the next ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberPage {
    /// Members by username.
    pub members: Vec<MemberDto>,
    /// The `after` of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// A join, a departure or a change of role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberChange {
    /// Who.
    pub user: UserDto,
    /// What the member may do now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<MemberRole>,
    /// Whether the user is a member now.
    pub joined: bool,
    /// The place of the change in the conversation's log.
    pub rev: Rev,
    /// The first message that the member may see. For the relay.
    #[serde(skip)]
    pub visible_from_seq: Seq,
}

impl MemberChange {
    /// Describes a stay as it is now.
    pub(crate) fn new(user: UserDto, stay: &Membership) -> Self {
        Self {
            user,
            role: stay.is_open().then_some(stay.role),
            joined: stay.is_open(),
            rev: stay.rev,
            visible_from_seq: stay.visible_from_seq,
        }
    }
}
