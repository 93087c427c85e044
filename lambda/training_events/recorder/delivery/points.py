"""Metric points on their way into events: from the calls of `metric` to batches that fit into an event."""

from __future__ import annotations

from math import isfinite, isinf
from numbers import Complex, Real
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import json

from training_events.recorder.plain import plain
from training_events.recorder.reporting import log
from training_events.redaction.text import redacted_text
from training_events.times import from_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_POINTS = 1000
"""In one event."""
MAX_BYTES = 128 * 1024
"""In one event, about: half of what an event may have."""
MAX_NAME_LENGTH = 500
"""Characters of a metric's name. More is no name, and every point repeats it."""
_POINT_BYTES = 120
"""What a point takes besides its name, at most: value and step of 64 bits, and the time."""


class MetricCall(NamedTuple):
    """One call of `metric`, with the nanoseconds since 1970 at which it was made.

    `time` is when the value was measured, a 27-character text, where that is not when the call was made.
    """

    name: Any
    value: Any
    step: Any
    at_ns: int
    time: str | None = None


class PointBatcher:
    """Makes the data of MetricsRecorded. A value that is no number is left out, with one warning for each metric."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, int]] = {}
        self._warned: set[str] = set()

    def batches(self, calls: Iterable[MetricCall]) -> Iterator[tuple[dict[str, Any], int]]:
        """Data of events in the order of the calls, each with the time of its last point (nanoseconds since 1970)."""
        points: list[dict[str, Any]] = []
        room = MAX_BYTES
        last_ns = 0
        for call in calls:
            name, size = self._name_and_size(call.name)
            if (point := self._point(name, call)) is None:
                continue
            if points and (size > room or len(points) == MAX_POINTS):
                yield {"points": points}, last_ns
                points, room = [], MAX_BYTES
            points.append(point)
            room -= size
            last_ns = call.at_ns
        if points:
            yield {"points": points}, last_ns

    def _name_and_size(self, name: Any) -> tuple[str, int]:
        """The name as it is recorded, and the bytes that a point with it takes."""
        if type(name) is str and (known := self._names.get(name)):
            return known
        text = plain(name)
        text = redacted_text(original := text if isinstance(text, str) else str(text))
        if text != original:
            self._warn(text, "its name held what looks like a credential, which was not recorded")
        if len(text) > MAX_NAME_LENGTH:
            what = f"its name is {len(text)} characters long and was cut; allowed: {MAX_NAME_LENGTH}"
            self._warn(text[:MAX_NAME_LENGTH], what)
            text = text[:MAX_NAME_LENGTH]
        name_and_size = text, len(json.encode(text)) + _POINT_BYTES
        if type(name) is str:
            self._names[name] = name_and_size
        return name_and_size

    def _point(self, name: str, call: MetricCall) -> dict[str, Any] | None:
        if (value := _recordable(call.value)) is None:
            self._warn(name, f"{_why_left_out(call.value)}, and it was left out; allowed: a number")
            return None
        point = {"name": name, "time": call.time or from_nanoseconds(call.at_ns), "value": value}
        if (step := step_of(call.step)) is not None:
            point["step"] = step
        elif call.step is not None:
            self._warn(name, "a step is no finite number, and it was left out")
        return point

    def _warn(self, name: str, what: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            log.warning("metric %r: %s", name[:80], what)


def as_number(value: Any) -> Any:
    """The number that a value stands for now; a value that is none, or that has none of 64 bits, as it is.

    An array, a tensor or a series of one element stands for that element. A bool is 1 or 0, a Decimal or a Fraction the nearest
    float. A text is no number, even if it reads like one, and neither is a complex number.
    """
    if type(value) is int or type(value) is float:
        return value
    try:
        return _converted(value)
    except Exception:  # noqa: BLE001 - `PointBatcher` warns of what is no number
        return value


def _converted(value: Any) -> Any:
    if not isinstance(value, (int, float)):
        if getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M"):
            return value  # numpy's times: of some units their `item` is a count
        if _is_masked(value):
            return value  # its `item` is what lies below the mask
        value = _only_element(value)
    if isinstance(value, (str, bytes, bytearray)) or (isinstance(value, Complex) and not isinstance(value, Real)):
        return value
    try:
        return index(value)  # integers exactly
    except TypeError:
        number = float(value)
        return value if isinf(number) and value != number else number  # a Decimal may be larger than any float


def _is_masked(value: Any) -> bool:
    """Whether numpy's mask says that there is no value."""
    is_any = getattr(getattr(value, "mask", None), "any", None)  # of pandas `mask` is a method
    return is_any is not None and bool(is_any())


def _only_element(value: Any) -> Any:
    """Of an array of one element what Python has for it, without an import of its library. Anything else as it is."""
    try:
        return value.item() if hasattr(value, "item") else value.numpy().item()  # the second is TensorFlow's
    except Exception:  # noqa: BLE001 - it is no array, or has more elements than one
        return value


def step_of(given: Any) -> float | None:
    """A step as it is recorded; None if it is no finite number."""
    step = None if given is None else _recordable(as_number(given))
    return None if isinstance(step, str) else step


def _recordable(value: Any) -> float | str | None:
    """A number as it is recorded: exactly if 64 bits hold it, by name if it is not finite. None for what is no number."""
    if type(value) is int:
        if -(2**63) <= value < 2**64:
            return value
        try:
            return float(value)
        except OverflowError:
            return None
    if type(value) is not float:
        return None
    return value if isfinite(value) else str(plain(value))


def _why_left_out(value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray)):
        return "a value is text, which is no number even if it reads like one"
    if isinstance(value, int):
        return "a value is larger than any float"
    return f"a value is of type {type(value).__name__}"
