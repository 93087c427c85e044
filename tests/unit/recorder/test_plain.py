"""Python values of many types, and the JSON that is recorded of each."""

import argparse
import math
from collections import UserDict, deque
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from training_events.canonical import canonical_json
from training_events.recorder.plain import MAX_BITS, MAX_TEXT, MAX_VALUES, plain, plain_text

from tests.support.python_values import Color, Level, Options, Pair, Raises, Silent
from tests.support.records import NESTED, NESTED_JSON


class Gauge:
    def __str__(self):
        return f"<Gauge 0x{id(self):x} on <object at 0x7f00deadbeef>>"


def function():
    """It is recorded by its name."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (np.float32("nan"), "NaN"),
        (np.int64(3), 3), (np.bool_(True), True), (np.array(0.5), 0.5), (np.array([[1, 2]]), [[1, 2]]),  # noqa: FBT003
        (np.zeros((100, 100)), "<numpy.ndarray of shape (100, 100)>"), (np.datetime64("2026-11-22"), "2026-11-22"),
        (Path("data/x.csv"), "data/x.csv"), (Decimal("0.10"), "0.10"), (Color.RED, "red"), (Level.LOW, 1),
        (datetime(2026, 11, 22, 15, 8, tzinfo=UTC), "2026-11-22T15:08:00+00:00"),
        (argparse.Namespace(rate=0.1, sizes=(1, 2)), {"rate": 0.1, "sizes": [1, 2]}),
        (Options(0.1, {"b", "a"}), {"rate": 0.1, "more": ["a", "b"]}), (Pair(1, None), {"left": 1, "right": None}),
        ({1: "a", (1, 2): "b", None: "c", True and 2.5: "d"}, {"1": "a", "[1,2]": "b", "null": "c", "2.5": "d"}),
        ({1: "number", "1": "text"}, {"1": "text", "1 <builtins.int>": "number"}),
        (UserDict({"a": 1}), {"a": 1}), (deque([1]), [1]), ({}.keys(), []), (range(3), "range(0, 3)"),
        (b"abc", "<3 bytes, sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad>"),
        ("half \ud83d", "half \\ud83d"), ({"\udfff": 1}, {"\\udfff": 1}),
        (Raises(), "<tests.support.python_values.Raises>"), (Silent(), "<tests.support.python_values.Silent object>"),
        (Gauge(), "<Gauge on <object>>"), (function, f"{__name__}.function"), (Silent, "tests.support.python_values.Silent"),
        (ValueError("why"), "why"), (ValueError(), "<builtins.ValueError>"),
        (2**MAX_BITS - 1, 2**MAX_BITS - 1), (-(2**MAX_BITS), hex(-(2**MAX_BITS))),
    ],
)  # fmt: skip
def test_the_json_of_a_value(value, expected):
    assert plain(value) == expected


def test_an_estimator_is_recorded_with_its_parameters():
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - takes seconds, also where tests are only collected

    assert plain({"estimator": SGDClassifier(alpha=0.5)}) == {"estimator": "SGDClassifier(alpha=0.5)"}


def test_a_cycle_or_too_much_depth_ends_in_a_text():
    value: list = [1]
    value.append(value)
    assert plain(value) == [1, "<cycle>"]
    twice = [1]
    assert plain([twice, twice]) == [[1], [1]]
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    assert "<too deep>" in plain_text(deep)


def test_a_value_that_is_too_large_is_cut():
    value: list = []
    for _ in range(31):
        value = [value, value]
    text = canonical_json(plain(value))
    assert b"<too much>" in text
    assert text.count(b"[") <= MAX_VALUES
    assert plain("a" * 10**6) == "a" * 10**6
    assert len(plain(type("Long", (), {"__str__": lambda _: "a" * 10**6})())) == MAX_TEXT + 1


def test_records_inside_each_other_are_recorded_by_their_fields():
    assert plain([NESTED]) == [NESTED_JSON]


def test_one_text_of_a_value_with_names_holds_no_credential():
    """As a key of an object, or the address of a dataset: later its names are only text."""
    assert (
        plain_text({"hub": {"api_tokens": ["hush", {"a": "hush"}]}, "rate": 0.1}) == '{"hub":{"api_tokens":"***"},"rate":0.1}'
    )


def test_a_token_is_masked_before_a_long_text_is_cut():
    """Half of it would no longer look like one."""
    text = "x" * (MAX_TEXT - 10) + " ghp_" + "a1B2" * 9
    assert "ghp_" not in plain(ValueError(text))


def test_an_iterator_is_not_used_up():
    numbers = (number for number in [1, 2])
    assert plain(numbers) == "<generator object test_an_iterator_is_not_used_up.<locals>.<genexpr>>"
    assert list(numbers) == [1, 2]
