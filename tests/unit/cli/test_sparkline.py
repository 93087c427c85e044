"""Sparklines: the curve of a metric as one line of blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.canonical import canonical_json
from training_events.cli.sparkline import blocks, sparkline
from training_events.event import LogEntry
from training_events.folds.run_state import RunState

BLOCKS = "▁▂▃▄▅▆▇█"


def metric(*values):
    points = [{"name": "loss", "step": step, "value": value} for step, value in enumerate(values)]
    entry = LogEntry("2026-11-22T15:00:00.000000Z#e", "", "MetricsRecorded", 1, canonical_json({"points": points}).decode())
    return folds.fold(RunState("run/a"), [entry]).metrics["loss"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_higher_values_are_no_lower_blocks(values):
    drawn = [BLOCKS.index(letter) for letter in blocks(values)]
    in_order = [height for _, height in sorted(zip(values, drawn, strict=True))]
    assert in_order == sorted(in_order)
    if max(values) / 2 > min(values) / 2:
        assert (in_order[0], in_order[-1]) == (0, 7), "from the bottom to the top"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (range(8), BLOCKS),
        ([3, 3], "▅▅"),
        ([0, "NaN", "Infinity", "-Infinity", 1], "▁N↑↓█"),
        (["NaN"], "N"),
        ([-1.7e308, 1.7e308], "▁█"),
        ([0, 5e-324], "▅▅"),
        ([], ""),
    ],
)
def test_the_block_of_each_value(values, shown):
    assert blocks(values) == shown


def test_a_sparkline_ends_with_the_last_point():
    assert sparkline(metric(*[1] * 33, 2)) == "▁" * 17 + "█", "every second one of 34 points, and the last"
    assert sparkline(metric(*[1] * 32, 2)) == "▁" * 16 + "█", "every second one of 33 points, which includes the last"


def test_a_sparkline_says_how_many_points_are_not_finite():
    values: list[float | str] = [1.0] * 40
    values[1] = "NaN"
    assert sparkline(metric(*values)) == "▅" * 21 + "  1 of 40 not finite"


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, "NaN"]), min_size=2, max_size=200), st.integers(30, 80))
def test_a_sparkline_fits_a_width_and_still_says_how_many_are_not_finite(values, width):
    whole, cut = sparkline(metric(*values)), sparkline(metric(*values), width)
    curve, _, missing = cut.partition("  ")
    _, _, whole_missing = whole.partition("  ")
    assert missing == whole_missing
    assert len(cut) <= width or len(curve) == 8
    if len(whole) <= width:
        assert cut == whole
