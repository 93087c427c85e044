"""What a shell completes beside commands and options: streams, runs, metrics and stages of the log at hand.

The shell asks while a person types. So there is an answer within about half a second, or none, and nothing is ever printed in
between. Anybody may have chosen a name: one that a shell would not take as it stands is not offered.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from heapq import merge
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec
import typer
from msgspec import Struct

from training_events.cli.bash_words import typed_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.reading.opening import Sources

VARIABLE = "_TRAINING_EVENTS_COMPLETE"
"""Typer's name for the environment variable by which a shell asks; it says which shell, and for what."""
MAX_OFFERED = 100
MAX_SECONDS = 0.4
"""How long the log may take to answer. Starting the program, with AWS's SDK where that is needed, is not in it."""
MAX_RUNS_READ = 200
"""Metrics and stages are those of so many runs and models, the newest."""
MAX_STREAMS_READ = 2000
"""Of a laptop's log, in which states may be older than its newest streams."""
_KEPT_BY_BASH = "_TRAINING_EVENTS_KEPT"
"""The environment variable with what stands before the word to complete without a blank: the names that are offered go on
from there."""
_PLAIN = re.compile(r"[\w@%+,./:=-]+")
"""What every shell takes literally. Typer's scripts let the shell evaluate what is offered, so this is also for safety."""


class _Summary(Struct):
    """What completion needs of a summary."""

    stream: str
    first_at: str
    hidden: bool = False
    model: str | None = None
    tags: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    hyperparameters: dict[str, Any] = {}
    stages: dict[str, Any] = {}


class _Version(Struct):
    registered_at: str | None = None


class _Versions(Struct):
    """What completion needs of a model's state."""

    versions: dict[str, _Version] = {}


def prepare_for_shell() -> None:
    """Keep quiet while a shell asks, and give bash's words to Typer as they were typed."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for as long as the program runs
    if os.environ[VARIABLE] == "complete_bash":
        words = os.environ.get("COMP_WORDS", "").split("\n")
        typed = typed_words(words, int(os.environ.get("COMP_CWORD", "0")))
        os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = "\n".join(typed.words), str(typed.current)
        os.environ[_KEPT_BY_BASH] = typed.kept


def streams(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest streams whose names begin so."""
    return _offered(ctx, lambda sources: _streams(sources, incomplete))


def hidden_streams(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest hidden streams whose names begin so."""
    return _offered(ctx, lambda sources: _streams(sources, incomplete, hidden=True))


def subjects(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest streams whose names begin so, and in the place of a model its versions, the newest first."""
    kept = os.environ.get(_KEPT_BY_BASH, "")
    names = _offered(ctx, lambda sources: _subjects(sources, kept + incomplete), kept + incomplete)
    return [name.removeprefix(kept) for name in names]


def runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest runs whose ids, or whose streams, begin so."""
    if incomplete.startswith("run/"):
        return _offered(ctx, lambda sources: _streams(sources, incomplete))
    ids = _offered(ctx, lambda sources: _streams(sources, f"run/{incomplete}"))
    return [stream.removeprefix("run/") for stream in ids]


def columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """The columns that the newest runs have, with what stands before the last comma."""
    before, comma, beginning = incomplete.rpartition(",")
    return [before + comma + name for name in _offered(ctx, _columns, beginning)]


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """The models that the newest runs train."""
    return _offered(ctx, lambda sources: _members(sources, "run", lambda run: [run.model or ""]), incomplete)


def groups(ctx: typer.Context, incomplete: str) -> list[str]:
    """The groups of the newest runs."""
    return _offered(ctx, lambda sources: _members(sources, "run", lambda run: [str(run.tags.get("group", ""))]), incomplete)


def stages(ctx: typer.Context, incomplete: str) -> list[str]:
    """The stages that models serve."""
    return _offered(ctx, lambda sources: _members(sources, "model", lambda model: model.stages), incomplete)


def recipes(incomplete: str) -> list[str]:
    """The recipes at the place that the environment names, if that is a folder: S3 may take its time."""
    from training_events.settings import Settings  # noqa: PLC0415 - only if a shell asks
    from training_events.training.recipe_store import open_recipes  # noqa: PLC0415

    with suppress(Exception):
        if not (place := Settings().recipes).startswith("s3:"):
            return [name for name in open_recipes(place).names() if name.startswith(incomplete) and _PLAIN.fullmatch(name)]
    return []


def _offered(ctx: typer.Context, find: Callable[[Sources], Iterable[str]], beginning: str = "") -> list[str]:
    """What is found in the log in time, in its order."""
    found: dict[str, None] = {}
    try:
        from training_events.reading.opening import open_sources  # noqa: PLC0415 - only if a shell asks

        sources = open_sources(ctx.params.get("log") or "")
    except Exception:  # noqa: BLE001 - no log is named, or not well
        return []

    def look() -> None:
        with suppress(Exception):  # no such log, no network: then there is nothing to offer
            for name in find(sources):
                if name.startswith(beginning) and _PLAIN.fullmatch(name):
                    found[name] = None
                if len(found) >= MAX_OFFERED:
                    return

    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(MAX_SECONDS)
    return list(found)[:MAX_OFFERED]


def _streams(sources: Sources, beginning: str, *, hidden: bool = False) -> Iterator[str]:
    from training_events.event import STREAM_KINDS  # noqa: PLC0415 - only where a shell asks
    from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415

    kinds = [kind for kind in STREAM_KINDS if f"{kind}/".startswith(beginning) or beginning.startswith(f"{kind}/")]
    for summary in merge(*(_summaries(sources, kind) for kind in kinds), key=lambda it: it.first_at, reverse=True):
        if summary.stream.startswith(beginning) and summary.hidden == hidden:
            yield summary.stream
    if isinstance(sources.log, SqliteLog) and not hidden:
        known = {} if sources.read_models is None else set(sources.read_models.streams())
        newer = (stream for stream in islice(sources.log.streams(), MAX_STREAMS_READ) if stream not in known)
        yield from (stream for stream in newer if stream.startswith(beginning))


def _subjects(sources: Sources, beginning: str) -> Iterator[str]:
    for stream in _streams(sources, beginning.partition("@")[0]):
        if not stream.startswith("model/"):
            yield stream
        elif sources.read_models is not None and (model := sources.read_models.get(stream)) is not None:
            versions = msgspec.json.decode(model.state, type=_Versions).versions
            newest_first = sorted(versions, key=lambda name: versions[name].registered_at or "", reverse=True)
            yield from (f"{stream}@{name}" for name in newest_first)


def _columns(sources: Sources) -> Iterator[str]:
    from training_events.reading.search.values import ATTRIBUTES  # noqa: PLC0415

    yield from ATTRIBUTES
    yield from _members(sources, "run", _named_values)


def _named_values(run: _Summary) -> Iterator[str]:
    for kind, values in (("metrics", run.metrics), ("params", run.hyperparameters), ("tags", run.tags)):
        yield from (f"{kind}.{name}" for name in values)


def _members(sources: Sources, kind: str, members: Callable[[_Summary], Iterable[str]]) -> Iterator[str]:
    for summary in islice(_summaries(sources, kind), MAX_RUNS_READ):
        yield from members(summary)


def _summaries(sources: Sources, kind: str) -> Iterator[_Summary]:
    encoded = () if sources.read_models is None else sources.read_models.summaries(kind)
    return (msgspec.json.decode(summary, type=_Summary) for summary in encoded)
