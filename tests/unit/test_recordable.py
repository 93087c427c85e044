"""What an event may hold to be recorded. tests/contract/test_recordable.py shows that every log and recorder holds to it."""

import pytest
from training_events.errors import BadField, IntegerTooLong, TooDeep
from training_events.event import Event, Producer
from training_events.recordable import MAX_DIGITS, MAX_SOURCE_CHARACTERS, MAX_TYPE_CHARACTERS, check_recordable

from tests.support.nesting import nested

LONGEST = 10**MAX_DIGITS - 1


def event(**changed):
    return Event(**{"event_id": "e-1", "stream": "run/a", "type": "Happened", "occurred_at": "2026-11-22T15:08:39.955123Z",
                    "source": "tests", "data": {}, **changed})  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"data": {"n": LONGEST, "m": [-LONGEST]}},
        {"data": {"digits": "9" * 5000, "9" * 5000: "1" * 309}},  # a text may be of any length
        {"data": {"x": 1.7976931348623157e308, "y": -5e-324, "seed": 2**64 - 1}},
        {"data": nested(64)},
        {"type": "x" * MAX_TYPE_CHARACTERS},
        {"type": "é" * MAX_TYPE_CHARACTERS},
        {"source": "x" * MAX_SOURCE_CHARACTERS},
        {"extensions": {"source": 1, "type": 2, "extensions": 3, "run_id": 4}},  # a third party's detail may have these
        {"producer": Producer("p", 1, None, {"extensions": 1, "rank": LONGEST})},
    ],
)
def test_what_is_within_the_limits_is_recordable(changed):
    check_recordable(event(**changed))


@pytest.mark.parametrize(
    ("changed", "error", "place"),
    [
        ({"data": {"a": [1, {"n": LONGEST + 1}]}}, IntegerTooLong, "$.data.a[1].n: "),
        ({"data": {"n": -LONGEST - 1}}, IntegerTooLong, "$.data.n: "),
        ({"data": {"t": "0" * 400, "n": 10**4299}}, IntegerTooLong, "$.data.n: "),
        ({"data": {"n": -(10**4299)}}, IntegerTooLong, "$.data.n: "),
        ({"extensions": {"x": LONGEST + 1}}, IntegerTooLong, "$.extensions.x: "),
        ({"producer": Producer("p", 1, None, {"rank": LONGEST + 1})}, IntegerTooLong, "$.producer.rank: "),
        ({"data": nested(65)}, TooDeep, "$.data"),
        ({"extensions": {"x": nested(63)}}, TooDeep, "$.extensions"),
        ({"type": "x" * (MAX_TYPE_CHARACTERS + 1)}, BadField, "$.type: the text has 129 characters; allowed: 1 to 128"),
        ({"source": "x" * (MAX_SOURCE_CHARACTERS + 1)}, BadField, "$.source: the text has 257 characters"),
        ({"extensions": {"data": 1}}, BadField, "$.extensions.data: the key is that of another field"),
        ({"producer": Producer("p", 1, None, {"sequence": 2})}, BadField, "$.producer.sequence: the key is that"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_with_its_place(changed, error, place):
    with pytest.raises(error) as raised:
        check_recordable(event(**changed))
    assert str(raised.value).startswith(place)
    assert len(str(raised.value)) < 600
