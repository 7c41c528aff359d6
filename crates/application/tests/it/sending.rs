//! Sending: what a receipt promises, what a retry is, who may write where.

use std::sync::Arc;

use hubbub_application::chat::dto::{MessageDto, SendReceipt};
use hubbub_application::chat::{
    ChatService, LogWriter, Runner, SendMessage, SendPrivateMessage, WriterOptions,
};
use hubbub_application::events::{ConversationEventChange, Event, UserEventChange};
use hubbub_application::groups::NewGroup;
use hubbub_application::ports::IdGenerator;
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::member::MemberRole;
use hubbub_domain::numbers::Seq;
use hubbub_domain::repository::MessageRange;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{World, code};

pub(crate) fn key(number: u128) -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn message(id: ConversationId, key_number: u128, body: &str) -> SendMessage {
    SendMessage::new(id, Some(key(key_number)), body.to_owned())
}

fn private(receiver_id: UserId, key_number: u128, body: &str) -> SendPrivateMessage {
    SendPrivateMessage {
        receiver_id,
        client_id: Some(key(key_number)),
        body: body.to_owned(),
    }
}

/// Posts under a fresh key.
pub(crate) async fn post(
    world: &World,
    sender: UserId,
    id: ConversationId,
    body: &str,
) -> SendReceipt {
    let send = SendMessage::new(id, None, body.to_owned());
    world.chat.send(sender, send).await.unwrap()
}

/// A group of people, the first of whom owns it. Its first message is the note of its founding.
pub(crate) async fn group(world: &World, owner: UserId, member_ids: &[UserId]) -> ConversationId {
    let wish = NewGroup {
        name: "Tea".to_owned(),
        member_ids: member_ids.to_vec(),
        ..NewGroup::default()
    };
    let id = world.groups.create(owner, wish).await.unwrap().id;
    world.events.take();
    id
}

/// Everything that `reader` sees of a conversation, up to 200 messages.
pub(crate) async fn page(world: &World, reader: UserId, id: ConversationId) -> Vec<MessageDto> {
    let newest = MessageRange::Newest;
    let page = world.chat.history(reader, id, newest, 200).await;
    page.unwrap().messages
}

async fn bodies(world: &World, reader: UserId, id: ConversationId) -> Vec<(i64, String)> {
    let page = page(world, reader, id).await;
    page.into_iter()
        .map(|message| (message.seq.get(), message.body))
        .collect()
}

/// Two people and their conversation, which begins empty.
pub(crate) async fn pair(world: &World) -> (UserId, UserId, ConversationId) {
    let (ada, [bob]) = world.people(["bob"]).await;
    let id = world.chat.open_direct(ada, bob).await.unwrap().id;
    world.events.take();
    (ada, bob, id)
}

#[tokio::test]
async fn a_message_is_published_after_it_was_stored_with_its_place() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let receipt = world.chat.send(ada, message(id, 1, "hello")).await.unwrap();
    let events = world.events.take();
    let [Event::Conversation(step)] = &events[..] else {
        panic!("one step, not {events:?}");
    };
    assert_eq!(
        (step.from_rev, step.to_rev),
        (receipt.rev.previous(), receipt.rev)
    );
    let ConversationEventChange::MessagePosted(published) = &step.change else {
        panic!("a message");
    };
    assert_eq!(page(&world, bob, id).await, std::slice::from_ref(published));
    assert_eq!(
        (published.seq, published.sender_id, published.body.as_str()),
        (Seq::FIRST, ada, "hello")
    );
}

#[tokio::test]
async fn a_retry_gets_the_first_receipt_and_stores_nothing() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let send = || world.chat.send(ada, message(id, 1, "hello"));
    let first = send().await.unwrap();
    world.events.take();
    assert_eq!(send().await.unwrap(), first);
    assert!(world.events.take().is_empty(), "nothing new to tell");
    assert_eq!(bodies(&world, ada, id).await, [(1, "hello".to_owned())]);
}

#[tokio::test]
async fn a_retry_is_recognised_whatever_has_become_of_the_message() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let send = || world.chat.send(ada, message(id, 1, "hello"));
    let first = send().await.unwrap();
    let (chat, words) = (&world.chat, "goodbye".to_owned());
    chat.edit(ada, id, first.message_id, words).await.unwrap();
    assert_eq!(send().await.unwrap(), first);
    chat.delete(ada, id, first.message_id).await.unwrap();
    assert_eq!(send().await.unwrap(), first);
    assert_eq!(bodies(&world, ada, id).await, [(1, String::new())]);
}

#[tokio::test]
async fn a_key_with_another_request_is_refused_wherever_it_goes() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let tea = group(&world, ada, &[bob]).await;
    let root = post(&world, ada, id, "root").await.message_id;
    let plain = message(id, 1, "hello");
    world.chat.send(ada, plain.clone()).await.unwrap();
    let others = [
        message(id, 1, "goodbye"),
        message(tea, 1, "hello"),
        SendMessage {
            reply_to: Some(root),
            ..plain.clone()
        },
        SendMessage {
            thread_of: Some(root),
            ..plain.clone()
        },
        SendMessage {
            notify_all: true,
            ..plain.clone()
        },
    ];
    for other in others {
        let (what, result) = (format!("{other:?}"), world.chat.send(ada, other).await);
        assert_eq!(code(result), "idempotency_mismatch", "{what}");
    }
    let bobs = world.chat.send(bob, plain).await;
    assert_eq!(code(bobs), "ok", "keys are per sender");
}

