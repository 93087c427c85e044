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
    run.TrainingRefused: 1,
    run.TrainingStarted: 2,
    run.HyperparametersRecorded: 3,
    run.DatasetUsed: 3,
    run.MetricsRecorded: 3,
    run.CheckpointSaved: 3,
    run.ArtifactSaved: 3,
    # SageMaker runs what was started. An end in its words counts only where the training could not say its own. Among
    # themselves these are in order by their ids: bus/aws_events/sagemaker.py
    run.TrainingJobStateChanged: 4,
    run.PipelineExecutionStateChanged: 4,
    run.TrainingCompleted: 5,
    run.TrainingFailed: 5,
    run.TrainingStopped: 5,
    # a run is done again after its end
    run.ReproductionRequested: 6,
    run.ReproductionVerified: 7,
    run.ReproductionDiverged: 7,
    model.ModelRegistered: 0,
    model.ModelLogged: 1,
    model.ModelMeasured: 3,
    model.ModelPackageStateChanged: 3,
    model.VersionDescribed: 3,
    model.VersionTagged: 3,
    model.VersionHidden: 3,
    model.VersionRestored: 3,
    model.ModelPromoted: 4,
    # what served a stage leaves it: a demotion without a promotion before it changes nothing
    model.ModelDemoted: 5,
    model.ModelRetired: 5,
    dataset.DatasetRegistered: 0,
    dataset.DatasetRetired: 5,
    # one rank for all of them: nothing tells whether somebody hid or restored a stream last
    any_stream.Described: 3,
    any_stream.Tagged: 3,
    any_stream.Hidden: 3,
    any_stream.Restored: 3,
}
_RANK_OF_PENDING, _RANK_OF_PENDING_LOGGED = 1, 0
_RANK_OF_UNKNOWN = 8

DECIDING = frozenset(
    {
        run.TrainingRequested,
        run.TrainingRefused,
        run.TrainingStarted,
        run.HyperparametersRecorded,
        run.TrainingCompleted,
        run.TrainingFailed,
        run.TrainingStopped,
        *run.REPRODUCTION,
        model.ModelRegistered,
        model.ModelPackageStateChanged,
        model.ModelPromoted,
        model.ModelDemoted,
        model.ModelRetired,
        model.ModelLogged,
        model.VersionDescribed,
        model.VersionTagged,
        model.VersionHidden,
        model.VersionRestored,
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
    if isinstance(fact, model.ModelLogged) and fact.status == "pending":
        return _RANK_OF_PENDING_LOGGED
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
        case dataset.DatasetRegistered():
            turns = [Turn("status", begins=True), *([Turn(f"version {fact.sha256}", begins=True)] if fact.sha256 else [])]
        case dataset.DatasetRetired():
            turns = [Turn("status" if fact.sha256 is None else f"version {fact.sha256}", begins=False)]
        case _:
            turns = _turns_of_model(fact)
    return turns


def _turns_of_model(fact: Struct | None) -> list[Turn]:
    turns: list[Turn] = []
    match fact:
        case model.ModelRegistered():
            turns = [Turn("status", begins=True), Turn(f"version {fact.version}", begins=True)]
        case model.ModelPromoted():
            begun = ("stages", f"version {fact.version}", f"stage {fact.stage} of version {fact.version}")
            turns = [Turn(subject, begins=True) for subject in begun]
        case model.ModelDemoted():
            turns = [Turn(f"stage {fact.stage} of version {fact.version}", begins=False)]
        case model.VersionRestored():
            turns = [Turn(f"version {fact.version}", begins=True)]
        case model.ModelRetired(version=None):
            turns = [Turn("status", begins=False), Turn("stages", begins=False)]
        case model.ModelRetired():
            turns = [Turn(f"version {fact.version}", begins=False)]
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
        case model.VersionTagged():
            return _values(f"version {fact.version}: tag", fact.tags)
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
    return [Decision(f"metric {name}", of_name, _steps([point.step for point in of_name])) for name, of_name in by_name.items()]


def _steps(steps: list[int | float | None]) -> Steps | None:
    known = [step for step in steps if step is not None]
    return Steps(min(known), max(known)) if len(known) == len(steps) else None


_DECIDED: dict[type[Struct], str] = {
    run.TrainingRequested: "request",
    run.TrainingRefused: "refusal",
    run.TrainingStarted: "start",
    run.TrainingCompleted: "end",
    run.TrainingFailed: "end",
    run.TrainingStopped: "end",
    model.ModelRegistered: "latest version",
    model.ModelLogged: "logged model",
}
"""The types of which the whole fact decides something."""


def _decision_of(fact: Struct | None) -> Decision | None:
    if fact is not None and type(fact) in _DECIDED:
        return Decision(_DECIDED[type(fact)], fact)
    decision = None
    match fact:
        case run.CheckpointSaved():
            # the files of one step are one checkpoint: their order decides nothing
            decision = Decision("newest checkpoint", fact if fact.step is None else fact.step, _steps([fact.step]))
        case run.ReproductionRequested() | run.ReproductionVerified() | run.ReproductionDiverged():
            decision = Decision(f"reproduction by {fact.run}", fact)
        case model.ModelPromoted():
            decision = Decision(f"stage {fact.stage}", str(fact.version))
        case model.VersionDescribed():
            decision = Decision(f"version {fact.version}: description", fact.description)
        case model.VersionHidden() | model.VersionRestored():
            decision = Decision(f"version {fact.version}: hidden", isinstance(fact, model.VersionHidden))
        case model.ModelPackageStateChanged() if fact.approval_status is not None:
            decision = Decision(f"approval of version {fact.version}", fact.approval_status)
        case dataset.DatasetRegistered():
            # one version in S3 is one version, whoever registers it: each fills in what the other does not know
            decision = Decision("newest version", (fact.uri, fact.version_id) if fact.version_id else fact)
        case any_stream.Hidden() | any_stream.Restored():
            decision = Decision("hidden", fact if isinstance(fact, any_stream.Hidden) else None)
    return decision
