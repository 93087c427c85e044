"""A curve with fewer points is the same curve: nothing is made up, no extreme and nothing that is not finite is lost, and it
depends on the points alone.
"""

import math
from array import array
from functools import partial
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.event import Event
from training_events.folds.standing import recorded_points
from training_events.pages.curves.downsampling import kept
from training_events.pages.curves.gathering import gather
from training_events.pages.curves.trace import MIN_CAPACITY, Trace
from training_events.pages.page import Asked
from training_events.projection.time_travel import entries_at
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog
from tests.support.histories import histories
from tests.support.long_curves import long_curves

CAPACITIES = st.integers(MIN_CAPACITY, 40)


def trace_of(values, capacity, reduced_at=()):
    """A trace of these values; the steps are their numbers. It is also reduced whenever it has got one of these."""
    trace = Trace(capacity=capacity)
    for number, value in enumerate(values):
        trace.add(number, 1000.0 + number, value)
        if number in reduced_at:
            trace.reduce()
    trace.reduce()
    return trace


def content_of(trace):
    """All that it holds, in which NaN equals NaN."""
    return trace.points, trace.each, trace.not_finite, [*trace.steps], [*trace.times], [*map(repr, trace.values)]


def groups(numbered, each):
    """The values of each group of so many."""
    by_number = groupby(numbered, key=lambda pair: pair[0] // each)
    return {number: [value for _, value in pairs] for number, pairs in by_number}


def notable(values):
    """What has to be seen of them: the lowest, the highest, and each kind that is not finite."""
    finite = [value for value in values if math.isfinite(value)]
    extremes = (min(finite), max(finite)) if finite else ()
    return extremes, {repr(value) for value in values if not math.isfinite(value)}


@given(long_curves, CAPACITIES)
def test_every_point_that_is_kept_was_recorded_and_they_are_in_order(values, capacity):
    trace = trace_of(values, capacity)
    numbers = [*map(int, trace.steps)]
    assert numbers == sorted(set(numbers)) == [*trace.numbers]
    assert [*map(repr, trace.values)] == [repr(values[number]) for number in numbers]
    assert [*trace.times] == [1000.0 + number for number in numbers]


@given(long_curves.filter(bool), CAPACITIES)
def test_of_each_group_the_lowest_the_highest_and_what_is_not_finite_are_kept(values, capacity):
    trace = trace_of(values, capacity)
    of_kept = groups(zip(trace.numbers, trace.values, strict=True), trace.each)
    of_all = groups(enumerate(values), trace.each)
    assert {number: notable(group) for number, group in of_kept.items()} == {
        number: notable(group) for number, group in of_all.items()
    }
    assert (trace.numbers[0], trace.numbers[-1]) == (0, len(values) - 1)


@given(long_curves, CAPACITIES)
def test_it_is_as_fine_as_its_capacity_allows_and_counts_everything(values, capacity):
    trace = trace_of(values, capacity)
    assert len(trace.values) <= capacity + 2  # the first and the last point are kept beside
    assert (trace.each == 1) == (len(values) <= capacity)
    if trace.each > 4:
        assert len(kept(range(len(values)), array("d", values), trace.each // 2)) > capacity
    assert trace.points == len(values)
    assert trace.not_finite == sum(not math.isfinite(value) for value in values)


@given(long_curves, CAPACITIES, st.sets(st.integers(0, 300)))
def test_it_is_the_same_in_whatever_pieces_the_points_come(values, capacity, reduced_at):
    assert content_of(trace_of(values, capacity, reduced_at)) == content_of(trace_of(values, capacity))


@given(long_curves, CAPACITIES, CAPACITIES)
def test_reduced_twice_it_is_what_it_would_be_at_once(values, capacity, less):
    twice = trace_of(values, max(capacity, less))
    twice.reduce(min(capacity, less))
    assert content_of(twice) == content_of(trace_of(values, min(capacity, less)))


@given(histories(max_events=10), st.none() | st.integers(0, 5), st.none() | st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_traces_of_a_run_have_the_points_that_the_log_has(events: list[Event], as_of: int | None, known: int | None):
    """With what later attempts took back, now and at any time."""
    sources = a_log(events)
    asked = Asked(None if as_of is None else f"2026-11-22T15:00:00.{as_of:06d}Z", None if known is None else recorded_at(known))
    expected: dict[tuple[str, int, bool], list[tuple[str, str]]] = {}
    entries = partial(entries_at, sources.log, "run/a", as_of=asked.as_of, known_at=asked.known_at)
    for point, attempt, _, stands in recorded_points("run/a", entries):
        step = math.nan if point.step is None else float(point.step)
        expected.setdefault((point.name, attempt, stands), []).append((repr(step), repr(float(point.value))))
    gathered = gather(sources, "run/a", asked, dict.fromkeys((name for name, _, _ in expected), len(events) * 100))
    assert expected == {
        (name, trace.attempt, trace.stands): [*zip(map(repr, trace.steps), map(repr, trace.values), strict=True)]
        for name, traces in gathered.items()
        for trace in traces
    }


def recorded_at(number: int) -> str:
    return f"2026-11-22T16:00:{number:02d}.000000Z"


def a_log(events: list[Event]) -> Sources:
    """A log that took one event a second."""
    times = iter(map(recorded_at, range(len(events))))
    log = InMemoryLog(lambda: next(times))
    for event in events:
        log.append(event)
    return Sources(log, None, None, None)
