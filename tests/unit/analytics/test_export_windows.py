"""Which export comes next: all of a table, or a window of what has changed, as DynamoDB allows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.analytics.export_state import FullExport, TableExports
from training_events.analytics.export_windows import (
    MAX_WINDOW_SECONDS,
    MIN_WINDOW_SECONDS,
    Restorable,
    Window,
    common_end,
    next_window,
)
from training_events.times import later, seconds_between

EARLIEST, LATEST = "2026-11-01T00:00:30.000000Z", "2026-11-22T15:00:30.000000Z"
END = "2026-11-22T15:00:00.000000Z"
COVERED = Restorable(EARLIEST, LATEST)


def exported(to: str) -> TableExports:
    return TableExports(FullExport("arn", "manifest", to))


def test_the_first_export_is_full():
    assert common_end([(None, COVERED)]) == END
    assert next_window(None, COVERED, END) == Window(None, END)


def test_a_table_that_recovery_does_not_cover_yet_waits():
    new = Restorable("2026-11-22T15:00:10.000000Z", LATEST)
    assert next_window(None, new, common_end([(None, new)])) is None


def test_the_next_export_begins_where_the_last_one_ended():
    assert next_window(exported("2026-11-22T14:00:00.000000Z"), COVERED, END) == Window("2026-11-22T14:00:00.000000Z", END)


@pytest.mark.parametrize("to", [END, "2026-11-22T14:45:01.000000Z"])
def test_less_than_a_quarter_of_an_hour_is_no_window(to):
    assert next_window(exported(to), COVERED, END) is None


def test_a_gap_that_recovery_does_not_cover_asks_for_a_full_export():
    assert next_window(exported("2026-10-31T00:00:00.000000Z"), COVERED, END) == Window(None, END)


def test_a_table_that_is_behind_follows_one_that_was_exported_a_moment_ago():
    moments_ago = "2026-11-22T14:50:00.000000Z"
    end = common_end([(exported(moments_ago), COVERED), (None, COVERED)])
    assert end == moments_ago
    assert next_window(exported(moments_ago), COVERED, end) is None
    assert next_window(None, COVERED, end) == Window(None, end)


def test_all_tables_are_exported_to_what_recovery_of_each_covers():
    slower = Restorable(EARLIEST, "2026-11-22T14:58:59.000000Z")
    assert common_end([(None, COVERED), (None, slower)]) == "2026-11-22T14:58:00.000000Z"


@given(st.integers(0, 20 * 24 * 60))
def test_windows_follow_each_other_until_the_end_and_each_is_one_that_dynamodb_takes(minutes):
    start = to = later(END, -60 * minutes)
    while (window := next_window(exported(to), COVERED, END)) is not None:
        assert window.since == to
        assert MIN_WINDOW_SECONDS <= seconds_between(to, window.to) <= MAX_WINDOW_SECONDS
        to = window.to
    assert to == (END if minutes * 60 >= MIN_WINDOW_SECONDS else start)
