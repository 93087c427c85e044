"""Compares the Spark job over an export with two cores and with one, and says how many events a second both check.

Each run is a process of its own, from its start to its end: some seconds of both are Spark's.
"""

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from training_events.event import Event, Producer
from training_events.stores.dynamodb.item import to_item
from training_events.times import later

from benchmarks.measure import Ratio, seconds
from tests.support.dynamodb_exports import Change, Item, exports_in
from tests.support.spark import python_of_spark, start_job

EVENTS = 1_000_000
EVENTS_OF_STREAM = 200
STREAMS_AT_ONCE = 250
"""So many streams are in one export: the first is a full one, the others hold what was added later."""
BEGIN = "2026-11-22T08:00:00.000000Z"


def measure(events: int = EVENTS) -> list[Ratio]:
    python = python_of_spark()
    with tempfile.TemporaryDirectory() as folder:
        count = _write(Path(folder) / "exports", events)
        one, two = (seconds(partial(_run, python, Path(folder), count, cores)) for cores in (1, 2))
    rates = f"{count / two:,.0f} and {count / one:,.0f} events a second"
    streams = count // EVENTS_OF_STREAM
    return [Ratio(f"the job over {count:,} events of {streams:,} streams with 2 cores", f"with 1 ({rates})", [(two, one)], 0.9)]


def _run(python: Path, folder: Path, events: int, cores: int) -> None:
    job = start_job(python, "--exports", folder / "exports", "--tables", folder / f"tables-{cores}", cores=cores)
    out, err = job.communicate()
    if job.returncode or not out.startswith(f"{events:,} events"):
        raise SystemExit(f"the job has ended with exit code {job.returncode}: {out}{err}")


def _write(folder: Path, events: int) -> int:
    """Write exports of about so many events. Returns how many there are."""
    writer = exports_in(folder, files=5)
    streams, at = max(events // EVENTS_OF_STREAM, 1), later(BEGIN, 86_400)
    for first in range(0, streams, STREAMS_AT_ONCE):
        print(f"writing an export: {first:,} of {streams:,} streams", file=sys.stderr)
        items = [item for number in range(first, min(first + STREAMS_AT_ONCE, streams)) for item in _stream(number)]
        if first == 0:
            writer.full(items, at)
        else:
            until = later(at, 3600)
            writer.incremental((Change(item, None, at) for item in items), at, until)
            at = until
    writer.state()
    return streams * EVENTS_OF_STREAM


def _stream(number: int) -> Iterator[Item]:
    producer = Producer(f"program-{number}", 1)
    for place in range(EVENTS_OF_STREAM):
        at = later(BEGIN, number + place)
        points = [{"name": name, "value": 1 / (place + 1), "step": place} for name in "abcd"]
        type_: str = "MetricsRecorded"
        data: dict[str, Any] = {"points": points}
        if place == 0:
            type_, data = "TrainingStarted", {"model": "digits", "hyperparameters": {"lr": 0.1}}
        elif place == EVENTS_OF_STREAM - 1:
            type_, data = "TrainingCompleted", {}
        event = Event(f"e-{number}-{place}", f"run/r-{number:05d}", type_, at, "tests", data, producer=producer)
        producer = Producer(producer.id, producer.sequence + 1, event.digest)
        yield to_item(event, later(at, 1))
