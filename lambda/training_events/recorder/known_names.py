"""Holds the names in an event against what the catalogue and the log know: a log that cannot forget keeps a typing mistake too.

It is the client that asks. The log itself takes whatever a program says, and in any order: a promotion may well arrive before
the registration of its version.
"""

from __future__ import annotations

import re
import time
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from training_events import folds
from training_events.catalogue import CATALOGUE, any_stream
from training_events.catalogue.model import ModelPromoted, ModelRegistered, ModelRetired
from training_events.errors import Misused, NoSuchLog
from training_events.event import in_one_form
from training_events.folds.model import ModelState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from training_events.stores.opening import Store

_MAX_LISTED = 1000
"""How many names are looked through for near ones: the newest."""
_MAX_WALKED = 10_000
"""How many streams a laptop's log is asked for, beyond those that its read models have."""
_MAX_SHOWN = 5
_NEAR = 0.6
_NEAR_TYPE = 0.85
"""TrainingComplete is nearer to TrainingCompleted, CheckpointLoaded is further from CheckpointSaved: a type of one's own."""
_PAUSES_ON_A_BUS = (0.5, 1.0, 2.0)
"""In seconds: what was published a moment ago reaches the log within these."""
_BETWEEN_WORDS = re.compile(r"[\W_]+")


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
    alike = [name for name in names if name == type_ or _spelling(name) == _spelling(type_)]
    near = alike or get_close_matches(type_, names, _MAX_SHOWN, _NEAR_TYPE)
    if near:
        raise Misused(f"{type_!a:.80} is no event of a {kind}: {_or(names[name] for name in near)} is")


def has_names(fact: msgspec.Struct) -> bool:
    """Whether `check_names` asks the log about it."""
    if isinstance(fact, ModelRegistered):
        return fact.run is not None
    return isinstance(fact, (ModelPromoted, ModelRetired, *any_stream.FACTS))


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

    if isinstance(fact, (ModelPromoted, ModelRetired)) and fact.version is not None:
        version = str(fact.version)
        if (stream, version) not in said_here:
            raise_unless(lambda: _unknown_version(store, stream, version))
    if isinstance(fact, ModelPromoted) and (flaw := _other_spelling(store, stream, fact.stage)):
        raise Misused(flaw)
    for named, check in _checks_of_streams(store, stream, fact):
        if (named, None) not in said_here:
            raise_unless(check)


def _checks_of_streams(store: Store, stream: str, fact: msgspec.Struct) -> list[tuple[str, Callable[[], str | None]]]:
    """The streams that the log has to have, each with its check."""
    if isinstance(fact, any_stream.FACTS):
        return [(stream, partial(_unknown_stream, store, stream))]
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
    same = [name for name in known if _spelling(name) == _spelling(version)][:_MAX_SHOWN]
    near = same or get_close_matches(version, known, _MAX_SHOWN, _NEAR) or known[-_MAX_SHOWN:]
    return f"{stream} has no version {version!a:.80} that is registered, but {_or(map(ascii, near))}"


def _other_spelling(store: Store, stream: str, stage: str) -> str | None:
    model = _model(store, stream)
    used = {*model.stages, *(promotion.stage for promotion in model.promotions)}
    if stage in used:
        return None
    same = sorted(other for other in used if _spelling(other) == _spelling(stage))
    return f"{stream} has the stage {_or(map(ascii, same))}, not {stage!a:.80}" if same else None


def _unknown_stream(store: Store, stream: str) -> str | None:
    if next(iter(store.log.entries(stream)), None) is not None:
        return None
    return f"the log has no event of {stream!a:.80}" + _instead(_near_streams(store, stream))


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
    kind, _, name = stream.partition("/")
    names = dict.fromkeys(other.partition("/")[2] for other in _streams(store, kind))
    same = [other for other in names if _spelling(other) == _spelling(name)][:_MAX_SHOWN]
    return [f"{kind}/{near}" for near in same or get_close_matches(name, names, _MAX_SHOWN, _NEAR)]


def _streams(store: Store, kind: str) -> Iterator[str]:
    from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415 - sqlite3 is not needed for a bus

    try:
        if store.read_models is not None:
            for summary in islice(store.read_models.summaries(kind), _MAX_LISTED):
                yield msgspec.json.decode(summary)["stream"]
        if isinstance(store.log, SqliteLog):  # only a command brings its read models up to date
            yield from (stream for stream in islice(store.log.streams(), _MAX_WALKED) if stream.startswith(f"{kind}/"))
    except NoSuchLog:
        return


def _instead(near: list[str]) -> str:
    return f", but of {_or(map(ascii, near))}" if near else ""


def _spelling(name: str) -> str:
    """What two spellings of one name have in common."""
    return _BETWEEN_WORDS.sub("", in_one_form(name)).casefold()


def _or(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
