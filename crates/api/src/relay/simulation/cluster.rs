//! Several nodes, each with the real relay and its detectors, over one database and a bus that loses, doubles and reorders, while
//! nodes stand still, crash and come back. Time is paused, so a minute of it takes milliseconds, and a seed determines a run.
//!
//! What must hold: whatever a connection hears fits the logs, and it hears everything within the bounds, without further traffic.

mod bounds;
mod dice;
mod node;
mod run;

use std::panic::AssertUnwindSafe;

use dice::Dice;
use run::{Found, Run};

/// What is broken on purpose, to show that the simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    /// The database is never asked what has changed.
    NoSweep,
    /// Nobody tells what it has committed.
    NoDigest,
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// Single hints get lost; the bus is up, and who has committed lives.
    Fair,
    /// Everything.
    Foul,
}

fn weather(seed: u64) -> Weather {
    if seed.is_multiple_of(4) {
        Weather::Fair
    } else {
        Weather::Foul
    }
}

fn simulate(seed: u64, weather: Weather, defect: Defect) -> Found {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(Run::new(Dice::new(seed), weather, defect).play())
}

/// Plays a seed, and names it where it fails.
fn holds(seed: u64) -> Found {
    let played = AssertUnwindSafe(|| simulate(seed, weather(seed), Defect::None));
    std::panic::catch_unwind(played)
        .unwrap_or_else(|_| panic!("HUBBUB_SIMULATION_SEED={seed} shows what is above again"))
}

/// A number from the environment: it says how long to search, or what to look at again.
#[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("it is a number"))
}

/// How many seeds are played, unless `HUBBUB_SIMULATION_SEEDS` asks for another number.
const SEEDS: u64 = 1_000;

#[test]
fn whatever_fails_every_connection_hears_everything_within_the_bounds() {
    if let Some(seed) = number("HUBBUB_SIMULATION_SEED") {
        holds(seed);
        return;
    }
    let seeds = number("HUBBUB_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let first = number("HUBBUB_SIMULATION_FROM").unwrap_or(0);
    let mut found = Found::default();
    for seed in first..first + seeds {
        found += holds(seed);
    }
    println!("{seeds} runs: {found:?}");
    found.assert_not_vacuous();
}

/// How many seeds may pass before a defect is found.
const PATIENCE_WITH_DEFECTS: u64 = 100;

fn is_found_out(defect: Defect, weather: Weather) -> bool {
    (0..PATIENCE_WITH_DEFECTS).any(|seed| {
        let played = AssertUnwindSafe(|| simulate(seed, weather, defect));
        std::panic::catch_unwind(played).is_err()
    })
}

#[test]
fn a_node_that_never_asks_the_database_is_found_out() {
    assert!(is_found_out(Defect::NoSweep, Weather::Foul));
}

#[test]
fn a_node_that_does_not_tell_what_it_has_committed_is_found_out() {
    assert!(is_found_out(Defect::NoDigest, Weather::Fair));
}
