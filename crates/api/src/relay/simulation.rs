//! The relay under every kind of bad timing: hints that overtake each other, come twice or late; reads that answer with what was
//! true long ago; connections that come and go in the middle. Whatever the schedule, what connections receive must fit the log.

use std::collections::BTreeMap;

use hubbub_application::events::{ConversationEventChange, UserEventChange};
use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::ids::{Epoch, SessionId};
use hubbub_domain::numbers::Seq;
use proptest::prelude::*;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::source::Reading;
use super::testing::{self, conversation_id, membership, says, step};
use super::*;

const ROOMS: usize = 2;
const USERS: usize = 3;
const CONNECTIONS: usize = 4;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Action {
    /// Somebody writes.
    Say(usize),
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
        3 => (0..ROOMS, 0..USERS).prop_map(|(room, user)| Action::Toggle(room, user)),
        5 => (0_usize..8, prop::bool::weighted(0.2)).prop_map(|(which, again)| Action::Deliver { which, again }),
        2 => (0..CONNECTIONS).prop_map(Action::Attach),
        1 => (0..CONNECTIONS).prop_map(Action::Detach),
        5 => (0_usize..4).prop_map(Action::Answer),
    ]
}

/// The database: one log per room and per user. Reads take their snapshot at once and answer when they are let.
#[derive(Default)]
struct Database {
    rooms: [Vec<ConversationEvent>; ROOMS],
    users: [Vec<UserEvent>; USERS],
    members: [[bool; USERS]; ROOMS],
}

#[derive(Default)]
struct SlowSource {
    database: Mutex<Database>,
    reads: Mutex<Vec<oneshot::Sender<()>>>,
    is_prompt: Mutex<bool>,
}

impl SlowSource {
    async fn wait(&self) {
        if *self.is_prompt.lock() {
            return;
        }
        let (answer, answered) = oneshot::channel();
        self.reads.lock().push(answer);
        // Dropped senders answer too.
        let _ = answered.await;
    }
}

impl Source for SlowSource {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        let heads = {
            let database = self.database.lock();
            let user = number_of(user);
            let rooms = (0..ROOMS).filter(|&room| database.members[room][user]);
            Heads {
                epoch: Epoch::from_uuid(Uuid::nil()),
                user_rev: UserRev::new(length(&database.users[user])),
                conversations: rooms
                    .map(|room| Head {
                        conversation_id: room_id(room),
                        rev: Rev::new(length(&database.rooms[room])),
                        visible_from_seq: Seq::FIRST,
                    })
                    .collect(),
                has_private_receipts: false,
            }
        };
        Box::pin(async move {
            self.wait().await;
            Ok(heads)
        })
    }

    fn steps_after(
        &self,
        id: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        let log = &self.database.lock().rooms[room_of(id)];
        let (skip, take) = (
            usize::try_from(rev.get()).unwrap(),
            usize::try_from(limit).unwrap(),
        );
        let steps = log.iter().skip(skip).take(take).cloned().collect();
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
    }

    fn user_steps_after(&self, user: UserId, rev: UserRev, _: i64) -> Reading<'_, Vec<UserEvent>> {
        let log = &self.database.lock().users[number_of(user)];
        let skip = usize::try_from(rev.get()).unwrap();
        let steps = log.iter().skip(skip).cloned().collect();
        Box::pin(async move {
            self.wait().await;
            Ok(steps)
        })
    }
}

/// What one connection heard, per room: where it was told to be, and every step since.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    LiveFrom(BTreeMap<usize, i64>),
    Step(usize, i64),
    Own(i64),
}

#[derive(Default)]
struct Wires {
    groups: Mutex<[Vec<usize>; ROOMS]>,
    heard: Mutex<BTreeMap<usize, Vec<Heard>>>,
}

impl Wires {
    fn write(&self, key: usize, heard: Heard) {
        self.heard.lock().entry(key).or_default().push(heard);
    }

    /// What the hub does when a connection has ended.
    fn hang_up(&self, key: usize) {
        for group in self.groups.lock().iter_mut() {
            group.retain(|&member| member != key);
        }
    }
}

impl Outbound<usize> for Wires {
    fn join(&self, key: &usize, id: ConversationId) {
        let group = &mut self.groups.lock()[room_of(id)];
        if !group.contains(key) {
            group.push(*key);
        }
    }

    fn leave(&self, key: &usize, id: ConversationId) {
        self.groups.lock()[room_of(id)].retain(|member| member != key);
    }

