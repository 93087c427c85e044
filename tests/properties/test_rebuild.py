"""A rebuild makes every read model the fold of its stream, whatever it was, and tells of those that were not and no others."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import folds
from training_events.errors import TooLarge
from training_events.event import Event
from training_events.projection import rebuild
from training_events.projection.projector import Projector
from training_events.projection.rebuild import Change, Progress, Rebuild
from training_events.stores.event_log import Damaged, EventLog, Page
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from tests.properties.test_states import stored_states
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import STREAMS, entry, event_of, histories, states_of

BEGUN = "2026-11-22T17:00:00.000000Z"
ORPHAN = "run/orphan"


class Crash(Exception):  # noqa: N818 - what happens
    """The rebuild ends between two steps."""


def projector(log: Any, models: Any) -> Projector:
    return Projector(log, models, sleep=lambda _: None)


def run(log: Any, models: Any, *, dry_run: bool = False) -> tuple[Progress, list[Change]]:
    changes: list[Change] = []
    work = Rebuild(log, models, projector(log, models), begun_at=BEGUN, dry_run=dry_run, on_change=changes.append)
    return work.run(), sorted(changes, key=lambda change: change.stream)


def put(models: ReadModels, stream: str, state: bytes) -> None:
    there = models.get(stream)
    models.put(stream, state, summary=b"{}", first_at=BEGUN, replaces=None if there is None else there.revision)


def corrupt(draw: Callable[[Any], Any], models: ReadModels, events: list[Event]) -> list[Change]:
    """Damage any of the read models of these events, all of which were sound; what a rebuild has to tell of that."""
    expected = []
    for stream, state in states_of(events).items():
        there = models.get(stream)
        assert there is not None
        how = draw(st.sampled_from(["sound", "deleted", "garbage", "older", "other folds", "altered", "foreign"]))
        if how == "deleted":
            models.remove(stream, replaces=there.revision)
            expected.append(Change(stream, "new", []))
            continue
        mine = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
        damaged = {
            "sound": state,
            "garbage": draw(st.binary(min_size=1, max_size=9)),
            "older": folds.encode(folds.fold(folds.empty(stream), map(entry, mine[: draw(st.integers(0, len(mine)))]))),
            "other folds": json.dumps(json.loads(state) | {"folded_by": 99}).encode(),
            "altered": json.dumps(json.loads(state) | {"last_at": "never", "counts": {"events": -1}}).encode(),
            "foreign": b'{"something": "else"}',
        }[how]
        put(models, stream, damaged)
        if damaged != state:
            expected.append(Change(stream, "changed", fields_between(damaged, state)))
    if draw(st.booleans()):
        put(models, ORPHAN, draw(st.binary(min_size=1, max_size=9)))
        expected.append(Change(ORPHAN, "removed", []))
    return sorted(expected, key=lambda change: change.stream)


def fields_between(before: bytes, after: bytes) -> list[str]:
    try:
        was = json.loads(before)
    except ValueError:
        return []
    now = json.loads(after)
    if not isinstance(was, dict):
        return []
    return [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]  # null and absent are one


def recorded(log: EventLog, models: ReadModels, events: list[Event]) -> None:
    for event in events:
        log.append(event)
    for stream in log.streams():
        projector(log, models).refold(stream)


def check(log: Any, models: Any, events: list[Event], draw: Callable[[Any], Any]) -> None:
    recorded(log, models, events)
    expected = corrupt(draw, models, events)
    before = [models.get(stream) for stream in sorted(models.streams())]

    rehearsed, would_change = run(log, models, dry_run=True)
    assert would_change == expected
    assert [models.get(stream) for stream in sorted(models.streams())] == before
    assert models.note("rebuild") is None

    done, changed = run(log, models)
    assert changed == expected
    assert stored_states(models) == states_of(events)
    assert models.note("rebuild") is None
    for progress in (rehearsed, done):
        assert (progress.events, progress.streams) == (len(events), len(states_of(events)))
    assert run(log, models)[1] == []


@given(histories(), st.data())
def test_whatever_the_read_models_were_they_are_the_folds(events: list[Event], data: st.DataObject) -> None:
    check(InMemoryLog(), InMemoryReadModels(), events, data.draw)


@given(histories(), st.data())
@settings(max_examples=20)
def test_in_sqlite_too(tmp_path_factory: pytest.TempPathFactory, events: list[Event], data: st.DataObject) -> None:
    file = str(tmp_path_factory.mktemp("log") / "log.db")
    check(SqliteLog(Database(file)), SqliteReadModels(Database(file)), events, data.draw)


@given(histories(), st.data())
@settings(max_examples=8)
def test_in_dynamodb_too(events: list[Event], data: st.DataObject) -> None:
    from training_events.stores.opening import open_store  # noqa: PLC0415 - its clients belong inside the mock

    with aws_in_this_process():
        create_table()
        create_read_models_table()
        store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        check(store.log, store.read_models, events, data.draw)


class ScrambledLog(InMemoryLog):
    """A scan gives each part's entries in any order, in pages of any size."""

    def __init__(self, order: random.Random) -> None:
        super().__init__()
        self._order = order

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        assert after is None
        entries = [one for page in super().scan(part, parts) for one in page.entries]
        self._order.shuffle(entries)
        while entries:
            size = self._order.randint(0, 3)
            page, entries = entries[:size], entries[size:]
            yield Page(page, "more" if entries else None)
        yield Page([], None)


