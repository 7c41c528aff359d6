//! The client rule over a model of the server: whatever is lost, doubled or re-ordered on the way, a device ends with what a fresh
//! look at the log shows.

use std::collections::BTreeMap;

use hubbub_load::device::rule::{Log, Replica};
use hubbub_load::history::{Effect, Frame};
use hubbub_load::ids::{ClientId, ConversationId, Epoch, UserId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::{Change, Model, Told};

const ME: UserId = UserId::from_number(1);
const OTHER: UserId = UserId::from_number(2);
const ROOMS: [ConversationId; 2] = [
    ConversationId::from_number(11),
    ConversationId::from_number(12),
];

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    Change(usize, u64, Change),
    Member(usize, bool),
    /// What the network does with the oldest events under way.
    Deliver,
    Lose,
    Double,
    Swap,
    Connect,
    Restore,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let room = 0..ROOMS.len();
    let change = prop_oneof![
        Just(Change::Edit("edited".to_owned())),
        Just(Change::Delete),
        Just(Change::React)
    ];
    let step = prop_oneof![
        8 => room.clone().prop_map(Step::Send),
        4 => (room.clone(), 1_u64..9, change).prop_map(|(room, seq, change)| Step::Change(room, seq, change)),
        2 => (room, any::<bool>()).prop_map(|(room, joined)| Step::Member(room, joined)),
        8 => Just(Step::Deliver),
        2 => Just(Step::Lose),
        2 => Just(Step::Double),
        2 => Just(Step::Swap),
        1 => Just(Step::Connect),
        1 => Just(Step::Restore),
    ];
    prop::collection::vec(step, 1..120)
}

/// One device, one model, and the events between them.
struct World {
    model: Model,
    replica: Replica,
    under_way: Vec<(&'static str, Value)>,
    keys: u128,
}

impl World {
    fn new() -> Self {
        let mut model = Model::new();
        for room in ROOMS {
            model.found(room, &[ME, OTHER]);
        }
        Self {
            model,
            replica: Replica::default(),
            under_way: Vec::new(),
            keys: 0,
        }
    }

    fn tell(&mut self, told: impl IntoIterator<Item = Told>) {
        let mine = told.into_iter().filter(|told| told.users.contains(&ME));
        self.under_way
            .extend(mine.map(|told| (told.target, told.event)));
    }

    fn take(&mut self, target: &str, event: &Value) {
        let frame = Frame::parse_event(target, event).unwrap().unwrap();
        let before = self.positions();
        for effect in self.replica.take(&frame) {
            if let Effect::Applied {
                conversation,
                before: Some(at),
                after,
                ..
            } = effect
            {
                assert!(
                    at < after && before[&conversation] == at,
                    "positions only grow"
                );
            }
        }
    }

    fn positions(&self) -> BTreeMap<ConversationId, u64> {
        self.replica
            .logs()
            .iter()
            .map(|(id, log)| (*id, log.position))
            .collect()
    }

    fn sync(&mut self) {
        let mut request = json!({ "positions": self.replica.positions() });
        request["epoch"] = json!(self.replica.epoch());
        request["userRev"] = json!(self.replica.user_rev());
        for page in self.model.sync(ME, &request) {
            self.replica.take(&Frame::parse_page(&page).unwrap());
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Send(room) => {
                self.keys += 1;
                let key = ClientId::from_number(self.keys);
                let (_, told) = self
                    .model
                    .send(OTHER, ROOMS[*room], key, &format!("text {}", self.keys))
                    .unwrap();
                self.tell(told);
            }
            Step::Change(room, seq, change) => {
                let told = self
                    .model
                    .change(ROOMS[*room], *seq, change)
                    .map(|(_, told)| told);
                self.tell(told);
            }
            Step::Member(room, joined) => {
                let told = self.model.set_member(ROOMS[*room], ME, *joined);
                self.tell(told);
            }
            Step::Deliver if !self.under_way.is_empty() => {
                let (target, event) = self.under_way.remove(0);
                self.take(target, &event);
            }
            Step::Double if !self.under_way.is_empty() => {
                let (target, event) = self.under_way[0].clone();
                self.take(target, &event);
            }
            Step::Lose if !self.under_way.is_empty() => drop(self.under_way.remove(0)),
            Step::Swap if self.under_way.len() > 1 => self.under_way.swap(0, 1),
            Step::Connect => {
                let heads = self.model.heads(ME);
                self.take("Heads", &heads);
                self.sync();
            }
            Step::Restore => {
                // Another history: nothing that is under way arrives any more.
                let next = if self.model.epoch == Epoch::from_number(1) {
                    2
                } else {
                    1
                };
                self.model.epoch = Epoch::from_number(next);
                self.under_way.clear();
                let heads = self.model.heads(ME);
                self.take("Heads", &heads);
            }
            _ => {}
        }
    }

    /// Everything under way arrives, then the device asks for what it still misses.
    fn heal(&mut self) {
        for (target, event) in std::mem::take(&mut self.under_way) {
            self.take(target, &event);
        }
        let heads = self.model.heads(ME);
        self.take("Heads", &heads);
        for _ in 0..3 {
            if self.replica.is_behind() {
                self.sync();
            }
        }
        assert!(
            !self.replica.is_behind(),
            "a device that asks has everything"
        );
    }
}

/// What a device holds is a suffix of the log that ends with its end, in the log's own state.
fn assert_fresh(held: &Log, model: &Model, id: ConversationId) {
    let room = &model.rooms[&id];
    assert_eq!(held.position, room.rev);
    let first = held
        .messages
        .keys()
        .next()
        .copied()
        .unwrap_or(room.messages.len() as u64 + 1);
    let fresh: BTreeMap<_, _> = room
        .messages
        .iter()
        .map(|message| hubbub_load::history::MessageRow::parse(message).unwrap())
        .filter(|row| row.seq >= first)
        .map(|row| (row.seq, row))
        .collect();
    assert_eq!(held.messages, fresh);
    let newest = room.messages.len().min(4);
    assert!(
        held.messages.len() >= newest,
        "at least the newest page is held"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_device_ends_with_what_a_fresh_look_shows_whatever_the_network_does(steps in steps()) {
        let mut world = World::new();
        world.step(&Step::Connect);
        for step in &steps {
            world.step(step);
        }
        world.heal();
        for id in ROOMS {
            match world.replica.logs().get(&id) {
                Some(held) => {
                    prop_assert!(world.model.is_member(id, ME));
                    assert_fresh(held, &world.model, id);
                }
                None => prop_assert!(!world.model.is_member(id, ME)),
            }
        }
    }
}
