use hubbub_domain::error::InvalidValue;

use super::service::GroupService;
use crate::error::{StorageError, service_error};
use crate::invitations::InvitationOutOfRange;

/// How managing groups can fail.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// Storage failed.
    #[error(transparent)]
    Storage(StorageError),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// No such group, or not one that the caller may see: which of the two is not said.
    #[error("there is no such group, or you are not a member of it")]
    NotFound,
    /// No such person, or not a member.
    #[error("there is no such person")]
    UserNotFound,
    /// No such invitation to a group, or it can no longer be used.
    #[error("this invitation does not exist or can no longer be used")]
    InvitationNotFound,
    /// The caller's role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// The caller may not come back.
    #[error("you were banned from this group")]
    BannedOneself,
    /// The person who is to be added may not come back.
    #[error("this person was banned from the group; lift the ban first")]
    Banned,
    /// A group needs an owner.
    #[error("a group needs an owner; make somebody else one first")]
    LastOwner,
    /// Too many members at once.
    #[error(
        "a group can be founded with at most {} members; add the others afterwards",
        GroupService::MAX_FOUNDING_MEMBERS
    )]
    TooManyMembers,
    /// Too many invitations at once.
    #[error(
        "a group has at most {} invitations that can be used; withdraw one first",
        GroupService::MAX_INVITATIONS
    )]
    TooManyInvitations,
    /// More than an invitation may allow.
    #[error(transparent)]
    InvitationOutOfRange(#[from] InvitationOutOfRange),
}

service_error!(GroupError {
    Self::NotFound | Self::UserNotFound | Self::InvitationNotFound => (NotFound, "not_found"),
    Self::Forbidden | Self::BannedOneself => (Forbidden, "forbidden"),
    Self::Banned => (Forbidden, "banned"),
    Self::LastOwner => (Conflict, "last_owner"),
    Self::TooManyMembers | Self::TooManyInvitations | Self::InvitationOutOfRange(_) => (Invalid, "limit_exceeded"),
});
