//! The relay under every kind of bad timing: hints that overtake each other, come twice or late; reads that answer with what was
//! true long ago; connections that come and go in the middle. Whatever the schedule, what connections receive must fit the log.

mod checks;
mod cluster;
mod database;
mod slow;
mod wires;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::filling::PATIENCE;
use super::*;
use checks::{check_connection, check_up_to_date, what};
use database::{ROOMS, USERS, user_id};
use slow::SlowSource;
use wires::Wires;

const CONNECTIONS: usize = 4;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Action {
    /// Somebody writes.
    Say(usize),
    /// Somebody changes one of the messages.
    Edit { room: usize, which: usize },
    /// Somebody joins, or leaves who is in.
    Toggle(usize, usize),
    /// One of the hints under way arrives; it may arrive again.
    Deliver { which: usize, again: bool },
    /// A connection begins to attach.
    Attach(usize),
    /// A connection goes.
    Detach(usize),
    /// One of the reads under way answers.
    Answer(usize),
    /// Whoever was patient is no longer.
    Wait,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (0..ROOMS).prop_map(Action::Say),
        2 => (0..ROOMS, 0_usize..4).prop_map(|(room, which)| Action::Edit { room, which }),
        3 => (0..ROOMS, 0..USERS).prop_map(|(room, user)| Action::Toggle(room, user)),
        5 => (0_usize..8, prop::bool::weighted(0.2)).prop_map(|(which, again)| Action::Deliver { which, again }),
        3 => Just(Action::Wait),
        2 => (0..CONNECTIONS).prop_map(Action::Attach),
        1 => (0..CONNECTIONS).prop_map(Action::Detach),
        5 => (0_usize..4).prop_map(Action::Answer),
    ]
}

/// A run of the relay on a schedule.
struct Simulation {
    source: Arc<SlowSource>,
    wires: Arc<Wires>,
    relay: Relay<usize>,
    tasks: TaskTracker,
    hints: Vec<Event>,
    /// The key of the connection in each place, and of whom it is; a new key for each life.
    connections: [Option<usize>; CONNECTIONS],
    owner_of: BTreeMap<usize, usize>,
}

impl Simulation {
    fn new() -> Self {
        let source = Arc::new(SlowSource::default());
        let wires = Arc::new(Wires::default());
        let tasks = TaskTracker::new();
        Self {
            relay: Relay::new(source.clone(), wires.clone(), tasks.clone()),
            source,
            wires,
            tasks,
            hints: Vec::new(),
            connections: [None; CONNECTIONS],
            owner_of: BTreeMap::new(),
        }
    }

    async fn run(&mut self, action: Action) {
        match action {
            Action::Say(room) => {
                let hint = self.source.database.lock().say(room);
                self.hints.push(hint);
            }
            Action::Edit { room, which } => {
                let hint = self.source.database.lock().edit(room, which);
                self.hints.extend(hint);
            }
            Action::Toggle(room, user) => {
                let hints = self.source.database.lock().toggle(room, user);
                self.hints.extend(hints);
            }
            Action::Wait => tokio::time::advance(PATIENCE).await,
            Action::Deliver { which, again } => {
                if !self.hints.is_empty() {
                    let place = which % self.hints.len();
                    let hint = if again {
                        self.hints[place].clone()
                    } else {
                        self.hints.remove(place)
                    };
                    self.relay.receive(hint);
                }
            }
            Action::Attach(place) => {
                if self.connections[place].is_none() {
                    let key = self.owner_of.len();
                    let user = place % USERS;
                    self.connections[place] = Some(key);
                    self.owner_of.insert(key, user);
                    let relay = self.relay.clone();
                    self.tasks.spawn(async move {
                        relay
                            .attach(key, user_id(user))
                            .await
                            .expect("the source never fails");
                    });
                }
            }
            Action::Detach(place) => {
                if let Some(key) = self.connections[place].take() {
                    self.wires.hang_up(key);
                    self.relay.detach(&key);
                }
            }
            Action::Answer(which) => {
                let mut reads = self.source.reads.lock();
                if !reads.is_empty() {
                    let place = which % reads.len();
                    let _ = reads.remove(place).send(());
                }
            }
        }
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }

    /// Everything under way arrives and is answered; then each room hears one more message.
    async fn come_to_rest(&mut self) {
        *self.source.is_prompt.lock() = true;
        self.source.reads.lock().clear();
        while !self.hints.is_empty() {
            let hint = self.hints.remove(0);
            self.relay.receive(hint);
        }
        self.settle().await;
        for room in 0..ROOMS {
            let hint = self.source.database.lock().say(room);
            self.hints.push(hint);
        }
        for hint in std::mem::take(&mut self.hints) {
            self.relay.receive(hint);
        }
        self.settle().await;
    }

    async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    /// Holds what every connection heard against the logs.
    fn check(&self) {
        let database = self.source.database.lock();
        let all_heard = self.wires.all_heard();
        for (&key, heard) in &all_heard {
            let heard = check_connection(&database, self.owner_of[&key], heard);
            assert!(!heard.is_empty());
        }
        for key in self.connections.into_iter().flatten() {
            let user = self.owner_of[&key];
            let heard = what(&all_heard[&key]);
            for (room, now) in database.rooms.iter().enumerate() {
                if now.members[user] {
                    check_up_to_date(now, room, user, &heard);
                }
            }
        }
    }
}

/// How many schedules are tried, unless `PROPTEST_CASES` asks for more.
const CASES: u32 = 3_000;

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: default.cases.max(CASES),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_the_schedule_connections_hear_their_conversations_without_a_hole(
        actions in prop::collection::vec(action(), 1..80)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut simulation = Simulation::new();
            for action in actions {
                simulation.run(action).await;
            }
            simulation.come_to_rest().await;
            simulation.check();
        });
    }
}
