use std::time::Duration;

use hubbub_application::auth::{Login, Registration, RegistrationMode};
use hubbub_application::events::Event;
use hubbub_application::invitations::NewInvitation;
use hubbub_domain::user::ServerRole;

use crate::world::{World, code, registration};

fn login(username: &str, password: &str) -> Login {
    Login {
        username: username.to_owned(),
        password: password.to_owned(),
        device_name: None,
    }
}

#[tokio::test]
async fn the_setup_code_makes_the_owner_once() {
    let world = World::new().await;
    assert!(world.auth.registration().await.unwrap().0);
    let wrong = Registration {
        setup_code: Some("AAAA-AAAA-AAAA".to_owned()),
        ..registration("mallory")
    };
    assert_eq!(code(world.auth.register(wrong).await), "invalid_setup_code");

    let spoken = world.setup_code.to_lowercase().replace('-', " ");
    let first = Registration {
        setup_code: Some(spoken),
        ..registration("ada")
    };
    let ada = world.auth.register(first).await.unwrap();
    assert_eq!(ada.user.role, ServerRole::Owner);
    assert!(!world.auth.registration().await.unwrap().0);

    let again = Registration {
        setup_code: Some(world.setup_code.clone()),
        ..registration("mallory")
    };
    assert_eq!(code(world.auth.register(again).await), "invalid_setup_code");
}

#[tokio::test]
async fn before_the_first_account_nobody_else_comes_in_not_even_on_an_open_server() {
    let world = World::with(RegistrationMode::Open).await;
    assert_eq!(
        code(world.auth.register(registration("bob")).await),
        "registration_closed"
    );
    world.owner("ada").await;
    assert_eq!(code(world.auth.register(registration("bob")).await), "ok");
}

#[tokio::test]
async fn a_closed_server_lets_nobody_in() {
    let world = World::with(RegistrationMode::Closed).await;
    let ada = world.owner("ada").await.user.id;
    let invitation = world
        .invitations
        .create(ada, NewInvitation::default())
        .await
        .unwrap();
    let invited = Registration {
        invite_code: Some(invitation.code),
        ..registration("bob")
    };
    assert_eq!(
        code(world.auth.register(invited).await),
        "registration_closed"
    );
}

#[tokio::test]
async fn a_refused_registration_is_told_its_own_reason() {
    let refusal = async |world: &World, wish: Registration| {
        world.auth.register(wish).await.unwrap_err().to_string()
    };
    let with_code = |code: &str| Registration {
        setup_code: Some(code.to_owned()),
        ..registration("bob")
    };
    for (mode, expected) in [
        (RegistrationMode::Invitation, "by invitation only"),
        (RegistrationMode::Closed, "takes no new members"),
    ] {
        let world = World::with(mode).await;
        let early = refusal(&world, registration("bob")).await;
        assert!(early.contains("has no account yet"), "{mode:?}: {early}");
        let wrong = refusal(&world, with_code("WRONG")).await;
        assert!(wrong.contains("not the setup code"), "{mode:?}: {wrong}");
        world.owner("ada").await;
        let refused = refusal(&world, registration("bob")).await;
        assert!(refused.contains(expected), "{mode:?}: {refused}");
        let late = refusal(&world, with_code(&world.setup_code)).await;
        assert!(late.contains("has an owner already"), "{mode:?}: {late}");
    }
}

#[tokio::test]
async fn a_taken_username_does_not_use_the_invitation_up() {
    let world = World::new().await;
    let ada = world.owner("ada").await.user.id;
    let invitation = world
        .invitations
        .create(ada, NewInvitation::default())
        .await
        .unwrap();
    let taken = Registration {
        invite_code: Some(invitation.code.clone()),
        ..registration("ADA")
    };
    assert_eq!(code(world.auth.register(taken).await), "username_taken");
    let free = Registration {
        invite_code: Some(invitation.code),
        ..registration("bob")
    };
    assert_eq!(code(world.auth.register(free).await), "ok");
}

