"""`training-events request RECIPE`: asks for a training."""

from __future__ import annotations

import shlex
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from training_events import folds, strict_json
from training_events.catalogue.run import TrainingRequested, UsedDataset
from training_events.cli import completion
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.recording import Sent, ToLog, send
from training_events.cli.table import print_fields
from training_events.cli.workspace import AsJson
from training_events.errors import Misused, NoSuchLog, NotRecordable
from training_events.event import check_stream, in_one_form
from training_events.folds.dataset import DatasetState
from training_events.reading.wording.text import to_json
from training_events.recordable import check_recordable
from training_events.recorder.pinning.user import logged_in
from training_events.redaction.values import redacted
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.near_names import near_names
from training_events.stores.opening import open_event_log
from training_events.training.asking import requested_event
from training_events.training.decision import unusable_name, used_as, wrong_hyperparameter
from training_events.training.recipe_store import open_recipes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.dataset import Version
    from training_events.stores.event_log import EventLog
    from training_events.training.recipe import Recipe

_MIN_DIGITS = 4
"""So many characters of a digest name a version."""


class RequestDocument(Struct):
    """What was asked for, and where the event went, as `record` has it.

    `runs_on` says who starts it. `datasets` are what the request pins, by channel; whoever starts the training takes the newest
    version for a channel that is not among them.
    """

    stream: str
    recipe: str
    revision: str
    runs_on: str
    hyperparameters: dict[str, Any]
    datasets: list[UsedDataset]
    event_id: str
    occurred_at: str
    digest: str
    outcome: Sent
    paused: str | None


def request(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="The recipe's name.", autocompletion=completion.recipes)],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Hyperparameters, in place of those of the recipe.")
    ] = None,
    run: Annotated[
        str, typer.Option("--run", metavar="NAME", help="The name of the run.", show_default="the recipe's and 12 digits")
    ] = "",
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            metavar="CHANNEL=VERSION",
            help="Another version for a channel: its version id, or the beginning of its SHA-256. May be given several times.",
        ),
    ] = None,
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Ask for a training by a recipe.

    The request is an event of a new run. It goes where those of `record` go. On AWS the training starter creates the training
    job of a recipe that has [sagemaker]; a recipe that has a command waits for `training-events worker`. Either may refuse it,
    which is recorded in the run's stream with the reason. A value that is JSON is taken as JSON, any other is a text; a
    hyperparameter that the recipe does not have is refused. For each channel that names a dataset, the request pins its newest
    version, where the log can be read. What looks like a credential is refused: the log cannot forget it.

    For example:
      training-events request digits
      training-events request digits epochs=20 learning_rate=0.05 --run digits-longer
      training-events request digits --dataset train=8f3a2c
    """
    store = open_recipes(Settings().recipes)
    chosen = store.get(recipe)
    stream = _stream(chosen, run)
    hyperparameters = _hyperparameters(chosen, values or [])
    datasets = _pinned(chosen, stream, dataset or [], log)
    asked = TrainingRequested(chosen.model, logged_in(), hyperparameters or None, chosen.name, datasets=datasets)
    event = requested_event(stream, asked)
    check_recordable(event)
    [outcome] = send([event], log)
    pause = store.pause_of(chosen.name)
    paused = None if pause is None else str(pause)
    if as_json:
        document = RequestDocument(
            stream,
            chosen.name,
            chosen.revision,
            chosen.runs_on,
            chosen.hyperparameters | hyperparameters,
            datasets,
            event.event_id,
            event.occurred_at,
            event.digest,
            outcome,
            paused,
        )
        print_document(with_all_keys(document))
        return
    print_fields(
        {
            stream: f"TrainingRequested {outcome}",
            "hyperparameters": chosen.hyperparameters | hyperparameters or None,
            "datasets": "\n".join(f"{it.role}: {it.uri}" for it in datasets) or None,
            "next": _next(chosen, paused),
            "see": f"training-events watch {shlex.quote(stream)}",
        }
    )


def _next(recipe: Recipe, paused: str | None) -> str:
    if paused is not None:
        return f"it is refused: {recipe.name} is {paused} (training-events recipes resume {recipe.name})"
    if recipe.runs_on == "worker":
        return "a worker starts it: training-events worker"
    return "the training starter of the stack creates the training job"


def _stream(recipe: Recipe, name: str) -> str:
    name = in_one_form(name.removeprefix("run/")) or f"{recipe.name.replace('_', '-')}-{uuid.uuid4().hex[:12]}"
    try:
        stream = check_stream(f"run/{name}")
    except NotRecordable as flaw:
        raise Misused(f"--run {name!a:.80}: {flaw.what}; allowed: {flaw.allowed}") from None
    if (refusal := unusable_name(stream, recipe.runs_on)) is not None:
        raise Misused(f"--run: {refusal.explanation}")
    return stream


def _hyperparameters(recipe: Recipe, arguments: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for argument in arguments:
        key, equals, text = argument.partition("=")
        if not key or not equals:
            raise Misused(f"{argument!a:.80} is no hyperparameter; allowed: <key>=<value>, as in epochs=20")
        if key in values:
            raise Misused(f"the hyperparameter {key!a:.80} is given twice; allowed: once")
        values[key] = text if isinstance(recipe.hyperparameters.get(key), str) else _value(text)
    if (refusal := wrong_hyperparameter(recipe, values)) is not None:
        raise Misused(refusal.explanation)
    for key, value in values.items():
        known = recipe.hyperparameters[key]
        if not isinstance(known, str) and isinstance(value, bool | str) and type(value) is not type(known):
            kind = "true or false" if isinstance(known, bool) else "a number"
            raise Misused(f"the hyperparameter {key} is {value!a:.80}; allowed: {kind}, as the recipe has {to_json(known)}")
    if hidden := redacted({"hyperparameters": values}).fields:
        where = ", ".join(field.removeprefix("hyperparameters.") for field in hidden)
        raise Misused(f"{where} looks like a credential, which the log could not forget: give it to the training another way")
    return values


def _value(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except NotRecordable:
        return text


def _pinned(recipe: Recipe, stream: str, chosen: Sequence[str], url: str) -> list[UsedDataset]:
    """The version of each channel's dataset. Raises Misused for a run that is there, and for a version that is not."""
    settings = Settings()
    over_bus = settings.optional("bus") is not None and not url
    address = url or settings.optional("log") or ("" if over_bus else LAPTOP_LOG)
    wanted = _versions_wanted(recipe, chosen)
    if not address:
        if wanted:
            raise Misused("--dataset needs the log, which has the versions: TRAINING_EVENTS_LOG is not set")
        return []
    log = open_event_log(address)
    try:
        if next(iter(log.entries(stream)), None) is not None:
            raise Misused(f"the log has {stream} already; allowed: the name of a new run")
        return [
            used_as(name, _version(log, channel.dataset, wanted.get(name), name).stored)
            for name, channel in recipe.channels.items()
            if channel.dataset is not None
        ]
    except NoSuchLog:  # a laptop's log is made with the first event: it has no datasets
        named = [channel.dataset for channel in recipe.channels.values() if channel.dataset is not None]
        if named:
            raise _no_version(named[0]) from None
        return []
    finally:
        log.close()


