//! Typing: told, never stored, and the first to go when there is much to do.

use std::sync::Arc;
use std::time::Duration;

use hubbub_application::chat::{ChatService, LogWriter, WriterOptions};
use hubbub_application::error::ServiceError as _;
use hubbub_application::events::Event;
use hubbub_application::ports::{Action, RateLimiter};
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::{ConversationId, UserId};
use hubbub_infrastructure::security::RandomIds;
use uuid::Uuid;

use crate::faulty::{Fault, FaultyStore};
use crate::sending::message;
use crate::world::World;

/// Nobody may do anything for that long.
struct Nothing(Duration);

impl RateLimiter for Nothing {
    fn take(&self, _: Action, _: UserId) -> Result<(), Duration> {
        Err(self.0)
    }
}

fn typing(world: &World) -> usize {
    let events = world.events.take();
    let typing = events
        .iter()
        .filter(|event| matches!(event, Event::Typing { .. }));
    typing.count()
}

#[tokio::test]
async fn typing_takes_no_place_in_any_log() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let before = world.chat.heads(ada).await.unwrap();
    world.chat.typing(ada, GENERAL, true).await.unwrap();
    world.chat.typing(ada, GENERAL, false).await.unwrap();
    assert_eq!(typing(&world), 2);
    let after = world.chat.heads(ada).await.unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}

#[tokio::test]
async fn typing_is_told_to_a_hundred_and_to_nobody_among_more() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    for number in 2..=100 {
        world.guest_of(ada, &format!("guest{number}")).await;
    }
    world.events.take();
    assert_eq!(
        world.chat.get(ada, GENERAL).await.unwrap().member_count,
        100
    );
    world.chat.typing(ada, GENERAL, true).await.unwrap();
    assert_eq!(typing(&world), 1);
    world.guest_of(ada, "one-too-many").await;
    world.chat.typing(ada, GENERAL, true).await.unwrap();
    assert_eq!(typing(&world), 0);
}

#[tokio::test]
async fn what_comes_too_often_is_dropped_before_anything_is_read_and_a_message_is_refused_with_a_hint()
 {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    // A database that would fail whoever asked it anything.
    let store = FaultyStore::new(&world.store, &[Fault::Begin; 8]);
    let (clock, events) = (world.clock.clone(), world.events.clone());
    let options = WriterOptions::default();
    let (writer, _) = LogWriter::new(store.clone(), clock.clone(), events.clone(), options);
    let chat = ChatService::new(store, clock, Arc::new(RandomIds), events, writer);
    let wait = Duration::from_millis(1_234);
    let chat = chat.limited_by(Arc::new(Nothing(wait)));
    let nowhere = ConversationId::from_uuid(Uuid::nil());
    chat.typing(ada, nowhere, true).await.unwrap();
    assert_eq!(typing(&world), 0);
    let refused = chat
        .send(ada, message(GENERAL, 1, "hello"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.retry_after()),
        ("rate_limited", Some(wait))
    );
}
