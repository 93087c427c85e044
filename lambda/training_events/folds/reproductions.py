"""What others say of a run that they did again, folded: one entry for each run that did it, with the newest word on that.

It changes nothing else of the state. It is no sign that the training lives, and no end or start of anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.catalogue import run as facts
from training_events.folds.run_state import MAX_REPRODUCTIONS, Reproduction

if TYPE_CHECKING:
    from training_events.event import LogEntry
    from training_events.folds.run_state import RunState

MAX_NAMES = 100
"""How many of the inputs that differ, and of those that may, an entry keeps: a state has to fit into an item of DynamoDB."""
MAX_CHARACTERS = 1000
"""Of an explanation that an entry keeps."""


def requested(state: RunState, fact: facts.ReproductionRequested, at: str, _: LogEntry) -> None:
    _keep(state, Reproduction(at, fact.run, "requested", None, fact.allowed_unpinned[:MAX_NAMES], by=fact.requested_by))


def verified(state: RunState, fact: facts.ReproductionVerified, at: str, _: LogEntry) -> None:
    _judge(state, Reproduction(at, fact.run, "verified", fact.explanation, [], fact.inputs, fact.tolerance, fact.by))


def diverged(state: RunState, fact: facts.ReproductionDiverged, at: str, _: LogEntry) -> None:
    _judge(state, Reproduction(at, fact.run, "diverged", fact.explanation, [], fact.inputs, fact.tolerance, fact.by))


def _judge(state: RunState, verdict: Reproduction) -> None:
    verdict.inputs = verdict.inputs[:MAX_NAMES]
    if verdict.explanation is not None and len(verdict.explanation) > MAX_CHARACTERS:
        verdict.explanation = verdict.explanation[:MAX_CHARACTERS] + "…"
    for earlier in state.reproductions:
        if earlier.run == verdict.run:
            verdict.allowed_unpinned, verdict.by = earlier.allowed_unpinned, verdict.by or earlier.by
    _keep(state, verdict)


def _keep(state: RunState, newest: Reproduction) -> None:
    others = [reproduction for reproduction in state.reproductions if reproduction.run != newest.run]
    state.reproductions = [*others[1 - MAX_REPRODUCTIONS :], newest]


APPLY = {
    facts.ReproductionRequested: requested,
    facts.ReproductionVerified: verified,
    facts.ReproductionDiverged: diverged,
}