#[tokio::test]
async fn everybody_joins_general_on_registering() {
    let world = World::new().await;
    let ada = world.owner("ada").await.user.id;
    world.guest_of(ada, "bob").await;
    let list = world.chat.list(ada).await.unwrap();
    assert_eq!(list.conversations.len(), 1);
    let general = &list.conversations[0];
    assert_eq!(
        (general.name.as_deref(), general.member_count),
        (Some("General"), 2)
    );
}

#[tokio::test]
async fn who_does_not_exist_and_who_errs_get_the_same_answer() {
    let world = World::new().await;
    world.owner("ada").await;
    for (username, password) in [
        ("ada", "not the password"),
        ("nobody", "password of nobody"),
        ("not a username", "password of nobody"),
        ("ada", "short"),
        ("ada", ""),
    ] {
        let answer = world.auth.login(login(username, password)).await;
        assert_eq!(code(answer), "invalid_credentials", "{username} {password}");
    }
    assert_eq!(
        code(world.auth.login(login(" Ada ", "password of ada")).await),
        "ok"
    );
}

#[tokio::test]
async fn an_access_token_lasts_ten_minutes_and_a_refresh_gives_the_next() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(code(world.auth.authenticate(&ada.access_token).await), "ok");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(
        code(world.auth.authenticate(&ada.access_token).await),
        "token_expired"
    );
    let next = world.auth.refresh(&ada.refresh_token).await.unwrap();
    assert_eq!(
        code(world.auth.authenticate(&next.access_token).await),
        "ok"
    );
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_late_ends_the_sign_in_for_thief_and_owner_alike() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let next = world.auth.refresh(&ada.refresh_token).await.unwrap();
    world.clock.advance(Duration::from_secs(11));
    world.events.take();
    assert_eq!(
        code(world.auth.refresh(&ada.refresh_token).await),
        "refresh_reuse"
    );
    assert!(
        matches!(world.events.take()[..], [Event::SessionEnded { user_id, .. }] if user_id == ada.user.id)
    );
    assert_eq!(
        code(world.auth.refresh(&next.refresh_token).await),
        "session_revoked"
    );
    assert_eq!(
        code(world.auth.authenticate(&next.access_token).await),
        "session_revoked"
    );
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let (one, other) = tokio::join!(
        world.auth.refresh(&ada.refresh_token),
        world.auth.refresh(&ada.refresh_token)
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(
        one.refresh_token, other.refresh_token,
        "both hold the same next token"
    );
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(code(world.auth.refresh(&other.refresh_token).await), "ok");
}

#[tokio::test]
async fn tokens_are_good_for_one_thing_only() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let identity = world.identity(&ada).await;
    let ticket = world.auth.hub_ticket(&identity).await.unwrap().ticket;
    assert_eq!(
        code(world.auth.authenticate(&ada.refresh_token).await),
        "unauthenticated"
    );
    assert_eq!(
        code(world.auth.authenticate(&ticket).await),
        "unauthenticated"
    );
    assert_eq!(
        code(world.auth.refresh(&ada.access_token).await),
        "unauthenticated"
    );
    assert_eq!(code(world.auth.refresh(&ticket).await), "unauthenticated");
    assert_eq!(
        code(world.auth.authenticate_hub(&ada.refresh_token).await),
        "unauthenticated"
    );
    assert_eq!(code(world.auth.authenticate_hub(&ticket).await), "ok");
    assert_eq!(code(world.auth.renew_hub(&ticket).await), "unauthenticated");
    assert_eq!(code(world.auth.renew_hub(&ada.access_token).await), "ok");
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(
        code(world.auth.authenticate_hub(&ticket).await),
        "token_expired"
    );
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_an_access_token_many() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let identity = world.identity(&ada).await;
    for _ in 0..2 {
        let ticket = world.auth.hub_ticket(&identity).await.unwrap().ticket;
        assert_eq!(
            code(world.auth.authenticate_hub(&ticket).await),
            "ok",
            "negotiating does not use it up"
        );
        assert_eq!(code(world.auth.open_hub(&ticket).await), "ok");
        assert_eq!(code(world.auth.open_hub(&ticket).await), "unauthenticated");
        assert_eq!(
            code(world.auth.authenticate_hub(&ticket).await),
            "ok",
            "a request of the connection that it has opened"
        );
        assert_eq!(code(world.auth.open_hub(&ada.access_token).await), "ok");
    }
}