@given(histories(), st.integers(0, 2**32), st.data())
def test_streams_that_come_in_pieces_are_right_and_told_of_once(events: list[Event], seed: int, data: st.DataObject) -> None:
    order = random.Random(seed)  # noqa: S311 - for an order
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", 1)  # several streams in one
        check(ScrambledLog(order), InMemoryReadModels(), events, data.draw)


class Watched:
    """A store; before and after each call, from any thread, something else may happen."""

    def __init__(self, store: Any, happens: Callable[[], None]) -> None:
        self._store, self._happens = store, happens

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            self._happens()
            answer = getattr(self._store, name)(*args, **more)
            if isinstance(answer, Iterator):
                return self._each(answer)
            self._happens()
            return answer

        return call

    def _each(self, answer: Iterator[Any]) -> Iterator[Any]:
        for one in answer:
            yield one
            self._happens()


class At:
    """Does something at the n-th moment."""

    def __init__(self, moment: int, do: Callable[[], None]) -> None:
        self._left, self._do = moment, do
        self._lock = threading.RLock()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._do()


def crash() -> None:
    raise Crash


@given(histories(), st.lists(st.integers(1, 60), max_size=6), st.sampled_from([1, 2, 8]), st.data())
def test_interrupted_anywhere_it_goes_on_and_comes_to_the_same(
    events: list[Event], moments: list[int], parts: int, data: st.DataObject
) -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    recorded(log, models, events)
    expected = corrupt(data.draw, models, events)
    told: list[Change] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", parts)
        done = None
        for moment in [*moments, 10**9]:
            happens = At(moment, crash)
            troubled_log, troubled = Watched(log, happens), Watched(models, happens)
            try:
                work = Rebuild(
                    troubled_log,
                    troubled,
                    projector(troubled_log, troubled),
                    begun_at=BEGUN,
                    on_change=told.append,
                )
                done = work.run()
            except Crash:
                continue
            break
    assert done is not None
    assert stored_states(models) == states_of(events)
    assert models.notes == {}
    assert (done.events, done.streams) == (len(events), len(states_of(events))), "over all sittings"
    assert {change.stream for change in told} <= {change.stream for change in expected}


