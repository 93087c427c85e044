"""`verify` names the instants in which nothing tells the order and the order decides, and accuses nobody."""

import pytest
from training_events.event import Event, Producer
from training_events.proof.findings import Kind
from training_events.proof.verification import verify

from tests.support.fakes import InMemoryLog

AT, LATER = "2026-11-22T15:00:00.000000Z", "2026-11-22T15:00:01.000000Z"


def promotion(version, event_id, at=AT, producer=None):
    data = {"version": version, "stage": "production"}
    return Event(event_id, "model/m", "ModelPromoted", at, "tests", data, producer=producer)


def verified(*events):
    log = InMemoryLog()
    for event in events:
        log.append(event)
    return verify(log, None, events[0].stream)


def test_two_promotions_in_one_instant_are_told_and_the_stream_stays_sound():
    verification = verified(promotion("1", "a"), promotion("2", "b"), promotion("3", "c", LATER))
    [finding] = verification.findings
    assert (finding.kind, finding.position) == (Kind.ORDER_UNKNOWN, f"{AT}#a")
    assert "stage production" in finding.explanation
    assert (verification.sound, verification.complete) == (True, True)


def test_every_such_instant_is_told_the_last_one_too():
    twice = [promotion(version, f"{version}{at[-9]}", at) for at in (AT, LATER) for version in ("1", "2")]
    assert [finding.position[:27] for finding in verified(*twice).findings if finding.position] == [AT, LATER]


def test_an_end_and_a_start_of_one_instant_are_told_where_the_run_was_started_before():
    first, second = (Event(str(number), "run/a", "TrainingStarted", at, "tests", {}) for number, at in enumerate((AT, LATER)))
    end = Event("2", "run/a", "TrainingStopped", LATER, "tests", {})
    told = [one for one in verified(first, second, end).findings if one.kind == Kind.ORDER_UNKNOWN]
    assert [(one.position, one.explanation.rpartition(": ")[2]) for one in told] == [(f"{LATER}#1", "status")]
    assert not [one for one in verified(second, end).findings if one.kind == Kind.ORDER_UNKNOWN]


@pytest.mark.parametrize(
    "events",
    [
        [promotion("1", "a"), promotion("1", "b")],
        [promotion("1", "a"), promotion("2", "b", LATER)],
        [promotion("1", "a", producer=Producer("p", 2)), promotion("2", "b", producer=Producer("p", 3))],
        [Event("a", "run/a", "TrainingStarted", AT, "tests", {}), Event("b", "run/a", "TrainingCompleted", AT, "tests", {})],
        [Event("a", "run/a", "Happened", AT, "tests", {}), Event("b", "run/a", "Happened", AT, "tests", {"x": 1})],
    ],
    ids=["the same", "other instants", "numbered", "a life", "of no type"],
)
def test_where_the_order_is_known_or_decides_nothing_nothing_is_told(events):
    assert Kind.ORDER_UNKNOWN not in {finding.kind for finding in verified(*events).findings}
