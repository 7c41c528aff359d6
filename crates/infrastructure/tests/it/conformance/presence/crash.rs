use std::collections::BTreeSet;

use hubbub_application::presence::store::{GRACE, Here, LEASE, Liveness, MAX_BATCH};

use super::PresenceFixture;
use super::world::{PresenceWorld, active, seconds, told, user};

/// P2, P5 and P6.
pub(crate) async fn a_node_that_crashed_has_nobody_when_lease_and_grace_are_over<
    F: PresenceFixture,
>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    let bound = LEASE.as_secs() + GRACE.as_secs();
    let early = world.pass(bound - 1, &[&world.two]).await;
    assert_eq!(early, []);
    assert_eq!(world.two.state(ada).await, Liveness::Active);
    let changes = world.pass(1, &[&world.two]).await;
    assert_eq!(told(&changes), [(ada, Liveness::Offline)]);
    assert_eq!(world.two.state(ada).await, Liveness::Offline);
    assert_eq!(world.fixture.size().await, (1, 0));
}

/// P3.
pub(crate) async fn the_crash_of_one_node_does_not_touch_who_is_on_another<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let (ada, bob) = (user(1), user(2));
    world.one.says(ada, Here::Active).await;
    world.two.says(ada, Here::Active).await;
    world.one.says(bob, Here::Active).await;
    world.two.says(bob, Here::Away).await;
    let changes = world.pass(60, &[&world.two]).await;
    assert_eq!(
        told(&changes),
        [(bob, Liveness::Away)],
        "his device is what the crash took"
    );
    assert_eq!(world.two.state(ada).await, Liveness::Active);
}

pub(crate) async fn who_comes_back_after_a_crash_was_never_away<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    let mut changes = world.pass(LEASE.as_secs() + 10, &[&world.two]).await;
    changes.append(&mut world.two.says(ada, Here::Active).await);
    changes.append(&mut world.pass(60, &[&world.two]).await);
    assert_eq!(changes, []);
}

pub(crate) async fn two_sweepers_tell_each_change_once<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let three = world.another().await;
    for number in 0..40 {
        three.says(user(number), Here::Active).await;
    }
    let mut told = Vec::new();
    for _ in 0..60 {
        world.clock.advance(seconds(1));
        let (first, second) = tokio::join!(world.one.ticks(), world.two.ticks());
        told.extend(first.into_iter().chain(second));
    }
    assert_eq!(told.len(), 40);
    let people: BTreeSet<_> = told.iter().map(|change| change.user).collect();
    assert_eq!(people.len(), 40);
    assert_eq!(world.fixture.size().await, (2, 0));
}

pub(crate) async fn a_crash_of_many_is_swept_a_few_at_a_time<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let people = 2 * MAX_BATCH + 100;
    for batch in 0..people / 100 {
        let reports: Vec<_> = (0..100)
            .map(|number| active(user((100 * batch + number) as u128)))
            .collect();
        world.one.0.report(&reports).await.unwrap();
    }
    world.pass(LEASE.as_secs() - 1, &[&world.two]).await;
    world.clock.advance(seconds(1));
    let tick = world.two.0.tick().await.unwrap();
    assert!(tick.has_more);
    world.two.ticks().await;
    world.pass(GRACE.as_secs() - 1, &[&world.two]).await;
    world.clock.advance(seconds(1));
    let tick = world.two.0.tick().await.unwrap();
    assert_eq!((tick.changes.len(), tick.has_more), (MAX_BATCH, true));
    assert_eq!(world.two.ticks().await.len(), people - MAX_BATCH);
    assert_eq!(world.fixture.size().await, (1, 0));
}

pub(crate) async fn a_lease_that_is_renewed_never_ends<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    let changes = world.pass(120, &[&world.one, &world.two]).await;
    assert_eq!(changes, []);
    assert_eq!(world.two.state(ada).await, Liveness::Active);
}

pub(crate) async fn readers_do_not_wait_for_the_sweeper<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    // The second node only keeps its own lease, by entering again; it never sweeps.
    for _ in 0..3 {
        world.clock.advance(seconds(14));
        world.two.0.enter(false).await.unwrap();
    }
    assert_eq!(world.two.state(ada).await, Liveness::Offline);
}
