use hubbub_application::presence::store::{Here, Liveness, PresenceLost, SETTLING};

use super::PresenceFixture;
use super::world::{Node, PresenceWorld, active, seconds, told, user};

/// Every method of a node, each of which finds out that the node is not known.
async fn is_forgotten(node: &Node) {
    let ada = user(1);
    let forgotten = PresenceLost::Forgotten;
    assert_eq!(node.0.report(&[active(ada)]).await, Err(forgotten));
    assert_eq!(node.0.read(&[ada]).await, Err(forgotten));
    assert_eq!(node.0.touch(ada).await, Err(forgotten));
    assert_eq!(node.0.hide(ada, true).await, Err(forgotten));
    assert_eq!(node.0.tick().await, Err(forgotten));
    assert_eq!(node.0.leave().await, Err(forgotten));
}

pub(crate) async fn a_node_that_did_not_enter_is_told_so<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    is_forgotten(&Node(world.fixture.node())).await;
}

/// P3 and P5.
pub(crate) async fn a_store_that_lost_everything_shows_nobody_wrongly<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let (ada, bob, eve) = (user(1), user(2), user(3));
    world.one.says(ada, Here::Active).await;
    world.two.says(bob, Here::Away).await;
    world.fixture.wipe().await;
    is_forgotten(&world.one).await;
    is_forgotten(&world.two).await;

    world.one.0.enter(true).await.unwrap();
    world.one.says(ada, Here::Active).await;
    let seen = world.one.0.read(&[ada, bob, eve]).await.unwrap();
    let seen: Vec<_> = seen.iter().map(|standing| standing.liveness).collect();
    assert_eq!(
        seen,
        [Liveness::Active, Liveness::Unknown, Liveness::Unknown],
        "bob's node has not said yet that he is there"
    );
    assert!(world.one.0.tick().await.unwrap().is_settling);
    world.clock.advance(seconds(1));
    world.two.0.enter(true).await.unwrap();
    world.two.says(bob, Here::Away).await;

    let changes = world
        .pass(SETTLING.as_secs() + 60, &[&world.one, &world.two])
        .await;
    assert_eq!(changes, [], "nobody was shown as offline");
    assert!(!world.one.0.tick().await.unwrap().is_settling);
    assert_eq!(world.one.state(bob).await, Liveness::Away);
    assert_eq!(world.two.state(ada).await, Liveness::Active);
    assert_eq!(world.two.state(eve).await, Liveness::Offline);
}

/// P3, when nobody could renew a lease.
pub(crate) async fn a_store_that_was_away_for_long_shows_nobody_wrongly<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let (ada, bob) = (user(1), user(2));
    world.one.says(ada, Here::Active).await;
    world.two.says(bob, Here::Active).await;
    world.clock.advance(seconds(120));
    is_forgotten(&world.one).await;
    world.one.0.enter(true).await.unwrap();
    let mut changes = world.one.says(ada, Here::Active).await;
    changes.append(&mut world.one.ticks().await);
    assert_eq!(
        changes,
        [],
        "bob's lease and grace are over, but he may be there"
    );
    assert_eq!(world.one.state(bob).await, Liveness::Unknown);
    world.clock.advance(seconds(2));
    world.two.0.enter(true).await.unwrap();
    changes.append(&mut world.two.says(bob, Here::Active).await);
    changes.append(&mut world.pass(60, &[&world.one, &world.two]).await);
    assert_eq!(changes, []);
    assert_eq!(world.one.state(bob).await, Liveness::Active);
    assert_eq!(
        world.fixture.size().await,
        (2, 2),
        "P6: the earlier names are gone"
    );
}

/// P4.
pub(crate) async fn versions_never_decrease_whatever_happens<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    let mut newest = 0;
    let mut rises = |version: u64| {
        assert!(version >= newest, "{version} after {newest}");
        newest = version;
    };
    for round in 0..3 {
        for here in [
            Here::Active,
            Here::Away,
            Here::Active,
            Here::SignedOut,
            Here::Active,
        ] {
            world.clock.advance(seconds(1));
            for change in world.two.says(ada, here).await {
                rises(change.version);
            }
            rises(world.one.sees(ada).await.version);
        }
        for hidden in [true, false] {
            world.clock.advance(seconds(1));
            let change = world.one.0.hide(ada, hidden).await.unwrap();
            rises(change.unwrap().version);
            rises(world.one.0.touch(ada).await.unwrap().version);
        }
        if round == 1 {
            world.fixture.wipe().await;
            world.clock.advance(seconds(1));
            world.one.0.enter(true).await.unwrap();
            world.two.0.enter(true).await.unwrap();
            rises(world.one.sees(ada).await.version);
        } else {
            world.two.says(ada, Here::Gone).await;
            for change in world.pass(30, &[&world.one, &world.two]).await {
                rises(change.version);
            }
        }
    }
}

pub(crate) async fn a_first_start_knows_that_nobody_is_there<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    assert!(!world.one.0.tick().await.unwrap().is_settling);
    assert_eq!(world.one.state(user(1)).await, Liveness::Offline);
    let third = world.another().await;
    assert!(
        !third.0.tick().await.unwrap().is_settling,
        "who comes to others learns from them"
    );
}

pub(crate) async fn a_restart_of_all_settles<F: PresenceFixture>(world: PresenceWorld<F>) {
    let (ada, bob) = (user(1), user(2));
    world.fixture.wipe().await;
    let fresh = world.another().await;
    assert_eq!(fresh.state(ada).await, Liveness::Unknown);
    let changes = fresh.says(ada, Here::Active).await;
    assert_eq!(told(&changes), [(ada, Liveness::Active)]);
    world.pass(SETTLING.as_secs(), &[&fresh]).await;
    assert_eq!(fresh.state(bob).await, Liveness::Offline);
}
