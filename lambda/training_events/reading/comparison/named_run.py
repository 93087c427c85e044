"""A run as it is named for a comparison: `run/digits-7`, `digits-7`, or one of its attempts, `digits-7@2`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from training_events.errors import Misused
from training_events.event import STREAM_KINDS
from training_events.reading.states import state_of
from training_events.reading.stream_names import stream_of_kind
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from training_events.folds.attempts import Attempt
    from training_events.folds.run_state import RunState
    from training_events.reading.opening import Sources

_ATTEMPT = re.compile(r"(?P<run>.+)@(?P<number>[1-9][0-9]{0,8})", re.DOTALL)


class NamedRun(NamedTuple):
    """A run, or an attempt of it, and its state up to the time `as_of`, or up to now."""

    name: str
    attempt: Attempt | None
    state: RunState
    as_of: str | None


def named_run(sources: Sources, name: str, *, as_of: str | None, known_at: str | None) -> NamedRun:
    """Raises NoSuchStream, and Misused for what is no run, or no attempt of it.

    An attempt has the state that its run had when the next one started: with what it went on from.
    """
    kind, slash, _ = name.partition("/")
    if slash and kind != "run" and kind in STREAM_KINDS:
        raise Misused(f"{name!a:.80} is a {kind}; allowed: runs, as run/<id>, or an attempt of one, as run/<id>@2")
    stream = stream_of_kind(sources.log, "run", name)
    found = _ATTEMPT.fullmatch(stream)
    if found is None or next(iter(sources.log.entries(stream)), None) is not None:  # a run may be called `a@2`
        state = _state(sources, stream, as_of, known_at)
        return NamedRun(_id(stream), None, state, as_of)
    return _attempt(sources, found["run"], int(found["number"]), as_of, known_at)


def _attempt(sources: Sources, stream: str, number: int, as_of: str | None, known_at: str | None) -> NamedRun:
    state = _state(sources, stream, as_of, known_at)
    attempts = {attempt.number: attempt for attempt in state.attempts}
    if number not in attempts:
        raise Misused(f"{stream!a:.80} has no attempt {number}; allowed: {_numbers(attempts)}")
    if (following := attempts.get(number + 1)) is not None:
        as_of = _just_before(following.started_at)
        state = _state(sources, stream, as_of, known_at)
        if state.starts < number:
            raise Misused(
                f"attempts {number} and {number + 1} of {stream!a:.80} started at the same moment: no state lies between"
            )
    return NamedRun(f"{_id(stream)}@{number}", attempts[number], state, as_of)


def _numbers(attempts: Collection[int]) -> str:
    if not attempts:
        return "none, because its training has not started"
    first, last = min(attempts), max(attempts)
    return str(first) if first == last else f"{first} to {last}"


def _state(sources: Sources, stream: str, as_of: str | None, known_at: str | None) -> RunState:
    return cast("RunState", state_of(sources, stream, as_of=as_of, known_at=known_at))


def _id(stream: str) -> str:
    return stream.partition("/")[2]


def _just_before(time: str) -> str:
    return to_utc_text((datetime.fromisoformat(time) - timedelta(microseconds=1)).isoformat())
