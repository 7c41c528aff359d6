//! Reactions and pins, and how much of everything there may be.

use std::time::Duration;

use hubbub_application::error::ServiceError;
use hubbub_domain::message::{MAX_PINS, MAX_REVISIONS};

use crate::messages::edit;
use crate::sending::{group, pair, post};
use crate::world::{World, code};

#[tokio::test]
async fn reactions_show_who_gave_them_in_their_order() {
    let world = World::new().await;
    let (ada, bob, id) = pair(&world).await;
    let message = post(&world, ada, id, "tea").await.message_id;
    for (who, emoji) in [(bob, "🎉"), (ada, "👍"), (ada, "🎉")] {
        world
            .chat
            .add_reaction(who, id, message, emoji)
            .await
            .unwrap();
    }
    let shown = world.chat.find(bob, id, message).await.unwrap().reactions;
    let shown: Vec<_> = shown
        .into_iter()
        .map(|one| (one.emoji, one.user_ids))
        .collect();
    assert_eq!(
        shown,
        [
            ("🎉".to_owned(), vec![bob, ada]),
            ("👍".to_owned(), vec![ada])
        ]
    );
    let refused = world.chat.add_reaction(bob, id, message, "nice").await;
    assert_eq!(code(refused), "invalid_emoji");
}

/// Which failure it is, with the sentence that states the limit.
fn refusal<T, E: ServiceError>(result: Result<T, E>) -> (&'static str, String) {
    let error = result.err().unwrap();
    (error.code(), error.to_string())
}

#[tokio::test]
async fn limits_are_kept_and_stated() {
    let world = World::new().await;
    let (ada, _, id) = pair(&world).await;
    let sent = post(&world, ada, id, "0").await;
    let message = sent.message_id;
    for number in 1..=MAX_REVISIONS {
        edit(&world, ada, &sent, &number.to_string()).await;
    }
    let once_more = world.chat.edit(ada, id, message, "enough".to_owned()).await;
    let (code, sentence) = refusal(once_more);
    assert_eq!(code, "limit_exceeded");
    assert!(sentence.contains("100"), "{sentence}");
    let last = world.chat.find(ada, id, message).await.unwrap();
    assert_eq!(last.body, MAX_REVISIONS.to_string(), "nothing was stored");

    for number in 0..20 {
        let emoji = char::from_u32(0x1F600 + number).unwrap().to_string();
        world
            .chat
            .add_reaction(ada, id, message, &emoji)
            .await
            .unwrap();
    }
    let (code, sentence) = refusal(world.chat.add_reaction(ada, id, message, "👍").await);
    assert_eq!(code, "limit_exceeded");
    assert!(sentence.contains("20"), "{sentence}");

    for number in 0..MAX_PINS {
        let message = post(&world, ada, id, &number.to_string()).await.message_id;
        world.chat.pin(ada, id, message).await.unwrap();
    }
    let (code, sentence) = refusal(world.chat.pin(ada, id, message).await);
    assert_eq!(code, "limit_exceeded");
    assert!(sentence.contains("100"), "{sentence}");
    let pins = world.chat.pins(ada, id).await.unwrap();
    assert_eq!(pins.messages.len(), 100);
    world
        .chat
        .unpin(ada, id, pins.messages[0].message_id)
        .await
        .unwrap();
    world.chat.pin(ada, id, message).await.unwrap();
}

#[tokio::test]
async fn pins_are_listed_the_latest_first_to_who_may_see_them() {
    let world = World::new().await;
    let (ada, [bob, late]) = world.people(["bob", "late"]).await;
    let tea = group(&world, ada, &[bob]).await;
    let early = post(&world, ada, tea, "early").await.message_id;
    world.groups.add_member(ada, tea, late).await.unwrap();
    let shared = post(&world, ada, tea, "shared").await.message_id;
    for message in [shared, early] {
        world.clock.advance(Duration::from_secs(1));
        world.chat.pin(bob, tea, message).await.unwrap();
    }
    let seen = async |reader| {
        let pins = world.chat.pins(reader, tea).await.unwrap();
        assert_eq!(pins.rev, world.chat.get(ada, tea).await.unwrap().rev);
        let messages = pins.messages.into_iter();
        messages
            .map(|message| message.message_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(ada).await, [early, shared]);
    assert_eq!(seen(late).await, [shared]);
}
