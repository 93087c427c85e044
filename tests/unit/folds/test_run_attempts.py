"""What starts and ends an attempt of a run, and what of it the state keeps."""

import msgspec
import pytest
from training_events import folds
from training_events.canonical import canonical_json
from training_events.event import LogEntry
from training_events.folds.attempts import MAX_ATTEMPTS
from training_events.folds.differences import MAX_DIFFERENCES, differences
from training_events.folds.run_state import MAX_KEPT, RunState

STARTED, COMPLETED, FAILED, STOPPED = (f"Training{what}" for what in ("Started", "Completed", "Failed", "Stopped"))


def state_after(*events):
    """The state after these events, given as (type, producer, data), which occurred one a second."""
    entries = []
    for number, (type_, producer, *data) in enumerate(events):
        at = f"2026-11-22T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
        by = None if producer is None else canonical_json({"sequence": number + 1, **as_producer(producer)}).decode()
        entries.append(LogEntry(f"{at}#e", at, type_, 1, canonical_json(data[0] if data else {}).decode(), by))
    return folds.fold(folds.empty("run/a"), entries)


def as_producer(producer):
    return {"id": producer} if isinstance(producer, str) else {"id": f"rank-{producer}", "rank": producer}


def points(producer, *steps):
    return "MetricsRecorded", producer, {"points": [{"name": "loss", "value": step, "step": step} for step in steps]}


def statuses(state):
    return [attempt.status for attempt in state.attempts]


def test_an_attempt_is_numbered_and_told_with_its_times_producer_first_step_and_what_differs():
    state = state_after(
        (STARTED, "p", {"hyperparameters": {"C": 1.0, "k": [1]}, "seeds": 7}),
        points("p", 0, 1, 2),
        (FAILED, "p", {"error": "out of memory"}),
        (STARTED, "q", {"hyperparameters": {"C": 0.5, "k": [1]}, "python": "3.12"}),
        points("q", 1, 2),
    )
    first, second = state.attempts
    assert (first.number, first.status, first.producer, first.first_step, first.events) == (1, "failed", "p", 0, 2)
    assert (first.started_at[11:19], first.last_at[11:19], first.finished_at[11:19]) == ("00:00:00", "00:00:01", "00:00:02")
    assert (second.number, second.status, second.producer, second.first_step, second.finished_at) == (
        2,
        "running",
        "q",
        1,
        None,
    )
    assert [msgspec.structs.astuple(difference) for difference in second.differences] == [
        ("hyperparameters.C", "1", "0.5"), ("python", None, '"3.12"'), ("seeds", "7", None),
    ]  # fmt: skip
    assert (state.status, state.starts, state.error, state.started_at[11:19]) == ("running", 2, None, "00:00:00")


@pytest.mark.parametrize(
    ("events", "status", "attempts"),
    [
        # a notebook cell was run again, and the first handle ends when the kernel does
        ([(STARTED, "p"), (STARTED, "q"), (COMPLETED, "q"), (STOPPED, "p")], "completed", ["stopped", "completed"]),
        ([(STARTED, "p"), (STARTED, "q"), (STOPPED, "p")], "running", ["stopped", "running"]),
        (
            [(STARTED, "p"), (STARTED, "q"), (FAILED, "p", {"error": "x"}), (COMPLETED, "q")],
            "completed",
            ["failed", "completed"],
        ),
        # a spot restart: the first one never recorded its end
        ([(STARTED, "p"), (STARTED, "q"), (COMPLETED, "q")], "completed", ["superseded", "completed"]),
        # a process that never led the training
        ([(STARTED, "p"), (COMPLETED, "child")], "running", ["running"]),
        ([(STARTED, "p"), (COMPLETED, "p"), (STOPPED, "child")], "completed", ["completed"]),
        # plain events of the bus name no producer: they are of the newest attempt
        ([(STARTED, None), (STARTED, None), (COMPLETED, None)], "completed", ["superseded", "completed"]),
        ([(STARTED, "p"), (COMPLETED, None)], "completed", ["completed"]),
        ([(STARTED, None), (COMPLETED, "p")], "completed", ["completed"]),
        ([(COMPLETED, "p")], "completed", []),
        # any rank may fail
        ([(STARTED, 0), (FAILED, 3)], "failed", ["failed"]),
        ([(STARTED, 0), (COMPLETED, 3), (STOPPED, 1)], "running", ["running"]),
        # one producer may train several times
        ([(STARTED, "p"), (COMPLETED, "p"), (STARTED, "p"), (STOPPED, "p")], "stopped", ["completed", "stopped"]),
    ],
)
def test_only_the_newest_attempt_ends_the_run(events, status, attempts):
    state = state_after(*events)
    assert (state.status, statuses(state)) == (status, attempts)
    assert (state.finished_at is None) == (status == "running")
    assert (state.error is None) == (status != "failed")


def test_an_end_that_does_not_count_is_counted():
    state = state_after((STARTED, "p"), (STOPPED, "child", {"reason": "x"}), (STOPPED, "child"))
    assert (state.ends_not_counted, state.stop_reason, state.status) == (2, None, "running")


