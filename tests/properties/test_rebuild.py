"""A rebuild makes every read model the fold of its stream, and reports exactly those that were something else before."""

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
from training_events.proof.sealing import NOTE_PREFIX, note_name
from training_events.stores.event_log import Damaged, EventLog, Page
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels
from training_events.times import now

from tests.properties.test_states import stored_states
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import STREAMS, entry, event_of, histories, states_of

BEGUN = "2026-11-22T17:00:00.000000Z"
ORPHAN = "run/orphan"


class Crash(Exception):  # noqa: N818 - an event of the test, not an error of ours
    """The rebuild ends between two steps."""


def projector(log: Any, models: Any) -> Projector:
    return Projector(log, models, sleep=lambda _: None)


def run(log: Any, models: Any, *, dry_run: bool = False) -> tuple[Progress, list[Change]]:
    changes: list[Change] = []
    rebuilding = Rebuild(log, models, projector(log, models), begun_at=BEGUN, dry_run=dry_run, on_change=changes.append)
    return rebuilding.run(), sorted(changes, key=lambda change: change.stream)


def put(models: ReadModels, stream: str, state: bytes) -> None:
    current = models.get(stream)
    models.put(stream, state, summary=b"{}", first_at=BEGUN, replaces=None if current is None else current.revision)


def corrupt(draw: Callable[[Any], Any], models: ReadModels, events: list[Event]) -> list[Change]:
    """Damage any read models of these events; all were right before. Returns the changes that a rebuild has to report."""
    expected = []
    for stream, state in states_of(events).items():
        current = models.get(stream)
        assert current is not None
        damage = draw(st.sampled_from(["sound", "deleted", "garbage", "older", "other folds", "altered", "foreign"]))
        if damage == "deleted":
            models.remove(stream, replaces=current.revision)
            expected.append(Change(stream, "new", []))
            continue
        own_events = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
        damaged = {
            "sound": state,
            "garbage": draw(st.binary(min_size=1, max_size=9)),
            "older": folds.encode(
                folds.fold(folds.empty(stream), map(entry, own_events[: draw(st.integers(0, len(own_events)))]))
            ),
            "other folds": json.dumps(json.loads(state) | {"folded_by": 99}).encode(),
            "altered": json.dumps(json.loads(state) | {"last_at": "never", "counts": {"events": -1}}).encode(),
            "foreign": b'{"something": "else"}',
        }[damage]
        put(models, stream, damaged)
        if damaged != state:
            expected.append(Change(stream, "changed", fields_between(damaged, state)))
    if draw(st.booleans()):
        put(models, ORPHAN, draw(st.binary(min_size=1, max_size=9)))
        expected.append(Change(ORPHAN, "removed", []))
    return sorted(expected, key=lambda change: change.stream)


def fields_between(before: bytes, after: bytes) -> list[str]:
    try:
        old = json.loads(before)
    except ValueError:
        return []
    new = json.loads(after)
    if not isinstance(old, dict):
        return []
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]  # null counts as absent


def record_and_project(log: EventLog, models: ReadModels, events: list[Event]) -> None:
    for event in events:
        log.append(event)
    for stream in log.streams():
        projector(log, models).refold(stream)


def check(log: Any, models: Any, events: list[Event], draw: Callable[[Any], Any]) -> None:
    record_and_project(log, models, events)
    expected = corrupt(draw, models, events)
    before = [models.get(stream) for stream in sorted(models.streams())]

    rehearsal, would_change = run(log, models, dry_run=True)
    assert would_change == expected
    assert [models.get(stream) for stream in sorted(models.streams())] == before
    assert models.note("rebuild") is None

    progress_of_run, changed = run(log, models)
    assert changed == expected
    assert stored_states(models) == states_of(events)
    assert models.note("rebuild") is None
    for progress in (rehearsal, progress_of_run):
        assert (progress.events, progress.streams) == (len(events), len(states_of(events)))
    assert run(log, models)[1] == []


@given(histories(), st.data())
def test_a_rebuild_makes_any_read_models_the_folds_of_the_log(events: list[Event], data: st.DataObject) -> None:
    check(InMemoryLog(), InMemoryReadModels(), events, data.draw)


@given(histories(), st.data())
@settings(max_examples=20)
def test_a_rebuild_in_sqlite_makes_any_read_models_the_folds_of_the_log(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], data: st.DataObject
) -> None:
    file = str(tmp_path_factory.mktemp("log") / "log.db")
    check(SqliteLog(Database(file)), SqliteReadModels(Database(file)), events, data.draw)


