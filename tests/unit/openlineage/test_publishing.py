"""The projector publishes run events as runs go on: each at least once, whatever the order of delivery."""

from random import Random
from uuid import NAMESPACE_URL, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.openlineage.parents import Parents
from training_events.openlineage.run_life import RunLife
from training_events.projection.time_travel import state_at, state_now

from tests.support.command_line import make_event
from tests.support.run_events import NAMESPACE, PublishingProjector, lives, shown

START = make_event("run/a", "TrainingStarted", 1, model="digits", hyperparameters={"lr": 0.1})
POINTS = make_event("run/a", "MetricsRecorded", 2, points=[{"name": "loss", "value": 0.5, "step": 1}])
END = make_event("run/a", "TrainingCompleted", 3)
ENDS = {"COMPLETE", "FAIL", "ABORT"}
RUN = str(uuid5(uuid5(NAMESPACE_URL, NAMESPACE), "run/a"))


def deliver_each(projector: PublishingProjector, *events: Event) -> None:
    for event in events:
        projector.record([event])
        projector.deliver([event])


def test_a_run_that_goes_on_is_published_step_by_step_as_its_whole_log_comes_to():
    projector = PublishingProjector()
    deliver_each(projector, START, POINTS, END)
    assert projector.bus.bodies == [event.body for event in projector.life("run/a")]
    assert [(run, type_) for run, type_, _ in projector.published()] == [(RUN, "START"), (RUN, "COMPLETE")]
    [start, _] = projector.bus.entries
    assert start["EventBusName"] == "bus"
    assert (start["Source"], start["DetailType"]) == ("training-events.openlineage", "OpenLineage")


def test_a_run_in_one_batch_is_published_in_the_order_of_its_life():
    projector = PublishingProjector()
    projector.record([START, POINTS, END])
    assert projector.deliver([END, POINTS, START]) == (2, [])
    assert [type_ for _, type_, _ in projector.published()] == ["START", "COMPLETE"]


def test_a_batch_without_a_start_or_an_end_publishes_nothing():
    projector = PublishingProjector()
    projector.record([POINTS, make_event("model/m", "ModelRegistered", 4, version=1)])
    projector.deliver(projector.log.events())
    assert projector.bus.requests == 0


def test_a_batch_that_comes_again_publishes_the_same_again():
    projector = PublishingProjector()
    deliver_each(projector, START, POINTS, END)
    projector.deliver([POINTS, END])
    assert projector.bus.bodies[2] == projector.bus.bodies[1]
    assert len(projector.bus.bodies) == 3


def test_a_start_that_comes_late_is_published_with_what_follows_it():
    projector = PublishingProjector()
    again = make_event("run/a", "TrainingStarted", 5)
    deliver_each(projector, START, END, again, make_event("run/a", "TrainingStarted", 4))
    started_late = [(type_, at[17:19]) for _, type_, at in projector.published()[3:]]
    assert started_late == [("START", "04"), ("ABORT", "05"), ("START", "05")]


def test_what_was_recorded_but_not_delivered_is_left_to_its_own_delivery():
    projector = PublishingProjector()
    projector.record([START, POINTS, END])
    projector.deliver([START])
    assert [type_ for _, type_, _ in projector.published()] == ["START"]


def test_a_nested_run_names_its_parents_newest_attempt():
    projector = PublishingProjector()
    tags = make_event("run/b", "Tagged", 1, tags={"mlflow.parentRunId": "a"})
    deliver_each(projector, START, tags, make_event("run/b", "TrainingStarted", 2))
    parent = projector.bus.bodies[-1]["run"]["facets"]["parent"]
    assert (parent["run"]["runId"], parent["job"]["name"]) == (RUN, "digits")


def test_starts_of_many_runs_share_requests():
    projector = PublishingProjector()
    projector.record(make_event(f"run/{number}", "TrainingStarted", 1) for number in range(25))
    projector.deliver(projector.log.events())
    assert (projector.bus.requests, len(projector.bus.entries)) == (3, 25)


def test_a_bus_that_takes_nothing_is_told_and_the_read_models_go_on():
    projector = PublishingProjector()
    projector.bus.is_down = True
    projector.record([START, END])
    outcome = projector.deliver([START, END])
    assert outcome == (0, [("START of run/a", "InternalFailure"), ("COMPLETE of run/a", "InternalFailure")])
    assert isinstance(state := state_now(projector.log, projector.read_models, "run/a"), RunState)
    assert state.status == "completed"


def test_when_the_time_is_over_nothing_more_is_read_or_sent():
    times = iter([0.0, 1.0, 2.0, 11.0, 12.0, 13.0])
    projector = PublishingProjector(lambda: next(times))
    projector.record([START, make_event("run/b", "TrainingStarted", 2), make_event("run/c", "TrainingStarted", 3)])
    outcome = projector.deliver(projector.log.events())
    assert projector.bus.requests == 0
    assert [what for what, _ in outcome.unpublished] == ["run/c", "START of run/a", "START of run/b"]


@given(lives(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_in_any_order_of_delivery_all_that_a_run_comes_to_is_published_and_its_end_is_the_last_word(
    events: list[Event], chance: Random
):
    projector = PublishingProjector()
    left = list(events)
    while left:
        size = chance.randint(1, 4)
        batch, left = left[:size], left[size:]
        projector.record(batch)
        projector.deliver(batch)
        if chance.random() < 0.2:
            projector.deliver(chance.sample(batch, len(batch)))  # comes again
    published = projector.published()
    for stream in {event.stream for event in events if event.stream.startswith("run/")}:
        life = [shown(event.body) for event in projector.life(stream)]
        assert set(life) <= set(published)
        last = {event.run: event for event in life if event.type in ENDS}
        for run, end in last.items():
            assert [event for event in published if event.run == run and event.type in ENDS][-1] == end


@given(lives(), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_a_life_that_is_gone_on_with_comes_to_the_same(events: list[Event], second: int):
    projector = PublishingProjector()
    projector.record(events)
    at = f"2026-11-22T15:08:{second:02d}.000000Z"
    for stream in {event.stream for event in events if event.stream.startswith("run/")}:
        entries = list(projector.log.entries(stream))
        if not (later := [entry for entry in entries if entry.position > at + "$"]) or len(later) == len(entries):
            continue
        before, current = state_at(projector.log, stream, as_of=at), state_now(projector.log, None, stream)
        assert isinstance(before, RunState)
        assert isinstance(current, RunState)
        went_on = RunLife(current, NAMESPACE, Parents(NAMESPACE, lambda _: None), before).events(later)
        assert [event.body for event in went_on] == [event.body for event in projector.life(stream) if event.at > at]
