use std::sync::Arc;
use std::time::Duration;

use hubbub_application::auth::Registration;
use hubbub_application::groups::{GroupService, NewGroup};
use hubbub_application::invitations::NewInvitation;
use hubbub_domain::conversation::ConversationKind;
use hubbub_domain::ids::{ConversationId, InvitationId, UserId};
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::user::{DisplayName, PasswordHash, ServerRole, User, Username};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::told::told;
use crate::world::{World, code, registration};

async fn tea(groups: &GroupService, owner: UserId) -> ConversationId {
    let wish = NewGroup {
        name: "Tea".to_owned(),
        ..NewGroup::default()
    };
    groups.create(owner, wish).await.unwrap().id
}

const FOR_ONE: NewInvitation = NewInvitation {
    expires_in_hours: Some(1),
    max_uses: Some(1),
};

#[tokio::test]
async fn a_link_shows_where_it_leads_and_lets_people_in() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let groups = &world.groups;
    let id = tea(groups, ada).await;
    let link = groups.create_invitation(ada, id, FOR_ONE).await.unwrap();
    assert_eq!(link.path, format!("/g/{}", link.code));
    let preview = groups.preview_invitation(&link.code).await.unwrap();
    assert_eq!(
        (
            preview.conversation.id,
            preview.conversation.name.as_str(),
            preview.conversation.kind,
            preview.conversation.member_count,
            preview.invited_by.as_str(),
            preview.expires_at
        ),
        (
            id,
            "Tea",
            ConversationKind::Group,
            1,
            "owner",
            link.expires_at
        )
    );
    world.events.take();
    let summary = groups.accept_invitation(bob, &link.code).await.unwrap();
    assert!(summary.joined && summary.id == id);
    assert_eq!(
        told(&world).await,
        ["bob gained", "3: bob member", "4: #2 bob joined, by bob"]
    );
}

#[tokio::test]
async fn a_link_for_one_lets_one_in_however_many_try_at_once() {
    let world = World::new().await;
    let ada = world.owner("ada").await.user.id;
    let mut people = Vec::new();
    for number in 0..100 {
        people.push(world.guest_of(ada, &format!("guest{number}")).await.user.id);
    }
    let id = tea(&world.groups, ada).await;
    let link = world.groups.create_invitation(ada, id, FOR_ONE).await;
    let (world, link) = (Arc::new(world), link.unwrap());
    let mut tries = JoinSet::new();
    for user in people {
        let (world, link) = (world.clone(), link.code.clone());
        tries.spawn(async move { code(world.groups.accept_invitation(user, &link).await) });
    }
    let answers = tries.join_all().await;
    let let_in = answers.iter().filter(|answer| **answer == "ok").count();
    let refused = answers.iter().filter(|answer| **answer == "not_found");
    assert_eq!((let_in, refused.count()), (1, 99));
    assert_eq!(world.chat.get(ada, id).await.unwrap().member_count, 2);
}

#[tokio::test]
async fn who_is_in_already_uses_nothing_up_whatever_became_of_the_link() {
    let world = World::new().await;
    let (ada, [bob, charly]) = world.people(["bob", "charly"]).await;
    let groups = &world.groups;
    let id = tea(groups, ada).await;
    let for_two = NewInvitation {
        max_uses: Some(2),
        ..FOR_ONE
    };
    let link = groups.create_invitation(ada, id, for_two).await.unwrap();
    for user in [ada, bob, bob] {
        assert_eq!(code(groups.accept_invitation(user, &link.code).await), "ok");
    }
    assert_eq!(groups.list_invitations(ada, id).await.unwrap()[0].uses, 1);
    world.clock.advance(Duration::from_hours(1));
    world.events.take();
    let accept = |user| groups.accept_invitation(user, &link.code);
    assert_eq!(code(accept(bob).await), "ok");
    assert_eq!(code(accept(charly).await), "not_found", "it has expired");
    assert!(told(&world).await.is_empty());
}

