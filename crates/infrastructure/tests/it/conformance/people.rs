use std::sync::Arc;
use std::time::Duration;

use hubbub_domain::ids::{Epoch, InvitationId, SessionId, UserId};
use hubbub_domain::invitation::Invitation;
use hubbub_domain::repository::ServerKey;
use hubbub_domain::session::Session;
use hubbub_domain::unit_of_work::Store;
use hubbub_domain::user::{DisplayName, Username};
use uuid::Uuid;

use super::world::{at, hash, people, person};

pub(crate) async fn a_person_is_found_as_stored(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(view.users().find(ada.id).await.unwrap(), Some(ada.clone()));
    let (found, password) = view
        .users()
        .find_credentials(&ada.username)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, ada);
    assert_eq!(password, hash());
    let stranger = UserId::from_uuid(Uuid::nil());
    assert_eq!(view.users().find(stranger).await.unwrap(), None);
}

pub(crate) async fn a_username_is_taken_once(store: Arc<dyn Store>) {
    people(&store, ["ada"]).await;
    let mut twin = person("ada", "Another Ada");
    twin.id = UserId::from_uuid(Uuid::from_u128(1));
    let mut unit = store.begin().await.unwrap();
    let error = unit.users().add(&twin, &hash()).await.unwrap_err();
    assert!(error.is_conflict());
}

pub(crate) async fn people_are_listed_by_username_and_found_by_part_of_a_name(
    store: Arc<dyn Store>,
) {
    let [ada, ..] = people(&store, ["ada", "bob", "charly"]).await;
    let mut unit = store.begin().await.unwrap();
    let name = DisplayName::parse("Ädä Łovelace").unwrap();
    unit.users().rename(ada.id, &name).await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    for (query, after, limit, expected) in [
        ("", None, 10, vec!["ada", "bob", "charly"]),
        ("", None, 2, vec!["ada", "bob"]),
        ("", Some("ada"), 10, vec!["bob", "charly"]),
        ("B", None, 10, vec!["bob"]),
        ("äDÄ ł", None, 10, vec!["ada"]),
        ("nobody", None, 10, vec![]),
    ] {
        let after = after.map(|name| Username::parse(name).unwrap());
        let found = view
            .users()
            .list(query, after.as_ref(), limit)
            .await
            .unwrap();
        let names: Vec<_> = found.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(names, expected, "{query:?}");
    }
}

