//! Founding, joining and leaving groups, and what is told of it.

use hubbub_application::chat::SendMessage;
use hubbub_application::chat::dto::{Row, SyncPage};
use hubbub_application::groups::{ChangeSettings, GroupKind, NewGroup};
use hubbub_application::invitations::NewInvitation;
use hubbub_domain::conversation::{ConversationKind, GENERAL};
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::Rev;
use hubbub_domain::repository::MessageRange;
use uuid::Uuid;

use crate::told::{Follower, told};
use crate::world::{World, code};

pub(crate) fn tea(member_ids: &[UserId]) -> NewGroup {
    NewGroup {
        name: "Tea".to_owned(),
        member_ids: member_ids.to_vec(),
        ..NewGroup::default()
    }
}

pub(crate) async fn members(world: &World, actor: UserId, id: ConversationId) -> Vec<String> {
    let page = world
        .groups
        .list_members(actor, id, None, 200)
        .await
        .unwrap();
    page.members
        .iter()
        .map(|member| format!("{} {}", member.user.username, member.role.as_str()))
        .collect()
}

pub(crate) async fn says(world: &World, sender: UserId, id: ConversationId, body: &str) {
    let send = SendMessage::new(id, None, body.to_owned());
    world.chat.send(sender, send).await.unwrap();
}

/// The messages that somebody sees: what people said, and `*` for each note.
pub(crate) async fn sees(world: &World, reader: UserId, id: ConversationId) -> Vec<String> {
    let newest = MessageRange::Newest;
    let page = world.chat.history(reader, id, newest, 200).await.unwrap();
    page.messages
        .into_iter()
        .map(|message| match message.system {
            Some(_) => "*".to_owned(),
            None => message.body,
        })
        .collect()
}

#[tokio::test]
async fn a_group_is_founded_with_its_members_by_one_note_and_each_is_told_before_the_others() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let summary = world
        .groups
        .create(ada, tea(&[charly, bob, ada, bob]))
        .await
        .unwrap();
    assert_eq!(summary.kind, ConversationKind::Group);
    assert_eq!(
        (summary.member_count, summary.role, summary.rev.get()),
        (3, Some(MemberRole::Owner), 4)
    );
    assert_eq!(
        told(&world).await,
        [
            "owner gained",
            "bob gained",
            "charly gained",
            "1: owner owner",
            "2: bob member",
            "3: charly member",
            "4: #1 founded, by owner"
        ]
    );
    assert_eq!(
        members(&world, bob, summary.id).await,
        ["bob member", "charly member", "owner owner"]
    );
    assert_eq!(sees(&world, charly, summary.id).await, ["*"]);
}

#[tokio::test]
async fn founders_lock_the_logs_of_members_in_one_order_whoever_founds() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let wish = tea(&[bob, ada]);
    world.groups.create(charly, wish).await.unwrap();
    assert_eq!(
        told(&world).await,
        [
            "owner gained",
            "bob gained",
            "charly gained",
            "1: charly owner",
            "2: owner member",
            "3: bob member",
            "4: #1 founded, by charly"
        ]
    );
}

#[tokio::test]
async fn a_direct_conversation_is_opened_without_a_note() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let summary = world.chat.open_direct(ada, bob).await.unwrap();
    assert_eq!((summary.last_seq.get(), summary.rev.get()), (0, 2));
}

#[tokio::test]
async fn who_registers_is_announced_in_general() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let rev = world.chat.get(ada, GENERAL).await.unwrap().rev.get();
    world.guest_of(ada, "bob").await;
    assert_eq!(
        told(&world).await,
        [
            "bob gained".to_owned(),
            format!("{}: bob member", rev + 1),
            format!("{}: #2 bob joined, by bob", rev + 2),
        ]
    );
}

#[tokio::test]
async fn a_group_with_somebody_who_does_not_exist_is_not_founded() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let nobody = UserId::from_uuid(Uuid::nil());
    assert_eq!(
        code(world.groups.create(ada, tea(&[nobody])).await),
        "not_found"
    );
    assert_eq!(world.chat.list(ada).await.unwrap().conversations.len(), 1);
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn names_and_sizes_have_bounds() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let unnamed = NewGroup {
        name: " ".to_owned(),
        ..tea(&[])
    };
    assert_eq!(
        code(world.groups.create(ada, unnamed).await),
        "invalid_name"
    );
    let wordy = NewGroup {
        topic: Some("x".repeat(251)),
        ..tea(&[])
    };
    assert_eq!(code(world.groups.create(ada, wordy).await), "invalid_topic");
    let crowd: Vec<_> = (1..=101)
        .map(|number| UserId::from_uuid(Uuid::from_u128(number)))
        .collect();
    assert_eq!(
        code(world.groups.create(ada, tea(&crowd)).await),
        "limit_exceeded"
    );
}

