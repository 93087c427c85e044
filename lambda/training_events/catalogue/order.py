"""The order of a life: which of two events comes first that occurred in the same instant, and where nobody can know.

An envelope of EventBridge has whole seconds, so a run of a few seconds may start and end in one instant. What is asked for
comes before what starts, what starts before what it says, and that before its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.catalogue import dataset, model, run

if TYPE_CHECKING:
    from msgspec import Struct

_RANKS: dict[type[Struct], int] = {
    run.TrainingRequested: 0,
    run.TrainingStarted: 1,
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
}
_RANK_OF_PENDING = 1
_RANK_OF_UNKNOWN = 5

DECIDING = frozenset(
    {
        run.TrainingRequested,
        run.TrainingStarted,
        run.TrainingCompleted,
        run.TrainingFailed,
        run.TrainingStopped,
        model.ModelRegistered,
        model.ModelPackageStateChanged,
        model.ModelPromoted,
        dataset.DatasetRegistered,
    }
)
"""The types whose data says what they decide. The order of all others changes nothing that counts."""


class Decision(NamedTuple):
    """What an event decides until another one decides it again, and how."""

    subject: str
    value: Any


def rank_of(type_: type[Struct] | None, fact: Struct | None = None) -> int:
    """The place of an event in the order of a life: less is earlier. `fact` is there for the types of DECIDING.

    A type that this code does not know (None) comes last: no fold reads it.
    """
    if isinstance(fact, model.ModelPackageStateChanged) and fact.approval_status == "PendingManualApproval":
        return _RANK_OF_PENDING  # what is pending is answered later
    return _RANK_OF_UNKNOWN if type_ is None else _RANKS[type_]


def decision_of(fact: Struct | None) -> Decision | None:
    """What the event decides, if it decides anything."""
    decision = None
    match fact:
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
    return decision
