"""The summaries of all streams of a kind: those of now are kept beside the log, those of the past are folded from it."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec
from msgspec.structs import replace

from training_events.errors import NoSuchStream, TrainingEventsError
from training_events.folds import VERSION, kind_of
from training_events.folds.headline import headlines
from training_events.folds.summary import DatasetSummary, GroupSummary, ModelSummary, RunSummary, summary_of
from training_events.folds.summary import Summary as Summary  # noqa: PLC0414 - what this room returns
from training_events.projection.rebuild import StreamFolds
from training_events.projection.time_travel import metrics_at, state_at, state_now
from training_events.reading.opening import require_read_models
from training_events.reading.states import state_of
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.reading.opening import Sources
    from training_events.stores.event_log import EventLog

_S = TypeVar("_S", bound=Summary)
SUMMARIES: dict[str, type[Summary]] = {
    "run": RunSummary,
    "model": ModelSummary,
    "dataset": DatasetSummary,
    "group": GroupSummary,
}


MAX_READ_ALONE = 200
"""Up to so many streams of a kind are read one by one for a list of the past, and not the whole log."""


def summaries_of(
    sources: Sources, kind: str, *, as_of: str | None = None, known_at: str | None = None, few: bool = False
) -> Iterator[Summary]:
    """The summaries of a kind (`run`), the newest first, by their first event. Times are 27-character texts.

    Those of a time are folded from the log, which reads all of it, unless the kind has few streams, or `few` says that the
    caller takes only the first ones. Those of now that earlier folds made are folded from the log one by one, until
    `training-events rebuild` renews them. Raises BadLogUrl where the log's address names no read models, for those of now.
    """
    if as_of is None and known_at is None:
        read_models, _ = require_read_models(sources)
        for encoded in read_models.summaries(kind):
            yield current_summary(sources, encoded, kind)
    elif few and as_of is not None and known_at is None and sources.read_models is not None:
        # its first event tells where a stream stands in the list, and whether it was there by then
        current = (_decoded(encoded, kind) for encoded in sources.read_models.summaries(kind))
        yield from _Past(sources, kind, as_of, known_at).one_by_one(it.stream for it in current if it.first_at <= as_of)
    else:
        past, streams = _Past(sources, kind, as_of, known_at), _few_streams(sources, kind)
        found = past.summaries() if streams is None else past.one_by_one(streams)
        yield from sorted(found, key=lambda summary: (summary.first_at, summary.stream), reverse=True)


def _few_streams(sources: Sources, kind: str) -> list[str] | None:
    """The streams of a kind that has few; None if it has more, or no read model tells."""
    if sources.read_models is None:
        return None
    encoded = list(islice(sources.read_models.summaries(kind), MAX_READ_ALONE + 1))
    return [_decoded(summary, kind).stream for summary in encoded] if len(encoded) <= MAX_READ_ALONE else None


def current_summary(sources: Sources, stored: bytes, kind: str) -> Summary:
    """A stored summary of this kind, with what earlier folds did not keep, and the metrics that only the log knows."""
    return _with_known_metrics(sources.log, _renewed(sources, _decoded(stored, kind)))


def whole_summary(sources: Sources, summary: _S, *, as_of: str | None = None, known_at: str | None = None) -> _S:
    """The summary with all that was recorded: from the state, where there was too much for a summary."""
    if summary.whole:
        return summary
    try:
        state = state_of(sources, summary.stream, as_of=as_of, known_at=known_at)
    except NoSuchStream:  # only an altered log has lost it
        return summary
    return cast("_S", summary_of(state, bounded=False))


def _decoded(summary: bytes, kind: str) -> Summary:
    try:
        return msgspec.json.decode(summary, type=SUMMARIES[kind])
    except msgspec.MsgspecError as flaw:
        raise TrainingEventsError(f"a read model is of another version ({flaw}): `training-events rebuild` renews it") from None


def _renewed(sources: Sources, summary: Summary) -> Summary:
    """The summary; folded from the log if earlier folds made it, which did not keep all that is in one today."""
    if summary.folded_by >= VERSION:
        return summary
    try:
        return summary_of(state_now(sources.log, sources.read_models, summary.stream))
    except NoSuchStream:  # only an altered log has lost it
        return summary


def _with_known_metrics(log: EventLog, summary: Summary, as_of: str | None = None, known_at: str | None = None) -> Summary:
    """The summary; with metrics from the log if only that knows which of a run's points stand."""
    if not isinstance(summary, RunSummary) or summary.metrics_known:
        return summary
    return replace(summary, metrics=headlines(metrics_at(log, summary.stream, as_of=as_of, known_at=known_at)))


class _Past:
    """Folds streams of a kind up to a time."""

    def __init__(self, sources: Sources, kind: str, as_of: str | None, known_at: str | None) -> None:
        self._log, self._read_models = sources.log, sources.read_models
        self._kind, self._as_of, self._known_at = kind, as_of, known_at

    def one_by_one(self, streams: Iterable[str]) -> Iterator[Summary]:
        """Those of these streams that had an event by then, each from its own events."""
        for stream in streams:
            with suppress(NoSuchStream):
                yield self._summary(self._state(stream))

    def _state(self, stream: str) -> State:
        if self._known_at is None and self._as_of is not None:
            state = state_now(self._log, self._read_models, stream)
            if state.last_at <= self._as_of:  # nothing has happened since
                return state
        return state_at(self._log, stream, as_of=self._as_of, known_at=self._known_at)

    def summaries(self) -> Iterator[Summary]:
        """Those of all streams, in one pass over the log."""
        states: dict[str, Summary | None] = {}
        for stream, state in self._folded():
            # a stream that comes in pieces, or out of order, is read by itself
            states[stream] = None if state is None or stream in states else self._summary(state)
        for stream, summary in states.items():
            if summary is not None:
                yield summary
                continue
            with suppress(NoSuchStream):  # its pieces may be no events at all
                yield self._summary(state_at(self._log, stream, as_of=self._as_of, known_at=self._known_at))

    def _folded(self) -> Iterator[tuple[str, State | None]]:
        streams = StreamFolds("")
        for page in self._log.scan(0, 1):
            yield from streams.take(pair for pair in page.entries if self._is_asked_for(*pair))
        yield from streams.rest()

    def _is_asked_for(self, stream: str, entry: LogEntry) -> bool:
        return (
            kind_of(stream) == self._kind
            and (self._as_of is None or entry.position[:TEXT_LENGTH] <= self._as_of)
            and (self._known_at is None or entry.recorded_at <= self._known_at)
        )

    def _summary(self, state: State) -> Summary:
        return _with_known_metrics(self._log, summary_of(state), self._as_of, self._known_at)
