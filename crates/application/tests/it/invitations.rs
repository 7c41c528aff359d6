use std::sync::Arc;
use std::time::Duration;

use hubbub_application::auth::Registration;
use hubbub_application::invitations::NewInvitation;
use tokio::task::JoinSet;

use crate::world::{World, code, registration};

#[tokio::test]
async fn an_invitation_for_one_lets_one_in_however_many_try_at_once() {
    let world = Arc::new(World::new().await);
    let ada = world.owner("ada").await.user.id;
    let invitation = world
        .invitations
        .create(ada, NewInvitation::default())
        .await
        .unwrap();
    let mut tries = JoinSet::new();
    for number in 0..100 {
        let (world, code) = (world.clone(), invitation.code.clone());
        tries.spawn(async move {
            let wish = Registration {
                invite_code: Some(code),
                ..registration(&format!("guest{number}"))
            };
            world.auth.register(wish).await.is_ok()
        });
    }
    let let_in = tries
        .join_all()
        .await
        .into_iter()
        .filter(|is_in| *is_in)
        .count();
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn an_invitation_that_expired_or_was_withdrawn_is_no_longer_shown_or_taken() {
    let world = World::new().await;
    let ada = world.owner("ada").await.user.id;
    let hour = NewInvitation {
        expires_in_hours: Some(1),
        max_uses: Some(5),
    };
    let expiring = world.invitations.create(ada, hour).await.unwrap();
    let withdrawn = world
        .invitations
        .create(ada, NewInvitation::default())
        .await
        .unwrap();
    assert_eq!(
        world
            .invitations
            .preview(&expiring.code)
            .await
            .unwrap()
            .invited_by,
        "ada"
    );
    world.invitations.revoke(ada, withdrawn.id).await.unwrap();
    world.clock.advance(Duration::from_hours(1));
    for code_of in [expiring.code, withdrawn.code, "nonsense".to_owned()] {
        assert_eq!(code(world.invitations.preview(&code_of).await), "not_found");
        let wish = Registration {
            invite_code: Some(code_of),
            ..registration("bob")
        };
        assert_eq!(code(world.auth.register(wish).await), "invalid_invitation");
    }
    assert!(world.invitations.list(ada).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_administrators_invite() {
    let world = World::new().await;
    let (_, [bob]) = world.people(["bob"]).await;
    assert_eq!(
        code(
            world
                .invitations
                .create(bob, NewInvitation::default())
                .await
        ),
        "forbidden"
    );
    assert_eq!(code(world.invitations.list(bob).await), "forbidden");
}

#[tokio::test]
async fn an_invitation_has_bounds() {
    let world = World::new().await;
    let ada = world.owner("ada").await.user.id;
    for (hours, uses) in [(0, 1), (8_761, 1), (1, 0), (1, 1_001)] {
        let wanted = NewInvitation {
            expires_in_hours: Some(hours),
            max_uses: Some(uses),
        };
        assert_eq!(
            code(world.invitations.create(ada, wanted).await),
            "limit_exceeded"
        );
    }
}
