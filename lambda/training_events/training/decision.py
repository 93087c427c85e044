"""What becomes of a request for a training: the one state machine of the training starter and of a worker.

It is pure: the same facts give the same decision. A stream starts at most one training, whatever repeats, arrives late, or is
asked for again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, structs

from training_events.catalogue.run import TrainingRequested, UsedDataset
from training_events.catalogue.stored import Stored
from training_events.errors import BadRecipe, NoSuchRecipe
from training_events.stores.near_names import near_names
from training_events.training.recipe import Recipe
from training_events.training.recorded import fact_of

if TYPE_CHECKING:
    from training_events.event import RecordedEvent
    from training_events.folds.run_state import RunState
    from training_events.training.recipe import Channel
    from training_events.training.recipe_store import Pause

Starter: TypeAlias = Literal["sagemaker", "worker"]
"""Who decides: each starts only its own kind of recipe."""
Reason: TypeAlias = Literal[
    "unknown_recipe",
    "invalid_recipe",
    "paused",
    "over_budget",
    "loop",
    "invalid_name",
    "invalid_request",
    "name_taken",
    "quota",
    "refused_by_sagemaker",
]
_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html"""


class Start(Struct, frozen=True):
    """Start it. `asked` is the request, completed by the recipe: all hyperparameters, and a dataset for each channel.

    `recipe` is None where the request has the job's whole description in `asked.request`.
    """

    asked: TrainingRequested
    recipe: Recipe | None


class Refuse(Struct, frozen=True):
    """Nothing is started. `field` is what in the request is not allowed, where one field is."""

    reason: Reason
    explanation: str
    field: str | None = None


class Done(Struct, frozen=True):
    """There is nothing to do, and nothing to record. `why` is for people."""

    why: str


Decision: TypeAlias = Start | Refuse | Done


class Running(Struct, frozen=True):
    """What else the log says, which training/answer.py gathers. `loop` says how the training came of itself, where it did.

    `first_request` is the id of the first request of the stream, in the stream's order. `runs` are the recipe's trainings that
    run, or were asked for earlier and are not answered. `in_a_day` counts its trainings of the last 24 hours. `newest` are the
    newest versions of the datasets that the recipe's channels name.
    """

    first_request: str
    runs: list[str] = []
    in_a_day: int = 0
    loop: str | None = None
    newest: dict[str, Stored] = {}


def decide(
    request: RecordedEvent,
    state: RunState,
    recipe: Recipe | NoSuchRecipe | BadRecipe | None,
    pause: Pause | None,
    running: Running,
    *,
    by: Starter,
) -> Decision:
    """What becomes of a recorded request, given the state of its stream.

    `recipe` is the one that the request names, or why there is none; None where it names none.
    """
    asked = asked_by(request)
    if asked is None:
        return Done("it is no request for a training")
    if done := _why_done(request, state, asked, recipe, running, by=by):
        return Done(done)
    if asked.request is not None or not isinstance(recipe, Recipe):
        return _without_recipe(request, asked, recipe, by)
    refusal = (
        unusable_name(request.event.stream, by)
        or wrong_hyperparameter(recipe, asked.hyperparameters)
        or _missing_dataset(recipe, asked, running)
        or _held_back(recipe, pause, running)
    )
    return refusal or Start(_completed(asked, recipe, running), recipe)


def wrong_hyperparameter(recipe: Recipe, hyperparameters: dict[str, Any] | None) -> Refuse | None:
    """Why these values cannot be given to the recipe: it names all hyperparameters that its training knows."""
    for name, value in (hyperparameters or {}).items():
        if name not in recipe.hyperparameters:
            near = near_names(name, recipe.hyperparameters)
            known = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(recipe.hyperparameters) or 'none'}"
            text = f"the recipe {recipe.name} has no hyperparameter {name!a:.80}; {known}"
            return Refuse("invalid_request", text, f"hyperparameters.{name:.80}")
        if not isinstance(value, (str, bool, int, float)):
            text = f"the hyperparameter {name} is {value!a:.80}; allowed: a text, a number, true or false"
            return Refuse("invalid_request", text, f"hyperparameters.{name}")
    return None


