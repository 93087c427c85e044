"""Hyperparameters in whatever a program keeps them: each value by itself, and what cannot be read is named once."""

import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from training_events.recorder.pinning.hyperparameters import hyperparameters

from tests.support.records import (
    NESTED,
    NESTED_JSON,
    Config,
    Defaults,
    ListConfig,
    Model,
    Options,
    Row,
    Slotted,
    Spec,
    WithSlots,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rate": 0.1}, {"rate": 0.1}),
        (Config({"rate": 0.1, "db": {"port": 1}}), {"rate": 0.1, "db": {"port": 1}}),
        (Row(rate=0.1, size=3), {"rate": 0.1, "size": 3}),
        (Slotted(0.1), {"rate": 0.1, "more": None}),
        (Model.model_validate({"rate": 0.1, "extra": 1}), {"rate": 0.1, "more": None, "extra": 1}),
        (Spec(0.1), {"rate": 0.1, "more": None}),
        (Options(Path("x")), {"rate": "x", "more": None}),
        (NESTED, NESTED_JSON),
        (WithSlots(0.1), {"rate": 0.1}),
        (Defaults, {"rate": 0.1, "sizes": [1, 2]}),
        (Defaults(), {"rate": 0.1, "sizes": [1, 2]}),
        (SimpleNamespace(rate=0.1), {"rate": 0.1}),
        (["lr=0.1", 2], {"0": "lr=0.1", "1": 2}),
        ([("rate", 0.1), ("size", 3)], {"rate": 0.1, "size": 3}),
        ([("rate", 0.1), ("rate", 2)], {"0": ["rate", 0.1], "1": ["rate", 2]}),
        ('{"rate": 0.1, "rate": 2}', {"hyperparameters": '{"rate": 0.1, "rate": 2}'}),
        ({"rate": np.ma.masked, "size": np.array(3)}, {"rate": None, "size": 3}),
        ([], {}),
        ('{"rate": 0.1}', {"rate": 0.1}),
        ('[["rate", 0.1]]', {"rate": 0.1}),
        ("rate=0.1", {"hyperparameters": "rate=0.1"}),
        ("7", {"hyperparameters": "7"}),
    ],
)
def test_each_value_is_recorded_by_itself(given, expected):
    unreadable: list[str] = []
    assert hyperparameters(given, unreadable) == expected
    assert unreadable == []


def test_a_row_of_a_database_is_recorded_by_its_names():
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    row = database.execute("SELECT 0.1 AS rate, 3 AS size").fetchone()
    database.close()
    assert hyperparameters(row, []) == {"rate": 0.1, "size": 3}


def test_a_value_that_cannot_be_read_is_named_and_the_rest_is_there():
    unreadable: list[str] = []
    config = Config({"rate": 0.1, "db": {"host": "$nowhere", "port": 1}, "sizes": ListConfig(1, "$nowhere", 3)})
    assert hyperparameters(config, unreadable) == {
        "rate": 0.1,
        "db": {"host": "<InterpolationError>", "port": 1},
        "sizes": [1, "<InterpolationError>", 3],
    }
    assert unreadable == ["db.host cannot be read (InterpolationError)", "sizes.1 cannot be read (InterpolationError)"]


def test_a_field_of_a_record_that_cannot_be_read_is_named_and_the_rest_is_there():
    half_made = Options.__new__(Options)
    half_made.more = {"a": 1}
    unreadable: list[str] = []
    assert hyperparameters({"options": half_made}, unreadable) == {"options": {"rate": "<AttributeError>", "more": {"a": 1}}}
    assert unreadable == ["options.rate cannot be read (AttributeError)"]


@pytest.mark.parametrize("given", [7, 0.5, True, object()])
def test_what_has_no_parts_is_refused(given):
    with pytest.raises(TypeError, match=f"a value of type {type(given).__name__} has no parts; allowed: a mapping"):
        hyperparameters(given, [])


def test_a_text_of_json_is_the_same_as_its_value():
    value = {"rate": 0.1, "layers": [{"size": 3}]}
    assert hyperparameters(json.dumps(value), []) == value
