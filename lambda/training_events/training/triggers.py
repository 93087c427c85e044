"""Which trainings a new version of a dataset starts: each recipe that waits for the dataset, once for a version.

S3 and the program that stored the object both say that there is a version; S3 does not know which run made it. So all that the
log has on the version counts. What a run of a recipe made, directly or over runs of other recipes, never starts that recipe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.canonical import digest
from training_events.catalogue.dataset import DatasetRegistered
from training_events.catalogue.run import TrainingRefused, TrainingRequested, TrainingStarted
from training_events.folds.dataset import stored_of
from training_events.training.asking import refused_version, request_for_version
from training_events.training.decision import Refuse, used_as
from training_events.training.recorded import fact_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.catalogue.run import Cause
    from training_events.event import Event, RecordedEvent
    from training_events.stores.event_log import EventLog
    from training_events.training.recipe import Recipe

MAX_STEPS = 32
"""How many runs, each made from what the one before made, are followed. What comes of a longer chain is taken for a loop."""


def requests_of(registered: RecordedEvent, recipes: Iterable[Recipe], log: EventLog) -> list[Event]:
    """The TrainingRequested, or the TrainingRefused of a loop, of each recipe that waits for this version of a dataset.

    None for a version for which the log has them. The same registration gives the same events, whenever it is asked.
    """
    event = registered.event
    fact = fact_of(registered, DatasetRegistered)
    if fact is None:
        return []
    waiting = [recipe for recipe in recipes if recipe.on == event.type and event.stream == f"dataset/{recipe.dataset}"]
    events = []
    for recipe in waiting:
        stream = stream_of(recipe, registered, fact)
        if _is_answered(log, stream):
            continue
        if loop := loop_of(recipe.name, made_by(log, registered, fact), log):
            events.append(refused_version(stream, registered, Refuse("loop", loop)))
        else:
            channels = [name for name, channel in recipe.channels.items() if channel.dataset == recipe.dataset]
            datasets = [used_as(name, stored_of(fact)) for name in channels]
            events.append(request_for_version(recipe, stream, registered, datasets))
    return events


def stream_of(recipe: Recipe, registered: RecordedEvent, fact: DatasetRegistered) -> str:
    """The run that a version starts by a recipe. Its name can be that of a training job."""
    version = digest([recipe.name, registered.event.stream, *_version(registered, fact)]).removeprefix("sha256:")
    return f"{stream_beginning(recipe.name)}{version[:12]}"


def stream_beginning(recipe: str) -> str:
    """How the runs begin that versions start by a recipe of this name: a training job's name has no `_`."""
    return f"run/{recipe.replace('_', '-')}-"


def loop_of(recipe: str, run: str | None, log: EventLog) -> str | None:
    """How a run goes back to a run that this recipe started, in words; None if it does not."""
    pending = [] if run is None else [run]
    followed: list[str] = []
    while pending:
        current = pending.pop()
        if current in followed:
            continue
        if len(followed) == MAX_STEPS:
            return f"the data comes of a chain of more than {MAX_STEPS} trainings, which is taken for a loop"
        followed.append(current)
        origin = _origin(log, current)
        if recipe in origin.recipes:
            over = f" (over {', '.join(followed[:-1])})" if followed[1:] else ""
            return f"the data comes of {current}{over}, which the recipe {recipe} started"
        pending += map(_run, origin.reproduces)
        pending += [made for cause in origin.causes if (made := made_by_cause(log, cause)) is not None]
    return None


def made_by_cause(log: EventLog, cause: Cause) -> str | None:
    """The run that made the version whose registration this is; None where nothing says so."""
    if not cause.stream.startswith("dataset/"):
        return None
    for registered in log.read(cause.stream):
        fact = fact_of(registered, DatasetRegistered)
        if fact is not None and (registered.event.event_id, registered.event.occurred_at) == (
            cause.event_id,
            cause.occurred_at,
        ):
            return made_by(log, registered, fact)
    return None


def made_by(log: EventLog, registered: RecordedEvent, fact: DatasetRegistered) -> str | None:
    """The run that made a version, as any registration of this version says."""
    if fact.run is not None:
        return _run(fact.run)
    version = _version(registered, fact)
    for other in log.read(registered.event.stream):
        registration = fact_of(other, DatasetRegistered)
        if registration is not None and registration.run is not None and _version(other, registration) == version:
            return _run(registration.run)
    return None


class _Origin(NamedTuple):
    """How a run came to be, by all that was asked in its stream: a request that arrives late may be the first one there."""

    recipes: set[str]
    causes: list[Cause]
    reproduces: list[str]


def _origin(log: EventLog, run: str) -> _Origin:
    origin = _Origin(set(), [], [])
    for recorded in log.read(run):
        fact = fact_of(recorded, TrainingRequested) or fact_of(recorded, TrainingStarted)
        if fact is not None and fact.reproduces is not None:
            origin.reproduces.append(fact.reproduces)
        if isinstance(fact, TrainingRequested):
            origin.recipes.update([] if fact.recipe is None else [fact.recipe])
            origin.causes.extend([] if fact.caused_by is None else [fact.caused_by])
    return origin


def _is_answered(log: EventLog, stream: str) -> bool:
    """Whether the version was asked for before, or refused."""
    return any(fact_of(it, TrainingRequested) or fact_of(it, TrainingRefused) for it in log.read(stream))


def _version(registered: RecordedEvent, fact: DatasetRegistered) -> tuple[str | None, ...]:
    """What tells versions apart: the version in S3, else the content at the address, else the registration itself."""
    if fact.version_id is not None or fact.sha256 is not None:
        return fact.uri, fact.version_id or fact.sha256
    return fact.uri, registered.event.position


def _run(name: str) -> str:
    return f"run/{name.removeprefix('run/')}"
