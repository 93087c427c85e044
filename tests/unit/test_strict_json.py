import pytest
from training_events import strict_json
from training_events.errors import (
    DuplicateKey,
    IntegerTooLong,
    LoneSurrogate,
    MalformedJson,
    NotFiniteNumber,
    TooDeep,
)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", MalformedJson, "line 1, column 1"),
        ('{"a": 1,\n "b" 2}', MalformedJson, "line 2, column 6"),
        ("{} {}", MalformedJson, "Extra data"),
        ("{'a': 1}", MalformedJson, "line 1"),
        (b'"\xff"', MalformedJson, "byte 1 is not UTF-8"),
        (b'"\xed\xa0\x80"', MalformedJson, "byte 1 is not UTF-8"),
        ("[NaN]", NotFiniteNumber, "$[0]: "),
        ('{"a": -Infinity}', NotFiniteNumber, "$.a: "),
        ('{"a": {"b": 1e999}}', NotFiniteNumber, "$.a.b: "),
        ('{"a": [0, {"b": 1, "c": 2, "b": 1}]}', DuplicateKey, '$.a[1].b: the key "b"'),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', DuplicateKey, '$.a: the key "a"'),
        (r'{"\u0061": 1, "a": 2}', DuplicateKey, '$.a: the key "a"'),
        (r'["\ud800"]', LoneSurrogate, "$[0]: "),
        ("[" * 65 + "]" * 65, TooDeep, "at most 64"),
        ("[" * 100_000, TooDeep, "at most 64"),
        ("9" * 5000, IntegerTooLong, "4300"),
    ],
)
def test_each_flaw_has_a_reason_and_a_path_of_its_own(text, error, message):
    with pytest.raises(error) as raised:
        strict_json.loads(text)
    assert message in str(raised.value)


def test_a_sound_document_is_decoded():
    text = r'{"a": [1, 2.5, "\ud83d\ude00", null, {"a": {}}], "seed": 18446744073709551615}'
    assert strict_json.loads(text) == {"a": [1, 2.5, "😀", None, {"a": {}}], "seed": 2**64 - 1}
    assert strict_json.loads(text.encode()) == strict_json.loads(text)


def test_the_same_object_in_two_places_is_not_a_duplicate_key():
    assert strict_json.loads('[{"a": 1}, {"a": 1}]') == [{"a": 1}, {"a": 1}]
