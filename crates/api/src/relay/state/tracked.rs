use tokio::time::Instant;

use crate::relay::counters::Detector;
use crate::relay::log::{Log, Missing, Step};

/// A log that this node delivers, and whether somebody is reading what is missing of it.
pub(super) struct Tracked<S> {
    pub(super) log: Log<S>,
    pub(super) is_filling: bool,
    /// Whether the database must be asked even if nothing waits.
    suspicion: Suspicion,
    /// What was the first to notice that something is missing.
    noticed_by: Option<Detector>,
    /// How far the log had come when the database last said that it has moved on, and when that was.
    stored: Option<(i64, Instant)>,
}

/// Whether something is thought to be missing of which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    None,
    New,
    /// The database was asked since.
    BeingAsked,
}

/// Something to be read, and what noticed it.
#[derive(Clone, Copy, Debug)]
pub(in crate::relay) struct Hole {
    pub(in crate::relay) missing: Missing,
    /// `None` where it is only looked whether anything is missing.
    pub(in crate::relay) found_by: Option<Detector>,
}

impl<S: Step> Tracked<S> {
    pub(super) fn new(log: Log<S>) -> Self {
        Self {
            log,
            is_filling: false,
            suspicion: Suspicion::None,
            noticed_by: None,
            stored: None,
        }
    }

    /// From now on the database must be asked, even if nothing waits.
    pub(super) fn suspect(&mut self) {
        self.suspicion = Suspicion::New;
    }

    /// Learns from a detector how far the log has come; `stored_at` says when the database has said so.
    pub(super) fn hear_of(&mut self, head: i64, by: Detector, stored_at: Option<Instant>) {
        self.log.hear_of(head);
        if let Some(now) = stored_at {
            self.stored = Some((head, now));
        }
        if self.log.applied().is_none_or(|applied| applied < head) {
            self.noticed_by.get_or_insert(by);
        }
    }

    /// Takes a hint. Answers the steps that can be delivered now.
    pub(super) fn offer(&mut self, step: S) -> Vec<S> {
        let steps = self.log.offer(step);
        if self.log.missing().is_some() {
            self.noticed_by.get_or_insert(Detector::Gap);
        }
        steps
    }

    /// How far the log was delivered, if the database told of a change since `since` and it was delivered at least as far.
    pub(super) fn delivered_since(&self, since: Instant) -> Option<i64> {
        let (head, at) = self.stored?;
        let applied = self.log.applied()?;
        (at >= since && applied >= head).then_some(applied)
    }

    /// Whether a task is needed that reads what is missing. The one that is told so must begin.
    pub(super) fn must_begin_filling(&mut self) -> bool {
        self.next_missing().is_some() && !std::mem::replace(&mut self.is_filling, true)
    }

    /// What the reading task must read next. When there is nothing, the task ends.
    pub(super) fn next_to_fill(&mut self) -> Option<Hole> {
        let missing = self.next_missing();
        self.is_filling = missing.is_some();
        if !self.is_filling {
            self.noticed_by = None;
        } else if self.suspicion == Suspicion::New {
            self.suspicion = Suspicion::BeingAsked;
        }
        let found_by = self.noticed_by;
        missing.map(|missing| Hole { missing, found_by })
    }

    /// The database knows nothing more.
    pub(super) fn filled(&mut self, asked: Missing) {
        // What has become suspect while the database was asked is not answered by it.
        if self.suspicion == Suspicion::BeingAsked {
            self.suspicion = Suspicion::None;
        }
        self.log.give_up(asked);
    }

    fn next_missing(&self) -> Option<Missing> {
        self.log.missing().or_else(|| {
            let after = self
                .log
                .applied()
                .filter(|_| self.suspicion != Suspicion::None)?;
            Some(Missing {
                after,
                known_to: after,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Range(i64, i64);

    impl Step for Range {
        fn from(&self) -> i64 {
            self.0
        }

        fn to(&self) -> i64 {
            self.1
        }
    }

    #[tokio::test]
    async fn what_is_told_of_a_log_never_falls_behind_what_was_delivered() {
        let now = Instant::now();
        let mut tracked = Tracked::new(Log::at(1));
        assert_eq!(tracked.delivered_since(now), None, "nothing has changed");
        tracked.hear_of(2, Detector::Sweep, Some(now));
        assert_eq!(tracked.delivered_since(now), None, "not delivered as far");
        tracked.offer(Range(1, 2));
        tracked.offer(Range(2, 3));
        assert_eq!(tracked.delivered_since(now), Some(3));
    }
}
