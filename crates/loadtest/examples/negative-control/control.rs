//! What can be broken, and the faults under which it shows.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use hubbub_load::checker::{Invariant, Verdict};
use hubbub_load::device::Deed;
use hubbub_load::history::FaultKind;
use hubbub_load::schedule::{Happening, Room, Schedule, Shape};
use hubbub_load::seed::Seed;
use hubbub_testkit::proxy::{Faults, Link};
use tokio::time::sleep;

use super::theatre::Theatre;

/// What is broken.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Control {
    /// The server answers a send before the commit is on disk
    AckBeforeCommit,
    /// The server does not look for the key of a send, and the database allows it twice
    NoUniqueKey,
    /// The server asks who is a member before it has the lock
    MembershipOutsideLock,
    /// A full outbox drops what does not fit, and says nothing
    SilentQueueDrop,
    /// The client applies a range that begins above its position
    NoHoleDetection,
}

const SHAPE: Shape = Shape {
    people: 6,
    rooms: 3,
    seconds: 8,
    rate: 60,
};

impl Control {
    /// The compile-time feature.
    pub(crate) fn feature(self) -> String {
        let name = self.to_possible_value().expect("no control is hidden");
        format!("broken-{}", name.get_name())
    }

    /// The rule that the checker must find broken.
    pub(crate) fn expected(self) -> Invariant {
        match self {
            Self::AckBeforeCommit => Invariant::NoLoss,
            Self::NoUniqueKey => Invariant::NoDuplicate,
            Self::MembershipOutsideLock => Invariant::NoPhantom,
            Self::SilentQueueDrop => Invariant::BoundedDelivery,
            Self::NoHoleDetection => Invariant::Agreement,
        }
    }

    pub(crate) async fn run(self, server: &Path, seed: u64) -> anyhow::Result<Verdict> {
        match self {
            Self::AckBeforeCommit => kill_the_database(server, seed).await,
            Self::NoUniqueKey => cut_answers(server, seed).await,
            Self::MembershipOutsideLock => come_and_go(server, seed).await,
            Self::SilentQueueDrop => stall(server, seed).await,
            Self::NoHoleDetection => cut_connections(server, seed).await,
        }
    }
}

/// Commits take 0.1 s, and the database is killed while some are on their way.
async fn kill_the_database(server: &Path, seed: u64) -> anyhow::Result<Verdict> {
    let slow_commits = [("commit_delay", "100000"), ("commit_siblings", "0")];
    let mut theatre = Theatre::on_postgres(server, &slow_commits).await?;
    let schedule = Schedule::of(seed, &SHAPE);
    let faults = async |theatre: &mut Theatre| {
        for _ in 0..3 {
            sleep(Duration::from_secs(2)).await;
            theatre.begins("database", FaultKind::Interrupts);
            theatre.begins("recovery", FaultKind::Degrades);
            let database = theatre.database.as_mut().context("there is one")?;
            database.kill().await?;
            database.start_again().await?;
            theatre.ends("database");
        }
        sleep(Duration::from_secs(5)).await;
        theatre.ends("recovery");
        Ok(())
    };
    theatre.play(schedule, seed, usize::MAX, faults).await
}

/// Answers take 50 ms on their way, and are cut off there.
async fn cut_answers(server: &Path, seed: u64) -> anyhow::Result<Verdict> {
    let mut theatre = Theatre::on_postgres(server, &[]).await?;
    let schedule = Schedule::of(seed, &SHAPE);
    let faults = async |theatre: &mut Theatre| {
        let late = Link::new().delay(Duration::from_millis(50), Duration::from_millis(10));
        theatre.to_server.apply(Faults::down(late));
        reset_connections(theatre, 16).await;
        theatre.to_server.pass();
        Ok(())
    };
    theatre.play(schedule, seed, 1, faults).await
}

