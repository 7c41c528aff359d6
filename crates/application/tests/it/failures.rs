//! What a failing database leaves of a group of messages: nothing is lost, doubled, or told before it is stored.

use std::collections::BTreeSet;

use hubbub_application::chat::{ChatError, SendMessage};
use hubbub_domain::error::RepositoryErrorKind;

use crate::faulty::{Fault, FaultyStore};
use crate::sending::{group, message, pair};
use crate::told::Follower;
use crate::world::World;
use crate::writer::{ONE_WRITER, codes, numbered, stored, together};

#[tokio::test]
async fn a_group_that_fails_is_written_one_by_one() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    for fault in [
        Fault::Begin,
        Fault::Append(RepositoryErrorKind::Conflict),
        Fault::Append(RepositoryErrorKind::Corrupt),
        Fault::AppendPanics,
        Fault::Commit,
    ] {
        let id = group(&world, ada, &[]).await;
        let mut follower = Follower::new(&world, &[ada]).await;
        let store = FaultyStore::new(&world.store, &[fault]);
        let sends = ["one", "two", "three"].map(|body| {
            let send = SendMessage::new(id, None, body.to_owned());
            (ada, send)
        });
        let sent = together(&world, store.clone(), ONE_WRITER, sends).await;
        assert_eq!(codes(sent), ["ok"; 3], "{fault:?}");
        assert_eq!(stored(&world, ada, id).await, ["", "one", "two", "three"]);
        follower.follow(&world);
        follower.has_arrived(&world).await;
    }
}

#[tokio::test]
async fn one_bad_entry_fails_alone() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[]);
    store.poison("2");
    let sent = together(&world, store.clone(), ONE_WRITER, numbered(id, ada, 4)).await;
    assert_eq!(codes(sent), ["ok", "internal", "ok", "ok"]);
    assert_eq!(stored(&world, ada, id).await, ["1", "3", "4"]);
}

#[tokio::test]
async fn a_key_taken_under_another_lock_meanwhile_is_looked_up_again() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let conflict = Fault::Append(RepositoryErrorKind::Conflict);
    let store = FaultyStore::new(&world.store, &[conflict]);
    let sent = together(&world, store.clone(), ONE_WRITER, numbered(id, ada, 1)).await;
    assert_eq!(codes(sent), ["ok"]);
    assert_eq!(store.begun(), 2);
    let store = FaultyStore::new(&world.store, &[conflict, conflict]);
    let lasting = [(ada, message(id, 2, "lasting"))];
    let sent = together(&world, store.clone(), ONE_WRITER, lasting).await;
    assert_eq!(codes(sent), ["internal"]);
    assert_eq!(store.begun(), 2, "it is looked up once");
}

#[tokio::test]
async fn a_database_that_is_away_is_not_asked_for_each_message() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[Fault::Begin; 200]);
    let sent = together(&world, store.clone(), ONE_WRITER, numbered(id, ada, 200)).await;
    assert_eq!(codes(sent), ["unavailable"; 200]);
    assert_eq!(store.begun(), 2, "for the group, and for its first message");
    assert!(stored(&world, ada, id).await.is_empty());
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn what_was_not_committed_is_neither_acknowledged_nor_told() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[Fault::Commit; 10]);
    let sent = together(&world, store.clone(), ONE_WRITER, numbered(id, ada, 3)).await;
    assert!(
        sent.iter()
            .all(|sent| matches!(sent, Err(ChatError::OutcomeUnknown(_)))),
        "{sent:?}"
    );
    assert_eq!(codes(sent), ["unavailable"; 3]);
    assert!(world.events.take().is_empty());
    assert!(stored(&world, ada, id).await.is_empty());
    let works = FaultyStore::new(&world.store, &[]);
    let retried = together(&world, works.clone(), ONE_WRITER, numbered(id, ada, 3)).await;
    assert_eq!(codes(retried), ["ok"; 3]);
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_and_told_once_in_order() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let mut follower = Follower::new(&world, &[ada]).await;
    for count in [1, 3] {
        let before = stored(&world, ada, id).await.len();
        let store = FaultyStore::new(&world.store, &[Fault::CommitAnswer]);
        let sends = (0..count).map(|_| (ada, SendMessage::new(id, None, "hello".to_owned())));
        let sent = together(&world, store.clone(), ONE_WRITER, sends).await;
        let places = sent.into_iter().map(|sent| sent.unwrap().seq.get());
        let places: BTreeSet<_> = places.collect();
        assert_eq!(places.len(), count);
        assert_eq!(stored(&world, ada, id).await.len(), before + count);
        follower.follow(&world);
    }
    follower.has_arrived(&world).await;
}
