"""A log as many teams make it, of any size: the same for the same size. Its numbers are its own, and mean nothing."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

from training_events.event import Event, Producer
from training_events.stores.dynamodb.item import to_item
from training_events.times import later

from tests.support.tables_in_memory import Item

BEGIN = "2026-11-22T08:00:00.000000Z"
EVENTS_OF_RUN = 80


def large_log(events: int, seed: int = 7) -> list[Item]:
    """About so many events as items of the log's table, in the order in which the log took them."""
    random, trainings = Random(seed), count()  # noqa: S311 - no secret
    items: list[Item] = []
    while len(items) < events:
        items += [to_item(event, recorded_at) for event, recorded_at in _of_training(random, next(trainings))]
    return items


def _of_training(random: Random, number: int) -> Iterator[tuple[Event, str]]:
    """A run with all that it says, and at times the version of a model, and the dataset, that it leads to."""
    run, begin, recorded = f"run/digits-{number:05d}", later(BEGIN, 60 * number), 0.0
    attempts = 2 if number % 9 == 0 else 1
    last, taken = None, 0
    for attempt in range(attempts):
        program = Producer(f"program-{number}-{attempt}", 1)
        for place in range(EVENTS_OF_RUN // attempts):
            at = later(begin, recorded + attempt)
            type_: str
            data: dict[str, Any]
            if place == 0:
                type_, data = (
                    "TrainingStarted",
                    {"model": "digits", "seeds": number, "hyperparameters": {"lr": 0.5 / (number + 1)}},
                )
            elif place == EVENTS_OF_RUN // attempts - 1 and attempt == attempts - 1:
                type_, data = random.choice([("TrainingCompleted", {}), ("TrainingFailed", {"error": "ValueError: no"})])
            elif place % 20 == 7:
                type_, data = "Tagged", {"tags": {random.choice("abc"): random.random()}}
            else:
                points = [{"name": name, "value": random.random(), "step": place} for name in ("loss", "accuracy")]
                type_, data = "MetricsRecorded", {"points": points}
            event = Event(f"e-{number}-{attempt}-{place}", run, type_, at, "tests", data, producer=program)
            program = Producer(program.id, program.sequence + 1, event.digest)
            late = 90.0 if random.random() < 0.02 else 0.0  # some events come late, and the log takes them behind others
            recorded += random.choice([0.0, 0.5, 1.0])  # some are of one instant
            yield event, later(at, 1 + late)
            last, taken = event, taken + 1
    assert last is not None
    done = later(begin, 3000)
    if number % 5 == 0:
        head = {"events": taken, "position": last.position, "digest": last.digest}
        data = {"version": str(number // 5 + 1), "run": run.removeprefix("run/"), "run_head": head}
        yield Event(f"m-{number}", f"model/digits-{number % 3}", "ModelRegistered", done, "tests", data), later(done, 1)
    if number % 7 == 0:
        data = {"uri": f"s3://bucket/{number}", "version_id": "v", "sha256": f"{number:064x}"}
        yield Event(f"d-{number}", f"dataset/d-{number % 4}", "DatasetRegistered", done, "tests", data), later(done, 2)
    if number % 10 == 0:
        yield Event(f"s-{number}", run, "Described", later(done, 60), "tests", {"name": f"no. {number}"}), later(done, 61)
