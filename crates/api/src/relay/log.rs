//! The rule that keeps a log contiguous on its way to connections.

use std::collections::BTreeMap;

/// A step of a log: it takes who stands at `from` to `to`.
pub(super) trait Step {
    /// Where the step begins.
    fn from(&self) -> i64;
    /// Where it ends.
    fn to(&self) -> i64;
}

/// What of a log was not delivered although later steps are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// Up to where everything was delivered.
    pub(super) after: i64,
    /// Where the furthest step ends that waits.
    pub(super) known_to: i64,
}

/// How many steps may wait for a hole to be filled. What comes beyond is dropped; reading the hole brings it back.
const MAX_WAITING: usize = 1_000;

/// How far one log was delivered, and what waits for something before it.
#[cfg_attr(test, derive(Clone, Debug, PartialEq, Eq, Hash))]
pub(super) struct Log<S> {
    /// `None` while the position is being read.
    applied: Option<i64>,
    /// The first position it had: what came before was not delivered here.
    began_at: i64,
    /// By where they begin and end: what connects comes first, however far it reaches.
    waiting: BTreeMap<(i64, i64), S>,
    has_dropped: bool,
    /// How far the log has come as others say, who did not bring what happened.
    heard_of: i64,
}

impl<S: Step> Log<S> {
    /// A log whose position is not known yet: everything waits.
    pub(super) fn loading() -> Self {
        Self {
            applied: None,
            began_at: 0,
            waiting: BTreeMap::new(),
            has_dropped: false,
            heard_of: 0,
        }
    }

    /// A log that was delivered up to `position`.
    pub(super) fn at(position: i64) -> Self {
        Self {
            applied: Some(position),
            began_at: position,
            ..Self::loading()
        }
    }

    /// How far the log was delivered, if that is known.
    pub(super) fn applied(&self) -> Option<i64> {
        self.applied
    }

    /// Whether every step after `position` was, or will be, delivered here.
    pub(super) fn reaches_back_to(&self, position: i64) -> bool {
        self.applied.is_some() && self.began_at <= position
    }

    /// Gives the log its position if it has none. Answers the steps that can be delivered now.
    pub(super) fn begin_at(&mut self, position: i64) -> Vec<S> {
        if self.applied.is_none() {
            self.applied = Some(position);
            self.began_at = position;
        }
        self.deliverable()
    }

