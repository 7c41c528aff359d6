//! People do everything that can be done, connections break, and what everybody was told is held against what there is.

use hubbub_load::checker::{self, Counter, Terms};
use hubbub_load::device::Patience;
use hubbub_load::history::Recorder;
use hubbub_load::rehearsal::Rehearsal;
use hubbub_load::schedule::{Schedule, Shape};
use hubbub_load::{cast, person};
use hubbub_testkit::HubbubBuilder;
use hubbub_testkit::postgres::PostgresCluster;

use crate::app::binary;

const SHAPE: Shape = Shape {
    people: 6,
    rooms: 3,
    seconds: 4,
    rate: 40,
};

/// What a run of this length certainly does.
const DEMANDS: [(Counter, u64); 8] = [
    (Counter::Acknowledged, 30),
    (Counter::Refused, 10),
    (Counter::Edits, 2),
    (Counter::Deletes, 1),
    (Counter::Reactions, 5),
    (Counter::Removals, 1),
    (Counter::Reconnections, 3),
    (Counter::Syncs, 20),
];

/// Plays the schedule of a seed on a server of its own and insists that every invariant holds.
async fn holds(server: HubbubBuilder, seed: u64) {
    let server = server.start().await.unwrap();
    let base = server.url("");
    let code = server.setup_code().await.unwrap();
    let admin = person::Person::first(&base, "admin", &code).await.unwrap();
    let recorder = Recorder::default();
    let people = cast::invite(&base, &admin, SHAPE.people, &recorder).await;
    let rehearsal = Rehearsal {
        schedule: Schedule::of(seed, &SHAPE),
        seed,
        patience: Patience::default(),
    };
    let history = rehearsal
        .play_with(people.unwrap(), recorder)
        .await
        .unwrap();
    let terms = Terms {
        demands: DEMANDS.into(),
        ..Terms::default()
    };
    let verdict = checker::check(&history, &terms);
    assert!(verdict.holds(), "seed {seed}:\n{verdict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_invariant_holds_on_sqlite() {
    for seed in 1..=2 {
        holds(binary(), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_invariant_holds_on_postgresql() {
    let cluster = PostgresCluster::start().await.unwrap();
    for seed in 3..=4 {
        let url = cluster.create_database().await.unwrap();
        holds(binary().database_url(&url), seed).await;
    }
}
