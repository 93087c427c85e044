"""A read model that is not the fold of the log is found; one that only lacks what arrived last is not accused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.event import Event, LogEntry
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import STATE_TOO_LARGE, Projector
from training_events.projection.sealer import Sealer
from training_events.proof.findings import Kind
from training_events.proof.read_model import SETTLED_SECONDS, check_read_model
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import verify
from training_events.stores.read_models import ReadModel
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels
from training_events.times import later

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.seals import InMemorySeals

STREAM = "run/a"
BEGIN = "2026-11-22T15:00:00.000000Z"
MUCH_LATER = later(BEGIN, 10**6)


class World:
    """A log whose clock goes on by a second with each event, and the read models of it."""

    def __init__(self, window: int = 1) -> None:
        self.time = BEGIN
        self.log = InMemoryLog(self._tick)
        self.read_models = InMemoryReadModels()
        self.projector = Projector(self.log, self.read_models, window=window)

    def _tick(self) -> str:
        self.time = later(self.time, 1)
        return self.time

    def record(self, number: int, occurred_at: float, stream: str = STREAM) -> None:
        points = [{"name": "loss", "value": 1 / (number + 1), "step": number}]
        self.log.append(Event(f"e-{number}", stream, "MetricsRecorded", later(BEGIN, occurred_at), "tests", {"points": points}))

    def kinds(self, clock: str = MUCH_LATER) -> list[Kind]:
        return [finding.kind for finding in check_read_model(self.log, self.read_models, STREAM, lambda: clock)]

    def put(self, state: bytes) -> None:
        self.read_models.models[STREAM] = ReadModel(STREAM, 1, state)

    def state(self) -> dict[str, Any]:
        model = self.read_models.get(STREAM)
        assert model is not None
        decoded: dict[str, Any] = json.loads(model.state)
        return decoded


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.data())
def test_a_read_model_that_lacks_what_arrived_last_is_no_finding(times, data):
    """The events arrive in any order of their own times; those that arrived first were projected, in batches."""
    world = World(data.draw(st.integers(0, 3)))
    projected = data.draw(st.integers(0, len(times)))
    for number, time in enumerate(times):
        world.record(number, time)
        if number < projected:
            entries = list(world.log.entries(STREAM))
            world.projector.project(STREAM, [entry for entry in entries if entry.position.endswith(f"#e-{number}")])
        assert world.kinds() == []
    world.projector.refold(STREAM)
    assert world.kinds() == []


def alter_position(state: dict[str, Any]) -> None:
    state["position"] = state["position"] + "0"


FORGERIES = {
    "its status": lambda state: state.update(status="completed"),
    "a metric": lambda state: state["metrics"]["loss"].update(best={"value": 0.0, "step": 1, "at": BEGIN}),
    "its counts": lambda state: state["counts"].update(events=99),
    "fewer events": lambda state: state["counts"].update(events=2),
    "no events": lambda state: state["counts"].update(events=0),
    "its position": alter_position,
    "its stream": lambda state: state.update(stream="run/b"),
    "its end": lambda state: state.update(finished_at=BEGIN),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_read_model_is_found(forge):
    world = World()
    for number in range(5):
        world.record(number, number)
    world.projector.refold(STREAM)
    state = world.state()
    forge(state)
    world.put(json.dumps(state, sort_keys=True, separators=(",", ":")).encode())
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_settled_state_is_found_although_the_state_is_right(forge):
    world = World()
    for number in range(9):
        world.record(number, number)
    world.projector.refold(STREAM)
    model = world.read_models.models[STREAM]
    assert model.settled is not None
    settled = json.loads(model.settled)
    forge(settled)
    forged = json.dumps(settled, sort_keys=True, separators=(",", ":")).encode()
    world.read_models.models[STREAM] = ReadModel(STREAM, 1, model.state, forged)
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"stream":"run/a"', b"[" * 100_000])
def test_what_is_no_state_is_found(content):
    world = World()
    world.record(1, 1)
    world.put(content)
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]


def test_the_state_of_another_stream_is_found():
    world = World()
    for number in range(3):
        world.record(number, number, "run/b")
    world.record(9, 1)
    world.put(folds.encode(folds.fold(folds.empty("run/b"), world.log.entries("run/b"))))
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]


def test_a_read_model_that_misses_an_event_from_the_middle_is_found_once_that_is_not_new():
    """As after a batch that was given up: later events were projected, and it never was."""
    world = World()
    for number in range(4):
        world.record(number, number)
    entries = [entry for entry in world.log.entries(STREAM) if not entry.position.endswith("#e-2")]
    world.put(folds.encode(folds.fold(folds.empty(STREAM), entries)))
    assert world.kinds(later(world.time, SETTLED_SECONDS - 1)) == []
    assert world.kinds(later(world.time, SETTLED_SECONDS + 1)) == [Kind.READ_MODEL_DIFFERS]


def test_what_a_reader_would_fold_again_is_not_compared():
    world = World()
    assert world.kinds() == [], "there is none yet"
    world.record(1, 1)
    world.put(STATE_TOO_LARGE)
    assert world.kinds() == []
    world.put(json.dumps({"stream": STREAM, "folded_by": folds.VERSION - 1}).encode())
    assert world.kinds() == [], "made by other folds"


def test_a_read_model_of_a_stream_without_events_is_found():
    world = World()
    world.put(folds.encode(folds.empty(STREAM)))
    assert world.kinds() == []
    world.record(1, 1)
    world.projector.refold(STREAM)
    del world.log.records[STREAM, world.state()["position"]]
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]


def test_on_aws_a_removed_read_model_is_found_once_the_stream_is_sealed_or_noted_to_be():
    world = World()
    world.record(1, 1)
    assert world.kinds() == [], "the projector may be behind for any time"
    sealer = Sealer(world.log, world.read_models, InMemorySeals())
    sealer.after(world.projector.refold(STREAM).state)
    assert world.kinds() == []
    del world.read_models.models[STREAM]
    assert world.kinds() == [Kind.READ_MODEL_DIFFERS]
    world.read_models.notes.clear()
    assert world.kinds() == []
    [finding] = check_read_model(world.log, world.read_models, STREAM, sealed=True)
    assert finding.kind is Kind.READ_MODEL_DIFFERS
    assert "somebody has removed it" in finding.explanation


class Laptop:
    """A log in a file, and its read models."""

    def __init__(self, path: Path) -> None:
        self._database = Database(str(path))
        self.log, self.read_models = SqliteLog(self._database), SqliteReadModels(self._database)

    def record(self, number: int, stream: str = STREAM) -> None:
        self.log.append(Event(f"e-{number}", stream, "MetricsRecorded", later(BEGIN, number), "tests", {"points": []}))

    def catch_up(self) -> None:
        projector = Projector(self.log, self.read_models)
        catch_up(self.log, projector, Sealer(self.log, self.read_models, SqliteSealStore(self._database)))

    def remove(self) -> None:
        model = self.read_models.get(STREAM)
        assert model is not None
        self.read_models.remove(STREAM, replaces=model.revision)

    def kinds(self) -> list[Kind]:
        verification = verify(self.log, SqliteSealStore(self._database), STREAM, read_models=self.read_models)
        assert verification.sound == (not verification.findings)
        return [finding.kind for finding in verification.findings]


@given(arrivals=st.lists(st.booleans(), min_size=1, max_size=8), removed_before=st.integers(0, 8))
def test_on_a_laptop_a_removed_read_model_is_found_at_any_moment_and_none_is_missed_that_was_not_made(
    tmp_path_factory, arrivals, removed_before
):
    """An event arrives, or (True) a command catches up; at one moment somebody removes the read model."""
    laptop = Laptop(tmp_path_factory.mktemp("laptop") / "log.db")
    laptop.record(99, "run/b")
    is_removed = False
    for number, catches_up in enumerate(arrivals):
        if number == removed_before and laptop.read_models.get(STREAM):
            laptop.remove()
            is_removed = True
        if catches_up:
            had_arrivals = any(laptop.read_models.unprojected(STREAM))
            laptop.catch_up()
            is_removed = is_removed and not had_arrivals
        else:
            laptop.record(number)
        assert laptop.kinds() == ([Kind.READ_MODEL_DIFFERS] if is_removed else [])


def test_an_event_that_arrives_while_verify_reads_accuses_nobody(tmp_path):
    """What is not projected was asked for before the event was there, and the log is read after it."""
    laptop = Laptop(tmp_path / "log.db")
    laptop.record(99, "run/b")

    class ArrivingNow(SqliteLog):
        def entries(self, *args: Any, **more: Any) -> Iterator[LogEntry]:
            laptop.record(1)
            return super().entries(*args, **more)

    log = ArrivingNow(laptop.log.database)
    assert list(check_read_model(log, laptop.read_models, STREAM)) == []
    laptop.catch_up()
    laptop.remove()
    assert [finding.kind for finding in check_read_model(log, laptop.read_models, STREAM)] == [Kind.READ_MODEL_DIFFERS]


def test_a_laptops_read_model_is_not_accused_where_the_clock_was_set_back(tmp_path):
    """The file knows what nobody has projected yet; the times of recording are no help here."""
    time = later(BEGIN, 600)
    database = Database(str(tmp_path / "log.db"))
    log, read_models = SqliteLog(database, clock=lambda: time), SqliteReadModels(database)

    def record(number: int) -> None:
        log.append(Event(f"e-{number}", STREAM, "MetricsRecorded", later(BEGIN, number), "tests", {"points": []}))

    record(1)
    record(3)
    catch_up(log, Projector(log, read_models), Sealer(log, read_models, SqliteSealStore(database)))
    time = BEGIN
    record(2)
    record(4)
    assert list(check_read_model(log, read_models, STREAM, lambda: MUCH_LATER)) == []
