use hubbub_application::events::{ConversationEventChange, Event, UserEventChange};
use hubbub_application::groups::{GroupKind, NewGroup};
use hubbub_domain::conversation::ConversationKind;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use uuid::Uuid;

use crate::world::{World, code};

fn tea(member_ids: &[UserId]) -> NewGroup {
    NewGroup {
        name: "Tea".to_owned(),
        kind: GroupKind::Group,
        topic: None,
        member_ids: member_ids.to_vec(),
    }
}

/// What was published, in short: who gained or lost, and who came or went at which change.
fn told(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::User(step) => match &step.change {
                UserEventChange::ConversationGained(_) => Some("gained".to_owned()),
                UserEventChange::ConversationLost(_) => Some("lost".to_owned()),
                UserEventChange::ReadMarkerMoved { .. } => None,
            },
            Event::Conversation(step) => match &step.change {
                ConversationEventChange::Member(change) => Some(format!(
                    "{} {} {}",
                    change.user.username,
                    change.role.map_or("gone", MemberRole::as_str),
                    step.to_rev
                )),
                ConversationEventChange::Message(_) => None,
            },
            _ => None,
        })
        .collect()
}

async fn members(world: &World, actor: UserId, id: ConversationId) -> Vec<String> {
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

#[tokio::test]
async fn a_group_is_founded_with_its_members_and_each_is_told_before_the_others() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let summary = world
        .groups
        .create(ada, tea(&[bob, ada, bob]))
        .await
        .unwrap();
    assert_eq!(summary.kind, ConversationKind::Group);
    assert_eq!(
        (summary.member_count, summary.role, summary.rev.get()),
        (2, Some(MemberRole::Owner), 2)
    );
    assert_eq!(
        told(&world.events.take()),
        ["gained", "owner owner 1", "gained", "bob member 2"]
    );
    assert_eq!(
        members(&world, bob, summary.id).await,
        ["bob member", "owner owner"]
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
async fn a_private_group_cannot_be_joined_or_seen_from_outside() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let id = world.groups.create(ada, tea(&[bob])).await.unwrap().id;
    assert_eq!(code(world.groups.join(eve, id).await), "not_found");
    assert_eq!(
        code(world.groups.list_members(eve, id, None, 50).await),
        "not_found"
    );
    assert_eq!(
        code(world.groups.add_member(eve, id, eve).await),
        "not_found"
    );
    assert_eq!(code(world.groups.leave(eve, id).await), "not_found");
    let channels = world.groups.list_channels(eve).await.unwrap();
    assert!(channels.iter().all(|channel| channel.id != id));
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
    assert_eq!(told(&world.events.take()), ["gained", "bob member 2"]);
    assert!(world.groups.join(bob, id).await.unwrap().joined, "again");
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn roles_decide_who_adds_and_removes() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let id = world.groups.create(ada, tea(&[bob])).await.unwrap().id;
    assert_eq!(
        code(world.groups.add_member(bob, id, charly).await),
        "forbidden"
    );
    assert_eq!(
        code(world.groups.remove_member(bob, id, ada).await),
        "forbidden"
    );
    world.groups.add_member(ada, id, charly).await.unwrap();
    world.groups.add_member(ada, id, charly).await.unwrap();
    assert_eq!(members(&world, ada, id).await.len(), 3);
    world.events.take();
    world.groups.remove_member(ada, id, bob).await.unwrap();
    assert_eq!(
        told(&world.events.take()),
        ["bob gone 4", "lost"],
        "the removal is seen before it takes effect"
    );
    assert_eq!(
        code(world.groups.remove_member(ada, id, bob).await),
        "not_found"
    );
    assert_eq!(code(world.chat.get(bob, id).await), "not_found");
}

#[tokio::test]
async fn a_direct_conversation_cannot_be_left_or_grown() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let id = world.chat.open_direct(ada, bob).await.unwrap().id;
    assert_eq!(code(world.groups.leave(ada, id).await), "forbidden");
    assert_eq!(
        code(world.groups.add_member(ada, id, eve).await),
        "forbidden"
    );
    assert_eq!(
        code(world.groups.remove_member(ada, id, bob).await),
        "forbidden"
    );
    assert_eq!(code(world.groups.join(eve, id).await), "not_found");
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
        told(&world.events.take()),
        ["owner gone 4", "lost", "charly owner 5"]
    );
    assert_eq!(
        members(&world, bob, id).await,
        ["bob member", "charly owner"]
    );
    world.groups.leave(charly, id).await.unwrap();
    world.groups.leave(bob, id).await.unwrap();
    assert_eq!(code(world.groups.leave(bob, id).await), "not_found");
}