#[tokio::test]
async fn a_retry_is_answered_even_if_the_sender_has_left_since() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let first = world.chat.send(bob, message(tea, 1, "hello")).await;
    world.groups.leave(bob, tea).await.unwrap();
    let retry = world.chat.send(bob, message(tea, 1, "hello")).await;
    assert_eq!(retry.unwrap(), first.unwrap());
    let new = world.chat.send(bob, message(tea, 2, "hello")).await;
    assert_eq!(code(new), "not_found");
}

#[tokio::test]
async fn a_hundred_senders_at_once_leave_no_hole() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let mut sends = JoinSet::new();
    for number in 0..100 {
        let (chat, sender) = (world.chat.clone(), if number % 2 == 0 { ada } else { bob });
        sends.spawn(async move { chat.send(sender, message(id, number, "now")).await });
    }
    let receipts = sends.join_all().await.into_iter().map(Result::unwrap);
    let mut receipts: Vec<SendReceipt> = receipts.collect();
    receipts.sort_unstable_by_key(|receipt| receipt.seq);
    let places: Vec<_> = receipts.iter().map(|receipt| receipt.seq.get()).collect();
    assert_eq!(places, (1..=100).collect::<Vec<_>>());
    let stored = page(&world, bob, id).await;
    assert!(stored.iter().map(|message| message.seq.get()).eq(places));
    assert!(receipts.iter().map(|receipt| receipt.sent_at).is_sorted());
    assert!(receipts.iter().map(|receipt| receipt.rev).is_sorted());
}

#[tokio::test]
async fn the_same_message_sent_from_a_hundred_places_at_once_is_stored_once() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let mut sends = JoinSet::new();
    for number in 0..100 {
        let chat = world.chat.clone();
        sends.spawn(async move {
            if number % 2 == 0 {
                chat.send_private(ada, private(bob, 1, "once")).await
            } else {
                chat.send(ada, message(id, 1, "once")).await
            }
        });
    }
    let receipts = sends.join_all().await.into_iter().map(Result::unwrap);
    let receipts: Vec<SendReceipt> = receipts.collect();
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(bodies(&world, bob, id).await, [(1, "once".to_owned())]);
    assert_eq!(world.events.take().len(), 1, "it is told once");
}

#[tokio::test]
async fn two_people_who_open_their_conversation_at_once_open_one() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let (adas, bobs) = tokio::join!(
        world.chat.open_direct(ada, bob),
        world.chat.send_private(bob, private(ada, 1, "hello"))
    );
    let (adas, bobs) = (adas.unwrap(), bobs.unwrap());
    assert_eq!(adas.id, bobs.conversation_id);
    assert_eq!(adas.peer.unwrap().id, bob);
    let gained = world.events.take().into_iter().filter(
        |event| matches!(event, Event::User(step) if matches!(step.change, UserEventChange::ConversationGained { .. })),
    );
    assert_eq!(gained.count(), 2, "each is told once");
}

#[tokio::test]
async fn a_private_message_needs_two_people_and_something_to_say() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let nobody = UserId::from_uuid(Uuid::nil());
    for (receiver, body, expected) in [
        (nobody, "hello", "not_found"),
        (ada, "hello", "invalid_request"),
        (bob, "", "message_empty"),
    ] {
        let sent = world.chat.send_private(ada, private(receiver, 1, body));
        assert_eq!(code(sent.await), expected);
    }
    let list = world.chat.list(ada).await.unwrap();
    assert_eq!(list.conversations.len(), 1, "nothing was made");
}

#[tokio::test]
async fn a_message_that_breaks_the_rule_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let send = async |body: &str| code(world.chat.send(ada, message(id, 1, body)).await);
    assert_eq!(send(" \n ").await, "message_empty");
    assert_eq!(send(&"汉".repeat(16_385)).await, "message_too_long");
    assert_eq!(send(&"汉".repeat(16_384)).await, "ok", "48 KB of Chinese");
}

#[tokio::test]
async fn who_may_only_read_cannot_write() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let reader = MemberRole::ReadOnly;
    let change = world.groups.change_role(ada, tea, bob, reader).await;
    change.unwrap();
    let sent = world.chat.send(bob, message(tea, 1, "hello")).await;
    assert_eq!(code(sent), "forbidden");
}

/// Gives the same id to everything.
struct SameIds;

impl IdGenerator for SameIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(7)
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

#[tokio::test]
async fn a_clash_that_is_not_of_the_senders_key_is_a_defect_of_ours() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let (store, clock, events) = (&world.store, &world.clock, &world.events);
    let (writer, runners) = LogWriter::new(
        store.clone(),
        clock.clone(),
        events.clone(),
        WriterOptions::default(),
    );
    let _running: JoinSet<()> = runners.into_iter().map(Runner::run).collect();
    let chat = ChatService::new(
        store.clone(),
        clock.clone(),
        Arc::new(SameIds),
        events.clone(),
        writer,
    );
    let send = |key| chat.send(ada, message(id, key, "hello"));
    assert_eq!(code(send(1).await), "ok");
    assert_eq!(code(send(1).await), "ok", "a retry");
    assert_eq!(code(send(2).await), "internal");
}
