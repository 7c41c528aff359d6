//! What every adapter of `PresenceStore` must do, with time standing still until it is moved. An adapter joins by implementing
//! [`PresenceFixture`] and calling [`presence_tests`].

mod crash;
mod loss;
mod people;
mod world;

use std::future::Future;
use std::sync::Arc;

use hubbub_application::presence::store::PresenceStore;

use crate::clock::FakeClock;

pub(crate) use crash::*;
pub(crate) use loss::*;
pub(crate) use people::*;

/// An empty store of one kind, gone when it is dropped.
pub(crate) trait PresenceFixture: Sized {
    fn new(clock: Arc<FakeClock>) -> impl Future<Output = Self>;
    /// Another node, which has not entered.
    fn node(&self) -> Arc<dyn PresenceStore>;
    /// Loses everything.
    fn wipe(&self) -> impl Future<Output = ()>;
    /// How many nodes and people something is kept of.
    fn size(&self) -> impl Future<Output = (usize, usize)>;
}

/// Makes one test of every case for one kind of store.
macro_rules! presence_tests {
    ($fixture:ty) => {
        crate::conformance::presence::presence_tests!(@ $fixture: [
            who_connects_is_shown_at_once_and_by_every_node, the_strongest_of_all_nodes_is_shown,
            closing_one_of_several_says_nothing, somebody_is_offline_when_the_grace_is_over_and_that_is_told_once,
            a_reload_is_never_seen, a_deploy_is_never_seen, signing_out_is_seen_at_once, signing_out_ends_a_grace_that_runs,
            signing_out_somewhere_leaves_the_other_nodes, a_report_twice_is_one, who_is_hidden_is_not_there,
            who_is_hidden_leaves_no_trace_in_versions, hiding_overtakes_a_node_that_does_not_know_yet,
            what_people_say_has_versions_too,
            a_node_that_crashed_has_nobody_when_lease_and_grace_are_over, the_crash_of_one_node_does_not_touch_who_is_on_another,
            who_comes_back_after_a_crash_was_never_away, two_sweepers_tell_each_change_once, a_crash_of_many_is_swept_a_few_at_a_time,
            a_lease_that_is_renewed_never_ends, readers_do_not_wait_for_the_sweeper,
            a_store_that_lost_everything_shows_nobody_wrongly, a_store_that_was_away_for_long_shows_nobody_wrongly,
            versions_never_decrease_whatever_happens, a_first_start_knows_that_nobody_is_there, a_restart_of_all_settles,
            a_node_that_did_not_enter_is_told_so,
        ]);
    };
    (@ $fixture:ty: [$($case:ident),+ $(,)?]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let world = crate::conformance::presence::PresenceWorld::<$fixture>::new().await;
                crate::conformance::presence::$case(world).await;
            }
        )+
    };
}

pub(crate) use presence_tests;
pub(crate) use world::{PresenceWorld, active, user};
