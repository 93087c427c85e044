"""A metric's curve is an outline of its points. It depends on them alone and has at most MAX_CURVE_POINTS points."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.canonical import canonical_json
from training_events.event import LogEntry
from training_events.folds.metric import MAX_CURVE_POINTS

from tests.support.histories import numbers

values = numbers | st.sampled_from(["NaN", "Infinity", "-Infinity"])


def batches_of(points: list[dict[str, Any]], draw: Any) -> list[bytes]:
    """The points in order, cut into the data of events at any places."""
    cuts = sorted(draw(st.lists(st.integers(0, len(points)), max_size=8)))
    return [canonical_json({"points": points[start:end]}) for start, end in zip([0, *cuts], [*cuts, len(points)], strict=True)]


@given(st.integers(1, 20 * MAX_CURVE_POINTS), st.lists(values, min_size=1, max_size=9), st.data())
def test_a_curve_keeps_every_nth_point_however_the_points_are_cut_into_events(
    count: int, some_values: list[float | str], data: st.DataObject
):
    """And wherever the state is stored and read back in between."""
    points = [{"name": "loss", "step": step, "value": some_values[step % len(some_values)]} for step in range(count)]
    state: Any = folds.empty("run/a")
    for number, batch in enumerate(batches_of(points, data.draw)):
        folds.fold(state, [LogEntry(f"2026-11-22T15:00:{number:02d}.000000Z#e", "", "MetricsRecorded", 1, batch.decode())])
        if data.draw(st.booleans()):
            state = folds.decode("run/a", folds.encode(state))
    curve = state.metrics["loss"].curve
    outline = [
        (point["step"], value if isinstance(value := point["value"], str) else float(f"{value:.6g}")) for point in points
    ]
    assert curve.points == outline[:: curve.every]
    assert len(curve.points) <= MAX_CURVE_POINTS
    assert curve.every == 1 or len(outline[:: curve.every // 2]) > MAX_CURVE_POINTS, (
        "the curve has as many points as it may have"
    )
