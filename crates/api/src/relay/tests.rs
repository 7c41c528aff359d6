use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hubbub_application::chat::dto::{Head, Heads};
use hubbub_application::events::{
    ConversationEvent, ConversationEventChange, Digest, UserEvent, UserEventChange,
};
use hubbub_application::ports::{BusHealth, EventBus};
use hubbub_application::presence::dto::PresenceDto;
use hubbub_domain::error::{RepositoryError, RepositoryErrorKind};
use hubbub_domain::ids::{Epoch, SessionId};
use hubbub_domain::numbers::{Rev, Seq, UserRev};
use hubbub_domain::repository::{ChangeCursor, ChangedSince, LogHeads};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::source::Reading;
use super::testing::{conversation_id, membership, message, own_step, says, step, user_id};
use super::*;

/// A database and the connections of a node, both in memory: what is committed here is read and delivered by a real relay.
struct World {
    store: Arc<FakeStore>,
    wires: Arc<RecordingOutbound>,
    relay: Relay<&'static str>,
    tasks: TaskTracker,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(FakeStore::default());
        let wires = Arc::new(RecordingOutbound::default());
        let tasks = TaskTracker::new();
        Self {
            relay: Relay::new(store.clone(), wires.clone(), tasks.clone()),
            store,
            wires,
            tasks,
        }
    }

    /// Waits until nothing is being read any more.
    async fn settle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }

    fn hint(&self, step: ConversationEvent) {
        self.relay.receive(Event::Conversation(Arc::new(step)));
    }

    /// Publishes what was committed, as the committing task does.
    fn commit_and_publish(&self, change: ConversationEventChange) {
        let step = self.store.commit(change);
        self.hint(step);
    }
}

#[derive(Default)]
struct FakeStore {
    data: Mutex<Data>,
    /// What must be let through before a read of the heads answers, if reads are held up.
    gate: Mutex<Option<Arc<Semaphore>>>,
    reads: Mutex<usize>,
    failures: Mutex<usize>,
}

#[derive(Default)]
struct Data {
    log: Vec<ConversationEvent>,
    user_log: Vec<UserEvent>,
    members: HashSet<UserId>,
    /// From which message on the conversation is open to those who joined late.
    latecomers: HashMap<UserId, Seq>,
    private: HashSet<UserId>,
}

impl FakeStore {
    /// Commits a change and answers its step, which is not published yet.
    fn commit(&self, change: ConversationEventChange) -> ConversationEvent {
        let mut data = self.data.lock();
        if let ConversationEventChange::Member(change) = &change {
            if change.joined {
                data.members.insert(change.user.id);
            } else {
                data.members.remove(&change.user.id);
            }
        }
        let from_rev = Rev::new(i64::try_from(data.log.len()).unwrap());
        let step = step(room(), from_rev, change);
        data.log.push(step.clone());
        step
    }

    fn commit_user(&self, user: UserId) -> UserEvent {
        let mut data = self.data.lock();
        let from_rev = UserRev::new(i64::try_from(data.user_log.len()).unwrap());
        let step = own_step(user, from_rev, room(), false);
        data.user_log.push(step.clone());
        step
    }

    fn hold_up_reads(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock() = Some(gate.clone());
        gate
    }
}

fn away() -> ChatError {
    RepositoryError::new(RepositoryErrorKind::Unavailable, "away").into()
}

