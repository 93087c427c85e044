"""Which version of a model served which stage, from when until when, and who promoted it.

The state of a model has what serves now, and its newest promotions. The log has all of them, and the ends of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import msgspec
from msgspec import Struct, structs

from training_events import folds
from training_events.catalogue import CATALOGUE
from training_events.catalogue.model import ModelRetired
from training_events.errors import NotUnderstood
from training_events.folds.instant import instants
from training_events.folds.model import ModelState
from training_events.projection.time_travel import entries_at
from training_events.reading.states import state_of
from training_events.reading.summaries import summaries_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds.model import Promotion, Served
    from training_events.folds.summary import ModelSummary
    from training_events.reading.opening import Sources
    from training_events.stores.event_log import EventLog


class Service(Struct, frozen=True):
    """For a time, a version of a model served a stage. Times are UTC; where it serves still, `until` and `ended_by` are null.

    `reason` is that of the retirement which ended it. A version that is promoted again begins another service.
    """

    model: str
    stage: str
    version: str
    since: str
    promoted_by: str | None
    until: str | None = None
    ended_by: Literal["promotion", "demotion", "retirement"] | None = None
    reason: str | None = None


def served_stages(
    sources: Sources, stage: str | None = None, *, as_of: str | None = None, known_at: str | None = None
) -> Iterator[Served]:
    """What serves a stage, or every stage, over all models, hidden ones too. Times are 27-character texts."""
    for model in cast("Iterator[ModelSummary]", summaries_of(sources, "model", as_of=as_of, known_at=known_at)):
        if model.stages or not model.whole:
            state = cast("ModelState", state_of(sources, model.stream, as_of=as_of, known_at=known_at))
            served = map(state.serving, sorted(state.stages) if stage is None else [stage])
            yield from (version for version in served if version is not None)


def services_of(log: EventLog, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> list[Service]:
    """All services of a model, `model/<name>`, the oldest first, as of a time, or as the log knew it at a time.

    Both are 27-character times. A model of which the log has no event has none.
    """
    return services(stream, entries_at(log, stream, as_of=as_of, known_at=known_at))


def services(stream: str, entries: Iterable[LogEntry]) -> list[Service]:
    """All services of a model, from its events in key order."""
    state = folds.empty(stream)
    assert isinstance(state, ModelState)  # noqa: S101 - the name of the stream says so
    ended: list[Service] = []
    serving: dict[str, Service] = {}
    for _, instant in instants(entries):
        known = state.promoted
        folds.fold(state, instant)
        at, promotions = state.last_at, _newest(state, state.promoted - known)
        for stage, service in list(serving.items()):
            if stage in promotions or stage not in state.stages:
                ended.append(_ended(service, at, promotions.get(stage), instant))
                del serving[stage]
        for stage, promotion in promotions.items():
            service = Service(stream, stage, promotion.version, at, promotion.promoted_by)
            if stage in state.stages:
                serving[stage] = service
            else:  # it was retired or demoted in the same instant
                ended.append(_ended(service, at, None, instant))
    return sorted([*ended, *serving.values()], key=lambda service: (service.since, service.stage))


def _newest(state: ModelState, count: int) -> dict[str, Promotion]:
    """The newest promotions, so many of them, by stage: of two of the same instant the later one counts."""
    return {promotion.stage: promotion for promotion in (state.promotions[-count:] if count else ())}


def _ended(service: Service, at: str, by: Promotion | None, instant: list[LogEntry]) -> Service:
    if by is not None:
        return structs.replace(service, until=at, ended_by="promotion")
    retirements = (fact for fact in _retirements(instant) if fact.version is None or str(fact.version) == service.version)
    if (retirement := next(retirements, None)) is not None:
        return structs.replace(service, until=at, ended_by="retirement", reason=retirement.reason)
    return structs.replace(service, until=at, ended_by="demotion")


def _retirements(instant: list[LogEntry]) -> Iterator[ModelRetired]:
    known = CATALOGUE["model"]["ModelRetired"]
    for entry in instant:
        if entry.type == known.name:
            try:
                fact = known.read(entry.schema_version, entry.data)
            except (NotUnderstood, msgspec.MsgspecError, RecursionError):  # the fold has left it out, too
                continue
            if isinstance(fact, ModelRetired):
                yield fact
