"""One log as one process sees it: what is recorded there, and the process's own events that are on their way.

MLflow reads what it has just written, and a log has an event a moment after it was recorded. So whatever MLflow asks is
answered here.
"""

from __future__ import annotations

import heapq
import os
import time
from contextlib import suppress
from functools import partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from training_events.errors import NoSuchLog
from training_events.folds.run_state import RunState
from training_events.folds.standing import is_known
from training_events.folds.summary import summary_of
from training_events.interchange.mlflow.address import settings_of, with_host
from training_events.interchange.mlflow.merged import merged_entries, merged_state, own_state
from training_events.interchange.mlflow.recording import Recording
from training_events.projection.projector import stored_state
from training_events.reading.opening import Sources, bring_up_to_date, open_sources
from training_events.reading.search.find import answers
from training_events.reading.search.judging import meets, sort_key
from training_events.reading.summaries import summaries_of, whole_summary
from training_events.recorder.delivery.channel import object_store
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.outside_run import OF_STORES
from training_events.recorder.reporting import log
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from training_events.catalogue.run import Point
    from training_events.catalogue.stored import Stored
    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.folds.summary import RunSummary, Summary
    from training_events.reading.search.question import Question

FLUSH_SECONDS = 30.0
READ_SECONDS = 10.0
"""How long an answer waits until what was recorded before is in the log."""

UNREACHABLE_SECONDS = 30.0
"""So long a log that could not be reached is not asked again about what this process knows itself: the training would wait."""
MAX_BEHIND, MAX_FOLD_SECONDS = 100, 0.02
"""So many events that are not projected, and for so long, are folded for one answer and not for all that come later."""


class _Opened(NamedTuple):
    """What one process has opened: no connection is carried over a fork."""

    process: int
    sources: Sources
    updating: Lock