impl Source for FakeStore {
    fn heads(&self, user: UserId) -> Reading<'_, Heads> {
        Box::pin(async move {
            let heads = {
                let data = self.data.lock();
                let conversations = if data.members.contains(&user) {
                    let rev = Rev::new(i64::try_from(data.log.len()).unwrap());
                    let late = data.latecomers.get(&user).copied();
                    vec![Head {
                        conversation_id: room(),
                        rev,
                        visible_from_seq: late.unwrap_or(Seq::FIRST),
                    }]
                } else {
                    Vec::new()
                };
                Heads {
                    epoch: Epoch::from_uuid(Uuid::nil()),
                    user_rev: UserRev::new(i64::try_from(data.user_log.len()).unwrap()),
                    conversations,
                    has_private_receipts: data.private.contains(&user),
                }
            };
            // Held up after reading: what is answered is as old as the delay.
            let gate = self.gate.lock().clone();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            Ok(heads)
        })
    }

    fn steps_after(
        &self,
        _: ConversationId,
        rev: Rev,
        limit: i64,
    ) -> Reading<'_, Vec<ConversationEvent>> {
        Box::pin(async move {
            *self.reads.lock() += 1;
            {
                let mut failures = self.failures.lock();
                if *failures > 0 {
                    *failures -= 1;
                    return Err(away());
                }
            }
            let (skip, take) = (
                usize::try_from(rev.get()).unwrap(),
                usize::try_from(limit).unwrap(),
            );
            Ok(self
                .data
                .lock()
                .log
                .iter()
                .skip(skip)
                .take(take)
                .cloned()
                .collect())
        })
    }

    fn changed_since(&self, cursor: Option<ChangeCursor>, _: i64) -> Reading<'_, ChangedSince> {
        Box::pin(async move {
            let data = self.data.lock();
            let head = i64::try_from(data.log.len()).unwrap();
            let mut heads = LogHeads::default();
            if cursor.is_some_and(|seen| seen.0 < head) {
                heads.conversations.push((room(), Rev::new(head)));
            }
            Ok(ChangedSince {
                heads,
                next: ChangeCursor(head),
                is_whole: cursor.is_some(),
            })
        })
    }

    fn stand_at<'a>(
        &'a self,
        conversations: &'a [ConversationId],
        _: &'a [UserId],
    ) -> Reading<'a, Digest> {
        Box::pin(async move {
            let head = Rev::new(i64::try_from(self.data.lock().log.len()).unwrap());
            Ok(Digest {
                conversations: conversations.iter().map(|&id| (id, head)).collect(),
                users: Vec::new(),
            })
        })
    }

    fn user_steps_after(&self, _: UserId, rev: UserRev, _: i64) -> Reading<'_, Vec<UserEvent>> {
        let skip = usize::try_from(rev.get()).unwrap();
        Box::pin(async move {
            Ok(self
                .data
                .lock()
                .user_log
                .iter()
                .skip(skip)
                .cloned()
                .collect())
        })
    }
}

/// Writes down what each connection receives.
#[derive(Default)]
struct RecordingOutbound {
    joined: Mutex<HashSet<&'static str>>,
    received: Mutex<HashMap<&'static str, Vec<String>>>,
}

impl RecordingOutbound {
    fn received(&self, key: &str) -> Vec<String> {
        self.received.lock().get(key).cloned().unwrap_or_default()
    }

    fn write(&self, key: &'static str, what: String) {
        self.received.lock().entry(key).or_default().push(what);
    }
}