    fn heads(&self, key: &usize, heads: &Heads) {
        let positions = heads.conversations.iter();
        let positions = positions.map(|head| (room_of(head.conversation_id), head.rev.get()));
        self.write(*key, Heard::LiveFrom(positions.collect()));
    }

    fn conversation_step(&self, step: &ConversationEvent, _: &[usize]) {
        let room = room_of(step.conversation_id);
        for &key in &self.groups.lock()[room] {
            self.write(key, Heard::Step(room, step.to_rev.get()));
        }
    }

    fn user_step(&self, key: &usize, step: &UserEvent) {
        self.write(*key, Heard::Own(step.to_rev.get()));
    }

    fn typing(&self, _: ConversationId, _: UserId, _: bool, _: &[usize]) {}
    fn read_marker_moved(&self, _: ConversationId, _: UserId, _: Seq, _: &[usize]) {}
    fn presence(&self, _: &PresenceDto) {}
    fn session_ended(&self, _: UserId, _: SessionId) {}
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
            Action::Say(room) => self.commit(room, says()),
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
        let joined = {
            let mut database = self.source.database.lock();
            database.members[room][user] = !database.members[room][user];
            database.members[room][user]
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
            self.commit(room, membership(user_id(user), true));
        } else {
            self.commit(room, membership(user_id(user), false));
            self.hints.push(own);
        }
    }

    fn commit(&mut self, room: usize, change: ConversationEventChange) {
        let log = &mut self.source.database.lock().rooms[room];
        let from_rev = Rev::new(length(log));
        let step = step(room_id(room), from_rev, change);
        log.push(step.clone());
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
            self.commit(room, says());
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
            for room in 0..ROOMS {
                if database.members[room][user] {
                    let last = Heard::Step(room, length(&database.rooms[room]));
                    assert!(
                        heard.contains(&last),
                        "{key} of {user} is deaf in {room}: {heard:?}"
                    );
                }
            }
        }
    }
}

/// A connection hears steps of a room one after the other without a hole, from where it was told to be or from a join of its own
/// on, and nothing outside its user's stays.
fn check_room(log: &[ConversationEvent], room: usize, user: usize, heard: &[Heard]) {
    let mut position: Option<i64> = None;
    for heard_now in heard {
        match heard_now {
            Heard::LiveFrom(positions) => {
                let told = positions.get(&room).copied();
                assert!(
                    position.zip(told).is_none_or(|(at, told)| told >= at),
                    "told to go back: {heard:?}"
                );
                position = told.or(position);
            }
            Heard::Step(there, rev) if *there == room => {
                let is_own_join = is_change_of(&log[index(*rev)], user, true);
                assert!(
                    position.is_some_and(|at| at + 1 == *rev) || is_own_join,
                    "{rev} in {room} after {position:?}: {heard:?}"
                );
                assert!(
                    is_within_a_stay(log, user, *rev),
                    "{user} heard {rev} in {room}: {heard:?}"
                );
                position = Some(*rev);
            }
            Heard::Step(..) | Heard::Own(_) => {}
        }
    }
}

/// Whether the user was a member when `rev` was committed; the own departure is the last one seen.
fn is_within_a_stay(log: &[ConversationEvent], user: usize, rev: i64) -> bool {
    let before = &log[..index(rev)];
    let was_member = before
        .iter()
        .rev()
        .find_map(|step| match &step.change {
            ConversationEventChange::Member(change) if change.user.id == user_id(user) => {
                Some(change.joined)
            }
            _ => None,
        })
        .unwrap_or(false);
    was_member || is_change_of(&log[index(rev)], user, true)
}

fn is_change_of(step: &ConversationEvent, user: usize, joined: bool) -> bool {
    matches!(&step.change, ConversationEventChange::Member(change) if change.user.id == user_id(user) && change.joined == joined)
}

fn index(rev: i64) -> usize {
    usize::try_from(rev - 1).unwrap()
}

fn length<T>(log: &[T]) -> i64 {
    i64::try_from(log.len()).unwrap()
}

fn room_id(room: usize) -> ConversationId {
    conversation_id(room as u128)
}

fn room_of(id: ConversationId) -> usize {
    usize::try_from(id.as_uuid().as_u128()).unwrap()
}

fn user_id(user: usize) -> UserId {
    testing::user_id(user as u128)
}

fn number_of(user: UserId) -> usize {
    usize::try_from(user.as_uuid().as_u128()).unwrap()
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
