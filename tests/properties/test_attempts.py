"""Of a run that was started several times only the points that no later attempt took back make its metrics."""

import json
from typing import Any, NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st
from training_events import folds
from training_events.canonical import canonical_json
from training_events.event import LogEntry
from training_events.folds.headline import headlines
from training_events.folds.metric import MAX_CURVE_POINTS, Metric
from training_events.folds.standing import is_known, standing_metrics

from tests.support.histories import numbers

values = st.integers(0, 9) | numbers | st.sampled_from(["NaN", "Infinity"])


class Measured(NamedTuple):
    attempt: int
    step: int | None
    value: Any


points = st.tuples(st.none() | st.integers(0, 9), values)
starts = st.just(None)
late_points = st.tuples(st.integers(1, 4), st.integers(0, 9), values)
"""Of a process whose attempt a later one has superseded."""
lives = st.lists(points | starts | late_points, min_size=1, max_size=60)


def entries_of(life: list[Any]) -> tuple[list[LogEntry], list[Measured]]:
    """The events of a life, one a second, and what each attempt has measured."""
    entries, measured, attempt = [], [], 1
    for number, told in enumerate([None, *life]):
        if told is None:
            attempt += number > 0
            type_, data, by = "TrainingStarted", {}, attempt
        else:
            by, step, value = told if len(told) == 3 else (attempt, *told)
            by = min(by, attempt)
            point = {"name": "loss", "value": value, **({} if step is None else {"step": step})}
            type_, data = "MetricsRecorded", {"points": [point]}
            measured.append(Measured(by, step, value))
        at = f"2026-11-22T15:{number // 60:02d}:{number % 60:02d}.000000Z"
        producer = canonical_json({"id": f"p{by}", "sequence": number + 1}).decode()
        entries.append(LogEntry(f"{at}#e", at, type_, 1, canonical_json(data).decode(), producer))
    return entries, measured


def standing(measured: list[Measured]) -> list[Measured]:
    """The definition, point by point."""

    def takes_back(later: Measured, point: Measured) -> bool:
        return later.attempt > point.attempt and (point.step is None or later.step is None or later.step <= point.step)

    in_time = [
        point
        for number, point in enumerate(measured)
        if all(before.attempt <= point.attempt for before in measured[:number])  # its process was not superseded by then
    ]
    return [point for point in in_time if not any(takes_back(later, point) for later in in_time)]


class _Timed(NamedTuple):
    point: Measured
    at: str

    def stands_among(self, measured: list[Measured]) -> bool:
        return any(self.point is point for point in standing(measured))


def readings(metric: Metric) -> list[Any]:
    known = (metric.first, metric.last, metric.min, metric.max, metric.best)
    return [reading and (reading.step, reading.value) for reading in known]


def expected_readings(points: list[Measured]) -> list[Any]:
    finite = [point for point in points if not isinstance(point.value, str)]
    low = min(finite, key=lambda point: point.value, default=None)
    high = max(finite, key=lambda point: point.value, default=None)
    return [point and (point.step, point.value) for point in (points[0], points[-1], low, high, low)]


def outline(points: list[Measured]) -> list[tuple[Any, Any]]:
    return [(p.step, p.value if isinstance(p.value, str) else float(f"{p.value:.6g}")) for p in points]


