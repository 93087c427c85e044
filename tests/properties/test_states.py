"""A state depends on which events are in the log, and on nothing else."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import folds
from training_events.errors import Overtaken
from training_events.event import Event
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.projection.time_travel import state_now
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import entry, event_of, histories, states_of


def stored_states(read_models: ReadModels) -> dict[str, bytes]:
    models = [read_models.get(stream) for stream in read_models.streams()]
    return {model.stream: model.state for model in models if model is not None}


def assert_settled(read_models: ReadModels, events: list[Event]) -> None:
    """Each settled state is the fold of the events up to an instant before the newest one."""
    for stream in read_models.streams():
        model = read_models.get(stream)
        if model is not None and model.settled is not None:
            last_at = folds.decode(stream, model.settled).last_at
            assert last_at < folds.decode(stream, model.state).last_at
            earlier = [event for event in events if event.stream == stream and event.occurred_at <= last_at]
            assert {stream: model.settled} == states_of(earlier)


class CrashError(Exception):
    """The worker ends between two steps."""


class Troubled:
    """Read models whose steps fail as drawn: before they are applied, after that, or because another worker was faster."""

    def __init__(self, models: ReadModels, draw: Callable[[Any], Any], meanwhile: Callable[[], None]) -> None:
        self._models, self._draw, self._meanwhile = models, draw, meanwhile

    def get(self, stream: str) -> Any:
        current = self._models.get(stream)
        if self._draw(st.integers(0, 3)) == 0:
            self._meanwhile()
        return current

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        trouble = self._draw(st.sampled_from(["", "", "", "crash", "crash after", "another worker", "overtaken"]))
        if trouble == "crash":
            raise CrashError
        if trouble == "another worker":
            self._meanwhile()
        if trouble == "overtaken":
            raise Overtaken(stream)
        self._models.put(stream, state, **more)
        if trouble == "crash after":
            raise CrashError


class ChangeStream:
    """Delivers what was appended in batches as drawn: in any order, some twice, until each event was taken without trouble."""

    def __init__(self, log: InMemoryLog, models: InMemoryReadModels, draw: Callable[[Any], Any]) -> None:
        self._log, self._models, self._draw = log, models, draw
        self._window = draw(st.integers(0, 4))
        self._pending: list[Event] = []
        self._taken: list[Event] = []

    def append(self, event: Event) -> None:
        self._log.append(event)
        self._pending.append(event)

    def deliver(self) -> None:
        """Deliver a batch to one worker. Events that it has trouble with stay pending."""
        batch = [event for events in (self._pending, self._taken) if events for event in self._some_of(events)]
        models: Any = Troubled(self._models, self._draw, self._to_another_worker)
        worker = Projector(self._log, models, window=self._window, max_attempts=3, sleep=lambda _: None)
        for stream in dict.fromkeys(event.stream for event in batch):
            part = [event for event in batch if event.stream == stream]
            with suppress(CrashError, Overtaken):
                worker.project(stream, map(entry, part))
                self._taken += [event for event in part if event in self._pending]
                self._pending = [event for event in self._pending if event not in part]

    def deliver_the_rest(self) -> None:
        while self._pending:
            self._to_another_worker()

    def _to_another_worker(self) -> None:
        if self._pending:
            event = self._pending.pop(0)
            Projector(self._log, self._models, window=self._window).project(event.stream, [entry(event)])

    def _some_of(self, events: list[Event]) -> list[Event]:
        return self._draw(st.lists(st.sampled_from(events), max_size=6))  # type: ignore[no-any-return]


@given(histories(), st.data())
def test_any_delivery_ends_with_the_fold_of_the_log(events: list[Event], data: st.DataObject):
    """In any order, repeated, batched, interleaved, with crashes between the steps; an event is retried until it is taken."""
    models = InMemoryReadModels()
    changes = ChangeStream(InMemoryLog(), models, data.draw)
    for event in events:
        changes.append(event)
        for _ in range(data.draw(st.integers(0, 2))):
            changes.deliver()
    changes.deliver_the_rest()
    assert stored_states(models) == states_of(events)
    assert_settled(models, events)


class Interrupted(InMemoryReadModels):
    """Another worker does all of its work in the middle of this one's, at a `get` or a `put`."""

    def __init__(self, step: str, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.step, self._meanwhile = step, meanwhile

    def get(self, stream: str) -> Any:
        current = super().get(stream)
        self._reach("get")
        return current

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        self._reach("put")
        super().put(stream, state, **more)

    def _reach(self, step: str) -> None:
        if step == self.step:
            self.step = ""
            self._meanwhile()


@given(st.lists(event_of("run/a", 0), min_size=3, max_size=3), st.permutations(range(3)), st.sampled_from(["get", "put"]))
def test_two_workers_do_not_undo_each_other(drawn: list[Event], order: list[int], step: str):
    """Whatever the order of the events, and wherever one worker comes between the steps of the other."""
    events = [msgspec.structs.replace(event, event_id=f"e-{number}") for number, event in enumerate(drawn)]
    log = InMemoryLog()
    for event in events:
        log.append(event)
    before, own, other = (events[number] for number in order)
    models = Interrupted("", lambda: Projector(log, models).project("run/a", [entry(other)]))
    models.put(
        "run/a", folds.encode(folds.fold(folds.empty("run/a"), [entry(before)])), summary=b"", first_at="", replaces=None
    )
    models.step = step
    Projector(log, models, sleep=lambda _: None).project("run/a", [entry(own)])
    assert stored_states(models) == states_of(events)


@given(histories(), st.data())
def test_a_state_that_was_stored_and_read_back_continues_as_before(events: list[Event], data: st.DataObject):
    """Between any two instants: the fold of the remaining events ends in the same bytes."""
    for stream, expected in states_of(events).items():
        state = folds.empty(stream)
        ordered = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
        for _, instant in itertools.groupby(ordered, key=lambda event: event.occurred_at):
            if data.draw(st.booleans()):
                state = folds.decode(stream, folds.encode(state))
            folds.fold(state, map(entry, instant))
        assert folds.encode(state) == expected


@given(histories(), st.randoms(use_true_random=False), st.data())
@settings(max_examples=40)
def test_sqlite_and_memory_agree(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], random: Any, data: st.DataObject
):
    file = tmp_path_factory.mktemp("log") / "log.db"
    database = Database(str(file))
    log, models = SqliteLog(database), SqliteReadModels(database)
    projector = Projector(log, models, window=data.draw(st.integers(0, 4)))
    sealer = Sealer(log, models, SqliteSealStore(database))
    arriving = [*events, *data.draw(st.lists(st.sampled_from(events), max_size=5))]
    random.shuffle(arriving)
    for event in arriving:
        log.append(event)
        if data.draw(st.booleans()):
            catch_up(log, projector, sealer)
    catch_up(log, projector, sealer)
    assert stored_states(models) == states_of(events)
    assert_settled(models, events)
    assert {stream: folds.encode(state_now(log, models, stream)) for stream in log.streams()} == states_of(events)


@given(st.lists(histories(), min_size=6, max_size=6), st.data())
@settings(max_examples=5)
def test_dynamodb_and_memory_agree(all_histories: list[list[Event]], data: st.DataObject):
    """Few examples, of several histories each."""
    from training_events.stores.opening import open_store  # noqa: PLC0415 - its clients belong inside the mock

    for events in all_histories:
        with aws_in_this_process():
            create_table()
            create_read_models_table()
            store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
            assert store.read_models is not None
            projector = Projector(store.log, store.read_models, window=data.draw(st.integers(0, 4)), sleep=lambda _: None)
            for event in data.draw(st.permutations(events)):
                store.log.append(event)
                if data.draw(st.booleans()):
                    projector.project(event.stream, [entry(event)])
            for stream in store.log.streams():
                projector.refold(stream)
            assert stored_states(store.read_models) == states_of(events)
            assert_settled(store.read_models, events)
