use std::time::Duration;

use hubbub_application::events::Event;
use hubbub_application::presence::dto::PresenceState::{self, Active, Offline};
use hubbub_application::presence::{Departure, PresenceService};
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::UserId;
use uuid::Uuid;

use crate::world::{World, code};

fn told(world: &World) -> Vec<(UserId, PresenceState)> {
    let events = world.events.take();
    let changes = events.into_iter().filter_map(|event| match event {
        Event::Presence(change) => Some((change.user_id, change.state)),
        _ => None,
    });
    changes.collect()
}

#[tokio::test]
async fn a_person_is_shown_from_the_first_connection_until_the_grace_after_the_last() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.presence.connected(ada, "phone");
    world.presence.connected(ada, "laptop");
    assert_eq!(told(&world), [(ada, Active)]);
    world.presence.disconnected("phone", Departure::Lost);
    world.presence.disconnected("laptop", Departure::Lost);
    world.clock.advance(Duration::from_secs(14));
    world.presence.sweep();
    assert_eq!(told(&world), []);
    world.clock.advance(Duration::from_secs(1));
    world.presence.sweep();
    assert_eq!(told(&world), [(ada, Offline)]);
}

#[tokio::test]
async fn one_may_watch_those_with_whom_one_shares_a_conversation() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    world.groups.leave(eve, GENERAL).await.unwrap();
    world.presence.connected(bob, "bob");
    world.presence.connected(eve, "eve");
    let nobody = UserId::from_uuid(Uuid::nil());
    let wanted = [bob, eve, nobody];
    let allowed = world.presence.may_watch(ada, &wanted).await.unwrap();
    assert_eq!(allowed, [bob]);
    let states: Vec<_> = world
        .presence
        .states(&wanted, &allowed)
        .iter()
        .map(|presence| presence.state)
        .collect();
    assert_eq!(
        states,
        [Active, Offline, Offline],
        "eve is there, but ada may not know"
    );
}

#[tokio::test]
async fn watching_has_a_bound() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let crowd: Vec<_> = (0..=PresenceService::MAX_WATCHED)
        .map(|number| UserId::from_uuid(Uuid::from_u128(number as u128)))
        .collect();
    assert_eq!(
        code(world.presence.may_watch(ada, &crowd).await),
        "limit_exceeded"
    );
    assert_eq!(code(world.presence.may_watch(ada, &crowd[1..]).await), "ok");
}
