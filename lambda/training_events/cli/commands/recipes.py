"""`training-events recipes`: lists the recipes, pauses one, and resumes it."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from training_events.cli import completion
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.errors import BadRecipe, MissingSetting, Misused, NoSuchLog
from training_events.reading.wording.text import printable
from training_events.recorder.pinning.user import logged_in
from training_events.settings import Settings
from training_events.training.recipe import Recipe
from training_events.training.recipe_store import Pause, RecipeStore, open_recipes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_RUNS = 5
"""How many of its last runs a recipe is listed with."""
_MAX_READ = 10_000
"""The last runs are looked for among so many, the newest of the log."""
_TITLES = ("recipe", "status", "starts when", "runs on", "last runs")
_WIDTHS = (50, 7, 32, 32)
_OPTIONAL = ("last runs", "runs on")


class Action(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"


class StartedRun(Struct):
    """A run that was asked for by the recipe's name, with its status in the log."""

    stream: str
    first_at: str
    status: str
    started_at: str | None = None
    finished_at: str | None = None
    recipe: str | None = None


class ListedRecipe(Struct):
    """`recipe` is null where it has a mistake, which `mistake` then tells. `runs` are its last ones, the newest first."""

    name: str
    recipe: Recipe | None
    mistake: str | None
    pause: Pause | None
    runs: list[StartedRun]


class RecipesDocument(Struct):
    """The recipes at a `place`; the one that was paused or resumed, where one was. `changed` is null for a list.

    It is false where the recipe was paused already, or was not paused. `runs_not_known` says why there are no runs; null where
    the log was asked for them.
    """

    place: str
    changed: bool | None
    recipes: list[ListedRecipe]
    runs_not_known: str | None


def recipes(
    action: Annotated[Action | None, typer.Argument(help="What to do with one recipe.", metavar="pause|resume")] = None,
    name: Annotated[str, typer.Argument(help="The recipe's name.", metavar="NAME", autocompletion=completion.recipes)] = "",
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why it is paused.")] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the recipes of trainings, pause one, or resume it.

    A recipe is a file <name>.toml in the folder training/recipes, or where TRAINING_EVENTS_RECIPES says: a folder, or
    s3://<bucket>/<prefix>/. Every recipe is checked, and one with a mistake is told in one line: then the exit code is 2. What
    is asked of a paused recipe is refused, by whoever starts trainings: its requests, and new versions of its dataset. Who
    paused it, when and why is kept beside the recipe, until somebody resumes it. The last runs are those of the log.

    For example:
      training-events recipes
      training-events recipes pause digits --reason "the labels are being corrected"
      training-events recipes resume digits
    """
    store = open_recipes(Settings().recipes)
    if action is None:
        _list(store, log, as_json=as_json)
        return
    if not name:
        raise Misused(f"{action.value} needs the name of a recipe; there are: {', '.join(store.names()) or 'none'}")
    if reason is not None and action is Action.RESUME:
        raise Misused("--reason says why a recipe is paused; allowed: with pause only")
    before = store.pause_of(name)
    changed = store.pause(name, logged_in(), reason) if action is Action.PAUSE else store.resume(name)
    if as_json:
        print_document(with_all_keys(RecipesDocument(store.place, changed, [_listed(store, name)], "they were not asked for")))
    elif action is Action.PAUSE:
        print(printable(f"{name}: {store.pause_of(name)}" + ("" if changed else "; it was paused already, and stays so")))
    else:
        print(printable(f"{name}: resumed; it was {before}" if changed else f"{name}: it was not paused"))


def _list(store: RecipeStore, log: str, *, as_json: bool) -> None:
    listed = [_listed(store, name) for name in store.names()]
    not_known = _add_runs(listed, log) if listed else "there are no recipes"
    if as_json:
        print_document(with_all_keys(RecipesDocument(store.place, None, listed, not_known)))
    else:
        empty = f"there are no recipes in {store.place}: write one, as docs/guides/starting-trainings.md shows"
        styles = {"status": style_of_status}
        print_rows(_TITLES, _WIDTHS, map(_row, listed), LOOK_AHEAD_ROWS, optional=_OPTIONAL, empty=empty, styles=styles)
        for it in listed:
            if it.mistake is not None or it.pause is not None:
                print(printable(it.mistake or f"{it.name}: {it.pause}"))
    if broken := [it.name for it in listed if it.mistake is not None]:
        raise BadRecipe(f"{len(broken)} of {len(listed)} recipes in {store.place} cannot be used: {', '.join(broken)}")


def _listed(store: RecipeStore, name: str) -> ListedRecipe:
    found = store.find(name)
    return ListedRecipe(
        name,
        found if isinstance(found, Recipe) else None,
        str(found) if isinstance(found, BadRecipe) else None,
        store.pause_of(name),
        [],
    )


def _add_runs(listed: Sequence[ListedRecipe], log: str) -> str | None:
    """Why there are none; None if the log was asked."""
    by_name = {it.name: it.runs for it in listed}
    try:
        for run in _started_runs(log):
            runs = by_name.get(run.recipe or "", [])
            if len(runs) < MAX_RUNS:
                runs.append(run)
    except (MissingSetting, NoSuchLog) as why:
        if log:
            raise
        return str(why)
    return None


def _started_runs(log: str) -> Iterator[StartedRun]:
    """The newest first."""
    sources = open_current_workspace(log)
    summaries = () if sources.read_models is None else sources.read_models.summaries("run")
    runs = (msgspec.json.decode(summary, type=StartedRun) for summary in islice(summaries, _MAX_READ))
    return (run for run in runs if run.recipe is not None)


def _row(it: ListedRecipe) -> tuple[str, ...]:
    if it.recipe is None:
        return it.name, "broken", "-", "-", _last(it.runs)
    starts = f"dataset/{it.recipe.dataset} is registered" if it.recipe.on else "it is asked for"
    runs_on = f"SageMaker: {it.recipe.sagemaker.instance_type}" if it.recipe.sagemaker else "a worker"
    return it.name, "ready" if it.pause is None else "paused", starts, runs_on, _last(it.runs)


def _last(runs: Sequence[StartedRun]) -> str:
    return ", ".join(f"{run.stream.removeprefix('run/')} {run.status}" for run in runs) or "-"
