//! What can happen next, and what it does.

use super::system::{ADMIN, Change, GUEST, Hint, PEOPLE, Phase, System, Violation};
use super::{Defect, RelayModel};
use crate::relay::log::Log;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A node commits a change, publishes and acknowledges it.
    Commit {
        node: usize,
        change: Change,
    },
    /// It crashes in between.
    CommitAndCrash {
        node: usize,
        change: Change,
    },
    /// A send that was not answered is tried again, and is stored already.
    Retry,
    Deliver {
        node: usize,
        hint: Hint,
    },
    Crash(usize),
    /// A connection's user is looked up, and what must be is tracked.
    Track(usize),
    ReadHeads(usize),
    GoLive(usize),
    /// What is missing is read, and later comes.
    ReadHole(usize),
    FillHole(usize),
    Sweep(usize),
    /// All steps of becoming live, or of reading what is missing, at once.
    Attach(usize),
    Heal(usize),
}

impl System {
    /// What happens sooner or later.
    pub(super) fn due(&self, model: &RelayModel, actions: &mut Vec<Action>) {
        if self.violation.is_some() {
            return;
        }
        let key = self.acknowledged;
        if self.rev_of_message(key).is_some() {
            actions.push(Action::Retry);
        } else if key < model.messages {
            // From the other node than changes of members, so that both have something to miss.
            let (node, change) = (GUEST, Change::Posted(key));
            actions.push(Action::Commit { node, change });
            if self.crashes_left > 0 {
                actions.push(Action::CommitAndCrash { node, change });
            }
        }
        let has_left = self.log.contains(&Change::Left(GUEST));
        if !has_left || !self.is_member(GUEST) {
            let change = if has_left {
                Change::Joined(GUEST)
            } else {
                Change::Left(GUEST)
            };
            let node = ADMIN;
            actions.push(Action::Commit { node, change });
        }
        for (node, of) in self.nodes.iter().enumerate() {
            let is_calm = node != model.watched;
            match of.phase {
                Phase::Off if is_calm => actions.push(Action::Attach(node)),
                Phase::Off => actions.push(Action::Track(node)),
                Phase::Tracked => actions.push(Action::ReadHeads(node)),
                Phase::Read { .. } => actions.push(Action::GoLive(node)),
                Phase::Done => {}
            }
            let is_missing = of.log.as_ref().is_some_and(|log| log.missing().is_some());
            let must_ask = of.is_suspect && of.applied().is_some();
            if of.reading.is_some() {
                actions.push(Action::FillHole(node));
            } else if is_missing || must_ask {
                actions.push(if is_calm {
                    Action::Heal(node)
                } else {
                    Action::ReadHole(node)
                });
            }
            if of.swept < self.head() && model.defect != Defect::NoSweep {
                actions.push(Action::Sweep(node));
            }
        }
    }

    /// What may happen, or never.
    pub(super) fn possible(&self, model: &RelayModel, actions: &mut Vec<Action>) {
        if self.violation.is_some() {
            return;
        }
        for node in 0..PEOPLE {
            let is_calm = node != model.watched;
            let oldest = if is_calm { self.head() } else { 1 };
            for rev in oldest..=self.head() {
                let hint = Hint(rev);
                actions.push(Action::Deliver { node, hint });
            }
            if self.crashes_left > 0 {
                actions.push(Action::Crash(node));
            }
        }
    }

    pub(super) fn act(&mut self, action: Action, defect: Defect) {
        match action {
            Action::Commit { node, change } => {
                self.log.push(change);
                if let Change::Posted(_) = change {
                    self.acknowledged += 1;
                }
                self.receive(node, Hint(self.head()), defect);
            }
            Action::CommitAndCrash { node, change } => {
                self.log.push(change);
                self.crash(node);
            }
            Action::Retry => self.acknowledged += 1,
            Action::Deliver { node, hint } => self.receive(node, hint, defect),
            Action::Crash(node) => self.crash(node),
            Action::Track(node) => self.track(node, defect),
            Action::ReadHeads(node) => self.read_heads(node),
            Action::Attach(node) => {
                self.track(node, defect);
                self.read_heads(node);
                self.go_live(node, defect);
            }
            Action::Heal(node) => {
                self.read_hole(node);
                self.fill(node, defect);
            }
            Action::GoLive(node) => self.go_live(node, defect),
            Action::ReadHole(node) => self.read_hole(node),
            Action::FillHole(node) => self.fill(node, defect),
            Action::Sweep(node) => self.sweep(node),
        }
    }

    fn crash(&mut self, node: usize) {
        self.crashes_left -= 1;
        self.restart(node);
    }

    fn receive(&mut self, node: usize, hint: Hint, defect: Defect) {
        let is_own_join = self.log[hint.0 - 1] == Change::Joined(node);
        let of = &mut self.nodes[node];
        if is_own_join {
            of.is_overtaken = true;
            if of.log.is_none() && of.is_live {
                of.log = Some(Log::at(i64::try_from(hint.0).unwrap() - 1));
                of.is_suspect = true;
            }
        }
        let Some(log) = &mut of.log else { return };
        let is_ahead = log
            .applied()
            .is_some_and(|at| at < i64::try_from(hint.0).unwrap() - 1);
        if defect == Defect::NoHoleDetection && is_ahead {
            *log = Log::at(i64::try_from(hint.0).unwrap() - 1);
        }
        let steps = log.offer(hint);
        self.deliver(node, steps, defect);
        // A join that was neither delivered nor waits was overtaken.
        let is_waiting = self.nodes[node].applied().is_some_and(|at| at + 1 < hint.0);
        if is_own_join && !is_waiting {
            self.look_again_if_deaf(node);
        }
    }