impl Outbound<&'static str> for RecordingOutbound {
    fn join(&self, key: &&'static str, _: ConversationId) {
        self.joined.lock().insert(key);
    }

    fn leave(&self, key: &&'static str, _: ConversationId) {
        self.joined.lock().remove(key);
    }

    fn heads(&self, key: &&'static str, heads: &Heads) {
        let rev = heads
            .conversations
            .first()
            .map_or(-1, |head| head.rev.get());
        self.write(key, format!("live from {rev} and {}", heads.user_rev));
    }

    fn beacon(&self, key: &&'static str, heads: &Heads) {
        let rev = heads.conversations.first().map(|head| head.rev.get());
        self.write(key, format!("stands at {rev:?} and {}", heads.user_rev));
    }

    fn conversation_step(&self, step: &ConversationEvent, hidden_from: &[&'static str]) {
        for key in self.joined.lock().iter() {
            let is_hidden = hidden_from.contains(key);
            let what = if is_hidden { "advanced " } else { "" };
            self.write(key, format!("{what}{}", step.to_rev));
        }
    }

    fn user_step(&self, key: &&'static str, step: &UserEvent) {
        self.write(key, format!("own {}", step.to_rev));
    }

    fn typing(&self, _: ConversationId, _: UserId, _: bool, own: &[&'static str]) {
        for key in self.joined.lock().iter().filter(|key| !own.contains(key)) {
            self.write(key, "typing".to_owned());
        }
    }

    fn read_marker_moved(&self, _: ConversationId, _: UserId, seq: Seq, private: &[&'static str]) {
        for key in self
            .joined
            .lock()
            .iter()
            .filter(|key| !private.contains(key))
        {
            self.write(key, format!("read {seq}"));
        }
    }

    fn presence(&self, _: &PresenceDto) {}

    fn session_ended(&self, _: UserId, _: SessionId) {}
}

fn room() -> ConversationId {
    conversation_id(77)
}

fn user(number: u128) -> UserId {
    user_id(number)
}

fn joins(number: u128) -> ConversationEventChange {
    membership(user(number), true)
}

fn leaves(number: u128) -> ConversationEventChange {
    membership(user(number), false)
}

#[tokio::test]
async fn the_first_a_connection_hears_is_from_where_on_it_is_live() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(says());
    world.relay.attach("ada", user(1)).await.unwrap();
    world.commit_and_publish(says());
    assert_eq!(world.wires.received("ada"), ["live from 2 and 0", "3"]);
}

#[tokio::test]
async fn hints_that_come_in_another_order_are_delivered_in_order() {
    let world = World::new();
    world.store.commit(joins(1));
    world.relay.attach("ada", user(1)).await.unwrap();
    let steps = [says(), says(), says()].map(|change| world.store.commit(change));
    for place in [2, 0, 1, 1, 2] {
        world.hint(steps[place].clone());
    }
    world.settle().await;
    assert_eq!(
        world.wires.received("ada"),
        ["live from 1 and 0", "2", "3", "4"]
    );
}

#[tokio::test]
async fn a_hint_that_never_came_is_read_from_the_database() {
    let world = World::new();
    world.store.commit(joins(1));
    world.relay.attach("ada", user(1)).await.unwrap();
    for _ in 0..500 {
        world.store.commit(says());
    }
    world.commit_and_publish(says());
    world.settle().await;
    let received = world.wires.received("ada");
    let expected: Vec<_> = (2..=502).map(|rev| rev.to_string()).collect();
    assert_eq!(received[1..], expected);
    assert!(*world.store.reads.lock() <= 5, "read in pages, by one task");
}

#[tokio::test(start_paused = true)]
async fn a_hole_that_cannot_be_read_is_tried_again() {
    let world = World::new();
    world.store.commit(joins(1));
    world.relay.attach("ada", user(1)).await.unwrap();
    *world.store.failures.lock() = 3;
    world.store.commit(says());
    world.commit_and_publish(says());
    world.settle().await;
    assert_eq!(world.wires.received("ada")[1..], ["2", "3"]);
}

#[tokio::test]
async fn a_hint_of_what_the_database_does_not_have_is_given_up() {
    let world = World::new();
    world.store.commit(joins(1));
    world.relay.attach("ada", user(1)).await.unwrap();
    let mut lost = world.store.commit(says());
    lost.from_rev = Rev::new(40);
    lost.to_rev = Rev::new(41);
    world.hint(lost);
    world.settle().await;
    world.commit_and_publish(says());
    world.settle().await;
    assert_eq!(world.wires.received("ada")[1..], ["2", "3"]);
}

#[tokio::test]
async fn a_new_member_hears_of_the_conversation_from_the_join_on() {
    let world = World::new();
    world.store.commit(joins(1));
    world.relay.attach("ada", user(1)).await.unwrap();
    world.relay.attach("bob", user(2)).await.unwrap();
    world.commit_and_publish(says());
    world.commit_and_publish(joins(2));
    world.commit_and_publish(says());
    assert_eq!(
        world.wires.received("bob"),
        ["live from -1 and 0", "3", "4"]
    );
}

#[tokio::test]
async fn the_first_follower_misses_nothing_that_was_published_before_the_join() {
    let world = World::new();
    world.store.commit(joins(9));
    world.relay.attach("bob", user(2)).await.unwrap();
    let join = world.store.commit(joins(2));
    let message = world.store.commit(says());
    world.hint(message);
    world.hint(join);
    world.settle().await;
    assert_eq!(world.wires.received("bob")[1..], ["2", "3"]);
}

#[tokio::test]
async fn the_removal_is_the_last_a_former_member_hears() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(joins(2));
    world.relay.attach("ada", user(1)).await.unwrap();
    world.relay.attach("bob", user(2)).await.unwrap();
    let removal = world.store.commit(leaves(2));
    let secret = world.store.commit(says());
    world.hint(secret);
    world.hint(removal);
    world.settle().await;
    assert_eq!(world.wires.received("bob")[1..], ["3"]);
    assert_eq!(world.wires.received("ada")[1..], ["3", "4"]);
}

