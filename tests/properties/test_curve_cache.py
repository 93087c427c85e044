"""What a server remembers of the points of a run is what the log has, however events come in and whatever part is asked for."""

import math
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.errors import Misused
from training_events.event import Event
from training_events.pages.curves.cache import CurveCache
from training_events.pages.curves.trace import Trace
from training_events.pages.curves.viewed import CurveRequest, curve_data
from training_events.pages.curves.window import Window
from training_events.pages.page import Asked
from training_events.projection.projector import Projector
from training_events.reading.opening import Sources

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.long_curves import long_curves

NOW, EARLIER = Asked(), Asked(as_of="2026-11-22T15:00:00.000003Z")
VALUE = st.sampled_from([0.0, 1.0, 2.0, "NaN", "Infinity"])
POINT = st.fixed_dictionaries({"name": st.sampled_from(["loss", "f1"]), "value": VALUE}, optional={"step": st.integers(0, 6)})


class Arrival(NamedTuple):
    """An event of a run reaches the log: points, or a start where there are none. Its place in the run is `microsecond`.

    Then the state of the run may be made from it, or not yet, and somebody may look at the run.
    """

    microsecond: int
    points: list[dict[str, Any]] | None
    is_projected: bool
    is_looked_at: bool


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.integers(0, 9),
        st.lists(POINT, min_size=1, max_size=4) | st.none() | st.lists(POINT, min_size=1, max_size=4),
        st.booleans(),
        st.booleans(),
    ),
    min_size=4,
    max_size=12,
)


def event_of(number: int, arrival: Arrival) -> Event:
    type_ = "TrainingStarted" if arrival.points is None else "MetricsRecorded"
    data: dict[str, Any] = {} if arrival.points is None else {"points": arrival.points}
    return Event(f"e-{number}", "run/a", type_, f"2026-11-22T15:00:00.00000{arrival.microsecond}Z", "tests", data)


def answers(cache: CurveCache, sources: Sources) -> list[object]:
    """What the charts of the run would get, now and of a past time; of a metric that there is not, that it is a mistake."""

    def answer(metric: str, asked: Asked) -> object:
        try:
            return curve_data(cache, sources, CurveRequest(["a"], metric, asked))
        except Misused as mistake:
            return type(mistake)

    return [answer(metric, asked) for metric in ("loss", "f1") for asked in (NOW, EARLIER)]


@given(ARRIVALS)
@settings(max_examples=150, deadline=None)
def test_points_that_are_remembered_are_those_of_the_log(arrivals: list[Arrival]):
    """Events come late, attempts take points back, and the states are behind the log or not."""
    log, read_models = InMemoryLog(), InMemoryReadModels()
    projector = Projector(log, read_models)
    sources = Sources(log, read_models, projector, None)
    cache = CurveCache()
    for number, arrival in enumerate(arrivals):
        log.append(event_of(number, arrival))
        if arrival.is_projected:
            projector.refold("run/a")
        if arrival.is_looked_at:
            answers(cache, sources)
    projector.refold("run/a")
    assert answers(cache, sources) == answers(CurveCache(), sources)


PLACES = st.integers(0, 400)
MOST = st.integers(2, 60)


def filled(window: Window, points: list[tuple[float, float]]) -> Window:
    for step, value in points:
        window.trace.add(step, 2 * step, value)
    return window


class Points(NamedTuple):
    """Steps and values, of which so many are there when a part is looked at for the first time."""

    points: list[tuple[float, float]]
    first: int


def shuffled(values: list[float]) -> list[tuple[float, float]]:
    """Steps that are not in order: some are repeated, some go back, some were not recorded."""
    return [(math.nan if place % 41 == 40 else place * 7 % 300, value) for place, value in enumerate(values)]


def numbered(values: list[float]) -> list[tuple[float, float]]:
    """Steps in order, as those of most metrics."""
    return [*enumerate(map(float, values))]


LONG = long_curves.filter(bool)


@given(
    st.builds(Points, LONG.map(shuffled) | LONG.map(numbered), st.integers(0, 400)),
    st.none() | PLACES,
    st.none() | PLACES,
    MOST,
)
def test_a_part_has_what_has_to_be_seen_of_it(made, low, high, most):
    points, first = made
    window = filled(Window(Trace()), points[:first])
    if first:
        window.part(None, None, "step", most)  # what it remembers of these has to go on
    filled(window, points[first:])
    part = window.part(low, high, "step", most)
    places = [*part.places]
    assert places == sorted(set(places))
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    inside = [place for place, (step, _) in enumerate(points) if low <= step <= high]
    if part.each == 1:
        assert set(inside) <= set(places)
        return
    for group in {place // part.each for place in inside}:
        of_group = [value for _, value in points[group * part.each : (group + 1) * part.each]]
        shown = [points[place][1] for place in places if place // part.each == group]
        assert notable(shown) == notable(of_group)


@given(LONG.map(numbered), PLACES, PLACES, MOST)
def test_a_part_is_no_larger_than_it_may_be_and_as_fine_as_that_allows(points, low, high, most):
    part = filled(Window(Trace()), points).part(low, high, "step", most)
    recorded = sum(low - 1 <= step <= high + 1 for step, _ in points)
    if recorded <= most:
        assert part.each == 1
    else:
        not_finite = 3 * (recorded // part.each + 2)
        assert len(part.places) <= most + 4 + not_finite
        assert part.each <= max(4, 4 * (recorded + 2) / most)


def notable(values):
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else (), {repr(value) for value in values if not math.isfinite(value)}
