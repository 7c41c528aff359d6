use std::sync::Arc;

use hubbub_application::chat::dto::SendReceipt;
use hubbub_application::chat::{ChatService, SendMessage, SendPrivateMessage};
use hubbub_application::events::{ConversationEventChange, Event, UserEventChange};
use hubbub_application::groups::{GroupKind, NewGroup};
use hubbub_application::ports::IdGenerator;
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::{ClientId, ConversationId, UserId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::MessageRange;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::world::{World, code};

fn key(number: u128) -> ClientId {
    ClientId::from_uuid(Uuid::from_u128(number))
}

fn message(conversation_id: ConversationId, key_number: u128, body: &str) -> SendMessage {
    SendMessage {
        conversation_id,
        client_id: Some(key(key_number)),
        body: body.to_owned(),
    }
}

fn private(receiver_id: UserId, key_number: u128, body: &str) -> SendPrivateMessage {
    SendPrivateMessage {
        receiver_id,
        client_id: Some(key(key_number)),
        body: body.to_owned(),
    }
}

async fn seqs(world: &World, reader: UserId, id: ConversationId) -> Vec<i64> {
    let page = world
        .chat
        .history(reader, id, MessageRange::Newest, 200)
        .await
        .unwrap();
    page.messages
        .iter()
        .map(|message| message.seq.get())
        .collect()
}

#[tokio::test]
async fn a_message_is_published_after_it_was_stored_with_its_place() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let receipt = world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    let events = world.events.take();
    let [Event::Conversation(step)] = &events[..] else {
        panic!("one step, not {events:?}");
    };
    assert_eq!(
        (step.from_rev, step.to_rev),
        (receipt.rev.previous(), receipt.rev)
    );
    let ConversationEventChange::Message(published) = &step.change else {
        panic!("a message");
    };
    let page = world
        .chat
        .history(bob, GENERAL, MessageRange::Newest, 50)
        .await
        .unwrap();
    assert_eq!(&page.messages[..], std::slice::from_ref(published));
    assert_eq!(
        (published.seq, published.sender_id, published.body.as_str()),
        (Seq::FIRST, ada, "hello")
    );
}

#[tokio::test]
async fn a_retry_gets_the_first_receipt_and_stores_nothing() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let first = world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    world.events.take();
    let second = world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    assert_eq!(first, second);
    assert!(world.events.take().is_empty(), "nothing new to tell");
    assert_eq!(seqs(&world, ada, GENERAL).await, [1]);
}

#[tokio::test]
async fn a_key_with_another_message_is_refused_wherever_it_goes() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    let other_text = world.chat.send(ada, message(GENERAL, 1, "goodbye")).await;
    assert_eq!(code(other_text), "idempotency_mismatch");
    let elsewhere = world.chat.send_private(ada, private(bob, 1, "hello")).await;
    assert_eq!(code(elsewhere), "idempotency_mismatch");
    assert_eq!(
        code(world.chat.send(bob, message(GENERAL, 1, "goodbye")).await),
        "ok",
        "keys are per sender"
    );
    assert_eq!(seqs(&world, ada, GENERAL).await, [1, 2]);
}

#[tokio::test]
async fn a_retry_is_answered_even_if_the_sender_has_left_since() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let first = world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    world.groups.leave(ada, GENERAL).await.unwrap();
    assert_eq!(
        world
            .chat
            .send(ada, message(GENERAL, 1, "hello"))
            .await
            .unwrap(),
        first
    );
    assert_eq!(
        code(world.chat.send(ada, message(GENERAL, 2, "hello")).await),
        "not_found"
    );
}

