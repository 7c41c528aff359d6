//! What happens in stories, and how they end.

use std::sync::Arc;

use super::{EPOCH, PEOPLE, ROOM, Story, device, key, user};
use crate::checker::{Invariant, Terms, Verdict, check};
use crate::history::{Dump, Event, FaultKind, Frame, Head, MemberRow, MessageRow, Row};
use crate::ids::CallId;

impl Story {
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
        let member = MemberRow {
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