#[tokio::test]
async fn a_connection_may_last_as_long_as_its_token_or_its_tickets_session() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let identity = world.identity(&ada).await;
    let ticket = world.auth.hub_ticket(&identity).await.unwrap().ticket;
    let by_token = world
        .auth
        .authenticate_hub(&ada.access_token)
        .await
        .unwrap();
    let by_ticket = world.auth.authenticate_hub(&ticket).await.unwrap();
    let month = Duration::from_hours(720);
    assert_eq!(
        by_ticket.deadline.since(by_token.deadline),
        month.checked_sub(Duration::from_mins(10)).unwrap()
    );
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_at_once_and_is_published() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let identity = world.identity(&ada).await;
    world.events.take();
    world.auth.logout(&ada.refresh_token).await.unwrap();
    assert!(
        matches!(world.events.take()[..], [Event::SessionEnded { session_id, .. }] if session_id == identity.session_id)
    );
    assert_eq!(
        code(world.auth.authenticate(&ada.access_token).await),
        "session_revoked"
    );
    assert_eq!(
        code(world.auth.logout(&ada.refresh_token).await),
        "ok",
        "again"
    );
    assert_eq!(code(world.auth.logout("nonsense").await), "ok");
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn one_ends_ones_own_sign_ins_and_nobody_elses() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let bob = world.guest_of(ada.user.id, "bob").await;
    let (ada_here, bob_here) = (world.identity(&ada).await, world.identity(&bob).await);
    world
        .auth
        .login(login("ada", "password of ada"))
        .await
        .unwrap();

    let sessions = world.auth.list_sessions(&ada_here).await.unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
    let stolen = world
        .auth
        .revoke_session(&bob_here, ada_here.session_id)
        .await;
    assert_eq!(code(stolen), "not_found");
    let other = sessions.iter().find(|session| !session.current).unwrap().id;
    world.auth.revoke_session(&ada_here, other).await.unwrap();
    assert_eq!(
        code(world.auth.revoke_session(&ada_here, other).await),
        "not_found"
    );
    assert_eq!(world.auth.list_sessions(&ada_here).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_is_not_used_ends() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    world.clock.advance(Duration::from_hours(720));
    assert_eq!(
        code(world.auth.refresh(&ada.refresh_token).await),
        "session_revoked"
    );
}

#[tokio::test]
async fn sign_ins_and_invitations_are_kept_for_thirty_days_after_their_end() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    world.guest_of(ada.user.id, "bob").await;
    world.auth.logout(&ada.refresh_token).await.unwrap();
    let day = Duration::from_hours(24);
    world.clock.advance(29 * day);
    assert_eq!(world.server.purge().await.unwrap(), 0);
    world.clock.advance(2 * day);
    assert_eq!(
        world.server.purge().await.unwrap(),
        2,
        "ada's sign-in and the invitation that bob used up"
    );
    world.clock.advance(30 * day);
    assert_eq!(world.server.purge().await.unwrap(), 1, "bob's sign-in");
}

#[tokio::test]
async fn sign_ins_that_ended_are_told_once_each() {
    let world = World::new().await;
    let ada = world.owner("ada").await;
    let here = world.identity(&ada).await;
    world.auth.logout(&ada.refresh_token).await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    let mut ended = world.auth.ended_sessions();
    assert_eq!(ended.next().await.unwrap(), [], "that was long ago");
    for _ in 0..3 {
        let again = world.auth.login(login("ada", "password of ada")).await;
        let again = again.unwrap();
        let session = world.identity(&again).await.session_id;
        world.auth.logout(&again.refresh_token).await.unwrap();
        assert_eq!(ended.next().await.unwrap(), [(here.user.id, session)]);
        assert_eq!(ended.next().await.unwrap(), []);
        world.clock.advance(Duration::from_secs(5));
    }
}