@given(lives)
@example([(step, 9 - step) for step in range(10)] + [None] + [(5, 8)])
@example([(5, 1), None, (7, 2), (6, 3), (5, 4)])
@example([(5, 3), None, (7, 2), (1, 0, 0), None, (3, 1)])
@example([(0, 1), None, None, (9, 4), (2, 3, "NaN")])
def test_the_metrics_are_those_of_the_points_that_stand(life: list[Any]):
    entries, measured = entries_of(life)
    state: Any = folds.fold(folds.empty("run/a"), entries)
    assert [attempt.number for attempt in state.attempts] == list(range(1, life.count(None) + 2))
    if not measured:
        return
    stand = standing(measured)
    [exact] = standing_metrics("run/a", lambda: entries).values()
    assert readings(exact) == expected_readings(stand)
    assert exact.curve.points == outline(stand)[:: exact.curve.every]
    metric = state.metrics["loss"]
    assert (metric.points, exact.points) == (len(measured), len(measured))
    assert set(metric.curve.points) <= set(outline(stand))
    if is_known(state):
        assert readings(metric) == expected_readings(stand)
    for reading in (metric.first, metric.last, metric.min, metric.max):
        assert reading is None or (reading.step, reading.value) in [(point.step, point.value) for point in stand]


@given(lives, st.lists(st.integers(0, 3), min_size=60, max_size=60))
@example([(3, 1), (1, 2), None, (0, 5), (2, "NaN"), (1, 7)], [0] * 60)
@example([(0, 1), (0, 2), (0, 0)], [2, 1, 1] * 20)
def test_the_latest_point_is_that_of_the_highest_step_then_time_then_value(life: list[Any], seconds: list[int]):
    """As MLflow has it: a point without a step has step 0 there, and NaN counts as 0. All other points are earlier."""
    entries, measured = entries_of(life)
    times = iter(seconds)
    points_at, timed = [], []
    for entry in entries:
        if entry.type == "MetricsRecorded":
            [point] = json.loads(entry.data)["points"]
            point["time"] = f"2026-11-22T14:00:0{next(times)}.000000Z"
            points_at.append(point["time"])
            timed.append(entry._replace(data=canonical_json({"points": [point]}).decode()))
        else:
            timed.append(entry)
    state: Any = folds.fold(folds.empty("run/a"), timed)
    if not measured:
        return

    def order(at: str, step: int | None, value: Any) -> tuple[Any, ...]:
        return step or 0, at, 0.0 if value == "NaN" else float(value)

    stand = [point for point in map(_Timed._make, zip(measured, points_at, strict=True)) if point.stands_among(measured)]
    metric = state.metrics["loss"]
    latest = metric.latest or metric.last
    assert order(latest.at, latest.step, latest.value) == max(order(at, it.step, it.value) for it, at in stand)
    if metric.latest is not None:
        assert order(latest.at, latest.step, latest.value) > order(metric.last.at, metric.last.step, metric.last.value)
    [exact] = standing_metrics("run/a", lambda: timed).values()
    assert (exact.latest, headlines(state.metrics)["loss"].latest) == (metric.latest, latest.value)


@given(lives, st.data())
def test_a_state_of_attempts_continues_from_wherever_it_was_stored(life: list[Any], data: st.DataObject):
    entries, _ = entries_of(life)
    state = folds.empty("run/a")
    for entry in entries:
        if data.draw(st.booleans()):
            state = folds.decode("run/a", folds.encode(state))
        folds.fold(state, [entry])
    assert folds.encode(state) == folds.encode(folds.fold(folds.empty("run/a"), entries))


@given(st.integers(1, 500), st.integers(1, 400), st.lists(st.integers(-1000, 1000), min_size=5, max_size=40))
def test_a_resumed_training_that_gets_better_needs_no_log(steps: int, resumed: int, some: list[int]):
    """The usual life: as soon as it is better than ever, nothing that was taken back matters."""
    first = [(step, 2000 + some[step % len(some)]) for step in range(steps)]
    again = [(step, 5000 - step + some[step % len(some)]) for step in range(resumed, resumed + 5)]
    entries, measured = entries_of([*first, None, *again, (resumed + 5, -1), (resumed + 6, 9999)])
    state: Any = folds.fold(folds.empty("run/a"), entries)
    assert is_known(state)
    assert readings(state.metrics["loss"]) == expected_readings(standing(measured))
    assert len(state.metrics["loss"].curve.points) <= MAX_CURVE_POINTS
