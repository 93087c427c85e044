"""The positions of the slider: the times at which something happened to what a page is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.json import Decoder

from training_events.reading.opening import require_read_models
from training_events.reading.stream_names import has_events
from training_events.times import is_utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training_events.reading.opening import Sources

MAX_POSITIONS = 1000
"""About as many as a slider has pixels. Of more times every n-th is a position; the field beside it takes any time."""


class Moments(Struct, frozen=True):
    """27-character times, each once, in order. `thinned` is whether there were more of either."""

    as_of: list[str]
    known_at: list[str]
    thinned: bool = False


def moments_of_streams(sources: Sources, streams: Iterable[str]) -> Moments:
    """When the events of these streams happened, and when the log took them."""
    occurred: set[str] = set()
    recorded: set[str] = set()
    for stream in streams:
        for moment in sources.log.moments(stream):
            occurred.add(moment.occurred_at)
            recorded.add(moment.recorded_at)
    return _moments(occurred, recorded)


class _Listed(Struct):
    """What the slider of a list needs of a summary."""

    stream: str
    first_at: str
    finished_at: str | None = None


def moments_of_kind(sources: Sources, kind: str) -> Moments:
    """The same of all streams of a kind. Of runs, which are many, it is when each began and when it ended.

    Raises BadLogUrl where the log's address names no read models.
    """
    read_models, _ = require_read_models(sources)
    decoder = Decoder(_Listed)
    listed = [decoder.decode(summary) for summary in read_models.summaries(kind)]
    if kind != "run":
        return moments_of_streams(sources, (each.stream for each in listed))
    times = {each.first_at for each in listed} | {each.finished_at for each in listed if each.finished_at is not None}
    return _moments(times, times)


def moments_of_runs(sources: Sources, names: Iterable[str]) -> Moments:
    """The same of runs as `compare` names them: by their ids, or with `@2` for an attempt."""
    streams = (f"run/{name.removeprefix('run/')}" for name in names)
    return moments_of_streams(
        sources, (stream if has_events(sources.log, stream) else stream.rpartition("@")[0] for stream in streams)
    )


def _moments(occurred: set[str], recorded: set[str]) -> Moments:
    as_of, known_at = (sorted(filter(is_utc_text, times)) for times in (occurred, recorded))
    thinned = max(len(as_of), len(known_at)) > MAX_POSITIONS
    return Moments(_thinned(as_of), _thinned(known_at), thinned)


def _thinned(times: Sequence[str]) -> list[str]:
    """At most MAX_POSITIONS of them, evenly, with the first and the last."""
    if len(times) <= MAX_POSITIONS:
        return list(times)
    step = (len(times) - 1) / (MAX_POSITIONS - 1)
    return [times[round(place * step)] for place in range(MAX_POSITIONS)]
