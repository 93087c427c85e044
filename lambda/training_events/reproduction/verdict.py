"""Whether a run gave the same as the one that it does again: in its metrics, in its files, and in how it ended.

What differs is told from its beginning: first in the inputs, and then in the curves.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from training_events.catalogue.run import FirstDifference, ReproductionDiverged, ReproductionVerified
from training_events.errors import Misused, NotComparable
from training_events.reading.comparison import compare
from training_events.reading.states import folded_state
from training_events.reading.stream_names import stream_of_kind
from training_events.recorder.storage.fetching import fetched
from training_events.reproduction.causes import causes, differing_inputs, named, without_data_in_code
from training_events.reproduction.code_changes import changed_files
from training_events.reproduction.results import compared_results, result_words
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources
    from training_events.reproduction.curves import Parting
    from training_events.reproduction.files import Fetch
    from training_events.reproduction.results import Results
    from training_events.stores.event_log import EventLog

MAX_LISTED = 100
"""Inputs, and files, in a fact: an event has to fit into the bus."""


class Verdict(NamedTuple):
    """What a run is to the one that it does again. The fact is to be recorded on the original's stream."""

    original: str
    fact: ReproductionVerified | ReproductionDiverged

    @property
    def is_verified(self) -> bool:
        return isinstance(self.fact, ReproductionVerified)


def judge(
    sources: Sources,
    original: str,
    run: str,
    *,
    tolerance: float | None,
    by: str | None = None,
    on_progress: Callable[[str, float], None] = lambda text, share: None,  # noqa: ARG005
) -> Verdict:
    """Compare a run with the original. Both have ended.

    Each value of each metric has to be equal, or within the relative `tolerance` (curves.is_equal). Raises Misused for a
    tolerance that is none, for a run that has not ended, and for the original itself; NoSuchStream; and NotComparable where
    nothing that both runs recorded can be compared.
    """
    if tolerance is not None and not 0 <= tolerance < 1:
        raise Misused(f"the tolerance is {tolerance:g}; allowed: 0 and more, and less than 1, as a share of the larger value")
    before, after = (_ended(sources, stream_of_kind(sources.log, "run", name)) for name in (original, run))
    if before.stream == after.stream:
        raise Misused(f"{before.stream} is no reproduction of itself; allowed: another run")
    comparison = compare(sources, [before.stream, after.stream], all_inputs=True, max_points=0)
    differing, fetch = differing_inputs(comparison), _fetch(sources.log)
    files = changed_files(comparison.code_changes, before, after, fetch) if any(row.part == "code" for row in differing) else []
    differing, files = without_data_in_code(differing, files)
    why = causes(differing, [run.name for run in comparison.runs], files)
    results = compared_results(sources.log, before, after, tolerance=tolerance, fetch=fetch, on_progress=on_progress)
    inputs = [row.path for row in differing[:MAX_LISTED]]
    if not results.are_equal:
        why = why or "; ".join(["no input that was recorded differs", *comparison.open_questions])
        explanation = "; ".join(filter(None, [result_words(results), why, _not_compared(results)]))
        first, artifacts = _first(results.parting), results.differing_files[:MAX_LISTED]
        return Verdict(before.stream, ReproductionDiverged(after.stream, tolerance, inputs, first, artifacts, explanation, by))
    if not results.were_compared:
        raise NotComparable(_nothing(before, after, results))
    explanation = "; ".join(filter(None, [why and f"with other inputs: {why}", _not_compared(results)]))
    counts = results.metrics, results.files.equal
    return Verdict(before.stream, ReproductionVerified(after.stream, tolerance, *counts, inputs, explanation or None, by))


def _ended(sources: Sources, stream: str) -> RunState:
    state = cast("RunState", folded_state(sources, stream))
    if not state.finished:
        raise Misused(f"{stream} has not ended: its status is {state.status}; allowed: a run that has ended")
    return state


def _fetch(log: EventLog) -> Fetch:
    if not isinstance(log, SqliteLog):
        return fetched
    # imported here: other logs have no folder of files beside them
    from training_events.recorder.storage.content_store import ContentStore  # noqa: PLC0415
    from training_events.stores.address import SqliteFile  # noqa: PLC0415

    return partial(fetched, beside=ContentStore(SqliteFile(log.database.path).files))


def _first(parting: Parting | None) -> FirstDifference | None:
    if parting is None:
        return None
    place = parting.place
    return FirstDifference(place.metric, None if place.turn else place.step, parting.original, parting.reproduced)


def _not_compared(results: Results) -> str:
    """All are named as far as a line allows, and the reason of the first: the others are mostly gone with it."""
    files = results.files.not_compared
    if not files:
        return ""
    were = "was" if len(files) == 1 else "were"
    return f"{named(list(files), 'file')} {were} not compared: {next(iter(files.values()))}"


def _nothing(original: RunState, run: RunState, results: Results) -> str:
    what = f"nothing of {original.stream} and {run.stream} can be compared"
    return f"{what}: {_not_compared(results) or 'neither has recorded a metric that is a result, or a file'}"
