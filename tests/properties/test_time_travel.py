"""A state at a time is the fold of what had happened, and was known, by then."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import folds
from training_events.errors import NoSuchStream
from training_events.event import Event
from training_events.projection.time_travel import state_at
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.fakes import InMemoryLog
from tests.support.histories import histories, states_of


def clock() -> Callable[[], str]:
    """A clock that is a second later at each call."""
    seconds = itertools.count()
    return lambda: f"2026-11-22T16:00:{next(seconds):02d}.000000Z"


@given(histories(), st.integers(-1, 6), st.data())
@settings(max_examples=60)
def test_time_travel_is_the_fold_of_what_had_happened(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], microsecond: int, data: st.DataObject
):
    """As of a time: the fold of what had occurred by then. Known at a time: of what was recorded by then. Both: of both."""
    as_of = "2026-11-22T14:59:59.999999Z" if microsecond < 0 else f"2026-11-22T15:00:00.{microsecond:06d}Z"
    file = str(tmp_path_factory.mktemp("log") / "log.db")
    for log in (InMemoryLog(clock()), SqliteLog(Database(file), clock())):
        for event in events:
            log.append(event)
        known = data.draw(st.integers(0, len(events)))
        known_at = f"2026-11-22T16:00:{known:02d}.000000Z"
        for occurred, recorded in itertools.product((None, as_of), (None, known_at)):
            selected = [
                event
                for number, event in enumerate(events)
                if (occurred is None or event.occurred_at <= occurred) and (recorded is None or number <= known)
            ]
            expected = states_of(selected)
            for stream in {event.stream for event in events}:
                try:
                    state = folds.encode(state_at(log, stream, as_of=occurred, known_at=recorded))
                except NoSuchStream:
                    assert stream not in expected
                else:
                    assert state == expected[stream]
