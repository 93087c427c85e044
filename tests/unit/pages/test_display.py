"""What a page shows is text of which every letter can be seen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.pages.display import display_number, display_text, is_web_address
from training_events.reading.wording.quantities import size_text


@given(st.text())
def test_no_text_moves_or_hides_what_is_around_it(text):
    shown = display_text(text)
    assert not [letter for letter in shown if unicodedata.category(letter).startswith("C") and letter not in "\n\t\u200c\u200d"]


@given(st.text(st.characters(exclude_categories=("C", "Z"))))
def test_text_that_can_be_seen_stays_as_it_is(text):
    assert display_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001 - Persian
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("txt\u202egnp.exe", r"txt\u202egnp.exe"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", "two\nlines"),
        ("a\u00a0b", "a b"),
        (None, "-"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ("", ""),
    ],
)
def test_each_value_has_its_text(text, shown):
    assert display_text(text) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1234567, "1,234,567"),
        (0.97123456, "0.971235"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        (None, "-"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers_are_as_the_commands_print_them(number, shown):
    assert display_number(number) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_474_560, "1.47 MB"), (999_600, "1 MB"), (3 * 10**15, "3e+03 TB")],
)
def test_sizes_have_three_digits(count, shown):
    assert size_text(count) == shown


@pytest.mark.parametrize("address", ["https://github.com/example/digits", "http://git.example:8080/a?b=c#d"])
def test_a_web_address_is_one(address):
    assert is_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "//example.com",
        "https:///path",
        "https://user:secret@example.com",
        "https://exa mple.com",
        "https://example.com/\u202egnp",
        "http://[::1",
        "s3://bucket/key",
        "",
        None,
        7,
    ],
)
def test_anything_else_is_no_web_address(address):
    assert not is_web_address(address)
