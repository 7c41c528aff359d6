//! What every backplane must do, as tests to be run against it.
//!
//! A cluster is two hubs, `left` and `right`, joined by the backplane under test. Whoever writes a backplane turns on the feature `conformance` of this
//! crate among the development dependencies, says how two nodes are joined, and gets one test for each requirement:
//!
//! ```ignore
//! use signalr_hub::backplane::conformance::Cluster;
//!
//! struct Redis;
//!
//! impl Cluster for Redis {
//!     type Backplane = RedisBackplane;
//!
//!     async fn join() -> (RedisBackplane, RedisBackplane) {
//!         let prefix = unused_prefix();
//!         (connect(&prefix).await, connect(&prefix).await)
//!     }
//! }
//!
//! signalr_hub::backplane_conformance!(Redis);
//! ```
//!
//! The tests need the crate `tokio` with its macros. They never sleep; one that waits for something in vain fails after ten seconds. No
//! test asks for an order that [`Backplane`] does not promise.

mod clients;
mod groups;
mod nodes;
mod results;
mod sending;

pub use clients::{
    a_new_connection_is_reached_from_other_nodes_at_once,
    one_of_several_connections_of_a_user_may_leave, users_are_reached_wherever_they_are,
};
pub use groups::{
    a_connection_that_ends_leaves_its_groups_and_others_stay,
    a_group_that_was_empty_can_be_joined_again, a_join_is_effective_everywhere_when_it_returns,
    changes_for_connections_of_this_node_stay_here, groups_span_nodes_and_deliver_once,
    joining_twice_and_leaving_without_membership_change_nothing,
    membership_changes_of_remote_connections_have_happened_when_they_return,
};
pub use results::{
    nodes_that_ask_the_same_client_each_get_their_answer, results_come_from_clients_of_other_nodes,
    results_of_lost_and_unknown_connections_fail,
};
pub use sending::{
    connections_of_this_node_are_not_looked_for_elsewhere, messages_of_one_sender_keep_their_order,
    sends_to_all_reach_every_node_and_honour_exclusions,
    single_connections_are_reached_on_other_nodes,
};

use std::future::Future;

use super::Backplane;

/// How two nodes are joined.
pub trait Cluster {
    /// The backplane under test.
    type Backplane: Backplane;

    /// The backplanes of two nodes of a hub that nobody else uses.
    fn join() -> impl Future<Output = (Self::Backplane, Self::Backplane)> + Send;
}

/// Makes a test of everything that a backplane must do, for a [`Cluster`](crate::backplane::conformance::Cluster).
///
/// Use it once per module.
#[macro_export]
macro_rules! backplane_conformance {
    ($cluster:ty) => {
        $crate::backplane_conformance!(@tests $cluster:
            sends_to_all_reach_every_node_and_honour_exclusions,
            single_connections_are_reached_on_other_nodes,
            connections_of_this_node_are_not_looked_for_elsewhere,
            messages_of_one_sender_keep_their_order,
            groups_span_nodes_and_deliver_once,
            a_join_is_effective_everywhere_when_it_returns,
            membership_changes_of_remote_connections_have_happened_when_they_return,
            changes_for_connections_of_this_node_stay_here,
            joining_twice_and_leaving_without_membership_change_nothing,
            a_connection_that_ends_leaves_its_groups_and_others_stay,
            a_group_that_was_empty_can_be_joined_again,
            a_new_connection_is_reached_from_other_nodes_at_once,
            users_are_reached_wherever_they_are,
            one_of_several_connections_of_a_user_may_leave,
            results_come_from_clients_of_other_nodes,
            results_of_lost_and_unknown_connections_fail,
            nodes_that_ask_the_same_client_each_get_their_answer
        );
    };
    (@tests $cluster:ty: $($test:ident),*) => {
        $(#[::tokio::test]
        async fn $test() {
            $crate::backplane::conformance::$test::<$cluster>().await;
        })*
    };
}
