use hubbub_application::presence::store::{GRACE, Here, Liveness, Report};

use super::PresenceFixture;
use super::world::{PresenceWorld, seconds, told, user};

/// P1.
pub(crate) async fn who_connects_is_shown_at_once_and_by_every_node<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    assert_eq!(world.two.state(ada).await, Liveness::Offline);
    let changes = world.one.says(ada, Here::Active).await;
    assert_eq!(told(&changes), [(ada, Liveness::Active)]);
    let seen = world.two.sees(ada).await;
    assert_eq!(
        (seen.liveness, seen.version),
        (Liveness::Active, changes[0].version)
    );
}

pub(crate) async fn the_strongest_of_all_nodes_is_shown<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Away).await;
    assert_eq!(world.one.state(ada).await, Liveness::Away);
    let changes = world.two.says(ada, Here::Active).await;
    assert_eq!(told(&changes), [(ada, Liveness::Active)]);
    assert_eq!(world.one.says(ada, Here::Active).await, []);
    assert_eq!(world.one.says(ada, Here::Away).await, []);
    let changes = world.two.says(ada, Here::Away).await;
    assert_eq!(told(&changes), [(ada, Liveness::Away)]);
}

/// P3.
pub(crate) async fn closing_one_of_several_says_nothing<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    world.two.says(ada, Here::Active).await;
    assert_eq!(world.one.says(ada, Here::Gone).await, []);
    let changes = world.pass(60, &[&world.one, &world.two]).await;
    assert_eq!(changes, []);
    assert_eq!(world.one.state(ada).await, Liveness::Active);
}

/// P2.
pub(crate) async fn somebody_is_offline_when_the_grace_is_over_and_that_is_told_once<
    F: PresenceFixture,
>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    let online = world.one.says(ada, Here::Active).await[0].version;
    world.clock.advance(seconds(5));
    let left_at = hubbub_application::ports::Clock::now(world.clock.as_ref());
    assert_eq!(world.one.says(ada, Here::Gone).await, []);
    let early = world
        .pass(GRACE.as_secs() - 1, &[&world.one, &world.two])
        .await;
    assert_eq!(early, []);
    assert_eq!(world.two.state(ada).await, Liveness::Active);
    let changes = world.pass(10, &[&world.two, &world.one]).await;
    assert_eq!(told(&changes), [(ada, Liveness::Offline)]);
    assert_eq!(changes[0].left_at, Some(left_at));
    assert!(changes[0].version > online);
    assert_eq!(world.one.state(ada).await, Liveness::Offline);
    assert_eq!(world.fixture.size().await, (2, 0), "P6: nothing is kept");
}

pub(crate) async fn a_reload_is_never_seen<F: PresenceFixture>(world: PresenceWorld<F>) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    let before = world.two.sees(ada).await;
    for _ in 0..3 {
        assert_eq!(world.one.says(ada, Here::Gone).await, []);
        assert_eq!(world.pass(14, &[&world.one, &world.two]).await, []);
        assert_eq!(world.two.says(ada, Here::Active).await, []);
        assert_eq!(world.pass(14, &[&world.one, &world.two]).await, []);
        assert_eq!(world.two.says(ada, Here::Gone).await, []);
        assert_eq!(world.one.says(ada, Here::Active).await, []);
    }
    assert_eq!(
        world.two.sees(ada).await,
        before,
        "not even the version has changed"
    );
}

pub(crate) async fn a_deploy_is_never_seen<F: PresenceFixture>(world: PresenceWorld<F>) {
    let people = [user(1), user(2), user(3)];
    for ada in people {
        world.one.says(ada, Here::Active).await;
    }
    world.one.0.leave().await.unwrap();
    let fresh = world.another().await;
    let mut changes = world.pass(5, &[&world.two, &fresh]).await;
    for ada in people {
        changes.append(&mut fresh.says(ada, Here::Active).await);
    }
    changes.append(&mut world.pass(60, &[&world.two, &fresh]).await);
    assert_eq!(changes, []);
    assert_eq!(world.fixture.size().await, (2, 3));
}

pub(crate) async fn signing_out_is_seen_at_once<F: PresenceFixture>(world: PresenceWorld<F>) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    world.clock.advance(seconds(1));
    let changes = world.one.says(ada, Here::SignedOut).await;
    assert_eq!(told(&changes), [(ada, Liveness::Offline)]);
    assert!(changes[0].left_at.is_some());
    assert_eq!(
        world.pass(30, &[&world.one, &world.two]).await,
        [],
        "told once"
    );
}

