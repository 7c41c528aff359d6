use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use hubbub_load::device::Deed;
use hubbub_load::history::FaultKind;
use hubbub_load::schedule::{Happening, Room, Schedule, Shape};
use hubbub_testkit::{ClusterBuilder, RedisServer};

/// How many people chat, in how many rooms, and how much happens in a second.
const PEOPLE: u32 = 12;
const ROOMS: u32 = 6;
const RATE: u32 = 40;
/// How long it goes on after everything is whole again.
const AFTER: u32 = 6;
/// What is written when nobody can be told.
pub(crate) const LAST_WORD: &str = "the last word";
/// How often somebody is removed from a room, or added again, while others write into it.
const CHURNS: u64 = 1_000;

/// What is broken. Names are those of docs/reliability.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Fault {
    F1,
    F2,
    F3,
    F5,
    F6,
    F7,
    F9,
    F10,
    F12,
    F14,
    F20,
    F21,
    F33,
    F37,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Fault {
    pub(crate) const ALL: [Self; 14] = [
        Self::F1,
        Self::F2,
        Self::F3,
        Self::F5,
        Self::F6,
        Self::F7,
        Self::F9,
        Self::F10,
        Self::F12,
        Self::F14,
        Self::F20,
        Self::F21,
        Self::F33,
        Self::F37,
    ];

    /// In a few words.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::F1 => "a node is killed, back after 10 s",
            Self::F2 => "a node dies between commit and publish",
            Self::F3 => "a node is frozen for 10 s",
            Self::F5 => "every node is restarted in turn",
            Self::F6 => "Redis is killed, back after 30 s",
            Self::F7 => "Redis comes back empty",
            Self::F9 => "Redis ends all subscriptions, 3 times",
            Self::F10 => "Redis ends subscribers that lag",
            Self::F12 => "two Redis, each with some of the nodes",
            Self::F14 => "PostgreSQL crashes and recovers",
            Self::F20 => "nginx is reloaded, 5 times",
            Self::F21 => "nginx is killed, back after 1 s",
            Self::F33 => "1,000 removals and returns amid sends",
            Self::F37 => "Redis refuses a hint, the last of a burst",
        }
    }

    /// How long a message may take while it lasts.
    pub(crate) fn bound(self) -> Duration {
        let seconds = match self {
            Self::F9 | Self::F20 | Self::F33 | Self::F37 => 2,
            Self::F10 => 3,
            _ => 7,
        };
        Duration::from_secs(seconds)
    }

    /// How long a device may take to be connected again that lost its connection by it.
    pub(crate) fn reconnect_bound(self) -> Duration {
        // A device gives up a connection on which nothing is answered for 10 s.
        let seconds = match self {
            Self::F3 => 35,
            Self::F2 | Self::F14 => 20,
            _ => 10,
        };
        Duration::from_secs(seconds)
    }

    /// What it excuses: a frozen node and a database that is away deliver nothing.
    pub(crate) fn kind(self) -> FaultKind {
        match self {
            Self::F3 | Self::F14 => FaultKind::Interrupts,
            _ => FaultKind::Degrades,
        }
    }

    /// Whether it is there from the first moment to the last.
    pub(crate) fn is_lasting(self) -> bool {
        self == Self::F12
    }

    /// Whether who is there must be shown as it is. Two halves that do not know of each other cannot.
    pub(crate) fn shows_presence(self) -> bool {
        self != Self::F12
    }

    /// Whether who comes while it lasts may be shown late: nodes do not reach each other, or the watcher's own stands still.
    pub(crate) fn delays_presence(self) -> bool {
        matches!(self, Self::F3 | Self::F6 | Self::F7 | Self::F9 | Self::F10)
    }

    /// Whether people are on nodes of their own.
    pub(crate) fn is_about_places(self) -> bool {
        matches!(self, Self::F2 | Self::F37)
    }

    /// For how many seconds it lasts, about.
    fn seconds(self) -> u32 {
        match self {
            Self::F6 => 36,
            Self::F5 => 24,
            Self::F1 | Self::F3 | Self::F12 => 12,
            _ => 8,
        }
    }

    /// The cluster in which it happens.
    pub(crate) fn cluster(self, cluster: ClusterBuilder) -> ClusterBuilder {
        match self {
            Self::F5 => cluster.env("HUBBUB_SERVER__DRAIN_SECONDS", "3"),
            Self::F10 => cluster.redis(
                RedisServer::builder().setting("client-output-buffer-limit", "pubsub 64kb 64kb 1"),
            ),
            Self::F12 => cluster.two_redis(),
            _ => cluster,
        }
    }

    /// What people do meanwhile.
    pub(crate) fn schedule(self, seed: u64) -> Schedule {
        match self {
            Self::F2 | Self::F37 => last_words(),
            Self::F33 => churn(),
            _ => Schedule::of(
                seed,
                &Shape {
                    people: PEOPLE,
                    rooms: ROOMS,
                    seconds: 3 + self.seconds() + AFTER,
                    rate: RATE,
                },
            ),
        }
    }
}

fn send(device: usize, room: usize, body: String) -> Happening {
    let deed = Deed::Send { body };
    Happening::Deed { device, room, deed }
}

/// Three people, each on a node of their own. The first writes once more when its node cannot tell the others, and then nobody writes there.
fn last_words() -> Schedule {
    let room = |members: &[usize]| Room {
        channel: false,
        members: members.to_vec(),
    };
    let at = Duration::from_millis;
    let mut steps: Vec<_> = (0..20)
        .map(|number| (at(100 * number), send(0, 0, format!("word {number}"))))
        .collect();
    steps.push((at(4_000), send(0, 0, LAST_WORD.to_owned())));
    // Elsewhere, so that the end of the run comes only after the bound.
    steps.push((at(13_000), send(1, 1, "elsewhere".to_owned())));
    Schedule {
        devices: vec![0, 1, 2],
        rooms: vec![room(&[1, 2]), room(&[1, 2])],
        steps,
    }
}

/// The founder removes and adds people while these and others write, at the same instant.
fn churn() -> Schedule {
    let people = 6;
    let mut steps = Vec::new();
    for number in 0..CHURNS {
        let at = Duration::from_millis(3_000 + 12 * number);
        let person = usize::try_from(1 + number / 2 % (people - 1)).unwrap_or(1);
        let other = 1 + person % 5;
        steps.push((at, send(person, 0, format!("from the one, {number}"))));
        steps.push((at, send(other, 0, format!("from another, {number}"))));
        let room = 0;
        let change = if number % 2 == 0 {
            Happening::Remove { room, person }
        } else {
            Happening::Add { room, person }
        };
        steps.push((at, change));
    }
    Schedule {
        devices: (0..6).collect(),
        rooms: vec![Room {
            channel: false,
            members: (1..6).collect(),
        }],
        steps,
    }
}
