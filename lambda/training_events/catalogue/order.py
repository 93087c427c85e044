"""The order of a life: which of two events comes first that occurred in the same instant, and where nobody can know.

An envelope of EventBridge has whole seconds, so a run of a few seconds may start and end in one instant. What is asked for
comes before what starts, what starts before what it says, and that before its end.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.catalogue import any_stream, dataset, model, run

if TYPE_CHECKING:
    from msgspec import Struct

_RANKS: dict[type[Struct], int] = {
    run.TrainingRequested: 0,
    run.TrainingStarted: 1,
    run.HyperparametersRecorded: 2,
    run.DatasetUsed: 2,
    run.MetricsRecorded: 2,
    run.CheckpointSaved: 2,
    run.ArtifactSaved: 2,
    # SageMaker runs what was started. An end in its words counts only where the training could not say its own. Among
    # themselves these are in order by their ids: bus/aws_events/sagemaker.py
    run.TrainingJobStateChanged: 3,
    run.PipelineExecutionStateChanged: 3,
    run.TrainingCompleted: 4,
    run.TrainingFailed: 4,
    run.TrainingStopped: 4,
    model.ModelRegistered: 0,
    model.ModelPackageStateChanged: 2,
    model.ModelPromoted: 3,
    model.ModelRetired: 4,
    dataset.DatasetRegistered: 0,
    dataset.DatasetRetired: 4,
    # one rank for all of them: nothing tells whether somebody hid or restored a stream last
    any_stream.Described: 2,
    any_stream.Tagged: 2,
    any_stream.Hidden: 2,
    any_stream.Restored: 2,
}
_RANK_OF_PENDING = 1
_RANK_OF_UNKNOWN = 5

DECIDING = frozenset(
    {
        run.TrainingRequested,
        run.TrainingStarted,
        run.HyperparametersRecorded,
        run.TrainingCompleted,
        run.TrainingFailed,
        run.TrainingStopped,
        model.ModelRegistered,
        model.ModelPackageStateChanged,
        model.ModelPromoted,
        model.ModelRetired,
        dataset.DatasetRegistered,
        dataset.DatasetRetired,
        *any_stream.FACTS,
    }
)
"""The types whose data says what they decide. The order of all others changes nothing that counts, but for STEPPED."""

STEPPED = frozenset({run.MetricsRecorded, run.CheckpointSaved})
"""The types whose data says at which step of the training they happened."""


class Steps(NamedTuple):
    """The lowest and the highest step of what an event says."""

    lowest: float
    highest: float


class Decision(NamedTuple):
    """What an event decides until another one decides it again, and how; `steps` where it has steps."""

    subject: str
    value: Any
    steps: Steps | None = None


def rank_of(type_: type[Struct] | None, fact: Struct | None = None) -> int:
    """The place of an event in the order of a life: less is earlier. `fact` is there for the types of DECIDING and STEPPED.

    A type that this code does not know (None) comes last: no fold reads it.
    """
    if isinstance(fact, model.ModelPackageStateChanged) and fact.approval_status == "PendingManualApproval":
        return _RANK_OF_PENDING  # what is pending is answered later
    return _RANK_OF_UNKNOWN if type_ is None else _RANKS[type_]


class Turn(NamedTuple):
    """What an event begins or ends. What lived before may have ended and begun again: then an end may come first."""

    subject: str
    begins: bool


def turns_of(fact: Struct | None) -> list[Turn]:
    """What the event begins or ends, by the names that `StreamState.living` has for it."""
    turns: list[Turn] = []
    match fact:
        case run.TrainingStarted():
            turns = [Turn("status", begins=True)]
        case run.TrainingCompleted() | run.TrainingFailed() | run.TrainingStopped():
            turns = [Turn("status", begins=False)]
        case model.ModelRegistered():
            turns = [Turn("status", begins=True), Turn(f"version {fact.version}", begins=True)]
        case model.ModelPromoted():
            turns = [Turn("stages", begins=True), Turn(f"version {fact.version}", begins=True)]
        case model.ModelRetired(version=None):
            turns = [Turn("status", begins=False), Turn("stages", begins=False)]
        case model.ModelRetired():
            turns = [Turn(f"version {fact.version}", begins=False)]
        case dataset.DatasetRegistered():
            turns = [Turn("status", begins=True), *([Turn(f"version {fact.sha256}", begins=True)] if fact.sha256 else [])]
        case dataset.DatasetRetired():
            turns = [Turn("status" if fact.sha256 is None else f"version {fact.sha256}", begins=False)]
    return turns


def step_of(fact: Struct | None) -> float:
    """The first step of which the event tells. What tells of none comes behind what does."""
    match fact:
        case run.MetricsRecorded():
            return next((point.step for point in fact.points if point.step is not None), inf)
        case run.CheckpointSaved() if fact.step is not None:
            return fact.step
    return inf


def decisions_of(fact: Struct | None) -> list[Decision]:
    """What the event decides: nothing, one thing, or each of those that it names, as the last value of each of its metrics."""
    match fact:
        case run.MetricsRecorded():
            return _last_values(fact.points)
        case run.HyperparametersRecorded():
            return _values("hyperparameter", fact.hyperparameters)
        case any_stream.Tagged():
            return _values("tag", fact.tags)
        case any_stream.Described():
            texts = {"name": fact.name, "description": fact.description}
            return [Decision(subject, text) for subject, text in texts.items() if text is not None]
    decision = _decision_of(fact)
    return [] if decision is None else [decision]


def _values(noun: str, values: dict[str, Any]) -> list[Decision]:
    # as text: for Python, True and 1 are equal
    return [Decision(f"{noun} {name}", repr(value)) for name, value in values.items()]


def _last_values(points: list[run.Point]) -> list[Decision]:
    by_name: dict[str, list[run.Point]] = {}
    for point in points:
        by_name.setdefault(point.name, []).append(point)
    return [Decision(f"metric {name}", said, _steps([point.step for point in said])) for name, said in by_name.items()]


def _steps(steps: list[int | float | None]) -> Steps | None:
    known = [step for step in steps if step is not None]
    return Steps(min(known), max(known)) if len(known) == len(steps) else None


def _decision_of(fact: Struct | None) -> Decision | None:
    decision = None
    match fact:
        case run.CheckpointSaved():
            # the files of one step are one checkpoint: their order decides nothing
            decision = Decision("newest checkpoint", fact if fact.step is None else fact.step, _steps([fact.step]))
        case run.TrainingRequested():
            decision = Decision("request", fact)
        case run.TrainingStarted():
            decision = Decision("start", fact)
        case run.TrainingCompleted() | run.TrainingFailed() | run.TrainingStopped():
            decision = Decision("end", fact)
        case model.ModelRegistered():
            decision = Decision("latest version", fact)
        case model.ModelPromoted():
            decision = Decision(f"stage {fact.stage}", str(fact.version))
        case model.ModelPackageStateChanged() if fact.approval_status is not None:
            decision = Decision(f"approval of version {fact.version}", fact.approval_status)
        case dataset.DatasetRegistered():
            # one version in S3 is one version, whoever registers it: each fills in what the other does not know
            decision = Decision("newest version", (fact.uri, fact.version_id) if fact.version_id else fact)
        case any_stream.Hidden() | any_stream.Restored():
            decision = Decision("hidden", fact if isinstance(fact, any_stream.Hidden) else None)
    return decision
