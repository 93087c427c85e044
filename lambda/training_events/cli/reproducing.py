"""Does a run again, waits for its end, and records what it is to the original."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import msgspec

from training_events import times
from training_events.catalogue.run import ReproductionRequested, ReproductionVerified
from training_events.cli.progress import progress
from training_events.cli.recording import send
from training_events.cli.workspace import bring_up_to_date
from training_events.errors import NoSuchStream, NotLaunched
from training_events.event import Event
from training_events.folds.run_state import Reproduction
from training_events.projection.time_travel import state_now
from training_events.recordable import check_recordable
from training_events.recorder.pinning.user import logged_in
from training_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from training_events.catalogue.run import ReproductionDiverged
    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources

MAX_WAIT_SECONDS = 5.0
MAX_WAIT_FOR_BUS_SECONDS = 120.0
"""For the end of a run whose program has ended: it is in the log by then, or on its way over a bus."""
_POLL_SECONDS = 0.5


def launch_on_this_machine(
    sources: Sources, state: RunState, new_run: str, *, allowed: Sequence[str], log: str, out: TextIO
) -> None:
    """Do the run again as `new_run`, and return once the log has its end. Raises NotLaunched."""
    # imported here: nothing else of the command needs it
    from training_events.reproduction.launch.launching import launch  # noqa: PLC0415
    from training_events.reproduction.pinned_spec import pinned_spec  # noqa: PLC0415

    stream, code = f"run/{new_run}", pinned_spec(state).code
    requested = ReproductionRequested(stream, list(allowed), logged_in())
    exit_code = launch(
        state,
        patch=code.diff if code else None,
        new_run=new_run,
        log=log,
        out=out,
        allowed=allowed,
        before_start=lambda: record(state.stream, requested, log),
    )
    over_bus = not log and Settings().optional("bus") is not None
    if not _ends_in_time(sources, stream, MAX_WAIT_FOR_BUS_SECONDS if over_bus else MAX_WAIT_SECONDS):
        raise NotLaunched(
            f"the program has ended with exit code {exit_code}, and the log has no end of {stream}; if that still arrives,"
            f" --judge {stream} compares it"
        )


class Judged(NamedTuple):
    """What a run is to the original: as the original's state will have it, and in words."""

    reproduction: Reproduction
    words: str


def judge_and_record(sources: Sources, original: str, run: str, *, tolerance: float | None, log: str) -> Judged:
    """Compare the run with the original, and record the verdict on the original's stream. Raises what `judge` raises."""
    from training_events.reproduction.verdict import judge  # noqa: PLC0415 - as above

    with progress() as show:
        verdict = judge(sources, original, run, tolerance=tolerance, by=logged_in(), on_progress=show)
    at = record(verdict.original, verdict.fact, log)
    return Judged(_reproduction(verdict.fact, at), _words(verdict.original, verdict.fact))


def record(stream: str, fact: ReproductionRequested | ReproductionVerified | ReproductionDiverged, log: str) -> str:
    """Returns when it occurred, which is now."""
    event = Event(uuid.uuid4().hex, stream, type(fact).__name__, times.now(), Settings().source, msgspec.to_builtins(fact))
    check_recordable(event)
    send([event], log)
    return event.occurred_at


def _reproduction(fact: ReproductionVerified | ReproductionDiverged, at: str) -> Reproduction:
    status: Literal["verified", "diverged"] = "verified" if isinstance(fact, ReproductionVerified) else "diverged"
    return Reproduction(at, fact.run, status, fact.explanation, inputs=fact.inputs, tolerance=fact.tolerance, by=fact.by)


def _words(original: str, fact: ReproductionVerified | ReproductionDiverged) -> str:
    if not isinstance(fact, ReproductionVerified):
        return f"{fact.run} diverged from {original}: {fact.explanation}"
    compared = {"metric": fact.metrics, "file": fact.artifacts}
    counts = [f"{count} {what}{'s' * (count != 1)}" for what, count in compared.items() if count]
    within = "" if fact.tolerance is None else f", within {fact.tolerance:g}"
    note = f"; {fact.explanation}" if fact.explanation else ""
    return f"{fact.run} gives the same as {original}: verified, by {' and '.join(counts)}{within}{note}"


def _ends_in_time(sources: Sources, stream: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    with progress() as show:
        while True:
            show(f"waiting until the log has the end of {stream}")
            bring_up_to_date(sources)
            with suppress(NoSuchStream):
                if cast("RunState", state_now(sources.log, sources.read_models, stream)).finished:
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
