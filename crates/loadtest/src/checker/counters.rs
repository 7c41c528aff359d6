//! I13: a run that never took a path says nothing about it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::Findings;
use super::run::Run;
use super::verdict::Invariant;
use crate::history::{Action, Effect, Event, Frame, How};

/// A path that a run can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each displays as what it counts")]
pub enum Counter {
    Acknowledged,
    Refused,
    Unknown,
    RetriesDeduplicated,
    KeyMisusesRefused,
    Edits,
    Deletes,
    Reactions,
    Joins,
    Leaves,
    Removals,
    HolesFound,
    DuplicatesDropped,
    RowsKept,
    Syncs,
    SyncPages,
    Resets,
    Reconnections,
    StoragesForgotten,
    Faults,
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acknowledged => "sends acknowledged",
            Self::Refused => "calls refused",
            Self::Unknown => "outcomes unknown",
            Self::RetriesDeduplicated => "retries deduplicated",
            Self::KeyMisusesRefused => "key misuses refused",
            Self::Edits => "edits",
            Self::Deletes => "deletes",
            Self::Reactions => "reactions",
            Self::Joins => "joins",
            Self::Leaves => "leaves",
            Self::Removals => "removals",
            Self::HolesFound => "holes found",
            Self::DuplicatesDropped => "duplicates dropped",
            Self::RowsKept => "stale rows kept out",
            Self::Syncs => "synchronisations",
            Self::SyncPages => "synchronised pages",
            Self::Resets => "resets",
            Self::Reconnections => "reconnections",
            Self::StoragesForgotten => "storages forgotten",
            Self::Faults => "faults",
        })
    }
}

/// How often a run must at least take a path.
pub type Demands = BTreeMap<Counter, u64>;

pub(super) fn check(run: &Run<'_>, demands: &Demands, findings: &mut Findings) {
    let counters = count(run);
    for (counter, least) in demands {
        findings.checked(Invariant::NoVacuum, 1);
        let counted = counters.get(counter).copied().unwrap_or_default();
        if counted < *least {
            let text =
                format!("{counter} were counted {counted} times, at least {least} are asked for");
            findings.broken(Invariant::NoVacuum, text, None);
        }
    }
    findings.verdict.counters = counters;
}

fn count(run: &Run<'_>) -> BTreeMap<Counter, u64> {
    let mut counters = BTreeMap::new();
    let mut add = |counter, count| *counters.entry(counter).or_default() += count;
    let mut connected = HashSet::new();
    for entry in run.entries {
        match &entry.event {
            Event::Connected if !connected.insert(entry.device) => add(Counter::Reconnections, 1),
            Event::Forgot => add(Counter::StoragesForgotten, 1),
            Event::Fault { .. } => add(Counter::Faults, 1),
            Event::SyncDone { .. } => add(Counter::Syncs, 1),
            Event::Received {
                frame: Frame::Range { event, .. },
            } if event == "changes" => add(Counter::SyncPages, 1),
            Event::Ruled {
                effect: Effect::Hole { .. },
            } => add(Counter::HolesFound, 1),
            Event::Ruled {
                effect: Effect::Dropped { .. },
            } => add(Counter::DuplicatesDropped, 1),
            Event::Ruled {
                effect: Effect::Applied { how, kept, .. },
            } => {
                add(Counter::RowsKept, u64::from(*kept));
                if *how == How::Reset {
                    add(Counter::Resets, 1);
                }
            }
            _ => {}
        }
    }
    for call in &run.calls {
        let counter = match call.action {
            _ if call.is_unknown() => Counter::Unknown,
            Action::Send { .. } if call.refusal() == Some("idempotency_mismatch") => {
                Counter::KeyMisusesRefused
            }
            _ if call.refusal().is_some() => Counter::Refused,
            // Counted by message below.
            Action::Send { .. } => continue,
            Action::Edit { .. } => Counter::Edits,
            Action::Delete { .. } => Counter::Deletes,
            Action::React { .. } => Counter::Reactions,
            Action::Join { .. } | Action::Add { .. } => Counter::Joins,
            Action::Leave { .. } => Counter::Leaves,
            Action::Remove { .. } => Counter::Removals,
        };
        add(counter, 1);
    }
    for (send, stored) in run.stored_sends() {
        if run.acknowledged(send).is_some() {
            add(Counter::Acknowledged, 1);
            let known = stored.is_some() && send.calls.len() > 1;
            add(Counter::RetriesDeduplicated, u64::from(known));
        }
    }
    counters.retain(|_, count| *count > 0);
    counters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::story::Story;

    #[test]
    fn a_run_that_took_the_paths_asked_for_holds() {
        let mut story = Story::new();
        story.retried_send("alice", "hello");
        let demands = [
            (Counter::RetriesDeduplicated, 1),
            (Counter::Acknowledged, 1),
            (Counter::Unknown, 1),
        ];
        story.demands = demands.into();
        story.holds(Invariant::NoVacuum);
    }

    #[test]
    fn a_run_that_never_found_a_hole_does_not_pass_where_holes_are_due() {
        let mut story = Story::new();
        story.send("alice", "hello");
        story.demands = [(Counter::HolesFound, 1)].into();
        story.breaks(Invariant::NoVacuum, "holes found were counted 0 times");
    }
}
