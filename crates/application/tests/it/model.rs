//! Whatever people do at the same time, on either database: the log keeps its rules, and every client ends with what a fresh look
//! shows.
//!
//! A run is a list of steps. In a step several people ask for something at once, while some devices synchronise. What was published
//! of a step, put in the order of its revs, must then be explained: every change by one request that was granted and what the
//! [`rules`] make of it, and every answer without a change by a moment of the step at which the rules give it. What was published
//! goes to the devices by a network that loses, doubles and delays.

mod network;
mod plan;
mod replica;
mod request;
mod rules;
mod stage;
mod state;
mod tally;
mod trial;

use std::future::Future;
use std::sync::Arc;

use hubbub_application::auth::RegistrationMode;
use hubbub_infrastructure::postgres::{PgOptions, PgStore};
use hubbub_testkit::postgres::PostgresCluster;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::world::World;
use plan::{Plan, plans};
use stage::Stage;
use tally::Tally;

/// How many runs there are, and how many steps each has at most.
struct Extent {
    runs: u32,
    steps: usize,
}

const ON_SQLITE: Extent = Extent {
    runs: 32,
    steps: 48,
};
const ON_POSTGRES: Extent = Extent { runs: 6, steps: 48 };

/// What so many runs certainly do.
const EVERYTHING: [&str; 19] = [
    "send",
    "reply in a thread",
    "edit",
    "delete",
    "restore",
    "react",
    "pin",
    "join",
    "leave",
    "add",
    "remove",
    "role",
    "settings",
    "unchanged",
    "idempotency_mismatch",
    "not_found",
    "forbidden",
    "sync",
    "hole",
];

#[test]
fn whatever_happens_at_once_the_log_and_every_client_agree_on_sqlite() {
    let runtime = runtime();
    let tally = Tally::default();
    explore(&runtime, &ON_SQLITE, async |plan| {
        play(&World::new().await.into(), plan, &tally).await;
    });
    tally.has(&EVERYTHING);
}

#[test]
fn whatever_happens_at_once_the_log_and_every_client_agree_on_postgresql() {
    let runtime = runtime();
    let (cluster, migrated) = runtime.block_on(async {
        let cluster = PostgresCluster::start().await.unwrap();
        let url = cluster.create_database().await.unwrap();
        open(&url).await.close().await;
        (cluster, url)
    });
    let tally = Tally::default();
    explore(&runtime, &ON_POSTGRES, async |plan| {
        let url = cluster.create_database_like(&migrated).await.unwrap();
        let store = Arc::new(open(&url).await);
        let world = World::over(store.clone(), RegistrationMode::Invitation).await;
        play(&Arc::new(world), plan, &tally).await;
        store.close().await;
    });
    tally.has(&["send", "edit", "unchanged", "forbidden", "sync", "hole"]);
}

/// Tries many plans, and on a failure looks for the smallest that fails.
fn explore<F: Future<Output = ()>>(runtime: &Runtime, extent: &Extent, run: impl Fn(Plan) -> F) {
    let config = Config {
        cases: extent.runs,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let tried = runner.run(&plans(extent.steps), |plan| {
        runtime.block_on(run(plan));
        Ok(())
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}

async fn play(world: &Arc<World>, plan: Plan, tally: &Tally) {
    let mut stage = Stage::set(world, tally).await;
    let mut fates = plan.fates.into_iter().cycle();
    for step in &plan.steps {
        stage.play(step, &mut fates).await;
    }
    stage.end().await;
}

fn runtime() -> Runtime {
    // People meet at the same time: more than one thread.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

async fn open(url: &str) -> PgStore {
    PgStore::open(url, PgOptions::default()).await.unwrap()
}
