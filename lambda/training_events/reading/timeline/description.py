"""An event in a few words, as one tells another what happened: `version 3 promoted to production`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

from training_events.catalogue import any_stream, dataset, model, read, run
from training_events.errors import NewerVersion, NotFoldable, UnknownType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training_events.catalogue.stored import Stored
    from training_events.event import LogEntry

Lane: TypeAlias = Literal["training", "metrics", "inputs", "files", "versions", "stages", "words", "other"]
"""What an event is about. A drawing has a lane for each; `words` are what people say of a stream: names, tags, hiding,
whether a run could be reproduced."""

MAX_CHARACTERS = 300
"""Of a text that an event brings. It may have 400 KB."""
MAX_NAMED = 8
"""How many tags, hyperparameters or metrics a line names."""


class Description(NamedTuple):
    """`by` is who did it, as far as the event says. `doubt` says why no state has the event, where none has."""

    lane: Lane
    text: str
    by: str | None = None
    doubt: str | None = None


def describe(stream: str, entry: LogEntry) -> tuple[Description, msgspec.Struct | None]:
    """What the event says, and its fact; None where this version cannot read it. Such an event is described by its type."""
    try:
        fact = read(stream, entry.type, entry.schema_version, entry.data)
    except UnknownType:
        return _unread(entry, "this version does not know the type"), None
    except NewerVersion:
        return _unread(entry, f"this version does not know schema version {entry.schema_version} of the type"), None
    except NotFoldable:
        return _unread(entry, "its data does not fit the type"), None
    return _DESCRIPTIONS[type(fact)](fact), fact


def cut(text: str) -> str:
    """The text, or its beginning where it is too long for a line."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\u2026"


def names(given: list[str]) -> str:
    """`loss, accuracy and 3 more`."""
    shown = ", ".join(map(cut, given[:MAX_NAMED]))
    return f"{shown} and {len(given) - MAX_NAMED} more" if len(given) > MAX_NAMED else shown


def _unread(entry: LogEntry, why: str) -> Description:
    return Description("other", cut(entry.type) or "an event without a type", doubt=why)


def _requested(fact: run.TrainingRequested) -> Description:
    way = f" by the recipe {cut(fact.recipe)}" if fact.recipe else ""
    text = f"{_training(fact.model)} requested{way}{_again(fact.reproduces)}"
    cause = "" if fact.caused_by is None else f", because of an event of {cut(fact.caused_by.stream)}"
    return Description("training", text + cause, _by(fact.requested_by))


def _refused(fact: run.TrainingRefused) -> Description:
    return Description("training", _because("training refused", _refusal(fact)))


def _refusal(fact: run.TrainingRefused) -> str:
    parts = (fact.reason, fact.field, fact.explanation)
    return ": ".join(part for part in parts if part)


def _started(fact: run.TrainingStarted) -> Description:
    how = "started" if fact.resumed_from is None else f"resumed from {cut(fact.resumed_from)}"
    return Description("training", f"{_training(fact.model)} {how}{_again(fact.reproduces)}", _by(fact.requested_by))


def _hyperparameters(fact: run.HyperparametersRecorded) -> Description:
    return Description("inputs", f"hyperparameters recorded: {_values(fact.hyperparameters)}")


def _dataset_used(fact: run.DatasetUsed) -> Description:
    used = fact.used()
    if used is None:
        return Description("inputs", "dataset used, of which nothing is known")
    named = f" {cut(used.name)}" if used.name else ""
    return Description("inputs", f"dataset{named} used{f' as {cut(used.role)}' if used.role else ''}: {_dataset(used)}")


def _metrics(_: run.MetricsRecorded) -> Description:
    return Description("metrics", "a batch without points")  # a line that has points counts and names them itself


def _checkpoint(fact: run.CheckpointSaved) -> Description:
    step = "" if fact.step is None else f" at step {fact.step}"
    return Description("files", f"checkpoint saved{step}: {_file(fact)}")


def _artifact(fact: run.ArtifactSaved) -> Description:
    name = f" {cut(fact.name)}" if fact.name else ""
    return Description("files", f"artifact{name} saved: {_file(fact)}")


def _completed(fact: run.TrainingCompleted) -> Description:
    made = "" if fact.artifact is None else f", and made {_file(fact.artifact)}"
    return Description("training", f"training completed{made}")


