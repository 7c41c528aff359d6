//! Histories written by hand: a correct server and correct devices, with ways to be unfaithful.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::counters::Demands;
use super::{Bounds, Invariant, Terms, Verdict, check};
use crate::device::rule::Replica;
use crate::digest::Digest;
use crate::history::{
    Action, Dump, Effect, Entry, Event, FaultKind, Frame, Head, How, Mark, MessageRow, Outcome,
    Receipt, Row, Stay,
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

    /// Somebody sends and everybody hears of it, all as it should be.
    pub(crate) fn send(&mut self, who: &str, text: &str) -> MessageRow {
        let key = key(self.log.len() as u128 + 1_000);
        let call = self.invoke_send(who, key, text);
        let row = self.store(who, key, text);
        self.receipt(who, call, row.seq, row.rev);
        self.deliver_to_all(&row);
        row
    }

    /// The first answer is lost; the retry is answered like the first.
    pub(crate) fn retried_send(&mut self, who: &str, text: &str) -> MessageRow {
        let key = key(self.log.len() as u128 + 2_000);
        let call = self.invoke_send(who, key, text);
        let row = self.store(who, key, text);
        self.lose_answer(who, call);
        let call = self.invoke_send(who, key, text);
        self.receipt(who, call, row.seq, row.rev);
        self.deliver_to_all(&row);
        row
    }

    pub(crate) fn deliver_to_all(&mut self, row: &MessageRow) {
        for who in PEOPLE {
            let member = self
                .stays
                .iter()
                .any(|stay| stay.user == user(who) && stay.to_rev.is_none());
            if member {
                self.deliver(who, row);
            }
        }
    }

    /// Somebody's membership ends with a change that everybody hears of.
    pub(crate) fn leave(&mut self, who: &str) {
        self.rev += 1;
        let rev = self.rev;
        let member = crate::history::MemberRow {
            user: user(who),
            joined: false,
            rev,
        };
        for listener in PEOPLE {
            self.hear(
                listener,
                Frame::Range {
                    event: "MemberChanged".to_owned(),
                    conversation: ROOM,
                    from: rev - 1,
                    to: rev,
                    rows: vec![Row::Member(member.clone())],
                },
            );
        }
        for stay in self.stays.iter_mut().filter(|stay| stay.user == user(who)) {
            stay.to_rev = Some(rev);
        }
    }

    pub(crate) fn sync(&mut self, who: &str, head: u64) {
        self.calls += 1;
        let sync = CallId(self.calls);
        let positions = self.replicas[&device(who)].positions();
        self.at(who, Event::SyncStarted { sync, positions });
        let heads = vec![Head {
            conversation_id: ROOM,
            rev: head,
        }];
        self.at(
            who,
            Event::SyncDone {
                sync,
                epoch: EPOCH,
                heads,
            },
        );
    }

    pub(crate) fn fault(&mut self, kind: FaultKind) {
        self.outside(Event::Fault {
            name: Arc::from("storm"),
            kind,
        });
    }

    pub(crate) fn heal(&mut self) {
        self.outside(Event::Healed {
            name: Arc::from("storm"),
        });
    }

    /// Ends the story and judges it.
    pub(crate) fn verdict(mut self) -> Verdict {
        for who in PEOPLE {
            self.at(who, Event::Settled);
        }
        let last_seq = self.log.last().map_or(0, |row| row.seq);
        let dump = Dump {
            conversation: ROOM,
            last_seq,
            rev: self.rev,
            messages: self.log.clone(),
            stays: self.stays.clone(),
        };
        self.outside(Event::Dump(dump));
        check(
            &self.entries,
            &Terms {
                bounds: self.bounds,
                demands: self.demands,
            },
        )
    }

    /// Ends the story: nothing is broken, and the rule was tried.
    #[track_caller]
    pub(crate) fn holds(self, invariant: Invariant) {
        let verdict = self.verdict();
        assert!(verdict.holds(), "{verdict}");
        assert!(
            verdict
                .checked
                .get(&invariant)
                .is_some_and(|count| *count > 0),
            "{verdict}"
        );
    }

    /// Ends the story: this rule is broken, and no other.
    #[track_caller]
    pub(crate) fn breaks(self, invariant: Invariant, about: &str) {
        self.breaks_also(invariant, about, &[]);
    }

    /// Ends the story: this rule is broken, with others that follow from it.
    #[track_caller]
    pub(crate) fn breaks_also(self, invariant: Invariant, about: &str, others: &[Invariant]) {
        let verdict = self.verdict();
        let told = verdict
            .violations
            .iter()
            .any(|found| found.invariant == invariant && found.text.contains(about));
        assert!(told, "{verdict}");
        let strange: Vec<_> = verdict
            .broken()
            .into_iter()
            .filter(|of| *of != invariant && !others.contains(of))
            .collect();
        assert!(
            strange.is_empty(),
            "{strange:?} are broken, too:\n{verdict}"
        );
    }
}
