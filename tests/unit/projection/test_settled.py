"""What a late event costs: the entries that are read from the log for it, and not how long that takes."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.errors import TooLarge
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.projection import settled as module
from training_events.projection.projector import Projector, Update
from training_events.projection.rebuild import Change, Rebuild
from training_events.stores.read_models import ReadModel

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import entry, histories, states_of

EVENTS, BATCH, WINDOW = 3_000, 100, 20


def event(number, at=None):
    second = number if at is None else at
    data = {"points": [{"name": "loss", "value": 1 / (number + 1), "step": number}]}
    time = f"2026-11-{22 + second // 86_400:02d}T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000000Z"
    return Event(f"e-{number:05d}", "run/a", "MetricsRecorded", time, "tests", data)


class CountingLog(InMemoryLog):
    """A log with one stream that counts the entries which are read."""

    def __init__(self):
        super().__init__()
        self.read_entries = 0

    def entries(self, stream, *, after="", until=None):
        for entry_ in super().entries(stream, after=after, until=until):
            self.read_entries += 1
            yield entry_


class Projection:
    """A stream that is projected as its events arrive."""

    def __init__(self, models=None, window=WINDOW):
        self.log, self.models = CountingLog(), models or InMemoryReadModels()
        self.projector = Projector(self.log, self.models, window=window)

    def arrive(self, events):
        """Append these and deliver them as one batch. Returns how it was brought up to date, and how many entries that read."""
        before = self.log.read_entries
        for event_ in events:
            self.log.append(event_)
        update = self.projector.project("run/a", map(entry, events)).update
        return update, self.log.read_entries - before

    def model(self) -> ReadModel:
        model = self.models.get("run/a")
        assert model is not None
        return model

    def is_right(self):
        return self.model().state == folds.encode(folds.fold(folds.empty("run/a"), self.log.entries("run/a")))

    def put_settled(self, settled):
        """Somebody puts this in the place of the settled state."""
        current = self.model()
        self.models.put("run/a", current.state, summary=b"{}", first_at="", replaces=current.revision, settled=settled)


def batches(events):
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]


def shuffled(count, within, seed=1):
    """Numbers up to `count`, none of them further than `within` from its place."""
    order = random.Random(seed)  # noqa: S311 - an order like any other
    return sorted(range(count), key=lambda number: number + order.uniform(0, within))


def test_events_a_little_out_of_order_cost_a_fold_of_the_newest_ones():
    projection = Projection()
    costs = [projection.arrive(batch)[1] for batch in batches([event(number) for number in shuffled(EVENTS, 40)])]
    assert projection.is_right()
    assert max(costs[2:]) < 3 * BATCH, "however long the stream has become"
    assert sum(costs) < 3 * EVENTS


@given(histories(), st.integers(0, 20), st.integers(1, 5), st.integers(0, 300), st.integers(1, 3))
def test_whatever_may_be_held_the_settled_state_ends_with_an_instant(events, window, held, held_bytes, at_once):
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {
            "MAX_HELD": held,
            "MAX_HELD_BYTES": held_bytes,
            "AT_ONCE": at_once,
            "BYTES_AT_ONCE": 10 * at_once,
        }.items():
            patched.setattr(module, name, value)
        for stream, state in states_of(events).items():
            own_events = sorted((event for event in events if event.stream == stream), key=lambda event: event.position)
            folded = module.fold_with_settled(folds.empty(stream), map(entry, own_events), window=window)
            assert folds.encode(folded.state) == state
            if folded.settled is not None:
                last_at = folds.decode(stream, folded.settled).last_at
                assert last_at < own_events[-1].occurred_at
                assert {stream: folded.settled} == states_of([event for event in own_events if event.occurred_at <= last_at])


def test_events_in_order_read_nothing_of_the_log():
    projection = Projection()
    costs = [projection.arrive(batch) for batch in batches([event(number) for number in range(EVENTS)])]
    assert costs[1:] == [(Update.APPLIED, 0)] * (len(costs) - 1)
    assert projection.is_right()


@pytest.mark.parametrize("ahead", [23 * 3600, 7 * 86_400], ids=["hours", "days"])
def test_an_event_from_ahead_makes_no_other_one_late(ahead):
    projection = Projection()
    numbers = list(range(EVENTS))
    projection.arrive([event(number) for number in numbers[:BATCH]])
    projection.arrive([event(99_999, at=ahead)])
    costs = [projection.arrive(batch)[1] for batch in batches([event(number) for number in numbers[BATCH:]])]
    assert projection.is_right()
    assert max(costs[1:]) < 4 * BATCH


def test_an_event_that_is_later_than_all_before_costs_one_fold_of_the_stream():
    projection = Projection()
    for batch in batches([event(number) for number in shuffled(EVENTS, 40)]):
        projection.arrive(batch)
    assert projection.arrive([event(5_000, at=7)]) == (Update.REFOLDED, EVENTS + 1)
    assert projection.is_right()
    assert projection.arrive([event(6_000, at=EVENTS - 30)])[1] < 3 * BATCH
    assert projection.is_right()


def test_the_events_of_the_newest_instant_are_folded_together_whenever_they_come():
    projection = Projection()
    for number in range(100):
        projection.arrive([event(number)])
    for number in (103, 101, 102):  # of one second
        _, cost = projection.arrive([event(number, at=100)])
        assert projection.is_right()
    assert cost < 2 * WINDOW + 10


def test_a_repeated_batch_changes_nothing():
    projection = Projection()
    events = batches([event(number) for number in shuffled(EVENTS, 40)])
    for batch in events:
        projection.arrive(batch)
    before = projection.model()
    assert projection.arrive(events[-1])[0] is Update.UNCHANGED
    assert projection.model().state == before.state


class SmallReadModels(InMemoryReadModels):
    """A store in which a state fits and two do not."""

    def put(self, stream, state, *, settled=None, **more):
        if settled is not None:
            raise TooLarge("the item", "one state")
        super().put(stream, state, settled=settled, **more)


def test_a_settled_state_that_does_not_fit_is_left_out():
    projection = Projection(SmallReadModels())
    for batch in batches([event(number) for number in shuffled(500, 40)]):
        projection.arrive(batch)
    assert projection.is_right()
    assert projection.model().settled is None


@pytest.mark.parametrize("settled", [b"", b"{}", b"[", b'{"stream":"run/a","folded_by":1,"last_at":""}'])
def test_what_is_no_settled_state_is_not_gone_on_from(settled):
    projection = Projection()
    for batch in batches([event(number) for number in shuffled(500, 40)]):
        projection.arrive(batch)
    projection.put_settled(settled)
    projection.arrive([event(6_000, at=480)])
    assert projection.is_right()


def test_a_rebuild_makes_the_settled_state_again():
    projection = Projection()
    for batch in batches([event(number) for number in shuffled(500, 40)]):
        projection.arrive(batch)
    settled = projection.model().settled
    assert settled is not None
    forged = msgspec.json.decode(settled, type=RunState)
    forged.points = 7
    projection.put_settled(folds.encode(forged))
    changes: list[Change] = []
    Rebuild(projection.log, projection.models, projection.projector, begun_at="", on_change=changes.append).run()
    assert changes == [], "the state was right"
    projection.arrive([event(6_000, at=480)])
    assert projection.is_right()