def _failed(fact: run.TrainingFailed) -> Description:
    error = fact.error if isinstance(fact.error, str) else "" if fact.error is None else _json(fact.error)
    first = next(iter(error.strip().splitlines()), "")
    return Description("training", _because("training failed", first))


def _stopped(fact: run.TrainingStopped) -> Description:
    return Description("training", _because("training stopped", fact.reason))


def _job(fact: run.TrainingJobStateChanged) -> Description:
    state = ", ".join(cut(part) for part in (fact.status, fact.secondary_status, fact.failure_reason) if part)
    asked = " (asked later: its own event never arrived)" if fact.backfilled else ""
    return Description("training", f"SageMaker's training job: {state}{asked}")


def _pipeline(fact: run.PipelineExecutionStateChanged) -> Description:
    state = ", ".join(cut(part) for part in (fact.status, fact.failure_reason) if part)
    return Description("training", f"execution of the pipeline: {state}")


def _reproduction_requested(fact: run.ReproductionRequested) -> Description:
    allowed = f"; these may differ: {names(fact.allowed_unpinned)}" if fact.allowed_unpinned else ""
    return Description("words", f"done again by {cut(fact.run)}{allowed}", _by(fact.requested_by))


def _reproduction_verified(fact: run.ReproductionVerified) -> Description:
    return Description("words", _because(f"reproduced by {cut(fact.run)}: verified", fact.explanation), _by(fact.by))


def _reproduction_diverged(fact: run.ReproductionDiverged) -> Description:
    return Description("words", _because(f"reproduced by {cut(fact.run)}: diverged", fact.explanation), _by(fact.by))


def _dataset_registered(fact: dataset.DatasetRegistered) -> Description:
    of = f", made by run/{cut(fact.run.removeprefix('run/'))}" if fact.run else ""
    return Description("versions", f"version registered: {_dataset(fact)}{of}", _by(fact.registered_by))


def _dataset_retired(fact: dataset.DatasetRetired) -> Description:
    what = "dataset" if fact.sha256 is None else f"version {cut(fact.sha256)}"
    return Description("versions", _because(f"{what} retired", fact.reason))


def _model_registered(fact: model.ModelRegistered) -> Description:
    of = f", made by run/{cut(fact.run.removeprefix('run/'))}" if fact.run else ""
    return Description("versions", f"version {cut(str(fact.version))} registered{of}", _by(fact.registered_by))


def _promoted(fact: model.ModelPromoted) -> Description:
    text = f"version {cut(str(fact.version))} promoted to {cut(fact.stage)}"
    return Description("stages", text, _by(fact.promoted_by))


def _demoted(fact: model.ModelDemoted) -> Description:
    text = f"version {cut(str(fact.version))} demoted from {cut(fact.stage)}"
    return Description("stages", text, _by(fact.demoted_by))


def _version_described(fact: model.VersionDescribed) -> Description:
    told = f"described: {cut(fact.description)}" if fact.description else "description removed"
    return Description("words", f"version {cut(str(fact.version))}: {told}", _by(fact.by))


def _version_tagged(fact: model.VersionTagged) -> Description:
    return Description("words", f"version {cut(str(fact.version))}: {_tags(fact.tags)}", _by(fact.by))


def _version_hidden(fact: model.VersionHidden) -> Description:
    return Description("words", _because(f"version {cut(str(fact.version))} hidden from lists", fact.reason), _by(fact.by))


def _version_restored(fact: model.VersionRestored) -> Description:
    return Description("words", _because(f"version {cut(str(fact.version))} restored", fact.reason), _by(fact.by))


def _logged(fact: model.ModelLogged) -> Description:
    name = f" {cut(fact.name)}" if fact.name else ""
    of = f" by run/{cut(fact.run.removeprefix('run/'))}" if fact.run else ""
    return Description("versions", f"model{name} logged{of}: {fact.status}")


def _model_measured(fact: model.ModelMeasured) -> Description:
    used = fact.dataset
    where = "" if used is None else f" on {cut(used.name) if used.name else _dataset(used)}"
    measured = names([f"{point.name} = {point.value}" for point in fact.points]) or "nothing"
    return Description("metrics", f"model measured{where}: {measured}")