#[tokio::test]
async fn a_hundred_senders_at_once_leave_no_hole() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let mut sends = JoinSet::new();
    for number in 0..100 {
        let (chat, sender) = (world.chat.clone(), if number % 2 == 0 { ada } else { bob });
        sends.spawn(async move {
            chat.send(sender, message(GENERAL, number, "now"))
                .await
                .unwrap()
        });
    }
    let mut receipts: Vec<SendReceipt> = sends.join_all().await;
    receipts.sort_unstable_by_key(|receipt| receipt.seq);
    let places: Vec<_> = receipts.iter().map(|receipt| receipt.seq.get()).collect();
    assert_eq!(places, (1..=100).collect::<Vec<_>>());
    assert_eq!(seqs(&world, bob, GENERAL).await, places);
    let times: Vec<_> = receipts.iter().map(|receipt| receipt.sent_at).collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn the_same_message_sent_from_many_places_at_once_is_stored_once() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let mut sends = JoinSet::new();
    for _ in 0..20 {
        let chat = world.chat.clone();
        sends.spawn(async move {
            chat.send_private(ada, private(bob, 1, "once"))
                .await
                .unwrap()
        });
    }
    let receipts = sends.join_all().await;
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(seqs(&world, bob, receipts[0].conversation_id).await, [1]);
}

#[tokio::test]
async fn two_people_who_open_their_conversation_at_once_open_one() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let (adas, bobs) = tokio::join!(
        world.chat.open_direct(ada, bob),
        world.chat.open_direct(bob, ada)
    );
    let (adas, bobs) = (adas.unwrap(), bobs.unwrap());
    assert_eq!(adas.id, bobs.id);
    assert_eq!(adas.peer.unwrap().id, bob);
    assert_eq!(bobs.peer.unwrap().id, ada);
    let gained = world.events.take().into_iter().filter(
        |event| matches!(event, Event::User(step) if matches!(step.change, UserEventChange::ConversationGained(_))),
    );
    assert_eq!(gained.count(), 2, "each is told once");
}

#[tokio::test]
async fn a_private_message_needs_two_people() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let nobody = UserId::from_uuid(Uuid::nil());
    assert_eq!(
        code(
            world
                .chat
                .send_private(ada, private(nobody, 1, "hello"))
                .await
        ),
        "not_found"
    );
    assert_eq!(
        code(world.chat.send_private(ada, private(ada, 1, "hello")).await),
        "invalid_request"
    );
    assert_eq!(
        world.chat.list(ada).await.unwrap().conversations.len(),
        1,
        "nothing was made"
    );
}

#[tokio::test]
async fn what_one_may_not_see_looks_like_what_is_not_there() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    let secret = world.chat.open_direct(ada, bob).await.unwrap().id;
    let nowhere = ConversationId::from_uuid(Uuid::nil());
    for id in [secret, nowhere] {
        assert_eq!(code(world.chat.get(eve, id).await), "not_found");
        assert_eq!(
            code(world.chat.history(eve, id, MessageRange::Newest, 50).await),
            "not_found"
        );
        assert_eq!(
            code(world.chat.send(eve, message(id, 1, "hello")).await),
            "not_found"
        );
        assert_eq!(
            code(world.chat.mark_read(eve, id, Seq::FIRST).await),
            "not_found"
        );
        assert_eq!(code(world.chat.typing(eve, id, true).await), "not_found");
    }
    assert!(
        world
            .events
            .take()
            .iter()
            .all(|event| !matches!(event, Event::Typing { .. }))
    );
}

#[tokio::test]
async fn a_message_that_breaks_the_rule_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    assert_eq!(
        code(world.chat.send(ada, message(GENERAL, 1, " \n ")).await),
        "message_empty"
    );
    let long = "汉".repeat(16_385);
    assert_eq!(
        code(world.chat.send(ada, message(GENERAL, 1, &long)).await),
        "message_too_long"
    );
    let full = "汉".repeat(16_384);
    assert_eq!(
        code(world.chat.send(ada, message(GENERAL, 1, &full)).await),
        "ok",
        "48 KB of Chinese"
    );
}