pub(crate) async fn signing_out_ends_a_grace_that_runs<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    world.one.says(ada, Here::Gone).await;
    let changes = world.two.says(ada, Here::SignedOut).await;
    assert_eq!(told(&changes), [(ada, Liveness::Offline)]);
    assert_eq!(world.two.says(ada, Here::SignedOut).await, []);
    assert_eq!(world.pass(30, &[&world.one, &world.two]).await, []);
}

pub(crate) async fn signing_out_somewhere_leaves_the_other_nodes<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    world.two.says(ada, Here::Away).await;
    let changes = world.one.says(ada, Here::SignedOut).await;
    assert_eq!(told(&changes), [(ada, Liveness::Away)]);
    assert_eq!(world.pass(30, &[&world.one, &world.two]).await, []);
}

pub(crate) async fn a_report_twice_is_one<F: PresenceFixture>(world: PresenceWorld<F>) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    assert_eq!(world.one.says(ada, Here::Active).await, []);
    assert_eq!(world.one.says(ada, Here::Gone).await, []);
    world.clock.advance(seconds(10));
    assert_eq!(world.one.says(ada, Here::Gone).await, []);
    let changes = world.pass(5, &[&world.one, &world.two]).await;
    assert_eq!(
        told(&changes),
        [(ada, Liveness::Offline)],
        "the grace began the first time"
    );
    assert_eq!(
        world.one.says(user(2), Here::Gone).await,
        [],
        "who never was there"
    );
}

pub(crate) async fn who_is_hidden_is_not_there<F: PresenceFixture>(world: PresenceWorld<F>) {
    let ada = user(1);
    world.one.says(ada, Here::Active).await;
    world.clock.advance(seconds(1));
    let gone = world.two.0.hide(ada, true).await.unwrap().unwrap();
    assert_eq!(gone.liveness, Liveness::Offline);
    assert!(
        gone.left_at.is_some(),
        "this looks like any other departure"
    );
    assert_eq!(world.two.0.hide(ada, true).await.unwrap(), None);
    assert_eq!(world.two.says(ada, Here::Active).await, []);
    assert_eq!(world.one.state(ada).await, Liveness::Offline);
    world.clock.advance(seconds(1));
    let back = world.one.0.hide(ada, false).await.unwrap().unwrap();
    assert_eq!(back.liveness, Liveness::Active);
    assert!(back.version > gone.version);
}

pub(crate) async fn who_is_hidden_leaves_no_trace_in_versions<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let (ada, nobody) = (user(1), user(2));
    let hidden = Report {
        user: ada,
        here: Here::Active,
        is_hidden: true,
    };
    assert_eq!(world.one.0.report(&[hidden]).await.unwrap(), []);
    for here in [
        Here::Away,
        Here::Active,
        Here::Gone,
        Here::Active,
        Here::SignedOut,
    ] {
        world.clock.advance(seconds(1));
        assert_eq!(world.one.says(ada, here).await, []);
        let seen = world.two.0.read(&[ada, nobody]).await.unwrap();
        assert_eq!(seen[0].version, seen[1].version);
        assert_eq!(seen[0].liveness, Liveness::Offline);
    }
    assert_eq!(world.pass(30, &[&world.one, &world.two]).await, []);
    assert_eq!(world.fixture.size().await, (2, 0));
}

pub(crate) async fn hiding_overtakes_a_node_that_does_not_know_yet<F: PresenceFixture>(
    world: PresenceWorld<F>,
) {
    let ada = user(1);
    // A node has read that she is to be seen; before it says that she is here, she hides.
    assert_eq!(world.two.0.hide(ada, true).await.unwrap(), None);
    assert_eq!(world.one.says(ada, Here::Active).await, []);
    assert_eq!(world.two.state(ada).await, Liveness::Offline);
    assert_eq!(world.pass(30, &[&world.one, &world.two]).await, []);
    let shown = world.two.0.hide(ada, false).await.unwrap().unwrap();
    assert_eq!(
        shown.liveness,
        Liveness::Active,
        "she has been here all the time"
    );
}

pub(crate) async fn what_people_say_has_versions_too<F: PresenceFixture>(world: PresenceWorld<F>) {
    let ada = user(1);
    let absent = world.one.0.touch(ada).await.unwrap();
    assert_eq!(absent.liveness, Liveness::Offline);
    world.clock.advance(seconds(1));
    let online = world.one.says(ada, Here::Away).await[0];
    assert!(online.version > absent.version);
    let touched = world.two.0.touch(ada).await.unwrap();
    assert_eq!(touched.liveness, Liveness::Away);
    assert!(touched.version > online.version);
    assert_eq!(world.one.sees(ada).await, touched);
}