@given(histories(), st.data())
@settings(max_examples=8)
def test_a_rebuild_in_dynamodb_makes_any_read_models_the_folds_of_the_log(events: list[Event], data: st.DataObject) -> None:
    from training_events.stores.opening import open_store  # noqa: PLC0415 - its clients belong inside the mock

    with aws_in_this_process():
        create_table()
        create_read_models_table()
        store = open_store(f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        check(store.log, store.read_models, events, data.draw)


class ScrambledLog(InMemoryLog):
    """A log whose scan returns the entries of a part in any order, in pages of any size."""

    def __init__(self, order: random.Random) -> None:
        super().__init__()
        self._order = order

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        assert after is None
        entries = [entry for page in super().scan(part, parts) for entry in page.entries]
        self._order.shuffle(entries)
        while entries:
            size = self._order.randint(0, 3)
            page, entries = entries[:size], entries[size:]
            yield Page(page, "more" if entries else None)
        yield Page([], None)


@given(histories(), st.integers(0, 2**32), st.data())
def test_a_stream_that_comes_in_pieces_is_corrected_and_reported_once(
    events: list[Event], seed: int, data: st.DataObject
) -> None:
    order = random.Random(seed)  # noqa: S311 - no secret
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", 1)  # one part, which then has several streams
        check(ScrambledLog(order), InMemoryReadModels(), events, data.draw)


class Watched:
    """A store. `happens` is called before and after each of its calls, from any thread."""

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
        for item in answer:
            yield item
            self._happens()


class AtMoment:
    """Does something when it is called for the n-th time."""

    def __init__(self, moment: int, action: Callable[[], None]) -> None:
        self._left, self._action = moment, action
        self._lock = threading.RLock()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._action()


def crash() -> None:
    raise Crash


def other_notes(models: InMemoryReadModels) -> set[str]:
    """The notes that are not about sealing: those of a rebuild that has not ended."""
    return {name for name in models.notes if not name.startswith(NOTE_PREFIX)}


def test_what_only_a_rebuild_projected_is_noted_to_be_sealed() -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    record_and_project(log, models, [Event("e-1", "run/projected", "Happened", BEGUN, "tests", {})])
    for stream in ("run/projected", "run/never"):
        log.append(Event("e-2", stream, "Happened", BEGUN, "tests", {}))
    put(models, "run/of-none", b"none")
    Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None).run()
    assert set(models.notes) == {note_name("run/projected"), note_name("run/never")}
    assert set(models.due_notes(now())) == set(models.notes)


@given(histories(), st.lists(st.integers(1, 60), max_size=6), st.sampled_from([1, 2, 8]), st.data())
def test_a_rebuild_that_is_interrupted_anywhere_resumes_and_ends_with_the_same_states(
    events: list[Event], moments: list[int], parts: int, data: st.DataObject
) -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    record_and_project(log, models, events)
    expected = corrupt(data.draw, models, events)
    reported: list[Change] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", parts)
        progress = None
        for moment in [*moments, 10**9]:
            happens = AtMoment(moment, crash)
            watched_log, watched_models = Watched(log, happens), Watched(models, happens)
            try:
                rebuilding = Rebuild(
                    watched_log,
                    watched_models,
                    projector(watched_log, watched_models),
                    begun_at=BEGUN,
                    on_change=reported.append,
                )
                progress = rebuilding.run()
            except Crash:
                continue
            break
    assert progress is not None
    assert stored_states(models) == states_of(events)
    assert not other_notes(models)
    assert (progress.events, progress.streams) == (len(events), len(states_of(events))), "counted over all runs"
    assert {change.stream for change in reported} <= {change.stream for change in expected}


