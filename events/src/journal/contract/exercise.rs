//! The list of cases, and how they are run.

use std::{sync::Arc, time::Duration};

use super::{
    Engine, batches, claims, conflicts, counting, durability, given::Log, order, reading, receipts, restoring, tree,
};

/// A case that takes longer waits for something that won't come.
const LIMIT: Duration = Duration::from_mins(1);

/// Runs every case on a log of its own.
///
/// # Panics
/// If one fails; the message names all that did.
pub async fn exercise(engine: Arc<dyn Engine>) {
    let mut running = Vec::new();
    macro_rules! cases {
        ($($file:ident::$case:ident),* $(,)?) => {$(
            let log = Log::open(Arc::clone(&engine), stringify!($case)).await;
            let case = tokio::time::timeout(LIMIT, $file::$case(log));
            running.push((stringify!($case), tokio::spawn(case)));
        )*};
    }
    cases![
        order::a_follower_sees_every_event_of_sixteen_writers_once_and_in_order,
        order::times_rise_though_the_clock_stands,
        order::workspaces_count_their_own_events,
        order::an_event_may_belong_to_another_workspace_than_its_append,
        conflicts::a_stale_version_conflicts_and_stores_nothing,
        conflicts::one_of_many_decisions_on_the_same_version_wins,
        conflicts::appends_on_one_stream_follow_each_other_within_a_batch,
        conflicts::an_append_to_several_streams_is_all_or_nothing,
        conflicts::one_of_many_beginnings_wins,
        claims::a_name_is_held_by_one_stream_until_it_is_released,
        claims::one_of_many_takers_gets_the_name,
        claims::a_name_moves_within_one_append,
        claims::the_table_is_what_the_events_say,
        receipts::a_receipt_stops_the_same_request,
        receipts::one_of_many_equal_requests_is_carried_out,
        receipts::old_receipts_are_forgotten,
        counting::a_quota_is_taken_to_its_end_and_no_further,
        counting::one_of_many_gets_the_last_of_a_quota,
        counting::what_was_counted_is_not_counted_again,
        counting::sums_come_back_with_the_log,
        batches::a_poisoned_append_fails_alone,
        batches::what_fails_leaves_no_hole,
        batches::a_large_append_is_one,
        batches::five_hundred_appends_at_once_all_go_in,
        durability::what_was_acknowledged_is_there_after_a_crash,
        durability::a_crash_in_the_middle_of_appends_leaves_a_whole_log,
        reading::events_read_as_they_were_acknowledged,
        reading::reads_go_on_after_a_place_and_stop_at_a_limit,
        reading::the_head_is_announced_before_the_answer,
        reading::who_follows_the_end_is_given_what_was_stored,
        reading::what_moved_of_a_kind_is_found_between_two_places,
        restoring::a_log_comes_back_as_it_was_recorded,
        restoring::what_is_not_finished_leaves_nothing,
        restoring::a_log_that_holds_something_is_left_alone,
        restoring::an_event_that_does_not_follow_is_refused,
        restoring::an_epoch_follows_the_one_before,
        tree::the_heads_root_is_that_of_all_leaves,
    ];
    let mut failed = Vec::new();
    for (name, case) in running {
        match case.await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => failed.push(format!("{name} (out of time)")),
            Err(_) => failed.push(name.to_owned()),
        }
    }
    assert!(failed.is_empty(), "the journal broke its contract: {}", failed.join(", "));
}