def _versions_wanted(recipe: Recipe, chosen: Sequence[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    channels = [name for name, channel in recipe.channels.items() if channel.dataset is not None]
    for argument in chosen:
        name, equals, version = argument.partition("=")
        if not equals or not version:
            raise Misused(f"--dataset {argument!a:.80}: allowed is <channel>=<version>, as in train=8f3a2c")
        if name not in channels:
            near = near_names(name, channels) or channels
            raise Misused(
                f"--dataset {name!a:.80}: no channel of {recipe.name} with a dataset; allowed: {', '.join(near) or 'none'}"
            )
        wanted[name] = version
    return wanted


def _version(log: EventLog, dataset: str, wanted: str | None, channel: str) -> Version:
    stream = f"dataset/{dataset}"
    state = folds.fold(DatasetState(stream), log.entries(stream))
    current = [version for version in state.versions if version.retired_at is None]
    if not current:
        raise _no_version(dataset)
    if wanted is None:
        return current[-1]
    found = [version for version in current if _is(version, wanted)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(str(version.stored.version_id or version.stored.sha256) for version in current[-3:])
    what = "no version" if not found else f"{len(found)} versions, not one,"
    raise Misused(f"--dataset {channel}={wanted!a:.80}: {stream} has {what} of this id or digest; its newest: {known}")


def _is(version: Version, wanted: str) -> bool:
    stored = version.stored
    is_digest = len(wanted) >= _MIN_DIGITS and stored.sha256 is not None and stored.sha256.startswith(wanted)
    return is_digest or wanted == stored.version_id


def _no_version(dataset: str) -> Misused:
    return Misused(f"dataset/{dataset} has no version to train on: training_events.register_dataset registers one")