#[tokio::test]
async fn a_page_says_what_lies_before_and_after_it() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    for number in 1..=10 {
        world
            .chat
            .send(ada, message(GENERAL, number, "text"))
            .await
            .unwrap();
    }
    for (range, limit, before, after) in [
        (MessageRange::Newest, 50, false, false),
        (MessageRange::Newest, 3, true, false),
        (MessageRange::Before(Seq::new(4)), 3, false, true),
        (MessageRange::After(Seq::new(4)), 3, true, true),
        (MessageRange::After(Seq::new(10)), 3, true, false),
        (MessageRange::Around(Seq::new(5)), 2, true, true),
        (MessageRange::Before(Seq::new(1)), 3, false, true),
    ] {
        let page = world
            .chat
            .history(ada, GENERAL, range, limit)
            .await
            .unwrap();
        assert_eq!(
            (page.has_before, page.has_after),
            (before, after),
            "{range:?}"
        );
        assert_eq!(page.last_seq.get(), 10);
    }
}

#[tokio::test]
async fn a_page_around_a_message_that_is_not_there_yet_shows_the_newest() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let around = MessageRange::Around(Seq::new(99));
    let empty = world.chat.history(ada, GENERAL, around, 1).await.unwrap();
    assert_eq!((empty.messages.len(), empty.has_before), (0, false));
    world
        .chat
        .send(ada, message(GENERAL, 1, "the only one"))
        .await
        .unwrap();
    let page = world.chat.history(ada, GENERAL, around, 1).await.unwrap();
    assert_eq!(page.messages[0].seq, Seq::FIRST);
    assert_eq!((page.has_before, page.has_after), (false, false));
}

#[tokio::test]
async fn an_empty_page_says_on_which_side_of_it_something_can_be_seen() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    let tea = NewGroup {
        name: "Tea".to_owned(),
        kind: GroupKind::Group,
        topic: None,
        member_ids: Vec::new(),
    };
    let tea = world.groups.create(ada, tea).await.unwrap().id;
    for number in 1..=5 {
        let send = message(tea, number, "before bob");
        world.chat.send(ada, send).await.unwrap();
    }
    world.groups.add_member(ada, tea, bob).await.unwrap();
    let sides = async |range| {
        let page = world.chat.history(bob, tea, range, 50).await.unwrap();
        assert!(page.messages.is_empty(), "{range:?}");
        (page.has_before, page.has_after)
    };
    for range in [
        MessageRange::Newest,
        MessageRange::Before(Seq::new(3)),
        MessageRange::After(Seq::new(99)),
        MessageRange::Around(Seq::new(3)),
    ] {
        assert_eq!(sides(range).await, (false, false), "{range:?}");
    }
    let send = message(tea, 6, "for bob too");
    world.chat.send(ada, send).await.unwrap();
    assert_eq!(
        sides(MessageRange::Before(Seq::new(3))).await,
        (false, true)
    );
    assert_eq!(
        sides(MessageRange::After(Seq::new(99))).await,
        (true, false)
    );
}

#[tokio::test]
async fn in_a_large_conversation_only_the_reader_is_told_of_reading() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    for number in 1..=100 {
        world.guest_of(ada, &format!("guest{number}")).await;
    }
    let bob = world.guest_of(ada, "bob").await.user.id;
    world
        .chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap();
    world.events.take();
    world
        .chat
        .mark_read(bob, GENERAL, Seq::FIRST)
        .await
        .unwrap();
    let events = world.events.take();
    assert!(
        matches!(&events[..], [Event::User(step)] if step.user_id == bob),
        "{events:?}"
    );
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
    let (ada, _) = world.people([]).await;
    let chat = ChatService::new(
        world.store.clone(),
        world.clock.clone(),
        Arc::new(SameIds),
        world.events.clone(),
    );
    let send = |key| chat.send(ada, message(GENERAL, key, "hello"));
    assert_eq!(code(send(1).await), "ok");
    assert_eq!(code(send(1).await), "ok", "a retry");
    assert_eq!(code(send(2).await), "internal");
}

