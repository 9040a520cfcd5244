//! Behaviour that other servers do not have.
//!
//! Such a case has to fail there. When it passes, that is an error too, so the list stays true.

/// Server, case, reason.
pub(crate) const KNOWN_GAPS: &[(&str, &str, &str)] = &[
    // ministack 1.5.33: operations it does not have.
    ("ministack", "a_message_sent_to_the_dead_letter_queue_has_no_way_back", NO_MOVE_TASK),
    ("ministack", "a_running_task_can_be_cancelled_and_is_the_only_one", NO_MOVE_TASK),
    ("ministack", "dead_letters_go_back_to_their_queue", NO_MOVE_TASK),
    ("ministack", "dead_letters_go_to_the_destination_given", NO_MOVE_TASK),
    ("ministack", "only_a_dead_letter_queue_is_a_source", NO_MOVE_TASK),
    ("ministack", "source_and_destination_have_to_exist", NO_MOVE_TASK),
    ("ministack", "the_sources_of_a_dead_letter_queue_are_listed", "ListDeadLetterSourceQueues is unknown"),
    // Receipt handles.
    ("ministack", "a_stale_receipt_handle_deletes_nothing_and_succeeds", NO_STALE),
    ("ministack", "deleting_twice_succeeds", NO_STALE),
    ("ministack", "an_expired_receipt_handle_deletes_nothing_and_is_refused", NO_EXPIRY),
    ("ministack", "a_deleted_message_has_no_timeout_to_change", OTHER_CODE),
    ("ministack", "a_message_not_in_flight_has_no_timeout_to_change", NO_EXPIRY),
    // Checks it does not make.
    ("ministack", "a_delay_is_at_most_fifteen_minutes", UNCHECKED),
    ("ministack", "a_fifo_name_needs_the_fifo_attribute", UNCHECKED),
    ("ministack", "a_message_has_at_most_ten_attributes", UNCHECKED),
    ("ministack", "a_second_purge_within_a_minute_is_refused", UNCHECKED),
    ("ministack", "a_standard_queue_refuses_a_deduplication_id", UNCHECKED),
    ("ministack", "a_system_attribute_that_does_not_exist_is_refused", UNCHECKED),
    ("ministack", "an_attribute_that_does_not_exist_can_not_be_read", UNCHECKED),
    ("ministack", "an_attribute_that_does_not_exist_can_not_be_set", UNCHECKED),
    ("ministack", "attribute_names_are_checked", UNCHECKED),
    ("ministack", "attribute_types_and_values_are_checked", UNCHECKED),
    ("ministack", "attributes_count_into_the_size", UNCHECKED),
    ("ministack", "computed_attributes_can_not_be_set", UNCHECKED),
    ("ministack", "fifo_attributes_are_not_for_standard_queues", UNCHECKED),
    ("ministack", "queue_names_are_checked", UNCHECKED),
    ("ministack", "twelve_hours_are_the_longest_extension", UNCHECKED),
    ("ministack", "twelve_hours_are_the_longest_in_all", UNCHECKED),
    ("ministack", "twelve_hours_are_the_longest_visibility_timeout", UNCHECKED),
    ("ministack", "twenty_seconds_are_the_longest_wait", UNCHECKED),
    // The wire.
    ("ministack", "a_body_that_is_not_json_is_refused", "it is read as an empty request"),
    ("ministack", "a_broken_policy_is_refused", OTHER_CODE),
    ("ministack", "a_call_without_a_queue_url_is_refused", OTHER_CODE),
    ("ministack", "a_fifo_queue_can_not_be_the_dead_letter_queue_of_a_standard_queue", UNCHECKED),
    ("ministack", "an_error_has_both_its_names", "the namespace of the shape is missing"),
    ("ministack", "the_dead_letter_queue_has_to_exist", OTHER_CODE),
    ("ministack", "the_trace_header_travels_with_the_message", "MD5OfMessageSystemAttributes is not answered"),
];

const NO_MOVE_TASK: &str = "StartMessageMoveTask is unknown";
const NO_STALE: &str = "a receipt handle that is no longer the latest is refused";
const NO_EXPIRY: &str = "a receipt handle stays good after its timeout";
const OTHER_CODE: &str = "the error code is not the one of AWS";
const UNCHECKED: &str = "the check is not made";
