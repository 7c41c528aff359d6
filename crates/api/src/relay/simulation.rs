//! The relay under every kind of bad timing: hints that overtake each other, come twice or late; reads that answer with what was
//! true long ago; connections that come and go in the middle. Whatever the schedule, what connections receive must fit the log.

mod checks;
mod database;
mod wires;

use std::collections::BTreeMap;

use hubbub_application::chat::dto::MessageDto;
use hubbub_application::events::UserEventChange;
use hubbub_domain::numbers::Seq;
use proptest::prelude::*;

use super::testing::{alone, message, step};
use super::*;
use checks::{check_room, check_up_to_date};
use database::{Change, ROOMS, SlowSource, USERS, length, room_id, user_id};
use wires::{Heard, Wires};

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
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (0..ROOMS).prop_map(Action::Say),
        2 => (0..ROOMS, 0_usize..4).prop_map(|(room, which)| Action::Edit { room, which }),
        3 => (0..ROOMS, 0..USERS).prop_map(|(room, user)| Action::Toggle(room, user)),
        5 => (0_usize..8, prop::bool::weighted(0.2)).prop_map(|(which, again)| Action::Deliver { which, again }),
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
            relay: Relay::new(source.clone(), wires.clone(), alone(), tasks.clone()),
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
            Action::Say(room) => self.say(room),
            Action::Edit { room, which } => self.edit(room, which),
            Action::Toggle(room, user) => self.toggle(room, user),
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

    fn toggle(&mut self, room: usize, user: usize) {
        let (joined, open_from) = {
            let room_now = &mut self.source.database.lock().rooms[room];
            room_now.members[user] = !room_now.members[user];
            (room_now.members[user], room_now.open_from(room))
        };
        let own = {
            let log = &mut self.source.database.lock().users[user];
            let from_rev = UserRev::new(length(log));
            log.push(UserEvent {
                user_id: user_id(user),
                from_rev,
                to_rev: from_rev.next(),
                change: UserEventChange::ConversationLost {
                    conversation_id: room_id(room),
                },
            });
            Event::User(Arc::new(log[log.len() - 1].clone()))
        };
        if joined {
            self.hints.push(own);
            self.commit(room, Change::Joined(user, open_from));
        } else {
            self.commit(room, Change::Left(user));
            self.hints.push(own);
        }
    }

    fn say(&mut self, room: usize) {
        let which = {
            let room = &mut self.source.database.lock().rooms[room];
            let rev = room.head().next();
            let seq = Seq::new(length(&room.messages) + 1);
            room.messages.push(MessageDto {
                created_rev: rev,
                ..message(seq, rev)
            });
            room.messages.len() - 1
        };
        self.commit(room, Change::Posted(which));
    }

    fn edit(&mut self, room: usize, which: usize) {
        let which = {
            let room = &mut self.source.database.lock().rooms[room];
            let rev = room.head().next();
            let place = which % room.messages.len().max(1);
            let Some(message) = room.messages.get_mut(place) else {
                return;
            };
            message.rev = rev;
            place
        };
        self.commit(room, Change::Edited(which));
    }

    /// Takes a change into the log, and sends its hint on its way.
    fn commit(&mut self, room: usize, change: Change) {
        let room_now = &mut self.source.database.lock().rooms[room];
        let from_rev = room_now.head();
        room_now.log.push(change);
        let step = step(room_id(room), from_rev, room_now.told(room_now.head()));
        self.hints.push(Event::Conversation(Arc::new(step)));
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
            self.say(room);
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
        for (&key, heard) in self.wires.heard.lock().iter() {
            let user = self.owner_of[&key];
            assert!(
                matches!(heard[0], Heard::LiveFrom(_)),
                "{key} heard before it was live: {heard:?}"
            );
            for room in 0..ROOMS {
                check_room(&database.rooms[room], room, user, heard);
            }
        }
        for key in self.connections.into_iter().flatten() {
            let user = self.owner_of[&key];
            let heard = self.wires.heard.lock()[&key].clone();
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
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
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
