"""Answers a recorded request for a training: gathers what the log, the read models and the recipes say, and decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from training_events import folds, times
from training_events.catalogue.run import TrainingRequested
from training_events.errors import BadLogUrl, NoSuchRecipe
from training_events.folds.dataset import DatasetState
from training_events.folds.run_state import RunState
from training_events.settings import Settings
from training_events.training.decision import Running, asked_by, decide
from training_events.training.recipe import Recipe
from training_events.training.recorded import fact_of
from training_events.training.triggers import loop_of, made_by_cause, stream_beginning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from training_events.catalogue.stored import Stored
    from training_events.errors import BadRecipe
    from training_events.event import RecordedEvent
    from training_events.stores.event_log import EventLog
    from training_events.stores.opening import Store
    from training_events.training.decision import Decision, Starter
    from training_events.training.recipe_store import RecipeStore

MAX_DAYS = 28
"""SageMaker's longest training job: what was asked for earlier does not run any more.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html"""


def answer(
    request: RecordedEvent, store: Store, recipes: RecipeStore, *, by: Starter, running: Collection[str] = (), now: str = ""
) -> Decision:
    """What becomes of a request that the log holds.

    The read models say which trainings of the recipe run; on a laptop, bring them up to date before. `running` are streams of
    this recipe whose training was started although the read models may not say so yet. `now` is by default the present. Raises
    BadLogUrl where the log's address names no read models.
    """
    asked, stream = asked_by(request), request.event.stream
    recipe = None if asked is None or asked.recipe is None else _recipe_for(stream, asked.recipe, recipes)
    pause = recipes.pause_of(recipe.name) if isinstance(recipe, Recipe) else None
    state = RunState(stream)
    folds.fold(state, store.log.entries(stream))
    if asked is not None and isinstance(recipe, Recipe) and state.status == "requested":
        found = _running(request, asked, recipe, store, also=running, now=now or times.now())
    else:
        found = Running(_first_request(store.log, stream))
    return decide(request, state, recipe, pause, found, by=by)


def _recipe_for(stream: str, name: str, recipes: RecipeStore) -> Recipe | NoSuchRecipe | BadRecipe:
    """The recipe of this name. One whose name begins like a team's is for the runs of that team alone."""
    teams = Settings().teams
    if (owner := teams.owner_of(stream_beginning(name))) in (None, teams.owner_of(stream)):
        return recipes.find(name)
    return NoSuchRecipe(
        f"the recipe {name} is of the team {owner}, and {stream} is not; allowed: recipes of no team or one's own"
    )


def _first_request(log: EventLog, stream: str) -> str:
    """The id of the first request in the stream's order."""
    return next((it.event.event_id for it in log.read(stream) if fact_of(it, TrainingRequested) is not None), "")


def _running(
    request: RecordedEvent, asked: TrainingRequested, recipe: Recipe, store: Store, *, also: Collection[str], now: str
) -> Running:
    a_day_ago, stream = times.hours_after(now, -24), request.event.stream
    own = (request.event.occurred_at, stream)
    runs, in_a_day = set[str](also) - {stream}, 0
    for run in _runs_of(recipe.name, store, times.hours_after(now, -24 * MAX_DAYS)):
        if run.stream == stream or run.status == "refused":
            continue
        began = run.started_at or run.first_at
        # of those that wait, only the earlier ones count: so two that look at each other are not both refused
        is_pending = run.status == "requested" and began > a_day_ago and (run.first_at, run.stream) < own
        if run.status == "running" or is_pending:
            runs.add(run.stream)
        if began > a_day_ago and (is_pending or run.status != "requested" or run.stream in also):
            in_a_day += 1
    made = None if asked.caused_by is None else made_by_cause(store.log, asked.caused_by)
    return Running(
        _first_request(store.log, stream),
        sorted(runs),
        in_a_day,
        loop_of(recipe.name, made, store.log),
        newest_versions(recipe, store.log),
    )


class _Run(Struct, frozen=True):
    """The part of a run's summary that counts here."""

    stream: str
    status: str
    first_at: str
    started_at: str | None = None
    recipe: str | None = None


def _runs_of(recipe: str, store: Store, since: str) -> Iterator[_Run]:
    if store.read_models is None:
        raise BadLogUrl("the event log's address names no read models: add ?read_models=<table>")
    decode = msgspec.json.Decoder(_Run).decode
    for summary in store.read_models.summaries("run"):
        try:
            run = decode(summary)
        except msgspec.MsgspecError:  # an altered read model may hold anything
            continue
        if run.first_at < since:
            return
        if run.recipe == recipe:
            yield run


def newest_versions(recipe: Recipe, log: EventLog) -> dict[str, Stored]:
    """The newest versions of the datasets that the recipe's channels name, by the dataset's name."""
    newest = {}
    for name in {channel.dataset for channel in recipe.channels.values()} - {None}:
        stream = f"dataset/{name}"
        state = folds.fold(DatasetState(stream), log.entries(stream))
        current = [version for version in state.versions if version.retired_at is None]
        if current:
            newest[str(name)] = current[-1].stored
    return newest
