//! What every store must do, written once over the traits. A database joins by implementing [`Fixture`] and calling
//! [`conformance_tests`].

pub(crate) mod conversations;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod transactions;
pub(crate) mod world;

use std::future::Future;
use std::sync::Arc;

use hubbub_domain::unit_of_work::Store;

/// An empty database of one kind, gone when it is dropped.
pub(crate) trait Fixture: Sized {
    fn new() -> impl Future<Output = Self>;
    fn store(&self) -> Arc<dyn Store>;
}

/// Makes one test of every case for one kind of database.
macro_rules! conformance_tests {
    ($fixture:ty) => {
        crate::conformance::conformance_tests!(@area $fixture, people: [
            a_person_is_found_as_stored, a_username_is_taken_once, people_are_listed_by_username_and_found_by_part_of_a_name,
            special_characters_of_a_pattern_are_taken_for_themselves, a_persons_own_log_is_numbered_without_a_hole,
            sessions_are_stored_and_listed_while_live, invitations_are_found_by_code_and_listed_while_usable,
            what_ended_long_ago_is_removed_a_few_at_a_time, usernames_are_ordered_by_their_bytes, the_first_start_is_prepared_once, keys_are_kept_as_first_stored,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, conversations: [
            a_conversation_is_found_as_stored, a_pair_has_one_conversation, two_who_write_to_each_other_at_once_make_one_conversation,
            channels_are_ordered_by_the_bytes_of_their_names, an_overview_shows_what_its_user_sees,
            unread_messages_stop_counting_at_a_hundred, a_list_has_the_latest_activity_first, channels_are_listed_for_everybody,
            changes_after_a_position_are_current_rows_in_order, heads_are_those_of_present_conversations,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, members: [
            a_stay_is_found_while_it_is_open, nobody_is_in_a_conversation_twice_at_once, who_comes_back_has_another_stay,
            members_are_listed_by_username, the_most_senior_member_has_the_highest_role_and_the_longest_stay,
            sharing_a_conversation_needs_two_open_stays, a_read_marker_never_moves_back, own_changes_are_listed_in_order,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, messages: [
            a_message_is_found_by_its_senders_key, a_key_is_used_once_per_sender, a_place_is_taken_once,
            pages_are_in_order_and_bounded, a_page_never_shows_what_lies_before_the_visible_history,
            a_member_reads_exactly_what_the_stay_shows,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, transactions: [
            what_is_not_committed_never_was, a_view_stays_as_it_was_when_it_was_opened, a_view_cannot_write,
            units_of_work_take_turns_and_lose_nothing, a_unit_of_work_goes_on_after_every_conflict,
            a_key_used_at_the_same_time_elsewhere_is_found_after_the_conflict,
        ]);
    };
    (@area $fixture:ty, $area:ident: [$($case:ident),+ $(,)?]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = <$fixture as crate::conformance::Fixture>::new().await;
                crate::conformance::$area::$case(crate::conformance::Fixture::store(&fixture)).await;
            }
        )+
    };
}

pub(crate) use conformance_tests;