def _model_retired(fact: model.ModelRetired) -> Description:
    what = "model" if fact.version is None else f"version {cut(str(fact.version))}"
    return Description("versions", _because(f"{what} retired", fact.reason))


def _package(fact: model.ModelPackageStateChanged) -> Description:
    life_cycle = fact.life_cycle or model.LifeCycle()
    states = (fact.status, fact.approval_status, life_cycle.stage, life_cycle.status)
    state = ", ".join(cut(part) for part in states if part) or "changed"
    return Description("versions", f"SageMaker's registry: version {cut(str(fact.version))}: {state}")


def _described(fact: any_stream.Described) -> Description:
    named = None if fact.name is None else f"named {cut(fact.name)}" if fact.name else "name removed"
    told = (
        None
        if fact.description is None
        else f"described: {cut(fact.description)}"
        if fact.description
        else "description removed"
    )
    return Description("words", ", ".join(filter(None, (named, told))) or "described as before", _by(fact.by))


def _tagged(fact: any_stream.Tagged) -> Description:
    return Description("words", _tags(fact.tags), _by(fact.by))


def _tags(tags: Mapping[str, any_stream.Tag | None]) -> str:
    given = {name: value for name, value in tags.items() if value is not None}
    removed = [name for name, value in tags.items() if value is None]
    parts = [f"tagged {_values(given)}"] if given else []
    parts += [f"tags removed: {names(removed)}"] if removed else []
    return ", ".join(parts) or "tagged with nothing"


def _hidden(fact: any_stream.Hidden) -> Description:
    return Description("words", _because("hidden from lists", fact.reason), _by(fact.by))


def _restored(fact: any_stream.Restored) -> Description:
    return Description("words", _because("restored to lists", fact.reason), _by(fact.by))


_DESCRIPTIONS: Mapping[type[msgspec.Struct], Callable[[Any], Description]] = {
    run.TrainingRequested: _requested,
    run.TrainingRefused: _refused,
    run.TrainingStarted: _started,
    run.HyperparametersRecorded: _hyperparameters,
    run.DatasetUsed: _dataset_used,
    run.MetricsRecorded: _metrics,
    run.CheckpointSaved: _checkpoint,
    run.ArtifactSaved: _artifact,
    run.TrainingCompleted: _completed,
    run.TrainingFailed: _failed,
    run.TrainingStopped: _stopped,
    run.TrainingJobStateChanged: _job,
    run.PipelineExecutionStateChanged: _pipeline,
    run.ReproductionRequested: _reproduction_requested,
    run.ReproductionVerified: _reproduction_verified,
    run.ReproductionDiverged: _reproduction_diverged,
    dataset.DatasetRegistered: _dataset_registered,
    dataset.DatasetRetired: _dataset_retired,
    model.ModelRegistered: _model_registered,
    model.ModelPromoted: _promoted,
    model.ModelDemoted: _demoted,
    model.ModelRetired: _model_retired,
    model.ModelPackageStateChanged: _package,
    model.VersionDescribed: _version_described,
    model.VersionTagged: _version_tagged,
    model.VersionHidden: _version_hidden,
    model.VersionRestored: _version_restored,
    model.ModelLogged: _logged,
    model.ModelMeasured: _model_measured,
    any_stream.Described: _described,
    any_stream.Tagged: _tagged,
    any_stream.Hidden: _hidden,
    any_stream.Restored: _restored,
}


def _training(model: str | None) -> str:
    return f"training of the model {cut(model)}" if model else "training"


def _again(original: str | None) -> str:
    return f", to reproduce {cut(original)}" if original else ""


def _because(text: str, why: str | None) -> str:
    return f"{text}: {cut(why)}" if why else text


def _by(who: str | None) -> str | None:
    return None if who is None else cut(who)


def _values(values: Mapping[str, Any]) -> str:
    """`team = vision, C = 1.0 and 3 more`."""
    return names([f"{name} = {value if isinstance(value, str) else _json(value)}" for name, value in values.items()]) or "none"


def _file(stored: Stored) -> str:
    return cut(stored.uri or (f"sha256 {stored.sha256}" if stored.sha256 else "an unknown place"))


def _dataset(stored: run.UsedDataset | dataset.DatasetRegistered) -> str:
    return cut(stored.digest) if stored.digest and not (stored.uri or stored.sha256) else _file(stored)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
