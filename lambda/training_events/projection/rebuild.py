"""Rebuilds the read models: parallel readers fold every stream of the log, and the read models that differ are corrected.

The read models stay readable all the time, and events may go on arriving. An interrupted rebuild resumes where it stopped.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby, pairwise
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct, field

from training_events import folds, strict_json
from training_events.errors import NotUnderstood, Overtaken
from training_events.folds.instant import instants
from training_events.projection.projector import STATE_TOO_LARGE, Projected, Update, has_state
from training_events.projection.sealer import note_due
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.projection.projector import Projector
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModel, ReadModels


PARTS = 8
"""How many readers work in parallel. DynamoDB answers each about 1 MB at a time; more would mostly wait for each other."""
NOTE = "rebuild"


class Change(Struct, frozen=True):
    """A read model that differed from the log, and which parts of the state did; no parts if it is new or removed."""

    stream: str
    what: Literal["new", "changed", "removed"]
    fields: list[str]


class ReaderProgress(Struct, frozen=True):
    """How far one reader has come: the token to continue after, and the stream that it was reading."""

    after: str | None
    stream: str
    done: bool = False


class Progress(Struct):
    """How far a rebuild has come, over all its runs. Only the same folds and the same number of readers can resume it."""

    begun_at: str
    folded_by: int
    parts: int
    reached: dict[int, ReaderProgress] = field(default_factory=dict)
    events: int = 0
    streams: int = 0


class Rebuild:
    """One rebuild. `dry_run` only reports what would change, and writes nothing: a rehearsal of new folds, for example."""

    def __init__(
        self,
        log: EventLog,
        read_models: ReadModels,
        projector: Projector,
        *,
        begun_at: str,
        dry_run: bool = False,
        on_change: Callable[[Change], None],
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._log, self._read_models, self._projector = log, read_models, projector
        self._dry_run = dry_run
        self._on_change, self._on_progress = on_change, on_progress
        self._seen: set[str] = set()
        self._reported: set[str] = set()
        self._lock = Lock()  # guards what the readers share: the progress and the reports
        self._stopped = False
        interrupted = None if dry_run else _interrupted(read_models)
        self.resumed = interrupted is not None
        self.progress = interrupted or Progress(begun_at, folds.VERSION, PARTS)

    def run(self) -> Progress:
        """Run to the end. After an error or Ctrl-C the next rebuild resumes. Raises what the stores raise, and Overtaken."""
        with ThreadPoolExecutor(PARTS) as readers:
            walks = [readers.submit(self._walk, part) for part in range(PARTS)]
            try:
                for walk in as_completed(walks):
                    walk.result()
            finally:
                self._stopped = True  # after a failed reader or Ctrl-C the others stop at their next page
        self._remove_orphans()
        if not self._dry_run:
            self._read_models.set_note(NOTE, None)
        return self.progress

    def _walk(self, part: int) -> None:
        reached = self.progress.reached.get(part, ReaderProgress(None, ""))
        if reached.done:
            return
        streams = StreamFolds(reached.stream)
        for page in self._log.scan(part, PARTS, reached.after):
            if self._stopped:
                return
            ended = list(streams.take(page.entries))
            if page.after is None:
                ended += streams.rest()
            for stream, state in ended:
                self._correct(stream, state)
            new_streams = self._not_seen_before([stream for stream, _ in ended])
            reached = ReaderProgress(page.after, streams.stream, done=page.after is None)
            self._advance(part, reached, len(page.entries), new_streams)

    def _correct(self, stream: str, state: State | None) -> None:
        """Correct the read model by this state (None: read the stream by itself)."""
        with contextlib.suppress(NotUnderstood):  # the log was altered, which `verify` reports: there is no state to store
            change = self._change(stream, state)
            if change is not None:
                self._report(change)

    def _not_seen_before(self, streams: list[str]) -> int:
        """How many of these streams no reader of this rebuild has come to the end of before."""
        with self._lock:
            before = len(self._seen)
            self._seen.update(streams)
            return len(self._seen) - before

    def _change(self, stream: str, state: State | None) -> Change | None:
        current = self._read_models.get(stream)
        if not self._dry_run and _lacks_events(current, state):
            note_due(self._read_models, stream, now())  # before it is mended: whoever goes on after a crash finds it mended
        if current is None and state is not None:
            is_new = self._dry_run or self._projector.create(state).update is not Update.UNCHANGED
            return Change(stream, "new", []) if is_new else None
        if current is not None and state is not None and current.state == folds.encode(state):
            if current.settled is not None and not self._dry_run:
                self._projector.refold(
                    stream
                )  # a settled state that is not what the log says would return at the next late event
            return None
        # What the walk folded may be older than the read model: only the log, read after the model, can tell
        projected = self._rehearse(stream, current) if self._dry_run else self._projector.refold(stream)
        if projected.update is Update.UNCHANGED:
            return None
        if current is None:
            return Change(stream, "new", [])
        if self._is_too_large(current):
            return None
        return Change(stream, "changed", _differing(current.state, folds.encode(projected.state)))

    def _rehearse(self, stream: str, current: ReadModel | None) -> Projected:
        state = folds.fold(folds.empty(stream), self._log.entries(stream))
        same = current is not None and current.state == folds.encode(state)
        return Projected(Update.UNCHANGED if same else Update.REFOLDED, state)

    def _is_too_large(self, current: ReadModel) -> bool:
        """Whether it was too large before and still is. Such a state is not stored, so the two cannot be compared."""
        again = self._read_models.get(current.stream) if current.state == STATE_TOO_LARGE else None
        return again is not None and again.state == STATE_TOO_LARGE

    def _remove_orphans(self) -> None:
        """Remove read models of streams that the log does not hold: somebody made them, or altered the log."""
        for stream in self._read_models.streams():
            if stream in self._seen:
                continue
            current = self._read_models.get(stream)  # read before the log: a write in between makes the removal fail
            if current is None or next(self._log.entries(stream), None) is not None:
                continue
            if not self._dry_run:
                try:
                    self._read_models.remove(stream, replaces=current.revision)
                except Overtaken:  # it has just got its first event
                    continue
            self._report(Change(stream, "removed", []))

    def _advance(self, part: int, reached: ReaderProgress, events: int, streams: int) -> None:
        with self._lock:
            self.progress.events += events
            self.progress.streams += streams
            self.progress.reached[part] = reached
            if not self._dry_run:
                self._read_models.set_note(NOTE, msgspec.json.encode(self.progress))
            self._on_progress(self.progress)

    def _report(self, change: Change) -> None:
        with self._lock:
            if change.stream not in self._reported:
                self._reported.add(change.stream)
                self._on_change(change)


def _interrupted(read_models: ReadModels) -> Progress | None:
    """The progress of an interrupted rebuild that can be resumed."""
    note = read_models.note(NOTE)
    try:
        progress = None if note is None else msgspec.json.decode(note, type=Progress)
    except msgspec.MsgspecError:
        return None
    return progress if progress and (progress.folded_by, progress.parts) == (folds.VERSION, PARTS) else None


def _lacks_events(current: ReadModel | None, state: State | None) -> bool:
    """Whether the log has events that nobody projected: then nobody sealed them either."""
    if current is None or state is None or not current.state:
        return current is None
    try:
        return folds.decode(current.stream, current.state).counts.events < state.counts.events
    except (msgspec.MsgspecError, RecursionError):
        return True


def _differing(before: bytes, after: bytes) -> list[str]:
    """The names of the parts of the state that differ; none if what was stored is not a state at all."""
    try:
        old, new = strict_json.stored(before), strict_json.stored(after)
    except (NotUnderstood, msgspec.MsgspecError, RecursionError):
        return []
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return []
    return [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


class StreamFolds:
    """Folds the entries of a walk, page by page.

    A stream is given without a state if its entries came out of order, or if the walk resumed in the middle of it (`stream`).
    A stream that comes in several pieces is given once for each piece: no piece equals the read model, so the stream is then
    read by itself. A page may end within an instant, which is then held until the next page.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._state: State | None = None
        self._held: list[LogEntry] = []

    def take(self, entries: Iterable[tuple[str, LogEntry]]) -> Iterator[tuple[str, State | None]]:
        """Fold these entries too. Yields the streams that end among them."""
        for stream, group in groupby(entries, key=itemgetter(0)):
            if not has_state(stream):
                continue
            if stream != self.stream:
                yield from self.rest()
                self.stream = stream
                self._state = folds.empty(stream)
            if self._state is not None:
                piece = [*self._held, *(entry for _, entry in group)]
                positions = [self._state.position, *(entry.position for entry in piece)]
                in_order = all(before < after for before, after in pairwise(positions))
                *_, (_, self._held) = instants(piece)
                self._state = folds.fold(self._state, piece[: -len(self._held)]) if in_order else None

    def rest(self) -> Iterator[tuple[str, State | None]]:
        """Yields the stream that is still open."""
        if self.stream:
            yield self.stream, None if self._state is None else folds.fold(self._state, self._held)
        self.stream, self._held = "", []