#[tokio::test]
async fn reading_on_moves_the_marker_and_never_back() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    for number in 1..=5 {
        world
            .chat
            .send(ada, message(GENERAL, number, "text"))
            .await
            .unwrap();
    }
    assert_eq!(world.chat.get(bob, GENERAL).await.unwrap().unread_count, 5);
    world.events.take();
    world
        .chat
        .mark_read(bob, GENERAL, Seq::new(3))
        .await
        .unwrap();
    let events = world.events.take();
    let [
        Event::User(step),
        Event::ReadMarkerMoved { user_id, seq, .. },
    ] = &events[..]
    else {
        panic!("the reader's other devices and the others are told, not {events:?}");
    };
    assert!(matches!(
        step.change,
        UserEventChange::ReadMarkerMoved {
            unread_count: 2,
            ..
        }
    ));
    assert_eq!((*user_id, seq.get()), (bob, 3));

    world
        .chat
        .mark_read(bob, GENERAL, Seq::new(1))
        .await
        .unwrap();
    assert!(world.events.take().is_empty());
    world
        .chat
        .mark_read(bob, GENERAL, Seq::new(99))
        .await
        .unwrap();
    let summary = world.chat.get(bob, GENERAL).await.unwrap();
    assert_eq!(
        (summary.last_read_seq.get(), summary.unread_count),
        (5, 0),
        "clamped to what there is"
    );
}

#[tokio::test]
async fn who_writes_has_read_what_came_before_only_if_so() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    world
        .chat
        .send(ada, message(GENERAL, 1, "one"))
        .await
        .unwrap();
    assert_eq!(
        world
            .chat
            .get(ada, GENERAL)
            .await
            .unwrap()
            .last_read_seq
            .get(),
        1
    );
    world
        .chat
        .send(bob, message(GENERAL, 2, "two"))
        .await
        .unwrap();
    assert_eq!(
        world
            .chat
            .get(bob, GENERAL)
            .await
            .unwrap()
            .last_read_seq
            .get(),
        0,
        "one is still unread"
    );
}

#[tokio::test]
async fn typing_is_told_and_not_stored() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.chat.typing(ada, GENERAL, true).await.unwrap();
    assert!(
        matches!(world.events.take()[..], [Event::Typing { user_id, is_typing: true, .. }] if user_id == ada)
    );
}

#[tokio::test]
async fn steps_after_a_position_connect_and_reach_the_head() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    world
        .chat
        .send(ada, message(GENERAL, 1, "one"))
        .await
        .unwrap();
    world.groups.leave(bob, GENERAL).await.unwrap();
    world
        .chat
        .send(ada, message(GENERAL, 2, "two"))
        .await
        .unwrap();
    let head = world.chat.get(ada, GENERAL).await.unwrap().rev;
    for start in 0..=head.get() {
        let mut position = Rev::new(start);
        loop {
            let steps = world.chat.steps_after(GENERAL, position, 2).await.unwrap();
            if steps.is_empty() {
                break;
            }
            for step in steps {
                assert_eq!(step.from_rev, position);
                assert!(step.to_rev > position);
                position = step.to_rev;
            }
        }
        assert_eq!(position, head, "from {start}");
    }
}

#[tokio::test]
async fn a_users_own_steps_connect_and_reach_the_head() {
    let world = World::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    world
        .chat
        .send(ada, message(GENERAL, 1, "one"))
        .await
        .unwrap();
    world
        .chat
        .mark_read(bob, GENERAL, Seq::FIRST)
        .await
        .unwrap();
    world.groups.leave(bob, GENERAL).await.unwrap();
    let head = world.chat.heads(bob).await.unwrap().user_rev;
    let steps = world
        .chat
        .user_steps_after(bob, UserRev::ZERO)
        .await
        .unwrap();
    let mut position = UserRev::ZERO;
    for step in &steps {
        assert_eq!(step.from_rev, position);
        position = step.to_rev;
    }
    assert_eq!(position, head);
    assert!(matches!(
        steps.last().unwrap().change,
        UserEventChange::ConversationLost(GENERAL)
    ));
}
