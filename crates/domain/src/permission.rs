//! Who may do what: pure functions of roles and kinds, asked by the services before anything is written.

use crate::conversation::ConversationKind;
use crate::member::MemberRole;
use crate::user::ServerRole;

/// Whether a person may invite others to the server.
pub fn may_invite_people(role: ServerRole) -> bool {
    matches!(role, ServerRole::Owner | ServerRole::Admin)
}

/// Whether a person may found groups and channels.
pub fn may_found(role: ServerRole) -> bool {
    role != ServerRole::Guest
}

/// Whether a person may join a conversation without being added.
pub fn may_join(role: ServerRole, kind: ConversationKind) -> bool {
    kind == ConversationKind::Channel && role != ServerRole::Guest
}

/// Whether a member may write.
pub fn may_post(role: MemberRole) -> bool {
    role != MemberRole::ReadOnly
}

/// Whether a member may add people. The two of a direct conversation stay two.
pub fn may_add_members(role: MemberRole, kind: ConversationKind) -> bool {
    kind != ConversationKind::Direct && matches!(role, MemberRole::Owner | MemberRole::Admin)
}

/// Whether a member may remove another. Nobody removes an owner.
pub fn may_remove_member(role: MemberRole, other: MemberRole, kind: ConversationKind) -> bool {
    may_add_members(role, kind) && other != MemberRole::Owner
}

/// Whether members may leave at all.
pub fn may_leave(kind: ConversationKind) -> bool {
    kind != ConversationKind::Direct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_conversation_has_two_members_for_ever() {
        assert!(!may_add_members(
            MemberRole::Owner,
            ConversationKind::Direct
        ));
        assert!(!may_leave(ConversationKind::Direct));
        assert!(!may_join(ServerRole::Owner, ConversationKind::Direct));
    }

    #[test]
    fn nobody_removes_an_owner() {
        use ConversationKind::Group;
        assert!(may_remove_member(
            MemberRole::Admin,
            MemberRole::Member,
            Group
        ));
        assert!(!may_remove_member(
            MemberRole::Admin,
            MemberRole::Owner,
            Group
        ));
        assert!(!may_remove_member(
            MemberRole::Member,
            MemberRole::Member,
            Group
        ));
    }

    #[test]
    fn private_groups_are_joined_by_being_added() {
        assert!(may_join(ServerRole::Member, ConversationKind::Channel));
        assert!(!may_join(ServerRole::Owner, ConversationKind::Group));
        assert!(!may_join(ServerRole::Guest, ConversationKind::Channel));
    }
}
