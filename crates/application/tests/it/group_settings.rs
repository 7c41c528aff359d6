//! Roles, and what a group is called, is about, and shows to those who join.

use hubbub_application::groups::{ChangeSettings, GroupKind, NewGroup};
use hubbub_domain::conversation::HistoryVisibility;
use hubbub_domain::ids::UserId;
use hubbub_domain::member::MemberRole;
use uuid::Uuid;

use crate::groups::{members, says, sees, tea};
use crate::told::told;
use crate::world::{World, code};

#[tokio::test]
async fn the_last_owner_stays_one_until_there_is_another() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let id = world.groups.create(ada, tea(&[bob])).await.unwrap().id;
    world.events.take();
    let groups = &world.groups;
    let (owner, admin) = (MemberRole::Owner, MemberRole::Admin);
    assert_eq!(
        code(groups.change_role(ada, id, ada, admin).await),
        "last_owner"
    );
    assert_eq!(
        members(&world, ada, id).await,
        ["bob member", "owner owner"]
    );
    assert!(told(&world).await.is_empty());
    groups.change_role(ada, id, bob, owner).await.unwrap();
    groups.change_role(ada, id, bob, owner).await.unwrap();
    groups.change_role(ada, id, ada, admin).await.unwrap();
    assert_eq!(
        told(&world).await,
        ["4: bob owner", "5: owner admin"],
        "the same role again is no change"
    );
    assert_eq!(
        code(groups.change_role(ada, id, bob, admin).await),
        "forbidden",
        "not by an admin"
    );
}

#[tokio::test]
async fn an_admin_makes_readers_and_members_and_nothing_else() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let id = world
        .groups
        .create(ada, tea(&[bob, charly]))
        .await
        .unwrap()
        .id;
    let groups = &world.groups;
    let change = |actor, user, role| groups.change_role(actor, id, user, role);
    change(ada, bob, MemberRole::Admin).await.unwrap();
    for (user, role, expected) in [
        (charly, MemberRole::ReadOnly, "ok"),
        (charly, MemberRole::Member, "ok"),
        (charly, MemberRole::Admin, "forbidden"),
        (charly, MemberRole::Owner, "forbidden"),
        (bob, MemberRole::Owner, "forbidden"),
        (bob, MemberRole::Member, "forbidden"),
        (ada, MemberRole::Member, "forbidden"),
    ] {
        let result = code(change(bob, user, role).await);
        assert_eq!(result, expected, "{user} {role:?}");
    }
    let nobody = UserId::from_uuid(Uuid::nil());
    assert_eq!(
        code(change(ada, nobody, MemberRole::Member).await),
        "not_found"
    );
}

#[tokio::test]
async fn what_a_group_is_called_and_about_is_told_before_the_notes_of_it() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let id = world.groups.create(ada, tea(&[])).await.unwrap().id;
    world.events.take();
    let both = ChangeSettings {
        name: Some("Coffee".to_owned()),
        topic: Some("beans".to_owned()),
        history: None,
    };
    let summary = world
        .groups
        .change_settings(ada, id, both.clone())
        .await
        .unwrap();
    assert_eq!(
        (
            summary.name.as_deref(),
            summary.topic.as_deref(),
            summary.rev.get()
        ),
        (Some("Coffee"), Some("beans"), 5)
    );
    assert_eq!(
        told(&world).await,
        [
            "3: Coffee (beans), joined for joiners",
            "4: #2 renamed to Coffee, by owner",
            "5: #3 topic is beans, by owner"
        ]
    );
    let again = world.groups.change_settings(ada, id, both).await.unwrap();
    assert_eq!(again.rev.get(), 5, "nothing is different");
    assert!(told(&world).await.is_empty());
    let bare = ChangeSettings {
        topic: Some("  ".to_owned()),
        history: Some(HistoryVisibility::All),
        ..ChangeSettings::default()
    };
    world.groups.change_settings(ada, id, bare).await.unwrap();
    assert_eq!(
        told(&world).await,
        [
            "6: Coffee (no topic), all for joiners",
            "7: #4 topic is nothing, by owner"
        ]
    );
    let unnamed = ChangeSettings {
        name: Some(String::new()),
        ..ChangeSettings::default()
    };
    assert_eq!(
        code(world.groups.change_settings(ada, id, unnamed).await),
        "invalid_name"
    );
}

#[tokio::test]
async fn who_joins_reads_the_past_only_where_it_was_opened_before() {
    let world = World::new().await;
    let (ada, [bob, charly, dora]) = world.people(["bob", "charly", "dora"]).await;
    let id = world.groups.create(ada, tea(&[])).await.unwrap().id;
    says(&world, ada, id, "before bob").await;
    world.groups.add_member(ada, id, bob).await.unwrap();
    let open = |history| ChangeSettings {
        history: Some(history),
        ..ChangeSettings::default()
    };
    let all = open(HistoryVisibility::All);
    world.groups.change_settings(ada, id, all).await.unwrap();
    world.groups.add_member(ada, id, charly).await.unwrap();
    let joined = open(HistoryVisibility::Joined);
    world.groups.change_settings(ada, id, joined).await.unwrap();
    says(&world, ada, id, "before dora").await;
    world.groups.add_member(ada, id, dora).await.unwrap();
    says(&world, ada, id, "for all").await;
    let everything = ["*", "before bob", "*", "*", "before dora", "*", "for all"];
    assert_eq!(sees(&world, ada, id).await, everything);
    assert_eq!(sees(&world, charly, id).await, everything);
    assert_eq!(sees(&world, bob, id).await, everything[2..]);
    assert_eq!(sees(&world, dora, id).await, everything[5..]);
}

#[tokio::test]
async fn a_group_can_be_founded_open_and_a_channel_closed_to_who_looks_back() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    for (kind, history, seen) in [
        (GroupKind::Group, None, vec!["*"]),
        (GroupKind::Channel, None, vec!["*", "past", "*"]),
        (
            GroupKind::Group,
            Some(HistoryVisibility::All),
            vec!["*", "past", "*"],
        ),
        (
            GroupKind::Channel,
            Some(HistoryVisibility::Joined),
            vec!["*"],
        ),
    ] {
        let wish = NewGroup {
            kind,
            history,
            ..tea(&[])
        };
        let id = world.groups.create(ada, wish).await.unwrap().id;
        says(&world, ada, id, "past").await;
        world.groups.add_member(ada, id, bob).await.unwrap();
        assert_eq!(sees(&world, bob, id).await, seen, "{kind:?} {history:?}");
    }
}
