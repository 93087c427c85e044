"""What served which stage, and when, over generated lives of models: it is what the states of those times say."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.event import Event
from training_events.reading.serving import services, services_of

from tests.support import histories
from tests.support.fakes import InMemoryLog

MODEL = "model/m"
TIMES = [f"2026-11-22T15:00:00.{microsecond:06d}Z" for microsecond in range(7)]


def logged(events: list[Event]) -> InMemoryLog:
    log = InMemoryLog()
    for event in events:
        log.append(event)
    return log


def lives() -> st.SearchStrategy[list[Event]]:
    """Events of one model, in any order of arrival."""
    numbers = st.integers(0, 14).flatmap(lambda count: st.tuples(*(histories.event_of(MODEL, n) for n in range(count))))
    return numbers.map(list)


@given(lives(), st.sampled_from(TIMES))
def test_what_serves_is_what_the_state_of_that_time_says(events: list[Event], time: str):
    log = logged(events)
    state = folds.fold(folds.empty(MODEL), log.entries(MODEL, until=time))
    serving = {service.stage: service.version for service in services_of(log, MODEL, as_of=time) if service.until is None}
    assert serving == state.stages  # type: ignore[union-attr]


@given(lives(), st.sampled_from(TIMES))
def test_what_served_at_a_time_is_told_later_as_it_was_told_then(events: list[Event], time: str):
    log = logged(events)
    then = [service for service in services_of(log, MODEL, as_of=time) if service.until is None]
    later = [it for it in services_of(log, MODEL) if it.since <= time and (it.until is None or it.until > time)]
    identity = [(it.stage, it.version, it.since, it.promoted_by) for it in then]
    assert identity == [(it.stage, it.version, it.since, it.promoted_by) for it in later]


@given(lives(), st.randoms(use_true_random=False))
def test_no_two_versions_serve_a_stage_at_once_in_any_order_of_arrival(events: list[Event], random):
    told = services_of(logged(events), MODEL)
    shuffled = list(events)
    random.shuffle(shuffled)
    assert services_of(logged(shuffled), MODEL) == told
    for stage in {service.stage for service in told}:
        ends = [(service.since, service.until or "~") for service in told if service.stage == stage]
        assert all(until <= since for (_, until), (since, _) in pairwise(ends))


def happened(number: int, type_: str, **data: object) -> Event:
    return Event(f"e{number}", MODEL, type_, f"2026-11-{number:02d}T00:00:00.000000Z", "tests", data)


def test_each_service_has_who_began_it_and_what_ended_it():
    events = [
        happened(1, "ModelRegistered", version=1),
        happened(2, "ModelPromoted", version=1, stage="production", promoted_by="ana"),
        happened(3, "ModelPromoted", version=2, stage="production", promoted_by="bo"),
        happened(4, "ModelRetired", version=2, reason="worse on Mondays"),
        happened(5, "ModelPromoted", version=1, stage="canary"),
        happened(6, "ModelDemoted", version=1, stage="canary", demoted_by="ana"),
    ]
    told = services(MODEL, map(histories.entry, events))
    assert [(it.version, it.stage, it.since[8:10], it.until and it.until[8:10], it.promoted_by) for it in told] == [
        ("1", "production", "02", "03", "ana"),
        ("2", "production", "03", "04", "bo"),
        ("1", "canary", "05", "06", None),
    ]
    assert [(it.ended_by, it.reason) for it in told] == [
        ("promotion", None),
        ("retirement", "worse on Mondays"),
        ("demotion", None),
    ]


def test_a_model_that_the_log_does_not_know_served_nothing():
    assert services_of(InMemoryLog(), MODEL) == []