#[tokio::test]
async fn what_happens_while_a_connection_attaches_is_neither_lost_nor_doubled() {
    let world = World::new();
    world.store.commit(joins(1));
    let gate = world.store.hold_up_reads();
    let relay = world.relay.clone();
    let attaching = world
        .tasks
        .spawn(async move { relay.attach("ada", user(1)).await });
    gate.add_permits(1);
    tokio::task::yield_now().await;
    // Between the two readings, and after the second one has been read.
    world.commit_and_publish(says());
    tokio::task::yield_now().await;
    world.commit_and_publish(says());
    gate.add_permits(10);
    attaching.await.unwrap().unwrap();
    world.settle().await;
    world.commit_and_publish(says());
    world.settle().await;
    let received = world.wires.received("ada");
    let start: i64 = received[0]
        .strip_prefix("live from ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    let expected: Vec<_> = (start + 1..=4).map(|rev| rev.to_string()).collect();
    assert_eq!(received[1..], expected, "everything after what it was told");
}

#[tokio::test]
async fn a_removal_that_overtakes_the_snapshot_is_not_undone_by_it() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(joins(2));
    world.relay.attach("ada", user(1)).await.unwrap();
    let gate = world.store.hold_up_reads();
    let relay = world.relay.clone();
    let attaching = world
        .tasks
        .spawn(async move { relay.attach("bob", user(2)).await });
    gate.add_permits(1);
    while gate.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    // The second reading still says that bob is a member.
    world.commit_and_publish(leaves(2));
    gate.add_permits(10);
    attaching.await.unwrap().unwrap();
    world.commit_and_publish(says());
    assert_eq!(world.wires.received("bob"), ["live from -1 and 0"]);
}

#[tokio::test]
async fn a_users_own_steps_reach_every_device_in_order() {
    let world = World::new();
    world.relay.attach("phone", user(1)).await.unwrap();
    world.relay.attach("laptop", user(1)).await.unwrap();
    let steps = [(); 3].map(|()| world.store.commit_user(user(1)));
    for place in [1, 0, 0, 2] {
        world
            .relay
            .receive(Event::User(Arc::new(steps[place].clone())));
    }
    world.settle().await;
    for device in ["phone", "laptop"] {
        assert_eq!(
            world.wires.received(device)[1..],
            ["own 1", "own 2", "own 3"]
        );
    }
}

#[tokio::test]
async fn who_types_is_not_told_so() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(joins(2));
    for (key, number) in [("phone", 1), ("laptop", 1), ("bob", 2)] {
        world.relay.attach(key, user(number)).await.unwrap();
    }
    world.relay.receive(Event::Typing {
        conversation_id: room(),
        user_id: user(1),
        is_typing: true,
    });
    assert_eq!(world.wires.received("bob")[1..], ["typing"]);
    assert_eq!(world.wires.received("phone").len(), 1);
    assert_eq!(world.wires.received("laptop").len(), 1);
}

#[tokio::test]
async fn what_nobody_follows_is_forgotten() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(joins(2));
    world.relay.attach("phone", user(1)).await.unwrap();
    world.relay.attach("laptop", user(1)).await.unwrap();
    world.relay.attach("bob", user(2)).await.unwrap();
    for key in ["phone", "phone", "laptop", "bob", "nobody"] {
        world.relay.detach(&key);
    }
    assert!(world.relay.shared.state.lock().is_empty());
}

