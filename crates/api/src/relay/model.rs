//! Every way in which two nodes, one conversation and two people's clients can go on, looked at one by one: hints that are lost, doubled
//! or late, nodes that crash between the commit and the hint or while they read, sends that are tried again, and somebody who is removed
//! and comes back.
//!
//! The rule that keeps a log contiguous is the relay's own ([`Log`](super::log::Log)). What is around it is said here in the fewest words, so
//! that every order of things can be tried. The hints of a person's own log are always lost: only the sweep tells of it.

mod actions;
mod system;

use stateright::{Checker, HasDiscoveries, Model, Property};

use actions::Action;
use system::{ADMIN, GUEST, System, Violation};

/// What is broken on purpose, to show that the model notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    /// A step that is ahead is delivered as if nothing were missing.
    NoHoleDetection,
    /// A connection first reads where everything stands, and follows it after.
    ReadBeforeSubscribe,
    /// The database is never asked what has changed.
    NoSweep,
    /// A node that hears of a removal does not end what the removed hears.
    KeepsTelling,
}

#[derive(Clone, Debug)]
struct RelayModel {
    defect: Defect,
    /// The node whose every step is looked at. Nodes meet in the database alone, so of the other one coarser steps will do, and only the
    /// newest hint.
    watched: usize,
    /// How many messages are sent.
    messages: usize,
    /// How often a node may crash.
    crashes: u8,
}

impl RelayModel {
    /// Whether nothing is left to happen but that old hints come, or do not.
    fn is_at_rest(&self, system: &System) -> bool {
        let mut actions = Vec::new();
        system.due(self, &mut actions);
        actions.is_empty()
    }
}

impl Model for RelayModel {
    type State = System;
    type Action = Action;

    fn init_states(&self) -> Vec<System> {
        vec![System::new(self.crashes)]
    }

    fn actions(&self, system: &System, actions: &mut Vec<Action>) {
        system.due(self, actions);
        system.possible(self, actions);
    }

    fn next_state(&self, system: &System, action: Action) -> Option<System> {
        let mut next = system.clone();
        next.act(action, self.defect);
        (next != *system).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("steps come once", |_, system: &System| {
                system.violation != Some(Violation::Doubled)
            }),
            Property::always("steps come in order", |_, system: &System| {
                system.violation != Some(Violation::Hole)
            }),
            Property::always("nobody hears what is not theirs", |_, system: &System| {
                system.violation != Some(Violation::Leak)
            }),
            Property::always("a message is stored once", |_, system: &System| {
                system.stores_every_message_once()
            }),
            Property::always("nothing is lost", |model: &Self, system: &System| {
                !model.is_at_rest(system) || system.is_complete()
            }),
            // A search that never gets there says nothing.
            Property::sometimes(
                "who was removed comes back and hears the rest",
                |_, system: &System| system.returned_and_heard(),
            ),
            Property::sometimes("a hole is read", |_, system: &System| {
                let mut nodes = system.nodes.iter();
                nodes.any(|node| node.reading.is_some_and(|(after, to)| after < to))
            }),
            Property::sometimes("a stored message is sent again", |_, system: &System| {
                system.rev_of_message(system.acknowledged).is_some()
            }),
        ]
    }
}

fn check(model: RelayModel) -> impl Checker<RelayModel> {
    let must_be_whole = model.defect == Defect::None;
    let search = model.checker().threads(2);
    if must_be_whole {
        search.spawn_dfs().join()
    } else {
        let search = search.finish_when(HasDiscoveries::AnyFailures);
        search.spawn_dfs().join()
    }
}

fn is_found_out(defect: Defect, by: &'static str) {
    let found = check(RelayModel {
        defect,
        watched: GUEST,
        messages: 1,
        crashes: 0,
    });
    assert!(
        found.discovery(by).is_some(),
        "{defect:?} was found by {:?}",
        found.discoveries().keys().collect::<Vec<_>>()
    );
}

fn holds(watched: usize, messages: usize, crashes: u8) {
    let found = check(RelayModel {
        defect: Defect::None,
        watched,
        messages,
        crashes,
    });
    println!(
        "node {watched}, {messages} messages, {crashes} crashes: {} states",
        found.unique_state_count()
    );
    for property in [
        "steps come once",
        "steps come in order",
        "nobody hears what is not theirs",
        "a message is stored once",
        "nothing is lost",
    ] {
        if let Some(path) = found.discovery(property) {
            panic!("{property}, but: {path}");
        }
    }
    let reached = |property| found.discovery(property).is_some();
    assert!(reached("who was removed comes back and hears the rest"));
    assert!(reached("a hole is read"));
    assert_eq!(reached("a stored message is sent again"), crashes > 0);
}

#[test]
fn whatever_the_order_nothing_is_lost_doubled_reordered_or_told_to_who_was_removed() {
    holds(GUEST, 1, 0);
    holds(ADMIN, 1, 0);
}

#[test]
fn the_same_holds_when_a_node_crashes() {
    holds(GUEST, 1, 1);
}

#[test]
fn a_relay_that_does_not_notice_holes_is_found_out() {
    is_found_out(Defect::NoHoleDetection, "nothing is lost");
}

#[test]
fn a_relay_that_reads_before_it_follows_is_found_out() {
    is_found_out(Defect::ReadBeforeSubscribe, "nothing is lost");
}

#[test]
fn a_relay_that_never_asks_the_database_is_found_out() {
    is_found_out(Defect::NoSweep, "nothing is lost");
}

#[test]
fn a_relay_that_goes_on_telling_who_was_removed_is_found_out() {
    is_found_out(Defect::KeepsTelling, "nobody hears what is not theirs");
}
