"""What the log says at the time that is asked for: the states of single streams, and what all runs read and made."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from training_events.cached_property import cached_property
from training_events.errors import NoSuchStream
from training_events.folds import kind_of
from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.folds.summary import RunSummary, beginning_of_digest, summary_of
from training_events.folds.version import VERSION
from training_events.projection.time_travel import entries_at, state_at, state_now
from training_events.reading.lineage.contents import Contents, all_versions
from training_events.reading.lineage.graph import Run
from training_events.reading.summaries import summaries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.folds.dataset import Version
    from training_events.folds.model import Version as ModelVersion
    from training_events.folds.run_state import Artifact, Checkpoint
    from training_events.reading.lineage.contents import HasRole
    from training_events.reading.opening import Sources


_MAX_STATES = 1000
"""How many are kept in memory. Most are of a few KB, and no one is larger than an item of DynamoDB."""


class TracedRun(NamedTuple):
    """What a lineage needs to know of a run.

    `files` are the beginnings of the digests of all that it stored; None where that was too much to tell.
    """

    node: Run
    datasets: Sequence[HasRole]
    earlier_datasets: Sequence[HasRole]
    resumed_from: str | None
    files: Sequence[str] | None


class MadeFile(NamedTuple):
    """A file that a run stored, and when."""

    sha256: str
    at: str


class Digests:
    """Digests of files that runs may have stored, whole and by their beginnings."""

    def __init__(self, digests: Collection[str]) -> None:
        self.whole = digests
        self.beginnings = set(map(beginning_of_digest, digests))


class Moment:
    """What the log says as of a time, and as it knew it at a time: 27-character times, or None for the present.

    `asked` is the stream that the question is about: a list of what is there may be a moment old, and lack it. `on_progress`
    gets a line on what is being read.
    """

    def __init__(
        self, sources: Sources, asked: str, as_of: str | None, known_at: str | None, on_progress: Callable[[str], None]
    ) -> None:
        self.log, self.as_of, self.known_at = sources.log, as_of, known_at
        self._sources, self._asked, self.on_progress = sources, asked, on_progress
        self._state = lru_cache(_MAX_STATES)(partial(_read_state, sources, as_of, known_at))

    @property
    def is_present(self) -> bool:
        return self.as_of is None and self.known_at is None

    def entries(self, stream: str) -> Iterator[LogEntry]:
        return entries_at(self.log, stream, as_of=self.as_of, known_at=self.known_at)

    def state(self, stream: str) -> State | None:
        """None if the stream has no event."""
        return self._state(stream)

    def run(self, stream: str) -> TracedRun | None:
        """None if the log has no event of it."""
        state = self.state(stream)
        return _traced_state(state) if isinstance(state, RunState) else None

    def makers_of(self, sha256: str) -> Iterator[tuple[str, MadeFile]]:
        """The runs that stored a file with this digest, and the first file of each that has it."""
        # what a run had stored then it has stored now: the present tells which states of then to look at
        beginning = beginning_of_digest(sha256)
        for number, stream in enumerate(dict.fromkeys([*self._runs_by_file.get(beginning, ()), *self._runs_with_many_files])):
            self.on_progress(f"looking for files in runs: {number:,}")
            file = next((file for file in self._files_of(stream) if file.sha256 == sha256), None)
            if file is not None:
                yield stream, file

    def files_among(self, stream: str, digests: Digests) -> Iterator[MadeFile]:
        """Of the files that a run stored, the first one with each of these digests."""
        run = self.runs.get(stream)
        if run is None or (run.files is not None and digests.beginnings.isdisjoint(run.files)):
            return
        first = {file.sha256: file for file in reversed(self._files_of(stream))}
        yield from (first[sha256] for sha256 in first if sha256 in digests.whole)

    def _files_of(self, stream: str) -> list[MadeFile]:
        """The newest artifacts and checkpoints of a run, those that its state has, in the order in which they were stored."""
        state = self.state(stream)
        if not isinstance(state, RunState):
            return []
        files: tuple[Artifact | Checkpoint, ...] = (*state.artifacts, *state.checkpoints)
        in_order = sorted(files, key=lambda file: file.at)
        return [MadeFile(file.stored.sha256, file.at) for file in in_order if file.stored.sha256]

    def versions_of(self, model: str) -> dict[str, ModelVersion]:
        """The versions of a model, by their names."""
        state = self.state(model)
        return state.versions if isinstance(state, ModelState) else {}

    @cached_property
    def runs(self) -> dict[str, TracedRun]:
        """All runs. Those of the past are folded from the log."""
        return self._present_runs if self.is_present else self._all_runs(self.as_of, self.known_at)

    @cached_property
    def models(self) -> dict[str, ModelState]:
        found = ((stream, self.state(stream)) for stream in self._streams("model"))
        return {stream: state for stream, state in found if isinstance(state, ModelState)}

    @cached_property
    def contents(self) -> Contents:
        return Contents((stream, version) for stream in self._streams("dataset") for version in self._versions(stream))

    def _versions(self, stream: str) -> list[Version]:
        state = self.state(stream)
        if not isinstance(state, DatasetState):
            return []
        whole = state.registered == len(state.versions)
        return state.versions if whole else all_versions(stream, self.entries(stream))

    def _streams(self, kind: str) -> Iterator[str]:
        if kind_of(self._asked) == kind:
            yield self._asked
        # what was there at any time is there now
        for number, summary in enumerate(summaries_of(self._sources, kind)):
            self.on_progress(f"reading {kind}s: {number:,}")
            if summary.stream != self._asked:
                yield summary.stream

    @cached_property
    def _present_runs(self) -> dict[str, TracedRun]:
        return self._all_runs(None, None)

    def _all_runs(self, as_of: str | None, known_at: str | None) -> dict[str, TracedRun]:
        runs: dict[str, TracedRun] = {}
        for summary in summaries_of(self._sources, "run", as_of=as_of, known_at=known_at):
            if not len(runs) % 100:  # a terminal takes longer to show it than this takes to read one
                self.on_progress(f"reading runs: {len(runs):,}")
            if isinstance(summary, RunSummary):
                run = _traced(summary)
                if not summary.whole or summary.folded_by != VERSION:  # the state has it all
                    state = _read_state(self._sources, as_of, known_at, summary.stream)
                    run = _traced_state(state) if isinstance(state, RunState) else run
                runs[summary.stream] = run
        return runs

    @cached_property
    def _runs_by_file(self) -> dict[str, list[str]]:
        by_file: dict[str, list[str]] = defaultdict(list)
        for stream, run in self._present_runs.items():
            for file in run.files or ():
                by_file[file].append(stream)
        return by_file

    @cached_property
    def _runs_with_many_files(self) -> list[str]:
        return [stream for stream, run in self._present_runs.items() if run.files is None]


def _read_state(sources: Sources, as_of: str | None, known_at: str | None, stream: str) -> State | None:
    try:
        if as_of is None and known_at is None:
            return state_now(sources.log, sources.read_models, stream)
        return state_at(sources.log, stream, as_of=as_of, known_at=known_at)
    except NoSuchStream:
        return None


def run_stream(name: str) -> str:
    """The stream of a run that an event names, with or without its kind."""
    return f"run/{name.removeprefix('run/')}"


def _traced(summary: RunSummary) -> TracedRun:
    node = Run(
        id=summary.stream,
        name=summary.name,
        status=summary.status,
        model=summary.model,
        started_at=summary.started_at,
        finished_at=summary.finished_at,
        started_by=summary.requested_by,
        commit=summary.commit,
        dirty=summary.dirty,
        hidden=summary.hidden,
    )
    resumed = summary.resumed_from and run_stream(summary.resumed_from)
    return TracedRun(node, summary.datasets, summary.earlier_datasets, resumed, summary.files)


def _traced_state(state: RunState) -> TracedRun:
    summary = summary_of(state)
    assert isinstance(summary, RunSummary)  # noqa: S101 - a run's summary
    made_from = state.lineage
    resumed = made_from.resumed_from and run_stream(made_from.resumed_from)
    return _traced(summary)._replace(
        datasets=made_from.datasets, earlier_datasets=made_from.earlier_datasets, resumed_from=resumed
    )
