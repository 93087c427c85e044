"""What others say of a run that they did again changes nothing else of its state, whatever the run's life is."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.catalogue.run import REPRODUCTION
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.folds.silence import last_heard_at, usual_gap_seconds

from tests.support.histories import entry, event_of

TYPES = {fact.__name__ for fact in REPRODUCTION}
OF_THE_LOG = ("reproductions", "counts", "position", "first_at", "last_at")
"""What says how many events there are, and which is the newest one."""


def folded(events: list[Event]) -> RunState:
    return folds.fold(RunState("run/a"), map(entry, sorted(events, key=lambda event: event.position)))


def own(state: RunState) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(state)
    fields["order_unknown"] = {name: at for name, at in state.order_unknown.items() if not name.startswith("reproduction ")}
    return {name: value for name, value in fields.items() if name not in OF_THE_LOG}


@given(st.integers(1, 16).flatmap(lambda count: st.tuples(*(event_of("run/a", number) for number in range(count)))))
def test_what_is_said_of_reproductions_leaves_the_rest_of_the_state_as_it_is(events):
    lived = [event for event in events if event.type not in TYPES]
    state, without = folded(list(events)), folded(lived)
    assert own(state) == own(without)
    assert usual_gap_seconds(state) == usual_gap_seconds(without)
    if without.attempts or without.job is not None:
        assert last_heard_at(state) == last_heard_at(without)
    assert len({reproduction.run for reproduction in state.reproductions}) == len(state.reproductions)
