"""Times as people give them."""

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from training_events.errors import BadTime, Misused
from training_events.reading.time_text import parse_start, parse_time
from training_events.times import to_utc_text

from tests.support.strategies import moments

NOW = "2026-11-22T15:08:39.955123Z"
PERIODS = ("today", "yesterday", "this week", "last week", "this month", "last month", "this year", "last year")
parse_time("now")  # loads what reads words, so that no example below has to wait for it
offsets = st.sampled_from(["Z", "z", "+00:00", "+01:00", "-0530", "+14:00"])


@given(moments.filter(lambda text: "0002" < text < "9998"), offsets, st.sampled_from(["T", " ", "t"]))
def test_a_time_in_the_form_of_an_event_means_the_same(when, offset, separator):
    text = when[:-1].replace("T", separator) + offset
    assert parse_time(text) == to_utc_text(text)


@given(st.integers(0, 10**20) | st.integers(946684800, 4102444799) | st.integers(946684800_000, 4102444799_999))
def test_a_number_means_the_same_as_in_an_event(when):
    try:
        text = to_utc_text(when)
    except BadTime:
        with pytest.raises(Misused):
            parse_time(str(when))
    else:
        assert parse_time(str(when)) == text


@given(moments)
def test_a_time_without_an_offset_is_utc(text):
    assert parse_time(text[:-1]) == text
    assert parse_time(text[:16]) == f"{text[:16]}:00.000000Z"
    assert parse_time(text[:10]) == f"{text[:10]}T00:00:00.000000Z"


@given(moments.filter(lambda text: "0002" < text < "9998"), st.integers(-14, 14))
def test_a_datetime_is_its_moment_and_in_utc_where_it_has_no_zone(text, hours):
    moment = datetime.fromisoformat(text)
    assert parse_time(moment.replace(tzinfo=None)) == text
    assert parse_time(moment.astimezone(timezone(timedelta(hours=hours)))) == text
    assert parse_time(moment.date()) == f"{text[:10]}T00:00:00.000000Z"


@given(
    moments.filter(lambda text: text > "0002"), st.integers(1, 90), st.sampled_from(["second", "minute", "hour", "day", "week"])
)
def test_so_many_units_ago(present, count, unit):
    ago = datetime.fromisoformat(present) - timedelta(**{f"{unit}s": count})
    then = f"{ago.isoformat(timespec='microseconds')[:26]}Z" if ago.year >= 1 else None
    for words in (f"{count} {unit}s ago", f" {count} {unit.upper()}S AGO "):
        assert parse_time(words, lambda: present) == then


@pytest.mark.parametrize(
    ("words", "then"),
    [
        ("now", NOW),
        ("yesterday", "2026-11-21T15:08:39.955123Z"),
        ("an hour ago", "2026-11-22T14:08:39.955123Z"),
        ("1 day ago", "2026-11-21T15:08:39.955123Z"),
        ("1 hour 30 minutes ago", "2026-11-22T13:38:39.955123Z"),
        ("2.5 hours ago", "2026-11-22T12:38:39.955123Z"),
        ("yesterday at 14:00", "2026-11-21T14:00:00.000000Z"),
    ],
)
def test_times_in_words(words, then):
    assert parse_time(words, lambda: NOW) == then


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "2026", "20261122", "-1", "20.5", "NaN", "2026-13-01", "2026-02-30", "2026-11-22T25:00", "2026-11-22Z",
     "11/12/2026", "banana 2 hours ago", "2 hours ago or so", "99999999999 years ago", "\u0662\u0660\u0662\u0666-11-22",
     "x" * 10_000],
)  # fmt: skip
def test_the_error_for_any_other_text_says_what_is_allowed(text):
    with pytest.raises(Misused, match="is no time; allowed: 2026-11-22") as raised:
        parse_time(text)
    assert len(str(raised.value)) < 300


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
@example("5.")
def test_any_text_is_a_time_or_an_error(text):
    with suppress(Misused):
        assert len(parse_time(text)) == 27


@given(moments.filter(lambda text: "0003" < text < "9998"))
def test_a_period_that_is_named_begins_at_its_midnight(present):
    day = datetime.fromisoformat(present).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = {name: datetime.fromisoformat(parse_start(name, lambda: present)) for name in PERIODS}
    assert begins["today"] == day
    assert begins["yesterday"] == day - timedelta(days=1)
    assert begins["this week"] == day - timedelta(days=day.weekday())
    assert begins["last week"] == begins["this week"] - timedelta(days=7)
    assert (begins["this month"].day, begins["last month"].day) == (1, 1)
    assert begins["this month"].month == day.month
    assert begins["last month"] < begins["this month"] <= begins["last month"] + timedelta(days=31)
    assert (begins["this year"], begins["last year"]) == tuple(
        day.replace(year=year, month=1, day=1) for year in (day.year, day.year - 1)
    )


@pytest.mark.parametrize("words", ["Today", " last  week "])
def test_a_period_is_known_however_it_is_written(words):
    assert parse_start(words, lambda: NOW) == parse_start(" ".join(words.lower().split()), lambda: NOW)


@pytest.mark.parametrize("text", ["now", "2 hours ago", "yesterday at 14:00", "2026-11-22", "1763823719955"])
def test_any_other_start_is_a_time_as_anywhere_else(text):
    assert parse_start(text, lambda: NOW) == parse_time(text, lambda: NOW)
