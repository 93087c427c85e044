"""Whatever is passed to a recorder becomes JSON, and the same JSON in every process."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.canonical import canonical_json
from training_events.recorder.plain import MAX_DEPTH, plain, plain_text

from tests.support.paths import ROOT
from tests.support.python_values import anything
from tests.support.strategies import json_values


@given(anything)
def test_any_value_becomes_json(value):
    converted = plain(value)
    json.loads(canonical_json(converted))
    assert plain(converted) == converted
    canonical_json(plain_text(value))


@given(json_values)
def test_a_json_value_is_not_changed(value):
    assert canonical_json(plain(value)) == canonical_json(value)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (dict, list)) else 0


@given(anything)
def test_no_value_is_deeper_than_allowed(value):
    assert depth(plain(value)) <= MAX_DEPTH


lookalikes = st.sampled_from(
    [1, "1", "1 <builtins.int>", Decimal(2), "2", Fraction(2, 3), "2/3", None, "null", PurePosixPath("a"), "a"]
)


@given(st.dictionaries(lookalikes, st.integers(), max_size=8), st.randoms())
def test_the_order_of_keys_makes_no_difference_and_no_key_is_lost(value, chance):
    items = list(value.items())
    chance.shuffle(items)
    assert plain(dict(items)) == plain(value)
    assert sorted(plain(value).values()) == sorted(value.values())


ANOTHER_PROCESS = """
import pickle, sys
from training_events.canonical import canonical_json
from training_events.recorder.plain import plain
while True:
    text = canonical_json(plain(pickle.load(sys.stdin.buffer)))
    sys.stdout.buffer.write(b"%d\\n%b" % (len(text), text))
    sys.stdout.buffer.flush()
"""


@pytest.fixture(scope="module")
def another_process() -> Iterator[Callable[[Any], bytes]]:
    """The canonical JSON of a value in a process that orders texts otherwise: Python hashes them in another way there."""
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "7"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        values, texts = process.stdin, process.stdout

        def canonical_json_there(value: Any) -> bytes:
            pickle.dump(value, values)
            values.flush()
            return texts.read(int(texts.readline()))

        yield canonical_json_there
        process.kill()


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(anything | st.frozensets(st.text(max_size=3), max_size=20), min_size=1, max_size=20))
def test_another_process_makes_the_same_json(another_process, values):
    assert another_process(values) == canonical_json(plain(values))
