"""Makes a run of any length, as training records it, and a SQLite log that holds it."""

from pathlib import Path

from training_events.event import Event, LogEntry, Producer, RecordedEvent
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.row import COLUMNS, to_row
from training_events.times import to_utc_text

from benchmarks.long_points import points

_START = 1_795_360_119_000
"""Milliseconds since 1970, in November 2026."""
RECORDED_AT = "2026-11-23T00:00:00.000000Z"


def event_of(stream: str, number: int, previous: str | None = None, steps: int = 1) -> Event:
    """The event with this number, counted from 0, with the points of so many steps. One occurs every tenth of a second."""
    return Event(
        event_id=f"{number:032x}",
        stream=stream,
        type="MetricsRecorded",
        occurred_at=to_utc_text(_START + 100 * number),
        source="benchmarks",
        data={"points": [point for step in range(steps) for point in points(number * steps + step)]},
        producer=Producer("benchmarks", number + 1, previous),
    )


def entry_of(event: Event) -> LogEntry:
    return RecordedEvent(event, RECORDED_AT, event.digest).entry


def fill(file: Path, stream: str, events: int, steps: int = 1) -> None:
    """Write a log with one run of chained events. It takes large transactions, as only reading is measured."""
    database = Database(str(file))
    previous = None
    for first in range(0, events, 10_000):
        chained = []
        for number in range(first, min(first + 10_000, events)):
            chained.append(event_of(stream, number, previous, steps))
            previous = chained[-1].digest
        insert(database, chained)


def insert(database: Database, events: list[Event]) -> None:
    """Put events into the log in one transaction."""
    statement = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
    with database.transaction() as connection:
        connection.executemany(statement, [to_row(event, RECORDED_AT) for event in events])