def _missing_dataset(recipe: Recipe, asked: TrainingRequested, running: Running) -> Refuse | None:
    for name, channel in _open_channels(recipe, asked):
        if channel.dataset is not None and channel.dataset not in running.newest:
            return Refuse("invalid_request", f"dataset/{channel.dataset} has no version to train on", f"channels.{name}")
    return None


def _completed(asked: TrainingRequested, recipe: Recipe, running: Running) -> TrainingRequested:
    """For each channel there is what the request pins, else what is at the recipe's address, else the newest version."""
    datasets = list(asked.datasets)
    for name, channel in _open_channels(recipe, asked):
        at_address = Stored(channel.uri, channel.version_id, channel.sha256)
        datasets.append(used_as(name, at_address if channel.dataset is None else running.newest[channel.dataset]))
    values = recipe.hyperparameters | (asked.hyperparameters or {})
    return structs.replace(asked, hyperparameters=values, datasets=datasets)


def _open_channels(recipe: Recipe, asked: TrainingRequested) -> list[tuple[str, Channel]]:
    """The channels for which the request pins nothing."""
    pinned = {dataset.role for dataset in asked.datasets}
    return [(name, channel) for name, channel in recipe.channels.items() if name not in pinned]


def used_as(role: str, stored: Stored) -> UsedDataset:
    """The dataset of a channel, at this version."""
    return UsedDataset(stored.uri, stored.version_id, stored.sha256, stored.bytes, stored.in_place, role)


def asked_by(request: RecordedEvent) -> TrainingRequested | None:
    """What an event asks for; None where it is no request for a training, or none that can be read."""
    return fact_of(request, TrainingRequested)


def _why_done(
    request: RecordedEvent,
    state: RunState,
    asked: TrainingRequested,
    recipe: Recipe | NoSuchRecipe | BadRecipe | None,
    running: Running,
    *,
    by: Starter,
) -> str | None:
    if running.first_request != request.event.event_id:
        return "its stream has an earlier request"
    if state.status != "requested" or state.job is not None:
        return f"its run is {state.status} already"
    if recipe is None and asked.request is None:
        return "it asks for no recipe"
    runs_on = "sagemaker" if asked.request is not None else recipe.runs_on if isinstance(recipe, Recipe) else by
    if runs_on != by:
        return "it is for a worker" if runs_on == "worker" else "it is for SageMaker"
    return None


def _without_recipe(
    request: RecordedEvent, asked: TrainingRequested, recipe: Recipe | NoSuchRecipe | BadRecipe | None, by: Starter
) -> Start | Refuse:
    if asked.request is not None and asked.recipe is not None:
        return Refuse("invalid_request", "it has both a recipe and a request in full; allowed: one of them", "request")
    if isinstance(recipe, NoSuchRecipe):
        return Refuse("unknown_recipe", str(recipe), "recipe")
    if isinstance(recipe, BadRecipe):
        return Refuse("invalid_recipe", str(recipe), "recipe")
    return unusable_name(request.event.stream, by) or Start(asked, None)


def unusable_name(stream: str, by: Starter) -> Refuse | None:
    """Why SageMaker can start no training in this stream: its events about a job go to the stream that has the job's name."""
    name = stream.removeprefix("run/")
    if by == "worker" or _JOB_NAME.fullmatch(name):
        return None
    allowed = "1 to 63 letters, digits and hyphens, a letter or digit at both ends"
    return Refuse("invalid_name", f"{name!a:.80} can be no training job's name; allowed: {allowed}", "TrainingJobName")


def _held_back(recipe: Recipe, pause: Pause | None, running: Running) -> Refuse | None:
    """The guards against trainings that nobody wants: a loop, a pause, a budget."""
    if running.loop is not None:
        return Refuse("loop", running.loop)
    if pause is not None:
        return Refuse("paused", f"{recipe.name} is {pause}")
    if len(running.runs) >= recipe.max_running:
        text = f"{recipe.name} may run {_times(recipe.max_running)} at once (max_running): {', '.join(running.runs[:3])}"
        return Refuse("over_budget", text, "max_running")
    if running.in_a_day >= recipe.max_a_day:
        text = f"{recipe.name} may run {_times(recipe.max_a_day)} in 24 hours (max_a_day), and did {running.in_a_day} times"
        return Refuse("over_budget", text, "max_a_day")
    return None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
