use std::sync::Arc;

use hubbub_domain::conversation::Conversation;
use hubbub_domain::ids::{SessionId, UserId};
use hubbub_domain::presence::{ManualState, Status, StatusText};
use hubbub_domain::repository::KeptPresence;
use hubbub_domain::session::Session;
use hubbub_domain::timestamp::Timestamp;
use hubbub_domain::unit_of_work::Store;
use uuid::Uuid;

use super::world::{at, conversation_id, emoji, pair, people, post};

async fn kept(store: &Arc<dyn Store>, users: &[UserId]) -> Vec<(UserId, KeptPresence)> {
    let mut view = store.read().await.unwrap();
    let mut kept = view.presence().list(users).await.unwrap();
    kept.sort_unstable_by_key(|(user, _)| *user);
    kept
}

async fn seen(store: &Arc<dyn Store>, seen: &[(UserId, Timestamp)]) {
    let mut unit = store.begin().await.unwrap();
    unit.presence().save_last_seen(seen).await.unwrap();
    unit.commit().await.unwrap();
}

pub(crate) async fn what_people_say_is_found_as_stored(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    assert_eq!(kept(&store, &[ada.id, bob.id]).await, []);
    let busy = Status {
        state: Some(ManualState::DoNotDisturb),
        text: Some(StatusText::parse("in a meeting").unwrap()),
        emoji: Some(emoji("📅")),
        until: Some(at(100)),
    };
    let hidden = Status {
        state: Some(ManualState::Invisible),
        ..Status::default()
    };
    for status in [&hidden, &busy] {
        let mut unit = store.begin().await.unwrap();
        unit.presence().save_status(ada.id, status).await.unwrap();
        unit.commit().await.unwrap();
        let found = kept(&store, &[bob.id, ada.id]).await;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0, &found[0].1.status), (ada.id, status));
    }
    seen(&store, &[(ada.id, at(50))]).await;
    let found = kept(&store, &[ada.id]).await.remove(0).1;
    let both = KeptPresence {
        status: busy,
        last_seen_at: Some(at(50)),
    };
    assert_eq!(found, both, "neither takes the other away");
}

pub(crate) async fn when_people_were_seen_never_goes_back(store: Arc<dyn Store>) {
    let [ada, bob] = people(&store, ["ada", "bob"]).await;
    let nobody = UserId::from_uuid(Uuid::nil());
    seen(&store, &[(bob.id, at(5)), (ada.id, at(7)), (nobody, at(9))]).await;
    seen(&store, &[(ada.id, at(3)), (bob.id, at(4)), (bob.id, at(8))]).await;
    let found = kept(&store, &[ada.id, bob.id, nobody]).await;
    let mut expected = [(ada.id, Some(at(7))), (bob.id, Some(at(8)))];
    expected.sort_unstable_by_key(|(user, _)| *user);
    let found: Vec<_> = found
        .iter()
        .map(|(user, kept)| (*user, kept.last_seen_at))
        .collect();
    assert_eq!(found, expected);
}

pub(crate) async fn partners_have_the_latest_activity_first(store: Arc<dyn Store>) {
    let [ada, bob, eve, dan] = people(&store, ["ada", "bob", "eve", "dan"]).await;
    let mut unit = store.begin().await.unwrap();
    for (number, other, second) in [(1, &bob, 10), (2, &eve, 30), (3, &dan, 20)] {
        let id = conversation_id(number);
        let (mut direct, stays) = Conversation::open_direct(id, pair(&ada, other), at(1));
        unit.conversations().add(&direct).await.unwrap();
        for stay in &stays {
            let rev = unit.users().next_rev(stay.user_id).await.unwrap();
            unit.memberships().add(stay, rev).await.unwrap();
        }
        post(unit.as_mut(), &mut direct, &ada, number, second).await;
    }
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let partners = view.users().list_partners(ada.id, 2).await.unwrap();
    assert_eq!(partners, [eve.id, dan.id]);
    let partners = view.users().list_partners(bob.id, 2).await.unwrap();
    assert_eq!(partners, [ada.id]);
}

pub(crate) async fn sessions_that_were_ended_are_listed_after_a_moment(store: Arc<dyn Store>) {
    let [ada] = people(&store, ["ada"]).await;
    let mut unit = store.begin().await.unwrap();
    for (number, revoked_at) in [(1, Some(30)), (2, None), (3, Some(10)), (4, Some(20))] {
        let session = Session {
            id: SessionId::from_uuid(Uuid::from_u128(number)),
            user_id: ada.id,
            device_name: String::new(),
            generation: 0,
            created_at: at(1),
            last_used_at: at(1),
            expires_at: at(1_000),
            revoked_at: revoked_at.map(at),
        };
        unit.sessions().add(&session).await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    let revoked = view.sessions().list_revoked(at(10), 10).await.unwrap();
    let ids: Vec<_> = revoked
        .iter()
        .map(|session| session.id.as_uuid().as_u128())
        .collect();
    assert_eq!(ids, [4, 1]);
    assert_eq!(
        view.sessions().list_revoked(at(0), 1).await.unwrap().len(),
        1
    );
}