#[tokio::test]
async fn a_withdrawn_link_is_neither_listed_nor_shown_nor_taken() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let groups = &world.groups;
    let (id, other) = (tea(groups, ada).await, tea(groups, ada).await);
    let link = groups.create_invitation(ada, id, FOR_ONE).await.unwrap();
    let revoke = |group, invitation| groups.revoke_invitation(ada, group, invitation);
    assert_eq!(
        code(revoke(other, link.id).await),
        "not_found",
        "another group's"
    );
    let nothing = InvitationId::from_uuid(Uuid::nil());
    assert_eq!(code(revoke(id, nothing).await), "not_found");
    assert!(
        groups
            .list_invitations(ada, other)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(groups.list_invitations(ada, id).await.unwrap().len(), 1);
    revoke(id, link.id).await.unwrap();
    revoke(id, link.id).await.unwrap();
    assert!(groups.list_invitations(ada, id).await.unwrap().is_empty());
    assert_eq!(
        code(groups.preview_invitation(&link.code).await),
        "not_found"
    );
    assert_eq!(
        code(groups.accept_invitation(bob, &link.code).await),
        "not_found"
    );
}

#[tokio::test]
async fn a_link_to_a_group_makes_no_account_and_one_to_register_opens_no_group() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let groups = &world.groups;
    let id = tea(groups, ada).await;
    let group = groups.create_invitation(ada, id, FOR_ONE).await.unwrap();
    let server = world.invitations.create(ada, FOR_ONE).await.unwrap();
    let register = |invite: &str| {
        world.auth.register(Registration {
            invite_code: Some(invite.to_owned()),
            ..registration("charly")
        })
    };
    for wrong in [group.code.as_str(), "nonsense"] {
        assert_eq!(code(register(wrong).await), "invalid_invitation");
        assert_eq!(code(world.invitations.preview(wrong).await), "not_found");
    }
    for wrong in [server.code.as_str(), "nonsense"] {
        assert_eq!(code(groups.preview_invitation(wrong).await), "not_found");
        assert_eq!(
            code(groups.accept_invitation(bob, wrong).await),
            "not_found"
        );
    }
    assert_eq!(
        code(world.invitations.revoke(ada, group.id).await),
        "not_found"
    );
    assert_eq!(
        code(groups.revoke_invitation(ada, id, server.id).await),
        "not_found"
    );
    let listed = world.invitations.list(ada).await.unwrap();
    assert!(listed.iter().all(|invitation| invitation.id != group.id));
    assert_eq!(code(register(&server.code).await), "ok");
    assert_eq!(
        code(groups.accept_invitation(bob, &group.code).await),
        "ok",
        "neither was used up"
    );
}

#[tokio::test]
async fn a_guest_who_cannot_join_channels_comes_in_by_a_link() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let id = tea(&world.groups, ada).await;
    let link = world
        .groups
        .create_invitation(ada, id, FOR_ONE)
        .await
        .unwrap();
    let username = Username::parse("visitor").unwrap();
    let visitor = User {
        id: UserId::from_uuid(Uuid::from_u128(7)),
        display_name: DisplayName::from(&username),
        username,
        role: ServerRole::Guest,
        created_at: Timestamp::from_unix_micros(0),
    };
    let mut unit = world.store.begin().await.unwrap();
    let hash = PasswordHash::from_phc("none".to_owned());
    unit.users().add(&visitor, &hash).await.unwrap();
    unit.commit().await.unwrap();
    let accepted = world.groups.accept_invitation(visitor.id, &link.code);
    assert!(accepted.await.unwrap().joined);
}

#[tokio::test]
async fn links_have_bounds() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let groups = &world.groups;
    let id = tea(groups, ada).await;
    for (hours, uses) in [(0, 1), (8_761, 1), (1, 0), (1, 1_001)] {
        let wanted = NewInvitation {
            expires_in_hours: Some(hours),
            max_uses: Some(uses),
        };
        let refused = groups.create_invitation(ada, id, wanted).await;
        assert_eq!(code(refused), "limit_exceeded");
    }
    for _ in 0..GroupService::MAX_INVITATIONS {
        groups.create_invitation(ada, id, FOR_ONE).await.unwrap();
    }
    let create = || groups.create_invitation(ada, id, FOR_ONE);
    assert_eq!(code(create().await), "limit_exceeded");
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(
        code(create().await),
        "ok",
        "those that expired do not count"
    );
}
