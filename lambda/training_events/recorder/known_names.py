"""Holds the names in an event against what the catalogue and the log know: a log that cannot forget keeps a typing mistake too.

It is the client that asks. The log itself takes whatever a program says, and in any order: a promotion may well arrive before
the registration of its version.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from training_events import folds
from training_events.catalogue import CATALOGUE, any_stream
from training_events.catalogue.model import (
    ModelDemoted,
    ModelPromoted,
    ModelRegistered,
    ModelRetired,
    VersionDescribed,
    VersionHidden,
    VersionRestored,
    VersionTagged,
)
from training_events.errors import Misused, NoSuchLog
from training_events.folds.model import ModelState
from training_events.stores.near_names import MAX_COMPARED_NAMES, MAX_NEAR_NAMES, near_names, near_streams, spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from training_events.stores.opening import Store
    from training_events.stores.read_models import ReadModels

_NEAR_TYPE = 0.85
"""TrainingComplete is nearer to TrainingCompleted, CheckpointLoaded is further from CheckpointSaved: a type of one's own."""
_PAUSES_ON_A_BUS = (0.5, 1.0, 2.0)
"""In seconds: what was published a moment ago reaches the log within these."""

_OF_VERSIONS = (
    ModelPromoted, ModelDemoted, ModelRetired, VersionDescribed, VersionTagged, VersionHidden, VersionRestored,
)  # fmt: skip
"""What is said of a version that has to be registered."""


def check_type(stream: str, type_: str) -> None:
    """Raises Misused for a type that the catalogue does not know for this kind of stream, but one that is nearly the same.

    A type that is like no other is one of the caller's own.
    """
    kind = folds.kind_of(stream)
    own = CATALOGUE[kind]
    if type_ in own:
        return
    kinds = {name: f"{name} of {other}/<name>" for other in CATALOGUE for name in CATALOGUE[other] if other != kind}
    names = {**kinds, **dict(zip(own, own, strict=True))}
    near = near_names(type_, names, _NEAR_TYPE)
    if near:
        raise Misused(f"{type_!a:.80} is no event of a {kind}: {_or(names[name] for name in near)} is")


def has_names(fact: msgspec.Struct) -> bool:
    """Whether `check_names` asks the log about it."""
    if isinstance(fact, ModelRegistered):
        return fact.run is not None
    return isinstance(fact, (*_OF_VERSIONS, *any_stream.FACTS))


def check_names(
    store: Store,
    stream: str,
    fact: msgspec.Struct,
    *,
    said_here: Collection[tuple[str, str | None]] = (),
    over_bus: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Raises Misused for a version or a run that the log does not know, and for a stage that has another spelling there.

    What is named, described, tagged, hidden or restored has to be in the log too.

    `said_here` are streams, and versions of streams, of which this process itself has published events: the log may not have
    them yet. What another process has published over a bus a moment ago is waited for.
    """

    def raise_unless(check: Callable[[], str | None]) -> None:
        for pause in (*(_PAUSES_ON_A_BUS if over_bus else ()), None):
            flaw = check()
            if flaw is None:
                return
            if pause is None:
                raise Misused(flaw)
            sleep(pause)

    if isinstance(fact, _OF_VERSIONS) and fact.version is not None:
        version = str(fact.version)
        if (stream, version) not in said_here:
            raise_unless(lambda: _unknown_version(store, stream, version))
    if isinstance(fact, ModelPromoted | ModelDemoted) and (flaw := _otherspelling(store, stream, fact.stage)):
        raise Misused(flaw)
    for named, check in _checks_of_streams(store, stream, fact):
        if (named, None) not in said_here:
            raise_unless(check)


def _checks_of_streams(store: Store, stream: str, fact: msgspec.Struct) -> list[tuple[str, Callable[[], str | None]]]:
    """The streams that the log has to have, each with its check."""
    if isinstance(fact, any_stream.FACTS):
        is_group = folds.kind_of(stream) == "group"
        if is_group and isinstance(fact, any_stream.Described):
            return []  # so a group begins
        return [(stream, partial(_unknown_group if is_group else _unknown_stream, store, stream))]
    if isinstance(fact, ModelRegistered) and fact.run is not None:
        run = f"run/{fact.run.removeprefix('run/')}"
        return [(run, partial(_unknown_run, store, run))]
    return []


def _unknown_version(store: Store, stream: str, version: str) -> str | None:
    known = [
        name
        for name, kept in _model(store, stream).versions.items()
        if kept.registered_at is not None or kept.package_arn is not None
    ]
    if version in known:
        return None
    if not known:
        return f"{stream} has no version that is registered" + _instead(_near_streams(store, stream))
    near = near_names(version, known) or known[-MAX_NEAR_NAMES:]
    return f"{stream} has no version {version!a:.80} that is registered, but {_or(map(ascii, near))}"


def _otherspelling(store: Store, stream: str, stage: str) -> str | None:
    model = _model(store, stream)
    used = {*model.stages, *(promotion.stage for promotion in model.promotions)}
    if stage in used:
        return None
    same = sorted(other for other in used if spelling(other) == spelling(stage))
    return f"{stream} has the stage {_or(map(ascii, same))}, not {stage!a:.80}" if same else None


def _unknown_stream(store: Store, stream: str) -> str | None:
    if next(iter(store.log.entries(stream)), None) is not None:
        return None
    return f"the log has no event of {stream!a:.80}" + _instead(_near_streams(store, stream))


def _unknown_group(store: Store, stream: str) -> str | None:
    """A group is there once somebody said something of it, or a run is in it."""
    if next(iter(store.log.entries(stream)), None) is not None:
        return None
    name = stream.partition("/")[2]
    groups = set() if store.read_models is None else {group for group in _groups_of_runs(store.read_models) if group}
    if name in groups:
        return None
    near = [*_near_streams(store, stream), *(f"group/{near}" for near in near_names(name, sorted(groups)))]
    return f"the log has no event of {stream!a:.80}, and no run in it" + _instead(list(dict.fromkeys(near)))


def _groups_of_runs(read_models: ReadModels) -> Iterator[str | None]:
    for summary in islice(read_models.summaries("run"), MAX_COMPARED_NAMES):
        with suppress(msgspec.MsgspecError):  # an altered read model may hold anything
            group = msgspec.json.decode(summary, type=_InGroup).tags.get("group")
            yield None if group is None else str(group)


class _InGroup(msgspec.Struct):
    """A summary of a run, of which only the group is asked."""

    tags: dict[str, str | int | float | bool | None] = {}


def _unknown_run(store: Store, run: str) -> str | None:
    try:
        return _unknown_stream(store, run)
    except NoSuchLog:  # a laptop's log is made with the first event
        return f"the log has no event of {run!a:.80}"


def _model(store: Store, stream: str) -> ModelState:
    state = ModelState(stream)
    try:
        return folds.fold(state, store.log.entries(stream))
    except NoSuchLog:  # a laptop's log is made with the first event
        return state


def _near_streams(store: Store, stream: str) -> list[str]:
    return near_streams(store.log, store.read_models, stream)


def _instead(near: list[str]) -> str:
    return f", but of {_or(map(ascii, near))}" if near else ""


def _or(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
