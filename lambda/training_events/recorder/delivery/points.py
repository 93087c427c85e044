"""Metric points on their way into events: as the training says them, and in batches that fit."""

from __future__ import annotations

from math import isfinite
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import json

from training_events.recorder.plain import plain
from training_events.recorder.reporting import log
from training_events.times import from_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_POINTS = 1000
"""In one event."""
MAX_BYTES = 128 * 1024
"""In one event, about: half of what an event may have."""
MAX_NAME_LENGTH = 500
"""Characters of a metric's name: more is no name, and it is said with every point."""
_POINT_BYTES = 120
"""What a point takes besides its name, at most: value and step of 64 bits, and the time."""


class MetricCall(NamedTuple):
    """One call of `metric`, with the nanoseconds since 1970 at which it was made."""

    name: Any
    value: Any
    step: Any
    at_ns: int


class Points:
    """Makes the data of MetricsRecorded. What is no number is left out, with one warning for each metric."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, int]] = {}
        self._warned: set[str] = set()

    def batches(self, said: Iterable[MetricCall]) -> Iterator[tuple[dict[str, Any], int]]:
        """Data of events in the order of what was said, each with the time of its last point (nanoseconds since 1970)."""
        points: list[dict[str, Any]] = []
        room = MAX_BYTES
        last_ns = 0
        for one in said:
            name, size = self._named(one.name)
            if (point := self._point(name, one)) is None:
                continue
            if points and (size > room or len(points) == MAX_POINTS):
                yield {"points": points}, last_ns
                points, room = [], MAX_BYTES
            points.append(point)
            room -= size
            last_ns = one.at_ns
        if points:
            yield {"points": points}, last_ns

    def _named(self, name: Any) -> tuple[str, int]:
        """The name as it is recorded, and the bytes that a point of it takes."""
        if type(name) is str and (known := self._names.get(name)):
            return known
        text = plain(name)
        text = text if isinstance(text, str) else str(text)
        if len(text) > MAX_NAME_LENGTH:
            what = f"its name is {len(text)} characters long and was cut; allowed: {MAX_NAME_LENGTH}"
            self._warn(text[:MAX_NAME_LENGTH], what)
            text = text[:MAX_NAME_LENGTH]
        found = text, len(json.encode(text)) + _POINT_BYTES
        if type(name) is str:
            self._names[name] = found
        return found

    def _point(self, name: str, said: MetricCall) -> dict[str, Any] | None:
        if (value := _value(said.value)) is None:
            kind = type(said.value).__name__
            self._warn(name, f"a value is of type {kind}, and it was left out; allowed: a number")
            return None
        point = {"name": name, "time": from_nanoseconds(said.at_ns), "value": value}
        if (step := step_of(said.step)) is not None:
            point["step"] = step
        elif said.step is not None:
            self._warn(name, "a step is no finite number, and it was left out")
        return point

    def _warn(self, name: str, what: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            log.warning("metric %r: %s", name[:80], what)


def number(value: Any) -> Any:
    """What stands for a number (numpy's, a tensor of one element) as the number it is now; else the value as it is."""
    for convert in (index, float):  # integers exactly
        try:
            return convert(value)
        except Exception:  # noqa: BLE001, S112 - told where points are put into events; the training goes on
            continue
    return value


def step_of(said: Any) -> float | None:
    """A step as it is recorded; none if it is no finite number."""
    step = None if said is None else _value(number(said))
    return None if isinstance(step, str) else step


def _value(said: Any) -> float | str | None:
    """A number as it is recorded: exactly where 64 bits hold it, by name where it is not finite; none if it is no number."""
    if type(said) is int:
        if -(2**63) <= said < 2**64:
            return said
        try:
            return float(said)
        except OverflowError:
            return "Infinity" if said > 0 else "-Infinity"
    if type(said) is not float:
        return None
    return said if isfinite(said) else str(plain(said))