    /// Hands steps to the node's connection, and does what they mean for what it follows.
    fn deliver(&mut self, node: usize, steps: Vec<Hint>, defect: Defect) {
        for Hint(rev) in steps {
            let change = self.log[rev - 1];
            if change == Change::Joined(node) {
                self.nodes[node].is_overtaken = true;
                self.nodes[node].follows |= self.nodes[node].is_live;
            }
            if self.nodes[node].follows {
                self.hear(node, rev);
            }
            if change == Change::Left(node) {
                self.nodes[node].is_overtaken = true;
                if defect != Defect::KeepsTelling {
                    self.nodes[node].follows = false;
                    self.positions[node] = None;
                }
            }
        }
        let of = &mut self.nodes[node];
        let is_wanted = of.follows || of.phase != Phase::Done;
        // Whoever reads goes on until nothing is missing.
        let is_missing = of.log.as_ref().is_some_and(|log| log.missing().is_some());
        if !is_wanted && of.reading.is_none() && !of.is_suspect && !is_missing {
            of.log = None;
        }
    }

    /// A step reaches the client.
    fn hear(&mut self, person: usize, rev: usize) {
        let is_own_join = self.log[rev - 1] == Change::Joined(person);
        let violation = match self.positions[person] {
            _ if !self.is_visible(person, rev) => Some(Violation::Leak),
            Some(at) if rev <= at => Some(Violation::Doubled),
            Some(at) if rev > at + 1 && !is_own_join => Some(Violation::Hole),
            None if !is_own_join => Some(Violation::Hole),
            _ => None,
        };
        self.violation = self.violation.or(violation);
        self.positions[person] = Some(rev);
    }

    fn track(&mut self, node: usize, defect: Defect) {
        let (is_member, head) = (self.is_member(node), self.head());
        let of = &mut self.nodes[node];
        of.is_overtaken = false;
        if defect == Defect::ReadBeforeSubscribe {
            of.phase = Phase::Read { head, is_member };
            return;
        }
        if is_member && of.log.is_none() {
            of.log = Some(Log::loading());
        }
        of.phase = Phase::Tracked;
    }

    fn read_heads(&mut self, node: usize) {
        self.nodes[node].phase = Phase::Read {
            head: self.head(),
            is_member: self.is_member(node),
        };
    }

    fn read_hole(&mut self, node: usize) {
        let after = self.nodes[node].applied().unwrap_or_default();
        self.nodes[node].reading = Some((after, self.head()));
    }

    fn go_live(&mut self, node: usize, defect: Defect) {
        let Phase::Read { head, is_member } = self.nodes[node].phase else {
            return;
        };
        let of = &mut self.nodes[node];
        let does_follow_too_little = is_member && of.log.is_none();
        if defect == Defect::ReadBeforeSubscribe && does_follow_too_little {
            of.log = Some(Log::at(i64::try_from(head).unwrap()));
        } else if of.is_overtaken || does_follow_too_little {
            of.phase = Phase::Off;
            return;
        }
        if is_member && let Some(log) = &mut of.log {
            let steps = log.begin_at(i64::try_from(head).unwrap());
            self.deliver(node, steps, defect);
        }
        let of = &mut self.nodes[node];
        if of.is_overtaken {
            of.phase = Phase::Off;
            return;
        }
        let applied = of.applied().unwrap_or_default();
        if is_member && applied < head {
            // It is caught up with first.
            of.is_suspect = true;
            return;
        }
        of.phase = Phase::Done;
        of.is_live = true;
        if is_member {
            of.follows = true;
            self.positions[node] = Some(applied);
        } else if !of.follows && of.reading.is_none() {
            of.log = None;
            of.is_suspect = false;
        }
    }

    fn fill(&mut self, node: usize, defect: Defect) {
        let Some((after, to)) = self.nodes[node].reading.take() else {
            return;
        };
        if after == to {
            let of = &mut self.nodes[node];
            of.is_suspect = false;
            if let Some(log) = &mut of.log
                && let Some(missing) = log.missing()
                && missing.known_to <= i64::try_from(to).unwrap()
            {
                log.give_up(missing);
            }
            self.deliver(node, Vec::new(), defect);
        }
        for rev in after + 1..=to {
            let Some(log) = &mut self.nodes[node].log else {
                return;
            };
            let steps = log.offer_first(Hint(rev));
            self.deliver(node, steps, defect);
        }
    }

    /// The node asks what has changed: the conversation, and what its user is a member of.
    fn sweep(&mut self, node: usize) {
        let head = self.head();
        let of = &mut self.nodes[node];
        let since = std::mem::replace(&mut of.swept, head);
        if let Some(log) = &mut of.log {
            log.hear_of(i64::try_from(head).unwrap());
        }
        let own = self.log[since..].iter();
        let mut own = own.filter(
            |change| matches!(change, Change::Joined(who) | Change::Left(who) if *who == node),
        );
        if own.next().is_some() {
            self.nodes[node].is_overtaken = true;
            if self.is_member(node) {
                self.look_again_if_deaf(node);
            }
        }
    }

    fn look_again_if_deaf(&mut self, node: usize) {
        let of = &mut self.nodes[node];
        if of.is_live && !of.follows && of.phase == Phase::Done {
            of.phase = Phase::Off;
        }
    }
}
