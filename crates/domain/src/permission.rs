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

/// Whether a member may change name, topic and visible history, invite by link, and ban.
pub fn may_manage(role: MemberRole, kind: ConversationKind) -> bool {
    may_add_members(role, kind)
}

/// Whether a member may give `other`, who has the role `from`, the role `to`. Owners may everything; admins may make members of
/// readers and readers of members.
pub fn may_change_role(
    role: MemberRole,
    from: MemberRole,
    to: MemberRole,
    kind: ConversationKind,
) -> bool {
    let is_plain = |role| matches!(role, MemberRole::Member | MemberRole::ReadOnly);
    kind != ConversationKind::Direct
        && match role {
            MemberRole::Owner => true,
            MemberRole::Admin => is_plain(from) && is_plain(to),
            MemberRole::Member | MemberRole::ReadOnly => false,
        }
}

/// Whether a member may delete a message: an own one always, another's only who manages the conversation.
pub fn may_delete_message(role: MemberRole, is_own: bool, kind: ConversationKind) -> bool {
    is_own || may_manage(role, kind)
}

/// Whether a member may pin and unpin messages.
pub fn may_pin(role: MemberRole, kind: ConversationKind) -> bool {
    match kind {
        ConversationKind::Direct | ConversationKind::Group => may_post(role),
        ConversationKind::Channel => may_manage(role, kind),
    }
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
    fn admins_rule_over_plain_members_only() {
        use ConversationKind::Group;
        use MemberRole::{Admin, Member, Owner, ReadOnly};
        assert!(may_change_role(Admin, Member, ReadOnly, Group));
        assert!(!may_change_role(Admin, Member, Admin, Group));
        assert!(!may_change_role(Admin, Owner, Member, Group));
        assert!(may_change_role(Owner, Admin, Owner, Group));
        assert!(!may_change_role(
            Owner,
            Member,
            ReadOnly,
            ConversationKind::Direct
        ));
    }

    #[test]
    fn in_channels_only_who_manages_them_pins() {
        assert!(may_pin(MemberRole::Member, ConversationKind::Group));
        assert!(!may_pin(MemberRole::ReadOnly, ConversationKind::Direct));
        assert!(!may_pin(MemberRole::Member, ConversationKind::Channel));
        assert!(may_pin(MemberRole::Admin, ConversationKind::Channel));
    }

    #[test]
    fn private_groups_are_joined_by_being_added() {
        assert!(may_join(ServerRole::Member, ConversationKind::Channel));
        assert!(!may_join(ServerRole::Owner, ConversationKind::Group));
        assert!(!may_join(ServerRole::Guest, ConversationKind::Channel));
    }
}
