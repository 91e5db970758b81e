"""Exit codes: one table from what went wrong to the number the shell gets."""

OK, FAILED, USAGE, NOT_FOUND, CONFLICT, REFUSED, UNVERIFIED, FULL = range(8)
"""Ok, failure, wrong usage, not found, conflict, refused by a rule, verification failed, storage full."""

BY_CODE: dict[str, int] = {
    # what was named on the command line
    "setting_wrong": USAGE,
    "book_name_invalid": USAGE,
    "date_wrong": USAGE,
    "moment_wrong": USAGE,
    "range_wrong": USAGE,
    "report_incomplete": USAGE,
    "trace_unclear": USAGE,
    "bridge_backwards": USAGE,
    "accounts_wrong": USAGE,
    "layout_wrong": USAGE,
    "narrowing_unused": USAGE,
    "voucher_name_wrong": USAGE,
    "published_wrong": USAGE,
    "account_not_found": NOT_FOUND,
    "project_not_found": NOT_FOUND,
    "party_not_found": NOT_FOUND,
    "voucher_missing": NOT_FOUND,
    "figure_unknown": NOT_FOUND,
    "message_unknown": NOT_FOUND,
    "issue_unknown": NOT_FOUND,
    "issue_differs": UNVERIFIED,
    "issued_as_it_was": USAGE,
    "examples_missing": NOT_FOUND,
    "message_type_unknown": NOT_FOUND,
    "file_not_found": NOT_FOUND,
    "book_not_found": NOT_FOUND,
    "report_unknown": NOT_FOUND,
    "position_ahead": NOT_FOUND,
    "nothing_known": NOT_FOUND,
    "sie_year_unknown": NOT_FOUND,
    "dead_letters_missing": NOT_FOUND,
    "question_refused": NOT_FOUND,
    "consumer_ahead": NOT_FOUND,
    "file_not_readable": FAILED,
    "file_replaced": FAILED,
    "file_not_written": FAILED,
    "output_full": FULL,
    # somebody was first
    "message_conflict": CONFLICT,
    "book_exists": CONFLICT,
    "conflict": CONFLICT,
    # the store
    "storage_full": FULL,
    "damaged_event": UNVERIFIED,
    "damaged_book": UNVERIFIED,
    "store_unavailable": FAILED,
    "outcome_unknown": FAILED,
    "writer_ended": FAILED,
    "newer_than_program": FAILED,
    "layout_unknown": FAILED,
    "unsafe_storage": FAILED,
    # the bus
    "bus_unavailable": FAILED,
    "bus_forbidden": FAILED,
    "bus_too_old": FAILED,
    "bus_stream_missing": FAILED,
    "bus_wrong_sequence": CONFLICT,
    "bus_stream_full": FULL,
    "bus_ahead": UNVERIFIED,
    "bus_differs": UNVERIFIED,
    "messages_unanswered": FAILED,
    "event_type_unknown": FAILED,
    "event_contradicts": UNVERIFIED,
    "bus_key_unusable": FAILED,
    "nats_server_missing": FAILED,
    "nats_port_taken": FAILED,
    "nats_directory_in_use": FAILED,
    "nats_not_started": FAILED,
    "status_port_taken": FAILED,
}
"""Exit code by the code of a refusal or failure; any other refusal is `REFUSED`."""


def exit_code(code: str) -> int:
    """Return the exit code for the code of a refusal or a failure of the store."""
    return BY_CODE.get(code, REFUSED)


def exit_code_for(codes: set[str]) -> int:
    """Return the exit code for the codes of all refusals of a run: conflict, say, when all of them are conflicts."""
    found = {exit_code(code) for code in codes}
    if not found:
        return OK
    return found.pop() if len(found) == 1 else REFUSED