def test_a_rebuild_resumes_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same folds and the same number of readers read nothing again; others start from the beginning."""
    log, models = InMemoryLog(), InMemoryReadModels()
    for number in range(20):
        log.append(Event(f"e-{number}", f"run/{number:02d}", "Happened", BEGUN, "tests", {}))
    monkeypatch.setattr(rebuild, "PARTS", 1)
    for moment in (30, 10**9):
        happens = AtMoment(moment, crash)
        rebuilding = Rebuild(log, Watched(models, happens), projector(log, models), begun_at=BEGUN, on_change=lambda _: None)
        if moment == 30:
            with pytest.raises(Crash):
                rebuilding.run()
            before = rebuilding.progress.events
            assert 0 < before < 20
    assert rebuilding.resumed
    assert rebuilding.progress.events == before

    note = models.notes["rebuild"]
    for name, value in [("PARTS", 2), ("folds", type("Other", (), {"VERSION": 99}))]:
        with monkeypatch.context() as changed:
            changed.setattr(rebuild, name, value)
            assert not Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None).resumed
    for damaged in (b"", b"{}", note[:-1]):
        models.notes["rebuild"] = damaged
        assert not Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None).resumed
    models.notes["rebuild"] = note
    rebuilding.run()
    assert rebuilding.progress.events == 20
    assert not other_notes(models)


@st.composite
def later(draw: st.DrawFn, first: int) -> list[Event]:
    streams = draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=5))
    return [draw(event_of(stream, number)) for number, stream in enumerate(streams, first)]


@given(histories(max_events=8), later(first=100), st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=5), st.data())
def test_events_that_arrive_during_a_rebuild_are_never_lost(
    events: list[Event], arriving: list[Event], moments: list[tuple[int, bool]], data: st.DataObject
) -> None:
    """They are appended at any moment, and projected at once or afterwards. Some streams have a read model and no event."""
    log, models = InMemoryLog(), InMemoryReadModels()
    record_and_project(log, models, events)
    corrupt(data.draw, models, events)
    for stream in STREAMS:
        if stream not in states_of(events) and data.draw(st.booleans()):
            put(models, stream, data.draw(st.binary(min_size=1, max_size=9)))
    projected_later: list[Event] = []

    def arrive(event: Event, *, at_once: bool) -> Callable[[], None]:
        def append() -> None:
            log.append(event)
            if at_once:
                projector(log, models).project(event.stream, [entry(event)])
            else:
                projected_later.append(event)

        return append

    arrivals = [
        AtMoment(moment, arrive(event, at_once=at_once)) for event, (moment, at_once) in zip(arriving, moments, strict=False)
    ]

    def happens() -> None:
        for arrival in arrivals:
            arrival()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuild, "PARTS", 1)
        run(Watched(log, happens), Watched(models, happens))
    for event in projected_later:
        projector(log, models).project(event.stream, [entry(event)])
    assert stored_states(models) == states_of([record.event for record in log.records.values()])  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["missing", "orphan"])
@pytest.mark.parametrize("number", [0, 2], ids=["late", "newest"])
def test_an_event_that_is_projected_at_any_moment_of_a_rebuild_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, what: str, number: int
) -> None:
    """The stream has an event and no read model, or a read model and no event, until the rebuild has looked at it."""
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

        happens = AtMoment(moment, arrive)
        run(Watched(log, happens), Watched(models, happens))
        assert stored_states(models) == states_of([record.event for record in log.records.values()])  # type: ignore[union-attr]


class SmallReadModels(InMemoryReadModels):
    """A store that takes states of at most 700 bytes."""

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        if len(state) > 700:
            raise TooLarge("the state", "700 bytes")
        super().put(stream, state, **more)


@given(histories())
def test_a_state_too_large_for_the_store_is_not_reported_as_a_change(events: list[Event]) -> None:
    log, models = InMemoryLog(), SmallReadModels()
    record_and_project(log, models, events)
    assert run(log, models)[1] == []
    assert run(log, models, dry_run=True)[1] == []
    assert stored_states(models) == {stream: state if len(state) <= 700 else b"" for stream, state in states_of(events).items()}


def test_a_name_that_no_stream_can_have_does_not_stop_a_rebuild() -> None:
    """An altered log may hold items under such names."""
    log, models = InMemoryLog(), InMemoryReadModels()
    for stream in ("junk", "job/1", "run/", "run/a"):
        log.records[stream, "p"] = Damaged(stream, "p", "the test")
    assert run(log, models)[1] == [Change("run/a", "new", [])]
    log.records["run/\udcff", "p"] = Damaged("run/\udcff", "p", "the test")
    log.records["run/b", "p\udcff"] = Damaged("run/b", "p\udcff", "the test")
    assert run(log, models)[1] == []


class EndlessLog(InMemoryLog):
    """Reading one part fails; the others have no end."""

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        del after
        if part == parts - 1:
            raise Crash
        for _ in range(50_000):
            yield Page([], "more")
        pytest.fail("the reader did not stop")


def test_a_reader_that_fails_stops_the_others() -> None:
    with pytest.raises(Crash):
        run(EndlessLog(), InMemoryReadModels())


def test_progress_only_grows_and_is_reported_by_one_reader_at_a_time() -> None:
    log, models = InMemoryLog(), InMemoryReadModels()
    for number in range(300):
        log.append(Event(f"e-{number}", f"run/{number % 50}", "Happened", BEGUN, "tests", {}))
    reported: list[tuple[int, int]] = []
    reporting = threading.Lock()

    def on_progress(progress: Progress) -> None:
        assert reporting.acquire(blocking=False), "two readers report at once"
        events = progress.events
        sum(range(progress.streams * 1000))  # takes a while, so that a second reader would come in
        reported.append((events, progress.streams))
        reporting.release()

    rebuilding = Rebuild(log, models, projector(log, models), begun_at=BEGUN, on_change=lambda _: None, on_progress=on_progress)
    rebuilding.run()
    assert reported == sorted(reported)
    assert reported[-1] == (300, 50)
