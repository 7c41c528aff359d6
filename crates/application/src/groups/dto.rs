//! Members as clients see them.

use hubbub_domain::conversation::{Conversation, ConversationKind};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::{Ban, MemberRole, Membership};
use hubbub_domain::numbers::{Rev, Seq};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::User;
use serde::{Deserialize, Serialize};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// Somebody who may not come back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ban)]
pub struct BanDto {
    /// Who.
    pub user: UserDto,
    /// Who said so.
    pub banned_by: UserId,
    /// Since when.
    pub banned_at: Timestamp,
}

impl BanDto {
    pub(super) fn new(user: &User, ban: &Ban) -> Self {
        Self {
            user: UserDto::from(user),
            banned_by: ban.banned_by,
            banned_at: ban.banned_at,
        }
    }
}

/// Some bans, and how to get the next ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BanPage {
    /// Bans by the username of the banned.
    pub bans: Vec<BanDto>,
    /// The `after` of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// What somebody who holds a link to a group may know before accepting it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupInvitationPreview {
    /// Where it leads to.
    pub conversation: InvitingGroup,
    /// The display name of who made it.
    pub invited_by: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// A group or channel as it looks to who is invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitingGroup {
    /// Which one it is.
    pub id: ConversationId,
    /// What it is called.
    pub name: String,
    /// Group or channel.
    pub kind: ConversationKind,
    /// How many members there are.
    pub member_count: i64,
}

impl InvitingGroup {
    pub(super) fn new(group: &Conversation) -> Self {
        Self {
            id: group.id,
            name: group
                .title()
                .map(|title| title.name.as_str().to_owned())
                .unwrap_or_default(),
            kind: group.kind(),
            member_count: group.member_count,
        }
    }
}
