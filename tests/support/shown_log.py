"""Logs for pages to show. `python -m tests.support.shown_log FOLDER` writes them for whoever wants to look.

`shown.db` has about everything that a page can show, `many.db` 100 runs of 200 metrics, `long.db` a run of a million points.
"""

import argparse
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from training_events.event import Event, Producer
from training_events.reading.opening import open_current_sources
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.times import to_utc_text

from benchmarks import long_run
from tests.support.hostile_texts import hostile_facts
from tests.support.shown_facts import Fact, shown_facts

MANY_RUNS, MANY_METRICS = 100, 200
LONG_RUN, LONG_POINTS = "run/long", 1_000_000
_BY_PEOPLE = {"Tagged", "Described", "Hidden", "Restored", "TrainingRequested"}
"""Events that no training numbers and chains."""


def write_shown_log(file: Path, present: datetime) -> None:
    """Some runs are running at the present; all else is of the 40 days before it. The log has seals, and one altered event."""
    _append(file, shown_facts(present))
    _append(file, _hostile(present - timedelta(days=2)))
    open_current_sources(f"sqlite:///{file}")  # seals what ended
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("UPDATE events SET data = '{\"points\":[]}' WHERE stream = 'run/altered' AND type = 'MetricsRecorded'")


def write_many(file: Path, present: datetime, runs: int = MANY_RUNS, metrics: int = MANY_METRICS) -> None:
    _append(file, _many(present - timedelta(days=1), runs, metrics))


def write_long(file: Path, points: int = LONG_POINTS) -> None:
    """A run with two metrics, each of so many points, 500 of each in an event."""
    long_run.fill(file, LONG_RUN, points // 500, steps=500)


def _append(file: Path, facts: Iterable[Fact]) -> None:
    """Append the facts in the order in which the log gets them. Trainings number and chain their events."""
    taken = ""
    database = Database(str(file))
    log = SqliteLog(database, clock=lambda: taken)
    events = sorted(_chained(sorted(facts, key=lambda fact: fact.at)), key=lambda pair: pair[0])
    with database.together():
        for taken, event in events:  # noqa: B007 - the log's clock reads it
            log.append(event)


def _chained(facts: Iterable[Fact]) -> Iterator[tuple[str, Event]]:
    last: dict[str, tuple[int, str]] = {}
    for number, (stream, type_, at, data, delay) in enumerate(facts):
        producer = None
        if stream.startswith("run/") and type_ not in _BY_PEOPLE:
            sequence, previous = last.get(stream, (0, None))
            producer = Producer(f"trainer of {stream}"[:100].strip(), sequence + 1, previous)
        event = Event(f"shown-{number:06d}", stream, type_, _text(at), "my.sagemaker.training.jobs", data, producer=producer)
        if producer is not None:
            last[stream] = (producer.sequence, event.digest)
        yield _text(at + delay), event


def _text(at: datetime) -> str:
    return to_utc_text(at.isoformat())


def _hostile(start: datetime) -> Iterator[Fact]:
    for number, (stream, type_, data) in enumerate(hostile_facts()):
        yield Fact(stream, type_, start + timedelta(seconds=10 * number), data)


def _many(start: datetime, runs: int, metrics: int) -> Iterator[Fact]:
    for number in range(runs):
        run, at = f"run/many-{number:03d}", start + timedelta(minutes=number)
        hyperparameters = {f"parameter_{place:02d}": number % (place + 2) for place in range(20)}
        yield Fact(run, "TrainingStarted", at, {"model": "many", "hyperparameters": hyperparameters})
        for step in range(5):
            points = [
                {"name": f"group_{place % 10}/metric_{place:03d}", "value": (number + place) / (step + 1), "step": step}
                for place in range(metrics)
            ]
            yield Fact(run, "MetricsRecorded", at + timedelta(seconds=step + 1), {"points": points})
        yield Fact(run, "TrainingCompleted", at + timedelta(seconds=30), {})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.shown_log", description="Writes logs for pages to show.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    present = datetime.now(UTC)
    write_shown_log(folder / "shown.db", present)
    write_many(folder / "many.db", present)
    write_long(folder / "long.db")


if __name__ == "__main__":
    main()