@pytest.mark.parametrize("ranks", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_ranks_of_a_distributed_training_are_one_attempt(ranks):
    """Whichever clock is ahead. The spec is that of rank 0."""
    state = state_after(*[(STARTED, rank, {"seeds": rank}) for rank in ranks], (COMPLETED, 0))
    assert (statuses(state), state.starts, state.spec) == (["completed"], 1, {"seeds": 0})
    again = state_after(*[(STARTED, rank) for rank in ranks], *[(STARTED, rank) for rank in (0, 1, 2)])
    assert again.starts == 2


def test_a_plain_start_that_the_bus_got_twice_is_one_attempt():
    at = "2026-11-22T15:00:00.000000Z"
    entries = [LogEntry(f"{at}#{number}", at, STARTED, 1, '{"seeds":1}') for number in range(2)]
    assert folds.fold(RunState("run/a"), entries).starts == 1


def test_points_of_a_process_that_was_superseded_are_those_of_its_attempt():
    state = state_after((STARTED, "p"), points("p", 0, 1, 2), (STARTED, "q"), points("q", 1), points("p", 3, 4), points("q", 2))
    assert [attempt.events for attempt in state.attempts] == [3, 3]
    assert (state.metrics["loss"].last.step, state.metrics["loss"].max.step) == (2, 2)
    assert state.metrics["loss"].points == 7


def test_a_metric_that_the_newest_attempt_has_not_recorded_is_that_of_the_one_before():
    state = state_after((STARTED, "p"), points("p", 5), (STARTED, "q"))
    assert (state.metrics["loss"].attempt, state.metrics["loss"].best.step) == (1, 5)


def test_sagemaker_ends_the_newest_attempt_where_the_training_could_not():
    job = "TrainingJobStateChanged"
    state = state_after((job, None, {"status": "InProgress"}), (STARTED, "p"), (job, None, {"status": "Stopped"}))
    assert (state.status, statuses(state), state.ended_by) == ("stopped", ["stopped"], "SageMaker")


def test_a_state_keeps_only_the_newest_of_ten_thousand_attempts():
    state = state_after(
        *[event for number in range(10_000) for event in ((STARTED, f"p{number}"), points(f"p{number}", number))]
    )
    assert (state.starts, len(state.attempts), state.attempts[-1].number) == (10_000, MAX_ATTEMPTS, 10_000)
    assert len(folds.encode(state)) < 50_000


def test_what_differs_is_bounded_and_packages_come_last():
    before = {"packages": {f"p{n}": "1" for n in range(500)}, "seeds": 1, "hyperparameters": {"deep": {"lr": "x" * 500}}}
    after = {"packages": {}, "seeds": 2, "hyperparameters": {"deep": {"lr": "y" * 500}}}
    found = differences(before, after)
    assert len(found) == MAX_DIFFERENCES
    assert [difference.name for difference in found[:3]] == ["hyperparameters.deep.lr", "seeds", "packages.p0"]
    assert len(found[0].before or "") == 80
    assert differences(before, before) == []


def told(producer, lr, dataset):
    yield "HyperparametersRecorded", producer, {"hyperparameters": {"lr": lr}}
    yield "DatasetUsed", producer, {"dataset": dataset}


def made_from(state):
    return state.hyperparameters, [dataset.uri for dataset in state.lineage.datasets]


def test_what_a_superseded_process_records_is_not_what_the_newest_attempt_is_made_from():
    starts = [(STARTED, "p", {"datasets": ["a"]}), (STARTED, "q", {"hyperparameters": {"C": 1}, "datasets": ["b"]})]
    state = state_after(*starts, *told("q", 0.5, "of the second"), *told("p", 9, "of the first"))
    assert made_from(state) == ({"C": 1, "lr": 0.5}, ["b", "of the second"])
    assert made_from(state_after(*starts, *told(None, 0.5, "of nobody"))) == ({"C": 1, "lr": 0.5}, ["b", "of nobody"])


def test_what_only_earlier_attempts_were_made_from_is_kept_apart():
    """A model may have been registered from them."""
    starts = [
        (STARTED, name, {"datasets": datasets}) for name, datasets in (("p", ["a", "b"]), ("q", ["b", "c"]), ("r", ["a"]))
    ]
    state = state_after(starts[0], ("DatasetUsed", "p", {"dataset": "d"}), *starts[1:])
    assert [dataset.uri for dataset in state.lineage.datasets] == ["a"]
    assert [dataset.uri for dataset in state.lineage.earlier_datasets] == ["b", "c", "d"]
    many = state_after(*[(STARTED, f"p{number}", {"datasets": [f"s3://{number}"]}) for number in range(2 * MAX_KEPT)])
    assert [dataset.uri for dataset in many.lineage.earlier_datasets][:2] == ["s3://198", "s3://197"]
    assert len(many.lineage.earlier_datasets) == MAX_KEPT


def test_what_one_rank_has_recorded_before_rank_0_starts_is_of_the_same_attempt():
    """Clocks differ: rank 0 may not be the first."""
    spec = {"hyperparameters": {"C": 1}, "datasets": ["a"]}
    state = state_after((STARTED, 1, spec), *told(1, 0.5, "b"), (STARTED, 0, spec))
    assert made_from(state) == ({"C": 1, "lr": 0.5}, ["a", "b"])
    assert state.starts == 1


def test_what_people_say_and_what_is_recorded_later_is_no_sign_of_life():
    before = state_after((STARTED, "p"), points("p", 1))
    after = state_after((STARTED, "p"), points("p", 1), *told("p", 0.5, "b"), ("Tagged", "p", {"tags": {"a": 1}}))
    assert after.attempts == before.attempts
