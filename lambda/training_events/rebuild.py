"""Folding every stream anew, by readers side by side over the whole log, and correcting the read models that differ.

The models stay readable all the time, events may go on arriving, and a rebuild that was interrupted goes on where it was.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct, field

from training_events import folds
from training_events.errors import Overtaken
from training_events.projection import stored_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.folds import State
    from training_events.log import Entry, EventLog
    from training_events.projection import Projector
    from training_events.read_models import ReadModel, ReadModels

PARTS = 8
"""Readers side by side. DynamoDB answers one of them about 1 MB at a time; more would mostly wait for each other here."""
NOTE = "rebuild"


class Change(Struct, frozen=True):
    """A read model that was not what the log says: the parts of the state that differ, none for one that is new or gone."""

    stream: str
    what: Literal["new", "changed", "removed"]
    fields: list[str]


class Reached(Struct, frozen=True):
    """How far one reader has come: the token to go on behind, and the stream it was in the middle of."""

    after: str | None
    stream: str
    done: bool = False


class Progress(Struct):
    """How far a rebuild has come, over all sittings."""

    begun_at: str
    reached: dict[int, Reached] = field(default_factory=dict)
    events: int = 0
    streams: int = 0


class Rebuild:
    """One rebuild. `dry_run` only says what would change: a rehearsal, for example of new folds, that writes nothing."""

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
        self._lock = Lock()  # over what the readers share: the progress, and telling of it
        self._stopped = False
        note = None if dry_run else read_models.note(NOTE)
        self.resumed = note is not None
        self.progress = Progress(begun_at) if note is None else msgspec.json.decode(note, type=Progress)

    def run(self) -> Progress:
        """To the end; interrupted by an error or Ctrl-C, the next one goes on. Raises what the stores raise, and Overtaken."""
        with ThreadPoolExecutor(PARTS) as readers:
            walks = [readers.submit(self._walk, part) for part in range(PARTS)]
            try:
                for walk in walks:
                    walk.result()
            finally:
                self._stopped = True  # one reader failed, or Ctrl-C: the others stop at their next page
        self._remove_orphans()
        if not self._dry_run:
            self._read_models.set_note(NOTE, None)
        return self.progress

    def _walk(self, part: int) -> None:
        reached = self.progress.reached.get(part, Reached(None, ""))
        if reached.done:
            return
        streams = _Streams(reached.stream)
        for page in self._log.scan(part, PARTS, reached.after):
            if self._stopped:
                return
            for stream, state in streams.take(page.entries):
                self._correct(stream, state)
            if page.after is not None:
                self._advance(part, Reached(page.after, streams.stream), len(page.entries))
            else:
                for stream, state in streams.rest():
                    self._correct(stream, state)
                self._advance(part, Reached(None, "", done=True), len(page.entries))

    def _correct(self, stream: str, state: State | None) -> None:
        """The stream was folded to this state; to none if it has to be read by itself."""
        with self._lock:
            self.progress.streams += stream not in self._seen
            self._seen.add(stream)
        there = self._read_models.get(stream)
        if there is None and state is not None:
            if not self._dry_run:
                self._projector.create(state)
            return self._tell(Change(stream, "new", []))
        if there is not None and state is not None and there.state == folds.encode(state):
            return None
        # What the walk folded may be older than what is there: only the log, read after the model, can say
        fresh = folds.fold(folds.empty(stream), self._log.entries(stream))
        if there is None:
            what: Literal["new", "changed"] = "new"
        elif there.state == folds.encode(fresh):
            return None
        else:
            what = "changed"
        if not self._dry_run:
            self._projector.refold(stream)
        return self._tell(Change(stream, what, _differing(there, fresh)))

    def _remove_orphans(self) -> None:
        """Read models of streams that the log does not hold: somebody put them there, or altered the log."""
        for stream in self._read_models.streams():
            if stream in self._seen or next(self._log.entries(stream), None) is not None:
                continue
            there = self._read_models.get(stream)
            if there is None:
                continue
            if not self._dry_run:
                with contextlib.suppress(Overtaken):  # it has its first event just now
                    self._read_models.remove(stream, replaces=there.revision)
            self._tell(Change(stream, "removed", []))

    def _advance(self, part: int, reached: Reached, events: int) -> None:
        with self._lock:
            self.progress.events += events
            self.progress.reached[part] = reached
            if not self._dry_run:
                self._read_models.set_note(NOTE, msgspec.json.encode(self.progress))
            self._on_progress(self.progress)

    def _tell(self, change: Change) -> None:
        with self._lock:
            self._on_change(change)


class _Streams:
    """Folds the entries of a walk, stream by stream, as long as each comes in one piece and in order.

    Gives a stream without a state where it did not, or where the walk was interrupted in the middle of it (`stream`).
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._state: State | None = None
        self._finished: set[str] = set()

    def take(self, entries: Iterable[tuple[str, Entry]]) -> Iterator[tuple[str, State | None]]:
        """Fold these too; gives the streams that they end."""
        for stream, entry in entries:
            if stream != self.stream:
                yield from self.rest()
                self.stream = stream
                self._state = None if stream in self._finished else folds.empty(stream)
            if self._state is not None:
                self._state = folds.fold(self._state, [entry]) if entry[0] > self._state.position else None

    def rest(self) -> Iterator[tuple[str, State | None]]:
        """The stream that is still open."""
        if self.stream:
            self._finished.add(self.stream)
            yield self.stream, self._state
        self.stream = ""


def _differing(there: ReadModel | None, state: State) -> list[str]:
    """The names of the state's parts that are not what they were."""
    if there is None:
        return []
    before = stored_state(there)
    if before is None:
        return []
    return [name for name in state.__struct_fields__ if getattr(before, name) != getattr(state, name)]
