# ruff: noqa: PT017 - whether it raises depends on what was generated

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.errors import BadTime
from training_events.times import now, to_utc_text

from tests.support.strategies import loose_values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
inside = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def expected(moment):
    return moment.strftime("%m-%dT%H:%M:%S.%f").join([f"{moment.year:04d}-", "Z"])


@given(inside, offsets, st.integers(0, 999))
def test_a_time_has_the_same_text_in_every_form(moment, offset, nanoseconds):
    text = expected(moment)
    microseconds = (moment - EPOCH) // timedelta(microseconds=1)
    iso = moment.astimezone(offset).isoformat(timespec="microseconds")
    assert to_utc_text(iso) == text
    assert to_utc_text(iso[:26] + f"{nanoseconds:03d}" + iso[26:]) == text
    assert to_utc_text(f"{Decimal(microseconds) / 1000:f}") == text
    assert to_utc_text(text) == text
    assert len(text) == 27


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_milliseconds_as_a_float_keep_the_microseconds(moment):
    milliseconds = (moment - EPOCH) / timedelta(milliseconds=1)
    assert to_utc_text(milliseconds) == expected(moment)


@given(st.integers(-62135596800000, 253402300799999))
def test_milliseconds_as_integer_and_as_text_agree_up_to_the_ends_of_the_calendar(milliseconds):
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    assert to_utc_text(milliseconds) == to_utc_text(str(milliseconds)) == expected(moment)


@given(inside, inside)
def test_texts_sort_as_the_times_do(one, other):
    assert (to_utc_text(one.isoformat()) < to_utc_text(other.isoformat())) == (one < other)


@given(loose_values)
def test_anything_else_is_refused(value):
    try:
        assert len(to_utc_text(value)) == 27
    except BadTime as why:
        assert "ISO 8601" in str(why)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T15:08:39",  # without an offset it can be many instants
        "2026-11-22",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
        "2026-W01-1T00:00:00Z",
        "2026-11-22T15:08:39Z\n",
        "٢٠٢٦-11-22T15:08:39Z",
        "1e12",
        "",
        "now",
        True,
        None,
        [],
        float("nan"),
        float("inf"),
        1e300,
        10**400,
        253402300800000,
        -62135596800001,
    ],
)
def test_what_only_looks_like_a_time_is_refused(value):
    with pytest.raises(BadTime, match="milliseconds since 1970"):
        to_utc_text(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-11-22T15:08:39.955123987Z", "2026-11-22T15:08:39.955123Z"),
        ("2026-11-22 16:08:39.5+0100", "2026-11-22T15:08:39.500000Z"),
        ("2026-11-22T15:08Z", "2026-11-22T15:08:00.000000Z"),
        ("1583831889050.123", "2020-03-10T09:18:09.050123Z"),
        (1583831889050.123, "2020-03-10T09:18:09.050123Z"),
        (1583831889050, "2020-03-10T09:18:09.050000Z"),
        (-0.0001, "1969-12-31T23:59:59.999999Z"),
        (0, "1970-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_that_aws_and_producers_send(value, text):
    assert to_utc_text(value) == text


def test_now_has_the_same_form():
    text = now()
    assert to_utc_text(text) == text