class Workspace:
    """Any thread may use it, and any process that is forked from its own. Raises BadLogUrl for an address of no log.

    What was recorded is in the log, or on its way there. Where the log cannot be reached it waits in the spool, a warning says
    so, and only who asks about what this process does not know itself gets the error.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.settings = settings_of(address)
        self._log_url = _log_url(self.settings)
        self._recording = Recording(self.settings)
        self._opened: _Opened | None = None
        self._has_warned = self._is_behind = False
        self._unreachable_until = 0.0

    @property
    def sources(self) -> Sources:
        """The log and its read models: a laptop's with what was recorded. Raises MissingSetting where only a bus is known."""
        self._recording.settle_log(READ_SECONDS)
        return self._open().sources

    def record(self, stream: str, type_: str, data: dict[str, Any], *, at_ms: int | None = None) -> None:
        """Record an event of now, or of a time in milliseconds since 1970. The start and the end of a run wait for the disk.

        An event is never earlier than what this process has recorded of the stream before. Raises a NotRecordable for what no
        event can hold.
        """
        self._recording.record(stream, type_, data, at_ms)

    def record_points(self, stream: str, points: Sequence[Point]) -> None:
        """Record values of metrics. This only fills a buffer: the log has them within seconds, many in an event."""
        self._recording.record_points(stream, points)

    def close_stream(self, stream: str) -> None:
        """The run has ended: what this process says of it later comes of another producer."""
        self._recording.close_stream(stream)

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Send what was recorded so far. Returns whether all of it is sent; the rest is in the spool."""
        return self._recording.flush(seconds)

    def store_file(self, path: Path, key: str) -> Stored:
        """Keep a file or a folder where files are kept. Raises NotStored."""
        return object_store(self.settings).store(path, key)

    def state(self, stream: str) -> State:
        """The stream as it is now. Raises NoSuchStream; what the store raises if this process knows nothing of the stream."""
        own = self._recording.settle(stream, READ_SECONDS)
        if own and time.monotonic() < self._unreachable_until:
            return own_state(stream, own)
        try:
            sources = self._barely_behind()
            began = time.monotonic()
            state = merged_state(sources, stream, own, partial(self._recording.own.forget, stream))
            self._is_behind = time.monotonic() - began > MAX_FOLD_SECONDS
        except OF_STORES as why:
            if not own:
                raise
            self._note_unreachable(why)
            return own_state(stream, own)
        return state

    def found_state(self, stream: str) -> State:
        """The state of a stream that a search or a list has just found: as it was then, by a single look at each."""
        read_models = self._open().sources.read_models
        if read_models is not None and not self._recording.own.of(stream):
            model = read_models.get(stream)
            state = None if model is None else stored_state(model)
            if state is not None and not (isinstance(state, RunState) and not is_known(state)):
                return state
        return self.state(stream)

    def entries(self, stream: str) -> Iterator[LogEntry]:
        """The stream's events in key order, each once."""
        own = self._recording.settle(stream, READ_SECONDS)
        if own and self._log_url is None:
            yield from own
            return
        recorded = self._open().sources.log.entries(stream)
        try:
            yield from merged_entries(recorded, own)
        except NoSuchLog:  # a laptop's log is made with the first event
            yield from own

    def summaries(self, kind: str) -> Iterator[Summary]:
        """The summaries of a kind of stream (`run`), the newest first, hidden ones too."""
        own = self._own_summaries(kind)
        changed = {summary.stream for summary in own}
        stored = (summary for summary in self._stored(kind) if summary.stream not in changed)
        return heapq.merge(stored, own, key=lambda summary: (summary.first_at, summary.stream), reverse=True)

    def find_runs(self, question: Question, limit: int | None = None) -> Iterator[RunSummary]:
        """The runs that a question asks for, at most so many, each with all that was recorded. Hidden ones too."""
        own = cast("list[RunSummary]", self._own_summaries("run"))
        changed = {run.stream for run in own}
        matching = sorted((run for run in own if meets(run, question.condition)), key=lambda run: sort_key(run, question.order))
        wanted = None if limit is None else limit + len(changed)
        stored = (run for run in self._answers(question, wanted) if run.stream not in changed)
        found: Iterable[RunSummary] = stored
        if matching:
            found = heapq.merge(stored, matching, key=lambda run: sort_key(run, question.order))
        return islice(found, limit)

    def _stored(self, kind: str) -> Iterator[Summary]:
        try:
            yield from summaries_of(self._current(), kind)
        except NoSuchLog:
            return

    def _answers(self, question: Question, limit: int | None) -> Iterator[RunSummary]:
        try:
            sources = self._current()
            for run in answers(sources, question, limit):
                yield whole_summary(sources, run)
        except NoSuchLog:
            return

    def _own_summaries(self, kind: str) -> list[Summary]:
        """Of the streams of which the log may lack something that this process has recorded, the newest first."""
        streams = self._recording.settle_all(kind, READ_SECONDS)
        found = [summary_of(self.state(stream), bounded=False) for stream in streams]
        return sorted(found, key=lambda summary: (summary.first_at, summary.stream), reverse=True)

    def _open(self) -> _Opened:
        opened = self._opened
        if opened is None or opened.process != os.getpid():
            if opened is not None:
                _of_parents.append(opened)
            opened = self._opened = _Opened(os.getpid(), open_sources(self._log_url or self.settings.log), Lock())
        return opened

    def _current(self) -> Sources:
        """The sources, a laptop's states as its newest events leave them."""
        opened = self._open()
        with opened.updating:
            bring_up_to_date(opened.sources)
        return opened.sources

    def _barely_behind(self) -> Sources:
        """The sources, a laptop's states a few events behind: to write them takes a disk longer than to fold those."""
        sources = self._open().sources
        with suppress(NoSuchLog):
            if isinstance(sources.log, SqliteLog) and not self._is_behind and sources.log.arrivals_left() <= MAX_BEHIND:
                return sources
        return self._current()

    def _note_unreachable(self, why: Exception) -> None:
        self._unreachable_until = time.monotonic() + UNREACHABLE_SECONDS
        if not self._has_warned:
            self._has_warned = True
            log.warning("the log cannot be read: %s; what this process has recorded itself is answered without it", why)


def _log_url(settings: Settings) -> str | None:
    """Where to read: a file by its whole path, as the program may change its folder. None where only a bus is known."""
    url = settings.optional("log") or (None if settings.optional("bus") else LAPTOP_LOG)
    place = None if url is None else parse(url)
    return f"sqlite:///{place.path}" if isinstance(place, SqliteFile) else url


_of_parents: list[_Opened] = []
"""What a child has inherited. It is never closed there: SQLite would release locks of the parent."""
_workspaces: dict[Any, Workspace] = {}


def workspace(store_uri: str) -> Workspace:
    """The workspace of an address, as the environment has it now: one for each in a process. Raises BadLogUrl."""
    store_uri = with_host(store_uri)
    settings = settings_of(store_uri)
    others = (settings.optional(name) for name in ("files", "spool"))
    key = (store_uri, configured_destination(settings), _log_url(settings), *others)
    return _workspaces.setdefault(key, _workspaces.get(key) or Workspace(store_uri))
