//! Writing in groups: what is stored together, and what is told of it.

use std::sync::Arc;
use std::task::{Context, Waker};

use futures_util::future::join_all;
use hubbub_application::chat::dto::SendReceipt;
use hubbub_application::chat::{
    ChatError, ChatService, LogWriter, Runner, SendMessage, WriterOptions,
};
use hubbub_application::error::ServiceError as _;
use hubbub_application::events::Event;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_domain::numbers::Rev;
use hubbub_domain::unit_of_work::Store;
use hubbub_infrastructure::security::RandomIds;

use crate::faulty::{Fault, FaultyStore};
use crate::sending::{group, message, page, pair};
use crate::told::Follower;
use crate::world::{World, code};

/// One writer, so that what waits for it is one group.
pub(crate) const ONE_WRITER: WriterOptions = WriterOptions {
    writers: 1,
    queue_length: 10_000,
    batch_size: 200,
};

/// What became of a message.
pub(crate) type Sent = Result<SendReceipt, ChatError>;

/// Posts through writers of its own, which begin when everything waits for them, and end when all of it is written.
pub(crate) async fn together(
    world: &World,
    store: Arc<dyn Store>,
    options: WriterOptions,
    sends: impl IntoIterator<Item = (UserId, SendMessage)>,
) -> Vec<Sent> {
    let (clock, events) = (world.clock.clone(), world.events.clone());
    let (writer, runners) = LogWriter::new(store.clone(), clock, events, options);
    let (clock, events) = (world.clock.clone(), world.events.clone());
    let ids = Arc::new(RandomIds);
    let chat = ChatService::new(store.clone(), clock, ids, events, writer.clone());
    let sending = async {
        let sends = sends
            .into_iter()
            .map(|(sender, send)| chat.send(sender, send));
        let sent = join_all(sends).await;
        writer.close();
        sent
    };
    let (sent, _) = tokio::join!(sending, join_all(runners.into_iter().map(Runner::run)));
    sent
}

/// What each became, in few words.
pub(crate) fn codes(sent: Vec<Sent>) -> Vec<&'static str> {
    sent.into_iter().map(code).collect()
}

/// What the messages of a conversation say, which leave no hole.
pub(crate) async fn stored(world: &World, reader: UserId, id: ConversationId) -> Vec<String> {
    let page = page(world, reader, id).await;
    let places = page.iter().map(|message| message.seq.get());
    assert!(places.eq(1..=i64::try_from(page.len()).unwrap()), "no hole");
    page.into_iter().map(|message| message.body).collect()
}

/// Messages of one sender that say `1`, `2`, `3`, each under that key.
pub(crate) fn numbered(
    id: ConversationId,
    sender: UserId,
    count: u128,
) -> Vec<(UserId, SendMessage)> {
    (1..=count)
        .map(|number| (sender, message(id, number, &number.to_string())))
        .collect()
}

#[tokio::test]
async fn what_waits_is_stored_together_in_its_order() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[]);
    let mut follower = Follower::new(&world, &[ada]).await;
    let sent = together(&world, store.clone(), ONE_WRITER, numbered(id, ada, 450)).await;
    assert_eq!(store.groups(), [200, 200, 50]);
    let receipts: Vec<_> = sent.into_iter().map(Result::unwrap).collect();
    let places = receipts.iter().map(|receipt| receipt.seq.get());
    assert!(places.eq(1..=450));
    follower.follow(&world);
    follower.has_arrived(&world).await;
    let summary = world.chat.get(ada, id).await.unwrap();
    let read = summary.personal.last_read_seq;
    assert_eq!(read.get(), 450, "who writes without a break reads on");
}

#[tokio::test]
async fn a_conversation_keeps_its_order_whatever_else_is_written() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let mut conversations = Vec::new();
    for _ in 0..5 {
        conversations.push(group(&world, ada, &[bob]).await);
    }
    let store = FaultyStore::new(&world.store, &[]);
    let sends = (0..300).map(|number| {
        let id = conversations[number % 5];
        let sender = if number % 3 == 0 { ada } else { bob };
        let key = u128::try_from(number).unwrap();
        (sender, message(id, key, &number.to_string()))
    });
    let options = WriterOptions {
        writers: 3,
        batch_size: 7,
        ..ONE_WRITER
    };
    let mut follower = Follower::new(&world, &[ada, bob]).await;
    let sent = together(&world, store.clone(), options, sends).await;
    assert_eq!(codes(sent), ["ok"; 300]);
    assert!(store.groups().iter().all(|&count| count <= 7));
    for (number, &id) in conversations.iter().enumerate() {
        let expected = (0..60).map(|turn| (turn * 5 + number).to_string());
        let bodies = stored(&world, bob, id).await;
        assert_eq!(bodies[1..], expected.collect::<Vec<_>>(), "after the note");
    }
    follower.follow(&world);
    follower.has_arrived(&world).await;
}

#[tokio::test]
async fn a_key_that_stands_twice_in_one_group_is_stored_once() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[]);
    let elsewhere = group(&world, ada, &[bob]).await;
    let sends = [
        (ada, message(id, 1, "once")),
        (ada, message(id, 1, "once")),
        (ada, message(id, 1, "twice")),
        (bob, message(id, 1, "bob's own")),
        (ada, message(elsewhere, 1, "once")),
    ];
    let sent = together(&world, store.clone(), ONE_WRITER, sends).await;
    let [first, second, ..] = &sent[..] else {
        panic!("five answers");
    };
    assert_eq!(first.as_ref().unwrap(), second.as_ref().unwrap());
    let mismatch = "idempotency_mismatch";
    assert_eq!(codes(sent), ["ok", "ok", mismatch, "ok", mismatch]);
    assert_eq!(stored(&world, ada, id).await, ["once", "bob's own"]);
    assert_eq!(store.groups(), [2]);
}

