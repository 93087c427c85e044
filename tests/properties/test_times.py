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
    iso = moment.astimezone(offset).isoformat(timespec="microseconds")
    assert to_utc_text(iso) == text
    assert to_utc_text(iso[:26] + f"{nanoseconds:03d}" + iso[26:]) == text
    assert to_utc_text(text) == text
    assert len(text) == 27


plausible = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
UNITS = {"seconds": 10**6, "milliseconds": 10**3, "microseconds": 1}
"""How many microseconds each has."""


@given(plausible, st.sampled_from(sorted(UNITS)), st.integers(0, 999))
def test_a_number_tells_its_unit_by_its_size(moment, unit, nanoseconds):
    microseconds = (moment - EPOCH) // timedelta(microseconds=1)
    text = expected(moment)
    for number in (Decimal(microseconds) / UNITS[unit], Decimal(microseconds * 1000 + nanoseconds)):
        assert to_utc_text(f"{number:f}") == text
        if number == int(number):
            assert to_utc_text(int(number)) == text
    whole = moment.replace(microsecond=0)
    assert to_utc_text(float((whole - EPOCH) // timedelta(seconds=1))) == expected(whole)


@given(plausible)
def test_milliseconds_as_a_float_keep_the_microseconds(moment):
    milliseconds = (moment - EPOCH) / timedelta(milliseconds=1)
    assert to_utc_text(milliseconds) == expected(moment)


@given(plausible)
def test_what_time_time_gives_is_understood(moment):
    seconds = moment.timestamp()
    assert to_utc_text(seconds) == expected(datetime.fromtimestamp(seconds, UTC))


@given(st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_a_time_of_the_years_2000_to_2099_or_none(number):
    try:
        assert "2000" <= to_utc_text(number)[:4] <= "2099"
    except BadTime:
        assert not any(946684800 <= number / unit < 4102444800 for unit in (1, 10**3, 10**6, 10**9))


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
        0,
        -1,
        -1795360119955,
        "-1795360119955",
        20261122,  # dates without their dashes
        "20261122",
        202611221508,
        20261122150839,
        946684799,  # 1999
        4102444800,  # 2100
        4102444800000,
        10**20,
    ],
)
def test_what_only_looks_like_a_time_is_refused(value):
    with pytest.raises(BadTime, match="milliseconds, microseconds or nanoseconds since 1970"):
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
        (1763823719, "2025-11-22T15:01:59.000000Z"),
        ("1763823719", "2025-11-22T15:01:59.000000Z"),
        (1763823719.955123, "2025-11-22T15:01:59.955123Z"),
        (1763823719955, "2025-11-22T15:01:59.955000Z"),
        (1763823719955123, "2025-11-22T15:01:59.955123Z"),
        (1763823719955123987, "2025-11-22T15:01:59.955123Z"),
        ("1583831889050.99999999999999999999", "2020-03-10T09:18:09.050999Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_that_aws_and_producers_send(value, text):
    assert to_utc_text(value) == text


def test_now_has_the_same_form():
    text = now()
    assert to_utc_text(text) == text