pub(crate) async fn special_characters_of_a_pattern_are_taken_for_themselves(
    store: Arc<dyn Store>,
) {
    people(&store, ["a_b", "axb"]).await;
    let mut view = store.read().await.unwrap();
    let found = view.users().list("a_b", None, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(view.users().list("%", None, 10).await.unwrap().is_empty());
    assert!(view.users().list("\\", None, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_persons_own_log_is_numbered_without_a_hole(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    for expected in 1..=3 {
        let mut unit = store.begin().await.unwrap();
        assert_eq!(unit.users().next_rev(ada.id).await.unwrap().get(), expected);
        unit.commit().await.unwrap();
        let mut rolled_back = store.begin().await.unwrap();
        rolled_back.users().next_rev(ada.id).await.unwrap();
    }
    let mut view = store.read().await.unwrap();
    let rev = view.users().find_rev(ada.id).await.unwrap().unwrap();
    assert_eq!(rev.get(), 3);
}

pub(crate) async fn sessions_are_stored_and_listed_while_live(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let session = |number, user_id, last_used: i64| Session {
        id: SessionId::from_uuid(Uuid::from_u128(number)),
        user_id,
        device_name: format!("device {number}"),
        generation: 0,
        created_at: at(1),
        last_used_at: at(last_used),
        expires_at: at(1_000),
        revoked_at: None,
    };
    let mut unit = store.begin().await.unwrap();
    let mut sessions = [
        session(1, ada.id, 5),
        session(2, ada.id, 9),
        session(3, bob.id, 7),
    ];
    for session in &sessions {
        unit.sessions().add(session).await.unwrap();
    }
    sessions[0].present(0, at(20), Duration::from_secs(50));
    unit.sessions().update(&sessions[0]).await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.read().await.unwrap();
    let found = view.sessions().find(sessions[0].id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&sessions[0]));
    let live = view.sessions().list_live(ada.id, at(30)).await.unwrap();
    assert_eq!(
        live,
        [sessions[0].clone(), sessions[1].clone()],
        "the last used first"
    );
    let later = view.sessions().list_live(ada.id, at(500)).await.unwrap();
    assert_eq!(later, [sessions[1].clone()], "the first has expired at 70");
}

pub(crate) async fn what_ended_long_ago_is_removed_a_few_at_a_time(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let session = |number, expires, revoked: Option<i64>| Session {
        id: SessionId::from_uuid(Uuid::from_u128(number)),
        user_id: ada.id,
        device_name: String::new(),
        generation: 0,
        created_at: at(1),
        last_used_at: at(1),
        expires_at: at(expires),
        revoked_at: revoked.map(at),
    };
    let invitation = |number: u8, expires, revoked: Option<i64>, uses| Invitation {
        id: InvitationId::from_uuid(Uuid::from_u128(u128::from(number))),
        conversation_id: None,
        code_hash: [number; 32],
        created_by: ada.id,
        created_at: at(i64::from(number)),
        expires_at: at(expires),
        max_uses: 1,
        uses,
        revoked_at: revoked.map(at),
    };
    let sessions = [
        (session(1, 1_000, None), true),
        (session(2, 1_000, Some(100)), true),
        (session(3, 100, None), true),
        (session(4, 99, None), false),
        (session(5, 1_000, Some(99)), false),
    ];
    let invitations = [
        (invitation(1, 1_000, None, 0), true),
        (invitation(2, 1_000, Some(100), 0), true),
        (invitation(100, 1_000, None, 1), true),
        (invitation(4, 99, None, 0), false),
        (invitation(5, 1_000, Some(99), 0), false),
        (invitation(6, 1_000, None, 1), false),
    ];
    let mut unit = store.begin().await.unwrap();
    for (session, _) in &sessions {
        unit.sessions().add(session).await.unwrap();
    }
    for (invitation, _) in &invitations {
        unit.invitations().add(invitation).await.unwrap();
    }
    for expected in [1, 1, 0] {
        let removed = unit.sessions().remove_ended(at(100), 1).await.unwrap();
        assert_eq!(removed, expected);
    }
    for expected in [2, 1, 0] {
        let removed = unit.invitations().remove_ended(at(100), 2).await.unwrap();
        assert_eq!(removed, expected);
    }
    for (session, is_kept) in &sessions {
        let found = unit.sessions().find(session.id).await.unwrap();
        assert_eq!(found.is_some(), *is_kept, "{session:?}");
    }
    for (invitation, is_kept) in &invitations {
        let found = unit.invitations().find(invitation.id).await.unwrap();
        assert_eq!(found.is_some(), *is_kept, "{invitation:?}");
    }
}

pub(crate) async fn the_first_start_is_prepared_once(store: Arc<dyn Store>) {
    let mut unit = store.begin().await.unwrap();
    let first = Epoch::from_uuid(Uuid::from_u128(1));
    let second = Epoch::from_uuid(Uuid::from_u128(2));
    unit.server().initialise(first, "ONE", at(1)).await.unwrap();
    unit.server()
        .initialise(second, "TWO", at(2))
        .await
        .unwrap();
    assert_eq!(unit.server().epoch().await.unwrap(), first);
    assert_eq!(
        unit.server().find_setup_code().await.unwrap().as_deref(),
        Some("ONE")
    );
    assert!(unit.server().remove_setup_code().await.unwrap());
    assert!(
        !unit.server().remove_setup_code().await.unwrap(),
        "it is used up"
    );
    unit.server()
        .initialise(second, "TWO", at(3))
        .await
        .unwrap();
    assert_eq!(unit.server().find_setup_code().await.unwrap(), None);
}

pub(crate) async fn keys_are_kept_as_first_stored(store: Arc<dyn Store>) {
    let key = |byte: u8| ServerKey {
        id: format!("key {byte}"),
        secret: [byte; 32],
    };
    let mut unit = store.begin().await.unwrap();
    for byte in [1, 2] {
        let stored = unit
            .server()
            .key_or_insert("tokens", key(byte))
            .await
            .unwrap();
        assert_eq!((stored.id.as_str(), stored.secret), ("key 1", [1; 32]));
    }
    let other = unit.server().key_or_insert("bus", key(3)).await.unwrap();
    assert_eq!(other.secret, [3; 32]);
}

pub(crate) async fn usernames_are_ordered_by_their_bytes(store: Arc<dyn Store>) {
    let expected = ["a-z", "a.b", "a0", "a_a", "aa", "b-a", "b_"];
    let mut shuffled = expected;
    shuffled.reverse();
    people(&store, shuffled).await;
    let mut view = store.read().await.unwrap();
    let mut listed = Vec::new();
    let mut after = None;
    // Page by page, so that the order and what comes after a name are seen to be the same.
    while let [user] = &view.users().list("", after.as_ref(), 1).await.unwrap()[..] {
        listed.push(user.username.as_str().to_owned());
        after = Some(user.username.clone());
    }
    assert_eq!(listed, expected);
}
