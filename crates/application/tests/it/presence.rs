use std::sync::Arc;
use std::time::Duration;

use hubbub_application::events::Event;
use hubbub_application::ports::{Clock as _, Unlimited};
use hubbub_application::presence::dto::PresenceState::{
    self, Active, Away, DoNotDisturb, Offline, Unknown,
};
use hubbub_application::presence::dto::{ManualStateDto, PresenceDto};
use hubbub_application::presence::{Departure, PresenceService, SetStatus};
use hubbub_domain::conversation::GENERAL;
use hubbub_domain::ids::UserId;
use hubbub_infrastructure::in_process::InProcessPresence;
use hubbub_infrastructure::security::RandomIds;
use uuid::Uuid;

use crate::world::{World, code};

fn changes(world: &World) -> Vec<PresenceDto> {
    let events = world.events.take();
    let changes = events.into_iter().filter_map(|event| match event {
        Event::Presence(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

fn told(world: &World) -> Vec<(UserId, PresenceState)> {
    let changes = changes(world);
    changes
        .iter()
        .map(|change| (change.user_id, change.state))
        .collect()
}

/// Lets time pass, second by second.
async fn pass(world: &World, presence: &PresenceService, seconds: u64) {
    for _ in 0..seconds {
        world.clock.advance(Duration::from_secs(1));
        presence.beat().await;
    }
}

async fn sees(world: &World, presence: &PresenceService, user: UserId) -> PresenceDto {
    world.clock.advance(Duration::from_millis(1));
    presence.states(&[user], &[user]).await.remove(0)
}

/// A second node, which shares what the first one keeps in memory.
struct Cluster {
    world: World,
    shared: InProcessPresence,
    one: PresenceService,
    two: PresenceService,
}

impl Cluster {
    async fn new() -> Self {
        let world = World::new().await;
        let shared = InProcessPresence::new(world.clock.clone(), Arc::new(RandomIds));
        let node = || {
            PresenceService::new(
                world.store.clone(),
                Arc::new(shared.beside()),
                world.clock.clone(),
                world.events.clone(),
                Arc::new(Unlimited),
            )
        };
        let (one, two) = (node(), node());
        one.enter(false).await;
        two.enter(false).await;
        Self {
            world,
            shared,
            one,
            two,
        }
    }
}

#[tokio::test]
async fn a_person_is_shown_from_the_first_connection_until_the_grace_after_the_last() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.presence.connected(ada, "phone");
    world.presence.connected(ada, "laptop");
    world.presence.report().await;
    assert_eq!(told(&world), [(ada, Active)]);
    world.presence.disconnected("phone", Departure::Lost);
    world.presence.disconnected("laptop", Departure::Lost);
    world.presence.report().await;
    let left_at = world.clock.now();
    pass(&world, &world.presence, 14).await;
    assert_eq!(told(&world), []);
    pass(&world, &world.presence, 1).await;
    let offline = changes(&world).remove(0);
    assert_eq!((offline.state, offline.last_seen), (Offline, Some(left_at)));
    let seen = sees(&world, &world.presence, ada).await;
    assert_eq!(seen.last_seen, Some(left_at), "it is kept in the database");
}

#[tokio::test]
async fn signing_out_shows_at_once_and_is_kept_too() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.presence.connected(ada, "phone");
    world.presence.report().await;
    world.presence.disconnected("phone", Departure::SignedOut);
    world.presence.report().await;
    assert_eq!(told(&world), [(ada, Active), (ada, Offline)]);
}

#[tokio::test]
async fn five_minutes_without_input_are_away_and_anything_done_is_back() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.presence.connected(ada, "phone");
    pass(&world, &world.presence, 299).await;
    assert_eq!(told(&world), [(ada, Active)]);
    pass(&world, &world.presence, 1).await;
    assert_eq!(told(&world), [(ada, Away)]);
    world.presence.input("phone", true);
    world.presence.report().await;
    assert_eq!(told(&world), [(ada, Active)]);
    world.presence.input("phone", false);
    world.presence.report().await;
    assert_eq!(told(&world), [(ada, Away)], "the device said so");
}

#[tokio::test]
async fn what_one_says_of_oneself_is_shown_until_it_ends() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    world.presence.connected(ada, "phone");
    world.presence.report().await;
    changes(&world);
    let until = world.clock.now().plus(Duration::from_mins(1));
    let busy = SetStatus {
        state: Some(ManualStateDto::DoNotDisturb),
        text: Some(" in a  meeting ".to_owned()),
        emoji: Some("📅".to_owned()),
        until: Some(until),
    };
    world.presence.set_status(ada, busy).await.unwrap();
    let shown = changes(&world).remove(0);
    let status = shown.status.clone().unwrap();
    assert_eq!(
        (shown.state, status.text.as_deref()),
        (DoNotDisturb, Some("in a meeting"))
    );
    assert_eq!(
        (status.emoji.as_deref(), status.until),
        (Some("📅"), Some(until))
    );
    pass(&world, &world.presence, 59).await;
    assert_eq!(told(&world), []);
    pass(&world, &world.presence, 1).await;
    let after = changes(&world).remove(0);
    assert_eq!((after.state, after.status), (Active, None));
    assert!(after.version > shown.version);
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_said() {
    let world = World::new().await;
    let (ada, _) = world.people([]).await;
    let text = SetStatus {
        text: Some("x".repeat(101)),
        ..SetStatus::default()
    };
    assert_eq!(
        code(world.presence.set_status(ada, text).await),
        "invalid_status"
    );
    let emoji = SetStatus {
        emoji: Some("word".to_owned()),
        ..SetStatus::default()
    };
    assert_eq!(
        code(world.presence.set_status(ada, emoji).await),
        "invalid_emoji"
    );
    let kept = world.presence.status(ada).await.unwrap();
    assert_eq!(kept.status.text, None);
}

#[tokio::test]
async fn who_is_invisible_looks_like_anybody_who_is_not_there_on_every_node_and_after_a_restart() {
    let Cluster {
        world, one, two, ..
    } = Cluster::new().await;
    let (ada, _) = world.people([]).await;
    one.connected(ada, "phone");
    two.connected(ada, "laptop");
    one.report().await;
    two.report().await;
    changes(&world);
    let hide = SetStatus {
        state: Some(ManualStateDto::Invisible),
        ..SetStatus::default()
    };
    one.set_status(ada, hide).await.unwrap();
    assert_eq!(told(&world), [(ada, Offline)]);
    two.input("laptop", false);
    two.report().await;
    two.disconnected("laptop", Departure::Lost);
    two.report().await;
    two.connected(ada, "laptop again");
    two.report().await;
    assert_eq!(told(&world), [], "nothing that she does is seen");
    // A node that has just started knows it from the database.
    let fresh = InProcessPresence::new(world.clock.clone(), Arc::new(RandomIds));
    let restarted = PresenceService::new(
        world.store.clone(),
        Arc::new(fresh),
        world.clock.clone(),
        world.events.clone(),
        Arc::new(Unlimited),
    );
    restarted.enter(true).await;
    restarted.connected(ada, "phone");
    restarted.report().await;
    assert_eq!(told(&world), []);
    one.set_status(ada, SetStatus::default()).await.unwrap();
    assert_eq!(told(&world), [(ada, Active)]);
}

#[tokio::test]
async fn a_store_that_lost_everything_is_told_again_and_nobody_was_ever_offline() {
    let Cluster {
        world,
        shared,
        one,
        two,
    } = Cluster::new().await;
    let (ada, [bob]) = world.people(["bob"]).await;
    one.connected(ada, "phone");
    two.connected(bob, "tablet");
    pass(&world, &one, 1).await;
    pass(&world, &two, 1).await;
    changes(&world);
    let before = *one.knowledge().borrow();

    shared.wipe();
    assert_eq!(sees(&world, &one, bob).await.state, Unknown);
    one.beat().await;
    assert_eq!(sees(&world, &one, ada).await.state, Active);
    assert_eq!(
        sees(&world, &one, bob).await.state,
        Unknown,
        "his node has not said it yet"
    );
    for _ in 0..30 {
        pass(&world, &one, 1).await;
        two.beat().await;
    }
    assert!(told(&world).iter().all(|(_, state)| *state == Active));
    assert_eq!(sees(&world, &one, bob).await.state, Active);
    let after = *one.knowledge().borrow();
    assert!(
        !after.is_lost && after.generation > before.generation,
        "what is shown is read again"
    );
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
    let states = world.presence.states(&wanted, &allowed).await;
    let shown: Vec<_> = states.iter().map(|presence| presence.state).collect();
    assert_eq!(
        shown,
        [Active, Offline, Offline],
        "eve is there, but ada may not know"
    );
    assert_eq!(states[1].version, states[2].version, "nor guess it");
}

#[tokio::test]
async fn partners_of_direct_conversations_are_known_the_latest_first() {
    let world = World::new().await;
    let (ada, [bob, eve]) = world.people(["bob", "eve"]).await;
    assert_eq!(world.presence.partners(ada).await.unwrap(), []);
    for partner in [bob, eve] {
        world.clock.advance(Duration::from_secs(1));
        let send = hubbub_application::chat::SendPrivateMessage {
            receiver_id: partner,
            client_id: None,
            body: "hello".to_owned(),
        };
        world.chat.send_private(ada, send).await.unwrap();
    }
    assert_eq!(world.presence.partners(ada).await.unwrap(), [eve, bob]);
    assert_eq!(world.presence.partners(bob).await.unwrap(), [ada]);
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
