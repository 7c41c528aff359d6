//! Histories written by hand: a correct server and correct devices, with ways to be unfaithful.

mod scenes;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Bounds;
use super::counters::Demands;
use crate::device::rule::Replica;
use crate::digest::Digest;
use crate::history::{
    Action, Effect, Entry, Event, Frame, How, Mark, MessageRow, Outcome, Receipt, Row, Stay,
};
use crate::ids::{CallId, ClientId, ConversationId, DeviceId, Epoch, MessageId, UserId};

/// The conversation of every story.
pub(crate) const ROOM: ConversationId = ConversationId::from_number(1);
/// The database's history.
pub(crate) const EPOCH: Epoch = Epoch::from_number(1);
const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// A history in the making: alice, bob and carol in one room, each with a device. The room was founded by rev 1.
pub(crate) struct Story {
    pub(crate) entries: Vec<Entry>,
    pub(crate) log: Vec<MessageRow>,
    pub(crate) rev: u64,
    pub(crate) stays: Vec<Stay>,
    pub(crate) replicas: BTreeMap<DeviceId, Replica>,
    pub(crate) bounds: Bounds,
    pub(crate) demands: Demands,
    now_ms: u64,
    calls: u64,
}

pub(crate) fn device(who: &str) -> DeviceId {
    let place = PEOPLE
        .iter()
        .position(|name| *name == who)
        .expect("somebody of the story");
    DeviceId(u32::try_from(place).unwrap())
}

pub(crate) fn user(who: &str) -> UserId {
    UserId::from_number(100 + u128::from(device(who).0))
}

pub(crate) fn key(number: u128) -> ClientId {
    ClientId::from_number(number)
}

impl Story {
    pub(crate) fn new() -> Self {
        let mut story = Self {
            entries: Vec::new(),
            log: Vec::new(),
            rev: 1,
            stays: Vec::new(),
            replicas: BTreeMap::new(),
            bounds: Bounds::default(),
            demands: Demands::new(),
            now_ms: 0,
            calls: 0,
        };
        story.outside(Event::Conversation {
            conversation: ROOM,
            name: Arc::from("room"),
        });
        for who in PEOPLE {
            story.outside(Event::Person {
                user: user(who),
                name: Arc::from(who),
            });
            story.at(
                who,
                Event::Device {
                    user: user(who),
                    name: Arc::from(who),
                },
            );
            story.stays.push(Stay {
                user: user(who),
                from_rev: 1,
                to_rev: None,
                visible_from_seq: 1,
            });
            story.at(who, Event::Connected);
            story.hear(
                who,
                Frame::Heads {
                    epoch: EPOCH,
                    user_rev: 1,
                    heads: Vec::new(),
                },
            );
            story.hear(
                who,
                Frame::Reset {
                    conversation: ROOM,
                    rev: 1,
                    rows: Vec::new(),
                    has_before: false,
                },
            );
        }
        story
    }

    /// Time passes: a millisecond with every event, and as much as one likes in between.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now_ms += millis;
    }

    pub(crate) fn at(&mut self, who: &str, event: Event) {
        self.push(Some(device(who)), event);
    }

    pub(crate) fn outside(&mut self, event: Event) {
        self.push(None, event);
    }

    fn push(&mut self, device: Option<DeviceId>, event: Event) {
        self.now_ms += 1;
        self.entries.push(Entry {
            at: self.now_ms * 1_000_000,
            device,
            event,
        });
    }

    pub(crate) fn invoke(&mut self, who: &str, action: Action) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        self.at(who, Event::Invoked { call, action });
        call
    }

    pub(crate) fn invoke_send(&mut self, who: &str, key: ClientId, text: &str) -> CallId {
        self.invoke(
            who,
            Action::Send {
                conversation: ROOM,
                client_id: key,
                body: Digest::of(text),
            },
        )
    }

    pub(crate) fn answer(&mut self, who: &str, call: CallId, outcome: Outcome) {
        self.at(who, Event::Answered { call, outcome });
    }

    pub(crate) fn receipt(&mut self, who: &str, call: CallId, seq: u64, rev: u64) {
        let receipt = Some(Receipt {
            seq,
            rev,
            message_id: None,
            sent_at: Arc::from("noon"),
        });
        self.answer(who, call, Outcome::Ok { receipt });
    }

    pub(crate) fn refuse(&mut self, who: &str, call: CallId, code: &str) {
        self.answer(
            who,
            call,
            Outcome::Refused {
                code: Arc::from(code),
            },
        );
    }

    pub(crate) fn lose_answer(&mut self, who: &str, call: CallId) {
        self.answer(
            who,
            call,
            Outcome::Unknown {
                reason: Arc::from("the connection broke"),
            },
        );
    }

    /// The server stores a message.
    pub(crate) fn store(&mut self, who: &str, key: ClientId, text: &str) -> MessageRow {
        self.rev += 1;
        let seq = self.log.len() as u64 + 1;
        let row = MessageRow {
            seq,
            created_rev: self.rev,
            rev: self.rev,
            message_id: MessageId::from_number(u128::from(seq)),
            client_id: key,
            sender_id: user(who),
            sent_at: Arc::from("noon"),
            body: Digest::of(text),
            state: Digest::of(&format!("{text} at {}", self.rev)),
            system: None,
            edited: false,
            deleted: false,
        };
        self.log.push(row.clone());
        row
    }

    /// The server changes a message.
    pub(crate) fn change(&mut self, seq: u64, text: &str) -> MessageRow {
        self.rev += 1;
        let row = &mut self.log[usize::try_from(seq).unwrap() - 1];
        row.rev = self.rev;
        row.body = Digest::of(text);
        row.state = Digest::of(&format!("{text} at {}", self.rev));
        row.edited = true;
        row.clone()
    }

    /// A device is told something and follows the rule.
    pub(crate) fn hear(&mut self, who: &str, frame: Frame) {
        let effects = self.replicas.entry(device(who)).or_default().take(&frame);
        self.at(who, Event::Received { frame });
        for effect in effects {
            self.at(who, Event::Ruled { effect });
        }
    }

    /// A device is told of a message as its latest change.
    pub(crate) fn deliver(&mut self, who: &str, row: &MessageRow) {
        self.hear(who, Self::live(row));
    }

    pub(crate) fn live(row: &MessageRow) -> Frame {
        let event = if row.rev == row.created_rev {
            "ReceiveMessage"
        } else {
            "MessageChanged"
        }
        .to_owned();
        Frame::Range {
            event,
            conversation: ROOM,
            from: row.rev - 1,
            to: row.rev,
            rows: vec![Row::Message(row.clone())],
        }
    }

    /// A device applies messages without asking the rule.
    pub(crate) fn apply(&mut self, who: &str, before: u64, after: u64, rows: &[&MessageRow]) {
        let effect = Effect::Applied {
            conversation: ROOM,
            how: How::Range,
            from: before,
            before: Some(before),
            after,
            inserted: rows.iter().map(|row| Mark::from(*row)).collect(),
            replaced: Vec::new(),
            kept: 0,
        };
        self.at(who, Event::Ruled { effect });
    }
}
