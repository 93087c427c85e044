"""What came of two runs, side by side: how they ended, where their curves part, and which of their files differ."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from training_events.folds.metric_order import is_counter
from training_events.folds.standing import recorded_points
from training_events.notebook.text import shown
from training_events.projection.time_travel import entries_at
from training_events.reproduction.causes import MAX_VALUE_CHARACTERS, named
from training_events.reproduction.curves import first_parting
from training_events.reproduction.files import compare_files, made_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.catalogue.run import Point
    from training_events.event import LogEntry
    from training_events.folds.run_state import RunState
    from training_events.reproduction.curves import Parting
    from training_events.reproduction.files import Fetch, FilesCompared
    from training_events.stores.event_log import EventLog

    OnProgress = Callable[[str, float], None]

POINTS_A_REPORT = 10_000
_ADDRESS = re.compile(r"0x[0-9a-f]+|\S*/\S*", re.IGNORECASE)
"""What an error says of where it happened, in memory or in which folder. It differs each time."""


class Results(NamedTuple):
    """`metrics` counts those that both runs have. `ends` are the words for how each ended, where they ended differently."""

    metrics: int
    of_one_run: set[str]
    parting: Parting | None
    files: FilesCompared
    ends: tuple[str, str] | None

    @property
    def are_equal(self) -> bool:
        return self.parting is None and self.ends is None and not self.differing_files

    @property
    def were_compared(self) -> bool:
        return bool(self.metrics or self.files.equal)

    @property
    def differing_files(self) -> list[str]:
        return [*self.files.differing, *self.files.of_original, *self.files.of_reproduction]


def compared_results(
    log: EventLog, original: RunState, run: RunState, *, tolerance: float | None, fetch: Fetch, on_progress: OnProgress
) -> Results:
    """Compare the results of two runs that have ended. The points are read from the log, and no more of them kept."""
    names, others = ({name for name in state.metrics if not is_counter(name)} for state in (original, run))
    points = _Points(log, original.points + run.points, on_progress)
    parting = first_parting(points.of(original), points.of(run), tolerance, of_one_run=names ^ others)
    made, made_again = (made_files(state, partial(_entries, log, state)) for state in (original, run))
    # where the curves part, other files are to be expected, and nobody waits for gigabytes of them
    files = compare_files(made, made_again, fetch if parting is None else None)
    return Results(len(names & others), names ^ others, parting, files, _ends(original, run))


def result_words(results: Results) -> str:
    """What differs: `loss parts at step 120`; `checkpoint at step 8 differs`. Empty where nothing does."""
    parts = []
    if results.ends is not None:
        parts.append(f"the original {results.ends[0]}, and the reproduction {results.ends[1]}")
    if results.parting is not None:
        parts.append(_parting_words(results.parting, results.of_one_run))
    if not parts:  # otherwise other files are no news
        files = results.files
        if files.differing:
            parts.append(f"{named(files.differing, 'file')} {'differ' if len(files.differing) > 1 else 'differs'}")
        for whose, which in (("original", files.of_original), ("reproduction", files.of_reproduction)):
            if which:
                parts.append(f"only the {whose} has {named(which, 'file')}")
    return ", and ".join(parts)


def _parting_words(parting: Parting, of_one_run: set[str]) -> str:
    place = parting.place
    metric = shown(place.metric, MAX_VALUE_CHARACTERS)
    at = f"at step {place.step}" if place.turn == 0 else f"at point {place.turn}"
    if parting.original is not None and parting.reproduced is not None:
        return f"{metric} parts {at}"
    whose = "original" if parting.reproduced is None else "reproduction"
    return f"only the {whose} has {metric}{'' if place.metric in of_one_run else f' {at}'}"


def _ends(original: RunState, run: RunState) -> tuple[str, str] | None:
    ends = _end(original), _end(run)
    return None if ends[0] == ends[1] else ends


def _end(state: RunState) -> str:
    error = state.error and state.error.error
    if state.status != "failed" or not isinstance(error, str):
        return state.status
    return f"failed with {shown(_ADDRESS.sub('…', error), 2 * MAX_VALUE_CHARACTERS)}"


class _Points:
    """The points of runs that stand, read from the log. It reports how many of all are read."""

    def __init__(self, log: EventLog, total: int, on_progress: OnProgress) -> None:
        self._log, self._total, self._on_progress = log, total, on_progress
        self._read = 0

    def of(self, state: RunState) -> Iterator[Point]:
        for recorded in recorded_points(state.stream, partial(_entries, self._log, state), attempts=state.starts):
            self._read += 1
            if self._read % POINTS_A_REPORT == 0:
                self._on_progress(f"{self._read} of {self._total} points compared", self._read / max(self._total, self._read))
            if recorded.stands:
                yield recorded.point


def _entries(log: EventLog, state: RunState) -> Iterator[LogEntry]:
    return entries_at(log, state.stream, as_of=state.last_at, known_at=None)
