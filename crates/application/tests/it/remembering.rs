//! A writer remembers the conversations that it writes to. Whatever others do to them meanwhile, it decides by what is so now.

use std::sync::Arc;

use futures_util::future::join_all;
use hubbub_application::chat::{ChatService, LogWriter, Runner, WriterOptions};
use hubbub_domain::member::MemberRole;
use hubbub_infrastructure::security::RandomIds;

use crate::sending::{group, message, pair, post};
use crate::told::Follower;
use crate::world::{World, code};
use crate::writer::{ONE_WRITER, codes, stored, together};

#[tokio::test]
async fn who_was_removed_since_the_last_message_is_refused() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    post(&world, bob, tea, "one").await;
    post(&world, bob, tea, "two").await;
    world.groups.remove_member(ada, tea, bob).await.unwrap();
    let refused = world.chat.send(bob, message(tea, 3, "three")).await;
    assert_eq!(code(refused), "not_found");
    post(&world, ada, tea, "four").await;
    let bodies = stored(&world, ada, tea).await;
    assert!(bodies.ends_with(&["four".to_owned()]), "{bodies:?}");
    assert!(!bodies.contains(&"three".to_owned()));
}

#[tokio::test]
async fn who_may_only_read_since_the_last_message_is_refused_until_it_is_lifted() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    post(&world, bob, tea, "one").await;
    let groups = &world.groups;
    for (role, expected) in [
        (MemberRole::ReadOnly, "forbidden"),
        (MemberRole::Member, "ok"),
    ] {
        groups.change_role(ada, tea, bob, role).await.unwrap();
        let sent = world.chat.send(bob, message(tea, 2, "two")).await;
        assert_eq!(code(sent), expected);
    }
}

#[tokio::test]
async fn a_retry_is_recognised_among_new_messages() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let chat = &world.chat;
    let first = chat.send(ada, message(id, 1, "one")).await.unwrap();
    let mut follower = Follower::new(&world, &[ada, bob]).await;
    let (again, other, new) = tokio::join!(
        chat.send(ada, message(id, 1, "one")),
        chat.send(ada, message(id, 1, "another")),
        chat.send(bob, message(id, 1, "two")),
    );
    assert_eq!(again.unwrap(), first);
    assert_eq!(code(other), "idempotency_mismatch");
    assert_eq!(code(new), "ok");
    assert_eq!(stored(&world, ada, id).await, ["one", "two"]);
    follower.follow(&world);
    follower.has_arrived(&world).await;
}

#[tokio::test]
async fn a_retry_is_recognised_beside_the_same_key_in_another_conversation() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let cake = group(&world, ada, &[bob]).await;
    let mut follower = Follower::new(&world, &[ada, bob]).await;
    // Two groups: when the second comes, the writer remembers both conversations.
    let options = WriterOptions {
        batch_size: 2,
        ..ONE_WRITER
    };
    let sends = [
        (ada, message(tea, 1, "one")),
        (ada, message(cake, 2, "two")),
        (ada, message(cake, 1, "one")),
        (ada, message(tea, 1, "one")),
    ];
    let sent = together(&world, world.store.clone(), options, sends).await;
    let [first, _, elsewhere, again] = sent.try_into().unwrap();
    assert_eq!(code(elsewhere), "idempotency_mismatch");
    assert_eq!(again.unwrap(), first.unwrap());
    follower.follow(&world);
    follower.has_arrived(&world).await;
}

#[tokio::test]
async fn what_others_change_between_own_messages_leaves_no_hole() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let mut follower = Follower::new(&world, &[ada, bob, eve]).await;
    for number in 0..5 {
        let receipt = post(&world, ada, tea, &number.to_string()).await;
        let chat = &world.chat;
        chat.edit(ada, tea, receipt.message_id, "edited".to_owned())
            .await
            .unwrap();
        post(&world, bob, tea, "and so on").await;
    }
    let groups = &world.groups;
    groups.add_member(ada, tea, eve).await.unwrap();
    post(&world, eve, tea, "me too").await;
    follower.follow(&world);
    follower.has_arrived(&world).await;
    let bodies = stored(&world, ada, tea).await;
    assert_eq!(bodies.iter().filter(|body| *body == "edited").count(), 5);
}

#[tokio::test]
async fn writers_that_do_not_know_of_each_other_share_a_conversation() {
    const OPTIONS: WriterOptions = WriterOptions {
        writers: 2,
        queue_length: 100,
        batch_size: 7,
    };
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let books = group(&world, ada, &[bob]).await;
    let node = || {
        let (clock, events) = (world.clock.clone(), world.events.clone());
        let (writer, runners) =
            LogWriter::new(world.store.clone(), clock.clone(), events.clone(), OPTIONS);
        let ids = Arc::new(RandomIds);
        let chat = ChatService::new(world.store.clone(), clock, ids, events, writer.clone());
        (chat, writer, runners)
    };
    let (one, one_writer, mut runners) = node();
    let (two, two_writer, others) = node();
    runners.extend(others);
    let sending = async {
        for turn in 0..10 {
            let sends = (0..10).flat_map(|place| {
                let key = turn * 10 + place;
                let id = if place % 3 == 0 { books } else { tea };
                [
                    one.send(ada, message(id, key, "one")),
                    two.send(bob, message(id, key, "two")),
                ]
            });
            assert_eq!(codes(join_all(sends).await), ["ok"; 20]);
        }
        one_writer.close();
        two_writer.close();
    };
    tokio::join!(sending, join_all(runners.into_iter().map(Runner::run)));
    let count = stored(&world, ada, tea).await.len() + stored(&world, ada, books).await.len();
    assert_eq!(count, 200 + 2, "with the notes of their founding");
}