#[tokio::test]
async fn a_channel_is_found_and_joined_by_anybody_once() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let news = NewGroup {
        kind: GroupKind::Channel,
        ..tea(&[])
    };
    let id = world.groups.create(ada, news).await.unwrap().id;
    let listed = world.groups.list_channels(bob).await.unwrap();
    let found = listed.iter().find(|channel| channel.id == id).unwrap();
    assert!(!found.joined && found.role.is_none());
    world.events.take();
    assert!(world.groups.join(bob, id).await.unwrap().joined);
    assert_eq!(
        told(&world).await,
        ["bob gained", "3: bob member", "4: #2 bob joined, by bob"]
    );
    assert!(world.groups.join(bob, id).await.unwrap().joined, "again");
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn the_removal_is_the_last_that_the_removed_see() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let id = world.groups.create(ada, tea(&[])).await.unwrap().id;
    world.groups.add_member(ada, id, bob).await.unwrap();
    world.groups.add_member(ada, id, bob).await.unwrap();
    assert_eq!(members(&world, ada, id).await.len(), 2, "added once");
    world.events.take();
    world.groups.remove_member(ada, id, bob).await.unwrap();
    assert_eq!(
        told(&world).await,
        ["5: bob gone", "bob lost", "6: #3 bob left, by owner"],
    );
    let missed = world.chat.changes(bob, id, Rev::new(4), 50).await.unwrap();
    let SyncPage::Changes { to_rev, rows, .. } = missed else {
        panic!("what happened, not {missed:?}");
    };
    assert!(
        matches!(&rows[..], [Row::Member(change)] if !change.joined),
        "{rows:?}"
    );
    assert_eq!(to_rev.get(), 5);
    assert_eq!(
        code(world.groups.remove_member(ada, id, bob).await),
        "not_found"
    );
    assert_eq!(code(world.chat.get(bob, id).await), "not_found");
}

#[tokio::test]
async fn a_direct_conversation_cannot_be_left_or_grown_or_managed() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let id = world.chat.open_direct(ada, bob).await.unwrap().id;
    let groups = &world.groups;
    assert_eq!(code(groups.leave(ada, id).await), "forbidden");
    assert_eq!(code(groups.add_member(ada, id, eve).await), "forbidden");
    assert_eq!(code(groups.remove_member(ada, id, bob).await), "forbidden");
    let role = MemberRole::ReadOnly;
    assert_eq!(
        code(groups.change_role(ada, id, bob, role).await),
        "forbidden"
    );
    let settings = ChangeSettings::default();
    assert_eq!(
        code(groups.change_settings(ada, id, settings).await),
        "forbidden"
    );
    assert_eq!(code(groups.ban(ada, id, bob).await), "forbidden");
    let invitation = NewInvitation::default();
    assert_eq!(
        code(groups.create_invitation(ada, id, invitation).await),
        "forbidden"
    );
    assert_eq!(code(groups.join(eve, id).await), "not_found");
}

#[tokio::test]
async fn when_the_owner_leaves_the_most_senior_member_owns_the_group() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let id = world.groups.create(ada, tea(&[])).await.unwrap().id;
    world.groups.add_member(ada, id, charly).await.unwrap();
    world.groups.add_member(ada, id, bob).await.unwrap();
    world.events.take();
    world.groups.leave(ada, id).await.unwrap();
    assert_eq!(
        told(&world).await,
        [
            "7: owner gone",
            "owner lost",
            "8: #4 owner left, by owner",
            "9: charly owner"
        ]
    );
    assert_eq!(
        members(&world, bob, id).await,
        ["bob member", "charly owner"]
    );
    world.groups.leave(charly, id).await.unwrap();
    world.groups.leave(bob, id).await.unwrap();
    assert_eq!(code(world.groups.leave(bob, id).await), "not_found");
}

#[tokio::test]
async fn whatever_happens_to_a_group_leaves_no_hole_in_any_log() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let people = [ada, bob, charly];
    let mut follower = Follower::new(&world, &people).await;
    let id = world.groups.create(ada, tea(&[bob])).await.unwrap().id;
    let groups = &world.groups;
    groups.add_member(ada, id, charly).await.unwrap();
    says(&world, charly, id, "hello").await;
    let role = MemberRole::Admin;
    groups.change_role(ada, id, bob, role).await.unwrap();
    let renamed = ChangeSettings {
        name: Some("Coffee".to_owned()),
        ..ChangeSettings::default()
    };
    groups.change_settings(bob, id, renamed).await.unwrap();
    groups.ban(bob, id, charly).await.unwrap();
    groups.lift_ban(bob, id, charly).await.unwrap();
    groups.add_member(bob, id, charly).await.unwrap();
    let role = MemberRole::Owner;
    let refused = groups.change_role(charly, id, charly, role).await;
    assert_eq!(code(refused), "forbidden");
    groups.leave(ada, id).await.unwrap();
    follower.follow(&world);
    follower.has_arrived(&world).await;
}