    /// Takes a step. Answers the steps that can be delivered now, in order; a step that was delivered before is not among them.
    pub(super) fn offer(&mut self, step: S) -> Vec<S> {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.insert((step.from(), step.to()), step);
        } else {
            self.has_dropped = true;
        }
        self.deliverable()
    }

    /// Takes a step that was read from the database right after the position, whatever waits already.
    pub(super) fn offer_first(&mut self, step: S) -> Vec<S> {
        self.waiting.insert((step.from(), step.to()), step);
        self.deliverable()
    }

    /// Learns that the log has come as far as `head`. If it was not delivered as far, something is missing.
    pub(super) fn hear_of(&mut self, head: i64) {
        self.heard_of = self.heard_of.max(head);
    }

    /// What is missing, if anything is.
    pub(super) fn missing(&self) -> Option<Missing> {
        let after = self.applied.filter(|&applied| {
            self.has_dropped || !self.waiting.is_empty() || self.heard_of > applied
        })?;
        let ends = self.waiting.keys().map(|&(_, to)| to);
        let known_to = ends.max().unwrap_or(after).max(self.heard_of);
        Some(Missing { after, known_to })
    }

    /// Gives up on what waited when the database was asked and knew nothing after the position. What has come since stays.
    pub(super) fn give_up(&mut self, asked: Missing) {
        self.waiting.retain(|&(_, to), _| to > asked.known_to);
        self.has_dropped = false;
        if self.heard_of <= asked.known_to {
            self.heard_of = 0;
        }
    }

    fn deliverable(&mut self) -> Vec<S> {
        let Some(mut applied) = self.applied else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        while let Some(first) = self.waiting.first_entry() {
            let step = first.get();
            if step.to() <= applied {
                first.remove();
            } else if step.from() <= applied {
                applied = step.to();
                steps.push(first.remove());
            } else {
                break;
            }
        }
        self.applied = Some(applied);
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Range(i64, i64);

    impl Step for Range {
        fn from(&self) -> i64 {
            self.0
        }

        fn to(&self) -> i64 {
            self.1
        }
    }

    #[test]
    fn a_step_that_connects_is_delivered_and_the_next_one_too() {
        let mut log = Log::at(3);
        assert_eq!(log.offer(Range(3, 4)), [Range(3, 4)]);
        assert_eq!(log.offer(Range(4, 5)), [Range(4, 5)]);
        assert_eq!(log.applied(), Some(5));
    }

    #[test]
    fn a_step_that_is_behind_is_dropped() {
        let mut log = Log::at(3);
        assert_eq!(log.offer(Range(2, 3)), []);
        assert_eq!(log.missing(), None);
    }

    #[test]
    fn a_step_that_is_ahead_waits_until_the_hole_is_filled() {
        let mut log = Log::at(3);
        assert_eq!(log.offer(Range(5, 6)), []);
        assert_eq!(log.offer(Range(4, 5)), []);
        let missing = Missing {
            after: 3,
            known_to: 6,
        };
        assert_eq!(log.missing(), Some(missing));
        assert_eq!(
            log.offer(Range(3, 4)),
            [Range(3, 4), Range(4, 5), Range(5, 6)]
        );
        assert_eq!(log.missing(), None);
    }

    #[test]
    fn a_wide_step_fills_the_hole_before_a_narrow_one_that_waits() {
        let mut log = Log::at(3);
        log.offer(Range(5, 6));
        assert_eq!(log.offer_first(Range(3, 8)), [Range(3, 8)]);
        assert_eq!((log.applied(), log.missing()), (Some(8), None));
    }

    #[test]
    fn a_wide_step_that_overlaps_is_delivered_and_swallows_what_it_covers() {
        let mut log = Log::at(3);
        assert_eq!(log.offer(Range(2, 6)), [Range(2, 6)]);
        assert_eq!(log.offer(Range(4, 5)), []);
    }

    #[test]
    fn while_the_position_is_read_everything_waits() {
        let mut log = Log::loading();
        assert_eq!(log.offer(Range(7, 8)), []);
        assert_eq!(log.offer(Range(6, 7)), []);
        assert_eq!(log.missing(), None, "nothing can be said yet");
        assert_eq!(log.begin_at(7), [Range(7, 8)]);
        assert_eq!(log.begin_at(2), [], "a position once known stays");
        assert_eq!(log.applied(), Some(8));
    }

    #[test]
    fn what_does_not_fit_is_asked_for_again() {
        let mut log = Log::at(0);
        for rev in 0..=i64::try_from(MAX_WAITING).unwrap() {
            log.offer(Range(rev + 1, rev + 2));
        }
        let last = i64::try_from(MAX_WAITING).unwrap() + 2;
        assert_eq!(
            log.offer(Range(0, 1)).len(),
            0,
            "full: even the one that fills the hole is dropped"
        );
        let missing = log.missing().unwrap();
        assert_eq!(missing.after, 0);
        log.give_up(missing);
        assert_eq!(log.offer(Range(0, last)), [Range(0, last)]);
        assert_eq!(log.missing(), None);
    }

    #[test]
    fn what_was_only_heard_of_is_missing_until_it_was_delivered() {
        let mut log = Log::at(3);
        log.hear_of(3);
        assert_eq!(log.missing(), None);
        log.hear_of(5);
        log.hear_of(4);
        let missing = Missing {
            after: 3,
            known_to: 5,
        };
        assert_eq!(log.missing(), Some(missing));
        assert_eq!(log.offer(Range(3, 5)), [Range(3, 5)]);
        assert_eq!(log.missing(), None);
    }

    #[test]
    fn what_was_heard_of_before_the_position_is_known_counts_too() {
        let mut log = Log::<Range>::loading();
        log.hear_of(9);
        assert_eq!(log.missing(), None, "nothing can be said yet");
        log.begin_at(7);
        assert_eq!(log.missing().map(|missing| missing.after), Some(7));
        log.give_up(log.missing().unwrap());
        assert_eq!(log.missing(), None, "the database knows nothing of it");
    }

    #[test]
    fn what_came_while_the_database_was_asked_is_not_given_up() {
        let mut log = Log::at(3);
        log.offer(Range(4, 5));
        let asked = log.missing().unwrap();
        log.offer(Range(6, 7));
        log.give_up(asked);
        assert_eq!(log.offer(Range(3, 6)), [Range(3, 6), Range(6, 7)]);
    }
}
