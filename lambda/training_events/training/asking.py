"""The events of starting a training: a request, and its refusal.

What follows from another event has a time of that, and an id that follows from all of its content. So whoever says it once more
says the same event, which the log takes as a repeat; other content is another event, and never a conflict.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from training_events import times
from training_events.canonical import digest
from training_events.catalogue.run import Cause, TrainingRefused, TrainingRequested
from training_events.event import Event
from training_events.redaction.values import redacted
from training_events.settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from training_events.catalogue.run import UsedDataset
    from training_events.event import RecordedEvent
    from training_events.training.decision import Refuse
    from training_events.training.recipe import Recipe


def requested_event(stream: str, fact: TrainingRequested) -> Event:
    """What somebody asks for now. Raises a NotRecordable for a stream that cannot be one."""
    return Event(uuid.uuid4().hex, stream, "TrainingRequested", times.now(), Settings().source, _data(fact))


def request_for_version(recipe: Recipe, stream: str, registered: RecordedEvent, datasets: list[UsedDataset]) -> Event:
    """What a recipe asks for because the log learned of a version of its dataset: then, and not when the version was made.

    So what is told late counts against the budgets of the day on which it is told.
    """
    caused_by = cause_of(registered.event)
    fact = TrainingRequested(model=recipe.model, recipe=recipe.name, datasets=datasets, caused_by=caused_by)
    return _following(registered.event, registered.recorded_at, stream, "TrainingRequested", _data(fact))


def refused_event(request: Event, refusal: Refuse) -> Event:
    """That the training which `request` asks for is not started. It is in the request's stream."""
    fact = TrainingRefused(refusal.reason, refusal.explanation, refusal.field, request.event_id)
    return _following(request, request.occurred_at, request.stream, "TrainingRefused", _data(fact))


def refused_version(stream: str, registered: RecordedEvent, refusal: Refuse) -> Event:
    """That a version of a dataset starts no training in this stream."""
    fact = TrainingRefused(refusal.reason, refusal.explanation, refusal.field)
    return _following(registered.event, registered.recorded_at, stream, "TrainingRefused", _data(fact))


def cause_of(event: Event) -> Cause:
    return Cause(event.stream, event.event_id, event.occurred_at)


def _following(cause: Event, at: str, stream: str, type_: str, data: dict[str, Any]) -> Event:
    settings = Settings()
    source = settings.teams.source_of(stream, settings.source)
    identity = digest([stream, type_, cause.stream, cause.position, source, data]).removeprefix("sha256:")
    return Event(f"{type_}-{identity}", stream, type_, at, source, data)


def _data(fact: msgspec.Struct) -> dict[str, Any]:
    return dict(redacted(msgspec.to_builtins(fact)).value)
