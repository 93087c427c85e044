"""An export goes on where an earlier one with the same cursor stopped, and misses nothing that arrived late."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.errors import Misused
from training_events.event import Event
from training_events.interchange.exports.cursor import OVERLAP_SECONDS, Cursor
from training_events.interchange.exports.lines import Line, write_file
from training_events.reading.recording_order import in_order_of_recording
from training_events.stores.event_log import EventLog
from training_events.times import later

from tests.support.fakes import InMemoryLog

BEGIN = "2026-11-22T15:00:00.000000Z"


def export(log: EventLog, cursor: Cursor, folder: Path, number: int) -> list[str]:
    """The events that an export with this cursor writes."""
    lines = (
        Line(str(recorded.index), recorded.event.event_id.encode()) for recorded in in_order_of_recording(log, cursor.after)
    )
    write_file(folder / f"{number}.ndjson", lines, cursor)
    return (folder / f"{number}.ndjson").read_text(encoding="utf-8").split()


def event(number: int) -> Event:
    return Event(f"e-{number}", "run/a", "Happened", later(BEGIN, number), "tests", {})


@given(st.lists(st.tuples(st.integers(0, 4 * OVERLAP_SECONDS), st.booleans()), max_size=12), st.data())
@settings(max_examples=40, deadline=None)
def test_each_event_is_exported_once_even_if_it_appears_behind_others(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]], data: st.DataObject
):
    """Between exports events appear whose time is up to the overlap behind the newest one: another writer's."""
    folder, times = tmp_path_factory.mktemp("exports"), list[str]()
    log = InMemoryLog(lambda: times[-1])
    exported: list[str] = []
    newest, exports = 0, 0
    for number, (seconds, stops) in enumerate(steps):
        at = max(0, newest - data.draw(st.integers(0, OVERLAP_SECONDS), label="behind")) if seconds < newest else seconds
        newest = max(newest, at)
        times.append(later(BEGIN, at))
        log.append(event(number))
        if stops:
            exports += 1
            exported += export(log, Cursor.read(folder / "cursor", "cloudevents"), folder, exports)
    exported += export(log, Cursor.read(folder / "cursor", "cloudevents"), folder, 99)
    assert sorted(exported) == sorted(f"e-{number}" for number in range(len(steps)))


def test_a_cursor_stays_small(tmp_path: Path):
    cursor = Cursor.read(tmp_path / "cursor", "openlineage")
    for number in range(100):
        cursor.note(f"{later(BEGIN, number * OVERLAP_SECONDS / 10)} run/a e-{number}")
    cursor.save()
    kept = json.loads((tmp_path / "cursor").read_text(encoding="utf-8"))
    assert len(kept["sent"]) == 11
    again = Cursor.read(tmp_path / "cursor", "openlineage")
    assert again.has(f"{later(BEGIN, 99 * OVERLAP_SECONDS / 10)} run/a e-99")
    assert again.after == later(BEGIN, 89 * OVERLAP_SECONDS / 10)


def test_a_writer_whose_clock_is_ahead_hides_nobody_elses_events(tmp_path: Path):
    times = ["2030-01-01T00:00:00.000000Z"]
    log = InMemoryLog(lambda: times[-1])
    log.append(event(0))
    assert export(log, Cursor.read(tmp_path / "cursor", "cloudevents"), tmp_path, 1) == ["e-0"]
    times.append(later(Cursor.read(tmp_path / "cursor", "cloudevents").after, OVERLAP_SECONDS))
    log.append(event(1))
    assert export(log, Cursor.read(tmp_path / "cursor", "cloudevents"), tmp_path, 2) == ["e-1"]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"to":"cloudevents"}', b'{"to":"cloudevents","back_to":"soon","sent":{}}'])
def test_what_is_no_cursor_is_told(content: bytes, tmp_path: Path):
    (tmp_path / "cursor").write_bytes(content)
    with pytest.raises(Misused, match="is no cursor"):
        Cursor.read(tmp_path / "cursor", "cloudevents")


def test_an_export_has_a_cursor_of_its_own(tmp_path: Path):
    cursor = Cursor.read(tmp_path / "cursor", "cloudevents")
    cursor.note(f"{BEGIN} run/a e-1")
    cursor.save()
    with pytest.raises(Misused, match="is the cursor of an export to 'cloudevents'"):
        Cursor.read(tmp_path / "cursor", "openlineage")