def test_a_rebuild_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read once is not read again, if the same folds and as many readers go on."""
    log, models = InMemoryLog(), InMemoryReadModels()
    for number in range(20):
        log.append(Event(f"e-{number}", f"run/{number:02d}", "Happened", BEGUN, "tests", {}))
    monkeypatch.setattr(rebuild, "PARTS", 1)
    for moment in (30, 10**9):
        happens = At(moment, crash)
        work = Rebuild(log, Watched(models, happens), projector(log, models), begun_at=BEGUN, on_change=lambda _: None)
        if moment == 30:
            with pytest.raises(Crash):
                work.run()
            before = work.progress.events
            assert 0 < before < 20
    assert work.resumed
    assert work.progress.events == before

    note = models.notes["rebuild"]
    for name, value in [("PARTS", 2), ("folds", type("Other", (), {"VERSION": 99}))]:
        with monkeypatch.context() as changed:
            changed.setattr(rebuild, name, value)
            assert not Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None).resumed
    for damaged in (b"", b"{}", note[:-1]):
        models.notes["rebuild"] = damaged
        assert not Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None).resumed
    models.notes["rebuild"] = note
    work.run()
    assert work.progress.events == 20
    assert models.notes == {}


@st.composite
def later(draw: st.DrawFn, first: int) -> list[Event]:
    streams = draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=5))
    return [draw(event_of(stream, number)) for number, stream in enumerate(streams, first)]


@given(histories(most=8), later(first=100), st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=5), st.data())
def test_events_that_come_while_it_runs_are_never_lost(
    events: list[Event], arriving: list[Event], moments: list[tuple[int, bool]], data: st.DataObject
) -> None:
    """They are appended at any moment of it, and projected at once or when it is over; some are the first of an orphan."""
    log, models = InMemoryLog(), InMemoryReadModels()
    recorded(log, models, events)
    corrupt(data.draw, models, events)
    for stream in STREAMS:
        if stream not in states_of(events) and data.draw(st.booleans()):
            put(models, stream, data.draw(st.binary(min_size=1, max_size=9)))
    waiting: list[Event] = []

    def arrive(event: Event, *, at_once: bool) -> Callable[[], None]:
        def do() -> None:
            log.append(event)
            if at_once:
                projector(log, models).project(event.stream, [entry(event)])
            else:
                waiting.append(event)

        return do

    times = [At(moment, arrive(event, at_once=now)) for event, (moment, now) in zip(arriving, moments, strict=False)]

    def happens() -> None:
        for time in times:
            time()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", 1)
        run(Watched(log, happens), Watched(models, happens))
    for event in waiting:
        projector(log, models).project(event.stream, [entry(event)])
    assert stored_states(models) == states_of([record.event for record in log.records.values()])  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["missing", "orphan"])
@pytest.mark.parametrize("number", [0, 2], ids=["late", "newest"])
def test_an_event_that_is_projected_at_any_moment_of_it_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    """Of a stream that has no read model, or has one and no event: what the rebuild saw of it is not so any more."""
    monkeypatch.setattr(rebuild, "PARTS", 1)
    first, other = (Event(f"e-{n}", "run/a", "Happened", BEGUN, "tests", {}) for n in (1, number))
    for moment in range(1, 30):
        log, models = InMemoryLog(), InMemoryReadModels()
        if what == "missing":
            log.append(first)
        else:
            put(models, "run/a", b"?")

        def arrive(log: InMemoryLog = log, models: InMemoryReadModels = models) -> None:
            log.append(other)
            projector(log, models).project("run/a", [entry(other)])

        happens = At(moment, arrive)
        log_, models_ = Watched(log, happens), Watched(models, happens)
        Rebuild(log_, models_, projector(log_, models_), begun_at=BEGUN, on_change=lambda _: None).run()
        assert stored_states(models) == states_of([record.event for record in log.records.values()])  # type: ignore[union-attr]


class SmallReadModels(InMemoryReadModels):
    """A store that takes states of 700 bytes."""

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        if len(state) > 700:
            raise TooLarge("the state", "700 bytes")
        super().put(stream, state, **more)


@given(histories())
def test_a_state_too_large_for_the_store_is_no_change(events: list[Event]) -> None:
    log, models = InMemoryLog(), SmallReadModels()
    recorded(log, models, events)
    assert run(log, models)[1] == []
    assert run(log, models, dry_run=True)[1] == []
    assert stored_states(models) == {stream: state if len(state) <= 700 else b"" for stream, state in states_of(events).items()}


def test_what_is_no_stream_does_not_stop_it() -> None:
    """An altered log may hold anything."""
    log, models = InMemoryLog(), InMemoryReadModels()
    for stream in ("junk", "job/1", "run/", "run/a"):
        log.records[stream, "p"] = Damaged(stream, "p", "the test")
    assert run(log, models)[1] == [Change("run/a", "new", [])]
    log.records["run/\udcff", "p"] = Damaged("run/\udcff", "p", "the test")
    log.records["run/b", "p\udcff"] = Damaged("run/b", "p\udcff", "the test")
    assert run(log, models)[1] == []


class Endless(InMemoryLog):
    """One part fails, the others have no end."""

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        del after
        if part == parts - 1:
            raise Crash
        for _ in range(50_000):
            yield Page([], "more")
        pytest.fail("it went on")


def test_a_reader_that_fails_stops_the_others() -> None:
    with pytest.raises(Crash):
        run(Endless(), InMemoryReadModels())


def test_progress_only_grows_and_is_told_by_one_reader_at_a_time() -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    for number in range(300):
        log.append(Event(f"e-{number}", f"run/{number % 50}", "Happened", BEGUN, "tests", {}))
    seen: list[tuple[int, int]] = []
    telling = threading.Lock()

    def on_progress(progress: Progress) -> None:
        assert telling.acquire(blocking=False), "two at once"
        seen.append((progress.events, sum(range(progress.streams * 1000)) and progress.streams))  # for a while
        telling.release()

    work = Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None, on_progress=on_progress)
    work.run()
    assert seen == sorted(seen)
    assert seen[-1] == (300, 50)
