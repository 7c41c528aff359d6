//! Who may do what with a group: every use case, called by everybody whom it can meet.

use hubbub_application::chat::ChangePreferences;
use hubbub_application::groups::{ChangeSettings, GroupKind, NewGroup};
use hubbub_application::invitations::NewInvitation;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::Seq;

use crate::world::{World, code};

/// Whom a group knows, and whom it does not, in the order of the columns below.
struct Callers {
    world: World,
    id: ConversationId,
    owner: UserId,
    all: [(&'static str, UserId); 7],
}

impl Callers {
    async fn of(kind: GroupKind) -> Self {
        let world = World::new().await;
        let (owner, [stranger, former, banned, reader, member, admin]) = world
            .people(["stranger", "former", "banned", "reader", "member", "admin"])
            .await;
        let wish = NewGroup {
            name: "Tea".to_owned(),
            kind,
            member_ids: vec![former, banned, reader, member, admin],
            ..NewGroup::default()
        };
        let groups = &world.groups;
        let id = groups.create(owner, wish).await.unwrap().id;
        groups.remove_member(owner, id, former).await.unwrap();
        groups.ban(owner, id, banned).await.unwrap();
        for (user, role) in [(reader, MemberRole::ReadOnly), (admin, MemberRole::Admin)] {
            groups.change_role(owner, id, user, role).await.unwrap();
        }
        Self {
            id,
            owner,
            all: [
                ("stranger", stranger),
                ("former", former),
                ("banned", banned),
                ("reader", reader),
                ("member", member),
                ("admin", admin),
                ("owner", owner),
            ],
            world,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum UseCase {
    Join,
    Leave,
    ListMembers,
    AddMember,
    RemoveMember,
    ChangeRole,
    ChangeSettings,
    Ban,
    LiftBan,
    ListBans,
    Invite,
    ListInvitations,
    RevokeInvitation,
    AcceptInvitation,
    MarkRead,
    MarkUnread,
    ChangePreferences,
    Receipts,
}

/// What happens when `caller` tries. Who else is needed for it is made for the occasion.
async fn attempt(callers: &Callers, use_case: UseCase, caller: UserId) -> &'static str {
    let Callers {
        world, id, owner, ..
    } = callers;
    let (id, owner, groups) = (*id, *owner, &world.groups);
    let name = format!(
        "other{}",
        world
            .users
            .list("other", None, 200)
            .await
            .unwrap()
            .users
            .len()
    );
    let other = world.guest_of(owner, &name).await.user.id;
    let wanted = NewInvitation::default();
    let (invitation, link) = {
        let created = groups.create_invitation(owner, id, wanted).await.unwrap();
        (created.id, created.code)
    };
    if matches!(
        use_case,
        UseCase::RemoveMember | UseCase::ChangeRole | UseCase::Ban
    ) {
        groups.add_member(owner, id, other).await.unwrap();
    }
    if matches!(use_case, UseCase::LiftBan) {
        groups.ban(owner, id, other).await.unwrap();
    }
    world.events.take();
    let result = match use_case {
        UseCase::Join => code(groups.join(caller, id).await),
        UseCase::Leave => code(groups.leave(caller, id).await),
        UseCase::ListMembers => code(groups.list_members(caller, id, None, 50).await),
        UseCase::AddMember => code(groups.add_member(caller, id, other).await),
        UseCase::RemoveMember => code(groups.remove_member(caller, id, other).await),
        UseCase::ChangeRole => {
            let role = MemberRole::ReadOnly;
            code(groups.change_role(caller, id, other, role).await)
        }
        UseCase::ChangeSettings => {
            let wish = ChangeSettings {
                name: Some(name),
                ..ChangeSettings::default()
            };
            code(groups.change_settings(caller, id, wish).await)
        }
        UseCase::Ban => code(groups.ban(caller, id, other).await),
        UseCase::LiftBan => code(groups.lift_ban(caller, id, other).await),
        UseCase::ListBans => code(groups.list_bans(caller, id, None, 50).await),
        UseCase::Invite => code(groups.create_invitation(caller, id, wanted).await),
        UseCase::ListInvitations => code(groups.list_invitations(caller, id).await),
        UseCase::RevokeInvitation => code(groups.revoke_invitation(caller, id, invitation).await),
        UseCase::AcceptInvitation => code(groups.accept_invitation(caller, &link).await),
        UseCase::MarkRead => code(world.chat.mark_read(caller, id, Seq::FIRST, None).await),
        UseCase::MarkUnread => code(world.chat.mark_unread(caller, id, Seq::FIRST).await),
        UseCase::ChangePreferences => {
            let wish = ChangePreferences::default();
            code(world.chat.change_preferences(caller, id, wish).await)
        }
        UseCase::Receipts => code(world.chat.receipts(caller, id).await),
    };
    if result != "ok" {
        assert!(world.events.take().is_empty(), "nothing happened");
    }
    result
}

/// What each caller is answered, in one letter: allowed, forbidden, or not found.
async fn answers(kind: GroupKind, use_case: UseCase) -> String {
    let callers = Callers::of(kind).await;
    let mut letters = String::new();
    for (name, caller) in callers.all {
        letters.push(match attempt(&callers, use_case, caller).await {
            "ok" => 'o',
            "forbidden" => 'f',
            "not_found" => 'n',
            code => panic!("{use_case:?} by {name}: {code}"),
        });
    }
    letters
}

/// Columns: stranger, former member, banned, reader, member, admin, owner. Rows: in a group, in a channel.
const MATRIX: [(UseCase, &str, &str); 18] = [
    (UseCase::Join, "nnnoooo", "oofoooo"),
    (UseCase::Leave, "nnnoooo", "nnnoooo"),
    (UseCase::ListMembers, "nnnoooo", "ooooooo"),
    (UseCase::AddMember, "nnnffoo", "nnnffoo"),
    (UseCase::RemoveMember, "nnnffoo", "nnnffoo"),
    (UseCase::ChangeRole, "nnnffoo", "nnnffoo"),
    (UseCase::ChangeSettings, "nnnffoo", "nnnffoo"),
    (UseCase::Ban, "nnnffoo", "nnnffoo"),
    (UseCase::LiftBan, "nnnffoo", "nnnffoo"),
    (UseCase::ListBans, "nnnffoo", "nnnffoo"),
    (UseCase::Invite, "nnnffoo", "nnnffoo"),
    (UseCase::ListInvitations, "nnnffoo", "nnnffoo"),
    (UseCase::RevokeInvitation, "nnnffoo", "nnnffoo"),
    (UseCase::AcceptInvitation, "oofoooo", "oofoooo"),
    (UseCase::MarkRead, "nnnoooo", "nnnoooo"),
    (UseCase::MarkUnread, "nnnoooo", "nnnoooo"),
    (UseCase::ChangePreferences, "nnnoooo", "nnnoooo"),
    (UseCase::Receipts, "nnnoooo", "nnnoooo"),
];

#[tokio::test]
async fn in_a_group_everybody_may_do_what_the_role_allows_and_nothing_else() {
    for (use_case, expected, _) in MATRIX {
        let answered = answers(GroupKind::Group, use_case).await;
        assert_eq!(answered, expected, "{use_case:?}");
    }
}

#[tokio::test]
async fn in_a_channel_everybody_may_look_and_come_but_not_manage() {
    for (use_case, _, expected) in MATRIX {
        let answered = answers(GroupKind::Channel, use_case).await;
        assert_eq!(answered, expected, "{use_case:?}");
    }
}
