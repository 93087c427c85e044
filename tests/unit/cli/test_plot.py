"""The plot of a metric: its shape, and that it is never larger than it may be."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from training_events.catalogue.run import Point
from training_events.cli.plot import plot
from training_events.folds import metric

VALUES = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["NaN", "Infinity", "-Infinity"]))
STEPS = st.one_of(st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))


def metric_of(points):
    made: dict[str, metric.Metric] = {}
    taken = [Point("loss", value, step) for step, value in points]
    metric.add_points(made, taken, "2026-11-22T15:08:00.000000Z", attempt=1, goals={})
    return made["loss"]


@given(st.lists(st.tuples(STEPS, VALUES), min_size=1, max_size=100), st.integers(30, 200), st.integers(2, 12))
def test_it_fits_whatever_was_measured(points, width, height):
    lines = plot(metric_of(points), width, height)
    assert len(lines) == height + 1
    assert max(map(cell_len, lines)) <= width


def test_what_rises_ends_at_the_top_and_what_falls_at_the_bottom():
    *rising, axis = plot(metric_of([(step, float(step)) for step in range(5, 25)]), 40, 6)
    assert [line.split()[0] for line in (rising[0], rising[-1])] == ["24", "5"]
    assert axis.split() == ["5", "24"]
    assert rising[0][-1] != "\u2800" == rising[-1][-1]
    falling = plot(metric_of([(step, -float(step)) for step in range(20)]), 40, 6)
    assert falling[0][-1] == "\u2800" != falling[-2][-1]


def test_what_is_not_finite_leaves_a_gap():
    *lines, _ = plot(metric_of([(0, 1.0), (1, 1.0), (2, "NaN"), (3, 1.0), (4, 1.0)]), 42, 3)
    columns = ["".join(column) for column in zip(*(line[-40:] for line in lines), strict=True)]
    empty = [number for number, column in enumerate(columns) if set(column) == {"\u2800"}]
    assert empty == list(range(11, 29))
