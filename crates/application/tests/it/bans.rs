use hubbub_application::groups::{GroupKind, NewGroup};
use hubbub_application::invitations::NewInvitation;
use hubbub_domain::ids::UserId;
use hubbub_domain::member::MemberRole;
use uuid::Uuid;

use crate::told::told;
use crate::world::{World, code};

fn news(member_ids: &[UserId]) -> NewGroup {
    NewGroup {
        name: "News".to_owned(),
        kind: GroupKind::Channel,
        member_ids: member_ids.to_vec(),
        ..NewGroup::default()
    }
}

#[tokio::test]
async fn a_ban_ends_the_stay_and_closes_every_way_back_until_it_is_lifted() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let groups = &world.groups;
    let wish = news(&[bob, charly]);
    let id = groups.create(ada, wish).await.unwrap().id;
    let invited = NewInvitation::default();
    let link = groups.create_invitation(ada, id, invited).await.unwrap();
    world.events.take();
    groups.ban(ada, id, bob).await.unwrap();
    assert_eq!(
        told(&world).await,
        ["5: bob gone", "bob lost", "6: #2 bob left, by owner"]
    );
    assert_eq!(code(groups.join(bob, id).await), "forbidden");
    assert_eq!(
        code(groups.accept_invitation(bob, &link.code).await),
        "forbidden"
    );
    assert_eq!(code(groups.add_member(ada, id, bob).await), "banned");
    let listed = groups.list_invitations(ada, id).await.unwrap();
    assert_eq!(listed[0].uses, 0, "who was refused has used nothing up");
    groups.ban(ada, id, bob).await.unwrap();
    assert!(told(&world).await.is_empty(), "again");

    groups.lift_ban(ada, id, bob).await.unwrap();
    groups.lift_ban(ada, id, bob).await.unwrap();
    assert!(
        told(&world).await.is_empty(),
        "who may come back does not by that"
    );
    assert_eq!(code(groups.join(bob, id).await), "ok");
}

#[tokio::test]
async fn who_is_not_a_member_can_be_banned_too() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let groups = &world.groups;
    for kind in [GroupKind::Group, GroupKind::Channel] {
        let wish = NewGroup { kind, ..news(&[]) };
        let id = groups.create(ada, wish).await.unwrap().id;
        world.events.take();
        groups.ban(ada, id, bob).await.unwrap();
        assert!(told(&world).await.is_empty());
        assert_eq!(code(groups.add_member(ada, id, bob).await), "banned");
    }
}

#[tokio::test]
async fn nobody_bans_an_owner_or_oneself_or_nobody() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let groups = &world.groups;
    let wish = news(&[bob, charly]);
    let id = groups.create(ada, wish).await.unwrap().id;
    for user in [bob, charly] {
        let admin = MemberRole::Admin;
        groups.change_role(ada, id, user, admin).await.unwrap();
    }
    world.events.take();
    let nobody = UserId::from_uuid(Uuid::nil());
    for (actor, user, expected) in [
        (bob, ada, "forbidden"),
        (ada, ada, "forbidden"),
        (bob, bob, "forbidden"),
        (ada, nobody, "not_found"),
    ] {
        assert_eq!(code(groups.ban(actor, id, user).await), expected);
    }
    assert!(
        groups
            .list_bans(ada, id, None, 50)
            .await
            .unwrap()
            .bans
            .is_empty()
    );
    assert!(told(&world).await.is_empty());
    assert_eq!(code(groups.ban(bob, id, charly).await), "ok", "an admin");
}

#[tokio::test]
async fn bans_are_listed_by_username_with_who_banned_and_when() {
    let world = World::new().await;
    let (ada, [dora, bob, charly]) = world.people(["dora", "bob", "charly"]).await;
    let groups = &world.groups;
    let id = groups.create(ada, news(&[])).await.unwrap().id;
    for user in [dora, bob, charly] {
        groups.ban(ada, id, user).await.unwrap();
    }
    let first = groups.list_bans(ada, id, None, 2).await.unwrap();
    let names = first.bans.iter().map(|ban| ban.user.username.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["bob", "charly"]);
    assert!(first.bans.iter().all(|ban| ban.banned_by == ada));
    let after = first.next.as_deref();
    let second = groups.list_bans(ada, id, after, 2).await.unwrap();
    assert_eq!((second.bans[0].user.id, second.next), (dora, None));
}