#[tokio::test]
async fn who_may_not_see_a_message_learns_only_that_the_log_moved_on() {
    let world = World::new();
    for number in [1, 2, 3] {
        world.store.commit(joins(number));
    }
    let late = Seq::new(10);
    world.store.data.lock().latecomers.insert(user(2), late);
    for (key, number) in [("ada", 1), ("bob", 2), ("eve", 3)] {
        world.relay.attach(key, user(number)).await.unwrap();
    }
    let edits = |seq| ConversationEventChange::MessageChanged(message(Seq::new(seq), Rev::ZERO));
    world.commit_and_publish(edits(9));
    world.commit_and_publish(edits(10));
    let mut after_departure = world.store.commit(edits(10));
    after_departure.hidden_from = vec![user(3)];
    world.hint(after_departure);
    assert_eq!(world.wires.received("ada")[1..], ["4", "5", "6"]);
    assert_eq!(world.wires.received("bob")[1..], ["advanced 4", "5", "6"]);
    assert_eq!(world.wires.received("eve")[1..], ["4", "5", "advanced 6"]);
    for key in ["ada", "bob", "eve"] {
        world.relay.detach(&key);
    }
    assert!(world.relay.shared.state.lock().is_empty());
}

#[tokio::test]
async fn who_keeps_receipts_private_is_not_told_those_of_others() {
    let world = World::new();
    for number in [1, 2, 3] {
        world.store.commit(joins(number));
    }
    world.store.data.lock().private.insert(user(2));
    for (key, number) in [("ada", 1), ("bob", 2), ("eve", 3)] {
        world.relay.attach(key, user(number)).await.unwrap();
    }
    let read = |seq| Event::ReadMarkerMoved {
        conversation_id: room(),
        user_id: user(1),
        seq: Seq::new(seq),
    };
    let keep_private = |private_receipts, number, rev| {
        Event::User(Arc::new(UserEvent {
            user_id: user(number),
            from_rev: UserRev::new(rev),
            to_rev: UserRev::new(rev + 1),
            change: UserEventChange::ReceiptsChanged { private_receipts },
        }))
    };
    world.relay.receive(read(1));
    world.relay.receive(keep_private(false, 2, 0));
    world.relay.receive(keep_private(true, 3, 0));
    world.relay.receive(read(2));
    assert_eq!(world.wires.received("ada")[1..], ["read 1", "read 2"]);
    assert_eq!(world.wires.received("bob")[1..], ["own 1", "read 2"]);
    assert_eq!(world.wires.received("eve")[1..], ["read 1", "own 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hears_nothing_of_a_removal_tells_the_removed_nothing_after_it() {
    let world = World::new();
    world.store.commit(joins(1));
    world.store.commit(joins(2));
    world.relay.attach("ada", user(1)).await.unwrap();
    world.relay.attach("bob", user(2)).await.unwrap();
    let stopping = CancellationToken::new();
    let watching = world.relay.clone().watch(Surroundings {
        committed: Arc::new(Committed::new(Arc::new(SilentBus))),
        health: watch::channel(BusHealth::Healthy).1,
        interruptions: watch::channel(0).1,
        stopping: stopping.clone(),
    });
    world.tasks.spawn(watching);
    tokio::time::sleep(Duration::from_millis(10)).await;
    // Another node commits these, and its hints are lost.
    world.store.commit(leaves(2));
    world.store.commit(says());
    tokio::time::sleep(Duration::from_secs(7)).await;
    let steps = |key| {
        let mut received = world.wires.received(key).split_off(1);
        received.retain(|what| !what.starts_with("stands"));
        received
    };
    assert_eq!(steps("bob"), ["3"]);
    assert_eq!(steps("ada"), ["3", "4"]);
    let swept = world.relay.counters().holes_filled(Detector::Sweep).get();
    assert_eq!(swept, 1);
    // Within half a minute a client is reminded where the conversation stands, unless it is not told of it any more.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let reminder = "stands at Some(4) and 0".to_owned();
    assert!(world.wires.received("ada").contains(&reminder));
    assert!(!world.wires.received("bob").contains(&reminder));
    stopping.cancel();
}

/// A bus on which nothing is heard.
struct SilentBus;

impl EventBus for SilentBus {
    fn publish(&self, _: Event) {}
}