#[tokio::test]
async fn a_key_whose_first_use_was_refused_is_free() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let id = world.chat.open_direct(ada, bob).await.unwrap().id;
    let tea = group(&world, eve, &[]).await;
    let store = FaultyStore::new(&world.store, &[]);
    let sends = [
        (eve, message(id, 1, "hello")),
        (eve, message(tea, 1, "hello")),
    ];
    let sent = together(&world, store.clone(), ONE_WRITER, sends).await;
    assert_eq!(codes(sent), ["not_found", "ok"]);
}

#[tokio::test]
async fn who_is_refused_does_not_hold_up_the_others() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let id = world.chat.open_direct(ada, bob).await.unwrap().id;
    let store = FaultyStore::new(&world.store, &[]);
    let sends = [
        (ada, message(id, 1, "one")),
        (eve, message(id, 1, "let me in")),
        (bob, message(id, 1, "two")),
    ];
    let sent = together(&world, store.clone(), ONE_WRITER, sends).await;
    assert_eq!(codes(sent), ["ok", "not_found", "ok"]);
    assert_eq!(stored(&world, ada, id).await, ["one", "two"]);
    assert_eq!(store.groups(), [2]);
}

#[tokio::test]
async fn what_brings_nothing_new_is_not_committed() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let sends = || numbered(id, ada, 2);
    let store = FaultyStore::new(&world.store, &[Fault::None, Fault::Commit]);
    let first = together(&world, store.clone(), ONE_WRITER, sends()).await;
    world.events.take();
    let again = together(&world, store.clone(), ONE_WRITER, sends()).await;
    for (first, again) in first.into_iter().zip(again) {
        assert_eq!(first.unwrap(), again.unwrap());
    }
    assert_eq!(store.begun(), 2);
    assert!(world.events.take().is_empty());
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_try_again() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[]);
    let options = WriterOptions {
        queue_length: 3,
        ..ONE_WRITER
    };
    let mut sent = together(&world, store.clone(), options, numbered(id, ada, 5)).await;
    let refused = sent.pop().unwrap().unwrap_err();
    assert!(matches!(refused, ChatError::Busy));
    assert_eq!(refused.retry_after().unwrap().as_secs(), 1);
    assert_eq!(codes(sent), ["ok", "ok", "ok", "unavailable"]);
    assert_eq!(stored(&world, ada, id).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn a_message_is_stored_although_nobody_waits_for_the_answer() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let (store, clock, events) = (&world.store, &world.clock, &world.events);
    let (writer, runners) =
        LogWriter::new(store.clone(), clock.clone(), events.clone(), ONE_WRITER);
    let ids = Arc::new(RandomIds);
    let chat = ChatService::new(
        store.clone(),
        clock.clone(),
        ids,
        events.clone(),
        writer.clone(),
    );
    {
        let mut sending = std::pin::pin!(chat.send(ada, message(id, 1, "hello")));
        let first_look = sending
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(first_look.is_pending(), "it waits for its writer");
    }
    drop((chat, writer));
    join_all(runners.into_iter().map(Runner::run)).await;
    assert_eq!(stored(&world, ada, id).await, ["hello"]);
    let retry = world.chat.send(ada, message(id, 1, "hello")).await.unwrap();
    assert_eq!(retry.seq.get(), 1);
}

#[tokio::test]
async fn what_is_closed_takes_nothing_more() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let (store, clock, events) = (&world.store, &world.clock, &world.events);
    let (writer, runners) =
        LogWriter::new(store.clone(), clock.clone(), events.clone(), ONE_WRITER);
    let ids = Arc::new(RandomIds);
    let chat = ChatService::new(
        store.clone(),
        clock.clone(),
        ids,
        events.clone(),
        writer.clone(),
    );
    writer.close();
    assert_eq!(
        code(chat.send(ada, message(id, 1, "late")).await),
        "unavailable"
    );
    join_all(runners.into_iter().map(Runner::run)).await;
}

#[tokio::test]
async fn what_is_published_is_stored_already_and_in_order() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let store = FaultyStore::new(&world.store, &[]);
    let sends = (0..50).map(|number| {
        let sender = if number % 2 == 0 { ada } else { bob };
        (sender, message(id, number, "hello"))
    });
    let head = world.chat.get(ada, id).await.unwrap().rev;
    together(&world, store.clone(), ONE_WRITER, sends).await;
    let mut position = head;
    for event in world.events.take() {
        let Event::Conversation(step) = event else {
            panic!("only steps of the conversation, not {event:?}");
        };
        assert_eq!((step.from_rev, step.to_rev), (position, position.next()));
        position = step.to_rev;
    }
    assert_eq!(position, Rev::new(head.get() + 50));
    let summary = world.chat.get(bob, id).await.unwrap();
    assert_eq!(summary.rev, position);
    assert_eq!(
        summary.personal.last_read_seq.get(),
        0,
        "one is still unread"
    );
}
