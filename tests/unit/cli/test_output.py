"""The text of what is printed: nothing that a terminal would obey, and durations that people read."""

import json

import pytest
from hypothesis import given
from training_events.reading.wording.text import printable, to_json
from training_events.reading.wording.times import duration

from tests.support.strategies import loose_text


@given(loose_text)
def test_what_a_terminal_would_obey_is_escaped(text):
    assert printable(text).isprintable()
    assert to_json(text).isprintable()
    assert json.loads(to_json({text: [text]})) == {text: [text]}


DURATIONS = {None: "-", 0.04: "0.0 s", 59.94: "59.9 s", 60: "1 min 0 s", 3599.6: "1 h 0 min", 90061: "25 h 1 min"}


@pytest.mark.parametrize("seconds", DURATIONS)
def test_durations(seconds):
    assert duration(seconds) == DURATIONS[seconds]
