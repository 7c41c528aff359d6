//! Reading what was written: pages, what is hidden, and the steps by which a log moved on.

use hubbub_application::events::{Event, UserEventChange};
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::ConversationId;
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::MessageRange;
use uuid::Uuid;

use crate::sending::{group, message, pair, post};
use crate::world::{World, code};

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
            code(world.chat.mark_read(eve, id, Seq::FIRST, None).await),
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
async fn a_page_says_what_lies_before_and_after_it() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    for _ in 1..=10 {
        post(&world, ada, id, "text").await;
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
        let page = world.chat.history(ada, id, range, limit).await.unwrap();
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
    let (ada, _, id) = pair(&world).await;
    let around = MessageRange::Around(Seq::new(99));
    let empty = world.chat.history(ada, id, around, 1).await.unwrap();
    assert_eq!((empty.messages.len(), empty.has_before), (0, false));
    post(&world, ada, id, "the only one").await;
    let page = world.chat.history(ada, id, around, 1).await.unwrap();
    assert_eq!(page.messages[0].seq, Seq::FIRST);
    assert_eq!((page.has_before, page.has_after), (false, false));
}

#[tokio::test]
async fn an_empty_page_says_on_which_side_of_it_something_can_be_seen() {
    let world = World::new().await;
    let (ada, bob, empty) = pair(&world).await;
    let tea = group(&world, ada, &[]).await;
    for _ in 1..=5 {
        post(&world, ada, tea, "before bob").await;
    }
    world.groups.add_member(ada, tea, bob).await.unwrap();
    let sides = async |id, range| {
        let page = world.chat.history(bob, id, range, 50).await.unwrap();
        assert!(page.messages.is_empty(), "{range:?}");
        (page.has_before, page.has_after)
    };
    let (before, after) = (
        MessageRange::Before(Seq::new(3)),
        MessageRange::After(Seq::new(99)),
    );
    for range in [
        MessageRange::Newest,
        before,
        after,
        MessageRange::Around(Seq::new(3)),
    ] {
        assert_eq!(sides(empty, range).await, (false, false), "{range:?}");
    }
    assert_eq!(sides(tea, before).await, (false, true));
    assert_eq!(sides(tea, after).await, (true, false));
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
    post(&world, ada, GENERAL, "one").await;
    world.groups.leave(bob, GENERAL).await.unwrap();
    post(&world, ada, GENERAL, "two").await;
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
    post(&world, ada, GENERAL, "one").await;
    world
        .chat
        .mark_read(bob, GENERAL, Seq::FIRST, None)
        .await
        .unwrap();
    world.groups.leave(bob, GENERAL).await.unwrap();
    let head = world.chat.heads(bob).await.unwrap().user_rev;
    let steps = world
        .chat
        .user_steps_after(bob, UserRev::ZERO, 200)
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
        UserEventChange::ConversationLost {
            conversation_id: GENERAL
        }
    ));
}