/// Connections are cut while people write, so that events come before the synchronisation does.
async fn cut_connections(server: &Path, seed: u64) -> anyhow::Result<Verdict> {
    let mut theatre = Theatre::on_sqlite(server).await?;
    let schedule = Schedule::of(seed, &SHAPE);
    let faults = async |theatre: &mut Theatre| {
        reset_connections(theatre, 16).await;
        Ok(())
    };
    theatre.play(schedule, seed, 1, faults).await
}

/// Twice a second nobody keeps a connection: what is late then is excused.
async fn reset_connections(theatre: &Theatre, times: u32) {
    theatre.begins("cuts", FaultKind::Interrupts);
    for _ in 0..times {
        sleep(Duration::from_millis(500)).await;
        theatre.to_server.reset_all();
    }
    theatre.ends("cuts");
}

/// Every statement takes 10 ms on its way to the database and back, and people are removed and added while they write.
async fn come_and_go(server: &Path, seed: u64) -> anyhow::Result<Verdict> {
    let mut theatre = Theatre::on_postgres(server, &[]).await?;
    let database = theatre.to_database.as_ref().context("there is one")?;
    let slow = Link::new().delay(Duration::from_millis(10), Duration::from_millis(2));
    let mut chance = Seed::new(seed);
    let people = 5;
    let mut steps = Vec::new();
    for round in 0..12_u64 {
        let at = Duration::from_millis(700 * round);
        let person = 1 + chance.index(people - 1);
        let room = 0;
        for number in 0..4 {
            for device in 1..people {
                let body = format!("text {number} of round {round}");
                let deed = Deed::Send { body };
                steps.push((at, Happening::Deed { device, room, deed }));
            }
        }
        steps.push((at, Happening::Remove { room, person }));
        steps.push((at, Happening::Add { room, person }));
    }
    let schedule = Schedule {
        devices: (0..people).collect(),
        rooms: vec![Room {
            channel: false,
            members: (1..people).collect(),
        }],
        steps,
    };
    database.apply(Faults::both(slow));
    let faults = async |_: &mut Theatre| Ok(());
    theatre.play(schedule, seed, usize::MAX, faults).await
}

/// Some connections bring nothing while more is written than fits; then all is quiet.
async fn stall(server: &Path, seed: u64) -> anyhow::Result<Verdict> {
    /// More than the outbox, the system's buffers and the proxy hold together.
    const MESSAGES: u32 = 160;
    const BEGIN: Duration = Duration::from_secs(1);
    /// Older messages would end a connection, however few they were.
    const LONGEST: Duration = Duration::from_secs(9);
    const QUIET: Duration = Duration::from_secs(10);
    let mut theatre = Theatre::on_sqlite(server).await?;
    let mut chance = Seed::new(seed);
    let (people, rooms) = (4, 3);
    let long = "\u{1f375}".repeat(16_000);
    let mut steps = Vec::new();
    for number in 0..MESSAGES {
        let (device, room) = (chance.index(2), chance.index(rooms));
        let body = format!("{number} {long}");
        let deed = Deed::Send { body };
        steps.push((BEGIN * 2, Happening::Deed { device, room, deed }));
    }
    // Nothing more is written: whoever misses the last messages is told by nobody that there are any.
    let last = Happening::Disconnect { device: 0 };
    steps.push((BEGIN + LONGEST + QUIET, last));
    let room = Room {
        channel: false,
        members: (1..people).collect(),
    };
    let schedule = Schedule {
        devices: (0..people).collect(),
        rooms: vec![room; rooms],
        steps,
    };
    let faults = async |theatre: &mut Theatre| {
        sleep(BEGIN).await;
        theatre.begins("stall", FaultKind::Interrupts);
        theatre.begins("backlog", FaultKind::Degrades);
        theatre.to_server.apply(Faults::down(Link::cut_off()));
        let written = tokio::time::timeout(LONGEST, theatre.answers(MESSAGES as usize)).await;
        theatre.to_server.pass();
        theatre.ends("stall");
        written
            .context("this machine is too slow to fill an outbox before its messages are old")?;
        sleep(QUIET).await;
        theatre.ends("backlog");
        Ok(())
    };
    theatre.play(schedule, seed, 2, faults).await
}
