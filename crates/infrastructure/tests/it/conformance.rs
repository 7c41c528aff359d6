//! What every store must do, written once over the traits. A database joins by implementing [`Fixture`] and calling
//! [`conformance_tests`].

pub(crate) mod changes;
pub(crate) mod contents;
pub(crate) mod conversations;
pub(crate) mod deletions;
pub(crate) mod heads;
pub(crate) mod invitations;
pub(crate) mod kept_presence;
pub(crate) mod log;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod optimistic;
pub(crate) mod people;
pub(crate) mod personal;
pub(crate) mod presence;
pub(crate) mod transactions;
pub(crate) mod unread;
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
            sessions_are_stored_and_listed_while_live, what_ended_long_ago_is_removed_a_few_at_a_time,
            usernames_are_ordered_by_their_bytes, the_first_start_is_prepared_once, keys_are_kept_as_first_stored,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, kept_presence: [
            what_people_say_is_found_as_stored, when_people_were_seen_never_goes_back, partners_have_the_latest_activity_first,
            sessions_that_were_ended_are_listed_after_a_moment,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, invitations: [
            invitations_are_found_by_code_and_listed_while_usable, invitations_to_a_group_are_listed_apart,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, conversations: [
            a_conversation_is_found_as_stored, a_pair_has_one_conversation, two_who_write_to_each_other_at_once_make_one_conversation,
            channels_are_ordered_by_the_bytes_of_their_names, an_overview_shows_what_its_user_sees,
            unread_messages_stop_counting_at_a_hundred, a_list_has_the_latest_activity_first, channels_are_listed_for_everybody,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, changes: [
            changes_after_a_position_are_current_rows_in_order, heads_are_those_of_present_conversations,
            own_changes_are_listed_in_order,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, heads: [
            every_way_to_move_a_log_on_is_found, what_is_committed_late_is_not_stepped_over,
            more_than_was_asked_for_is_said_to_be_left_out,
            who_has_not_looked_before_changes_are_forgotten_is_told_so, heads_are_those_of_the_logs_asked_for,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, members: [
            a_stay_is_found_while_it_is_open, nobody_is_in_a_conversation_twice_at_once, who_comes_back_has_another_stay,
            members_are_listed_by_username, the_most_senior_member_has_the_highest_role_and_the_longest_stay,
            sharing_a_conversation_needs_two_open_stays, all_stays_and_departures_are_listed_in_order,
            names_are_those_of_present_members, a_ban_stays_as_it_was_first_said_until_it_is_lifted,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, personal: [
            a_personal_state_is_found_as_stored, a_read_marker_never_moves_back,
            an_own_message_moves_the_marker_only_of_who_has_read_all_before,
            receipts_are_those_of_present_members_who_show_them, followed_threads_are_listed_with_what_is_unread,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, unread: [
            what_counts_as_unread_is_what_others_wrote_outside_threads, mentions_count_while_their_words_stand,
            counting_looks_at_a_bounded_number_of_own_messages,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, contents: [
            every_kind_of_content_is_found_as_stored, a_message_is_found_only_in_its_conversation,
            a_changed_message_is_stored_whole, earlier_texts_are_kept_in_order, pins_are_listed_the_latest_first,
            a_thread_is_paged_like_a_conversation,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, deletions: [
            what_was_deleted_is_told_by_no_answer, a_deletion_keeps_everything_until_it_is_purged,
            what_was_deleted_is_purged_a_few_at_a_time,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, log: [
            conversations_are_locked_in_the_order_of_their_ids, circumstances_are_answered_in_the_order_asked,
            a_batch_is_stored_as_if_one_by_one, a_batch_that_was_decided_before_is_stored_as_if_one_by_one, a_batch_with_a_taken_key_is_a_conflict, nothing_is_a_batch_too,
        ]);
        crate::conformance::conformance_tests!(@area $fixture, optimistic: [
            a_sight_shows_where_everything_stands, where_a_conversation_has_moved_nothing_is_stored,
            of_two_who_have_seen_the_same_one_stores, where_a_key_is_taken_nothing_is_stored,
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
