"""Canonical JSON: it agrees with another implementation, and has the properties on which the digests rely."""
# ruff: noqa: PT017 - whether it raises depends on what was generated

import hashlib
import json

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from training_events.canonical import MAX_DEPTH, canonical_json, digest
from training_events.errors import IntegerTooLong, LoneSurrogate, NotFiniteNumber, NotJson, NotRecordable, TooDeep

from tests.support.strategies import floats, integers, json_objects, json_values, loose_values

JCS_INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
WITHIN_JCS = st.recursive(
    st.none() | st.booleans() | JCS_INTEGERS | floats | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6).filter(str.isprintable), inner, max_size=4),
    max_leaves=20,
)


@given(WITHIN_JCS)
def test_it_agrees_with_the_library_rfc8785(value):
    assert canonical_json(value) == rfc8785.dumps(value)


@given(floats)
def test_every_double_is_written_as_ecmascript_does(value):
    assert canonical_json(value) == rfc8785.dumps(value)
    assert float(canonical_json(value)) == value


@pytest.mark.parametrize("value", [0.0, -0.0, 1e-6, 1e-7, 1.5e-5, 1e16, 1e20, 1e21, 2.0**53, 1.2345678901234568e20, 5e-324])
def test_numbers_around_a_change_of_form_are_written_as_ecmascript_does(value):
    assert canonical_json([value, -value]) == rfc8785.dumps([value, -value])


def test_keys_are_ordered_by_their_utf_16_code_units():
    """This differs from the order of code points between characters beyond the basic plane and those from U+E000 on."""
    value = {"\U00010000": 1, "\ue000": 2, "z": 3}
    assert canonical_json(value) == rfc8785.dumps(value) == '{"z":3,"\U00010000":1,"\ue000":2}'.encode()


@given(integers)
def test_integers_of_any_size_are_exact(value):
    assert int(canonical_json(value)) == value


@given(json_objects, st.randoms())
def test_order_of_keys_does_not_matter(value, chance):
    def shuffled(value):
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {key: shuffled(item) for key, item in items}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    assert canonical_json(shuffled(value)) == canonical_json(value)
    assert digest(shuffled(value)) == digest(value)


@given(json_values)
def test_decoding_and_encoding_it_again_changes_nothing(value):
    text = canonical_json(value)
    assert canonical_json(msgspec.json.decode(text)) == text
    assert canonical_json(json.loads(text)) == text


@given(loose_values)
def test_whatever_is_not_json_is_refused_with_a_reason(value):
    try:
        canonical_json(value)
    except NotRecordable as why:
        assert isinstance(why, (NotFiniteNumber, LoneSurrogate))
        assert str(why).isascii()
    else:
        json.loads(json.dumps(value, allow_nan=False).encode())


def nested(depth):
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "error", "place"),
    [
        ({"a": [1, {"b c": float("nan")}]}, NotFiniteNumber, '$.a[1]["b c"]: '),
        ([float("-inf")], NotFiniteNumber, "$[0]: "),
        ({"a": "\ud800"}, LoneSurrogate, "$.a: "),
        ({"x": {"\udfff": 1}}, LoneSurrogate, "$.x: "),
        ({"x": {"\ud83d": {"y": float("inf")}}}, LoneSurrogate, "$.x: "),
        (nested(MAX_DEPTH + 1), TooDeep, "$" + "[0]" * MAX_DEPTH + ": "),
        ([10**5000], IntegerTooLong, "$[0]: "),
        ({1: 2}, NotJson, "$: "),
        ({"when": object()}, NotJson, "$.when: "),
    ],
)
def test_the_error_has_the_path_to_the_flaw(value, error, place):
    with pytest.raises(error) as raised:
        canonical_json(value)
    assert str(raised.value).startswith(place)


def test_the_deepest_nesting_that_is_allowed_is_encoded():
    assert canonical_json(nested(MAX_DEPTH)) == b"[" * MAX_DEPTH + b"]" * MAX_DEPTH


def test_a_value_of_a_subclass_is_encoded_as_the_type_of_json():
    from enum import IntEnum, StrEnum  # noqa: PLC0415

    stage = StrEnum("stage", ["LIVE"])
    level = IntEnum("level", ["ONE"])
    number = type("float64", (float,), {"__repr__": lambda _: "np.float64(0.5)"})(0.5)
    assert canonical_json([stage.LIVE, level.ONE, number, (1,)]) == b'["live",1,0.5,[1]]'


def test_a_known_value_has_its_known_digest():
    """A producer in another language can check itself against this one."""
    value = {"b": 1.0, "a": ["é", 1e21, 18446744073709551615, True, None]}
    assert canonical_json(value) == '{"a":["é",1e+21,18446744073709551615,true,null],"b":1}'.encode()
    assert digest(value) == "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()
