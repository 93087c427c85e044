"""Names that are near one that is not there: they are long, and typed from memory."""

from __future__ import annotations

import contextlib
import re
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from training_events.errors import NoSuchLog
from training_events.event import in_one_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels

MAX_NEAR_NAMES = 3
MAX_COMPARED_NAMES = 10_000
"""How many streams' names are compared, the newest first: this takes less than a second."""
_NEAR = 0.6
"""As difflib measures it: 1 is the same."""
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def near_names(name: str, names: Iterable[str], cutoff: float = _NEAR) -> list[str]:
    """Those that spell the same words in another way, else those that look alike, the nearest first, else those that go on.

    A run's id begins with its model's name, and ends in letters that nobody remembers.
    """
    known = list(names)
    same = [other for other in known if spelling(other) == spelling(name)]
    longer = (other for other in known if name and other.startswith(name))
    return (
        same[:MAX_NEAR_NAMES] or get_close_matches(name, known, MAX_NEAR_NAMES, cutoff) or list(islice(longer, MAX_NEAR_NAMES))
    )


def near_streams(log: EventLog, read_models: ReadModels | None, stream: str) -> list[str]:
    """The streams of the same kind with names that are near that of a stream of which the log has no event."""
    kind, _, name = stream.partition("/")
    streams = islice(_streams(log, read_models, kind), MAX_COMPARED_NAMES)
    names = dict.fromkeys(other.partition("/")[2] for other in streams)
    return [f"{kind}/{near}" for near in near_names(name, names)]


def spelling(name: str) -> str:
    """What two spellings of one name have in common."""
    return _BETWEEN_WORDS.sub("", in_one_form(name)).casefold()


def _streams(log: EventLog, read_models: ReadModels | None, kind: str) -> Iterator[str]:
    from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415 - sqlite3 is not needed for a bus

    with contextlib.suppress(NoSuchLog):
        for summary in () if read_models is None else read_models.summaries(kind):
            with contextlib.suppress(msgspec.MsgspecError):  # an altered read model may hold anything
                yield msgspec.json.decode(summary, type=_Named).stream
        if isinstance(log, SqliteLog):  # its newest streams may have no read model yet
            yield from (stream for stream in log.streams() if stream.startswith(f"{kind}/"))


class _Named(msgspec.Struct):
    stream: str
