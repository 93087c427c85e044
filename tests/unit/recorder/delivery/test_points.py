"""Points on their way into events: every number once and in order, in events that fit, whatever the training records."""

import logging
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import catalogue
from training_events.bus.envelope import to_envelope
from training_events.bus.publisher import MAX_REQUEST_BYTES
from training_events.canonical import canonical_json
from training_events.recorder.delivery import points as module
from training_events.recorder.delivery.journal import Journal
from training_events.recorder.delivery.points import MetricCall, PointBatcher, as_number, step_of

from tests.support.strategies import loose_text

numbers = st.floats() | st.integers(-(10**300), 10**300)
LONG = 10**5000
"""More digits than Python converts."""
names = st.sampled_from(["loss", "é" * 600, "\ud800"]) | loose_text


class Series:
    """As pandas has it: `item` gives its only element."""

    def __init__(self, values):
        self.values = values

    def item(self):
        [value] = self.values
        return value


class EagerTensor:
    """As TensorFlow has it: `numpy` gives an array."""

    def __init__(self, values):
        self.values = values

    def numpy(self):
        return np.array(self.values)


class Hostile:
    """It cannot be turned into anything."""

    def __repr__(self):
        raise ValueError

    __str__ = __index__ = __float__ = __repr__


def metric_calls(*given):
    return [MetricCall(name, value, step, 10**18 + at) for at, (name, value, step) in enumerate(given)]


def batches(*given):
    return [data["points"] for data, _ in PointBatcher().batches(metric_calls(*given))]


def recorded_value(given):
    [[point]] = batches(("loss", as_number(given), None))
    return point["value"]


@given(st.lists(st.tuples(names, numbers, st.none() | numbers), max_size=30))
def test_every_number_becomes_one_point_that_the_catalogue_can_read(given_calls):
    all_batches = batches(*given_calls)
    for batch in all_batches:
        text = canonical_json({"points": batch}).decode()
        catalogue.read("run/a", "MetricsRecorded", 1, text)
    times = [point["time"] for batch in all_batches for point in batch]
    assert times == sorted(times)
    assert len(times) == len(given_calls)


@given(st.lists(st.tuples(st.sampled_from(["a", "é" * 500, "x" * 10_000]), numbers, numbers), min_size=1, max_size=20))
def test_no_batch_is_larger_than_an_event_may_be(given_calls):
    for data, at in PointBatcher().batches(metric_calls(*given_calls * 100)):
        assert len(data["points"]) <= module.MAX_POINTS
        assert len(to_envelope(Journal("run/a").next_event("MetricsRecorded", data, at))) < MAX_REQUEST_BYTES


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (0.1, 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array(2.5), 2.5),
        (2**63, 2**63),
        (2**64, 2.0**64),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (np.float64("nan"), "NaN"),
        (np.longdouble("inf"), "Infinity"),
        (np.array([0.5]), 0.5),
        (np.ma.masked_array([0.5], mask=[False]), 0.5),
        (np.ma.masked_array([0.5]), 0.5),
        (np.array([[[3]]]), 3),
        (np.array([2**60 + 1]), 2**60 + 1),
        (np.bool_(True), 1),  # noqa: FBT003
        (False, 0),
        (Decimal("1.5"), 1.5),
        (Decimal("Infinity"), "Infinity"),
        (Fraction(1, 4), 0.25),
        (Series([0.5]), 0.5),
        (EagerTensor([[0.5]]), 0.5),
    ],
)
def test_numbers_of_every_type_are_recorded(given, recorded):
    assert recorded_value(given) == recorded
    assert type(recorded_value(given)) is type(recorded)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        *[(text, "text") for text in ("much", "0.5", b"0.5", bytearray(b"1"), np.str_("0.5"), np.array("0.5"))],
        *[(number, "larger than any float") for number in (10**400, -(10**400))],
        *[
            (number, type(number).__name__)
            for number in (Decimal("1e400"), Fraction(10**400), np.longdouble("1e4000"), np.clongdouble(1))
        ],
        *[(number, "complex") for number in (1j, np.complex64(1 + 2j), np.array([1 + 0j]))],
        *[(several, type(several).__name__) for several in (np.array([1.0, 2.0]), Series([1.0, 2.0]), np.array([]), [1])],
        *[(masked, type(masked).__name__) for masked in (np.ma.masked, np.ma.masked_array([0.5], mask=[True]))],
        *[(other, type(other).__name__) for other in (None, Hostile(), {"loss": 1.0}, object(), np.datetime64(3, "ns"))],
    ],
)
def test_a_value_that_is_no_number_is_left_out_with_one_warning_that_says_why(caplog, given, why):
    with caplog.at_level(logging.WARNING):
        [[point]] = batches(*[("loss", as_number(given), LONG)] * 3, ("loss", 1.0, 1))
    assert (point["value"], point["step"]) == (1.0, 1)
    assert len(caplog.records) == 1
    assert "'loss'" in caplog.text
    assert why in caplog.text


@pytest.mark.parametrize("step", ["first", math.nan, math.inf, pytest.param(LONG, id="long"), Hostile(), [1]])
def test_a_step_that_is_no_number_is_left_out_and_the_value_is_kept(caplog, step):
    assert step_of(step) is None
    assert [set(point) for [point] in batches(("loss", 1.0, step))] == [{"name", "time", "value"}]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("step", [0, 7, 0.5, np.int32(7), np.float32(0.5), True])
def test_steps_of_every_number_type_are_recorded(step):
    [[point]] = batches(("loss", 1.0, step))
    assert point["step"] == step


@pytest.mark.parametrize("name", [None, 3, ("a", 1), Hostile(), b"loss"])
def test_a_name_of_any_type_becomes_text(name):
    [[point]] = batches((name, 1.0, None))
    assert isinstance(point["name"], str)
