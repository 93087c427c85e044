# ruff: noqa: PT017 - whether it raises depends on what was generated
"""AWS may send several events for a state, more than once and out of order: it is one state, and never a conflict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.bus.received import event_of
from training_events.errors import NotRecordable
from training_events.event import Event

from tests.support.aws_events import JOB, LIVES, PIPELINE, deliveries_of, in_order, job_lives, sample
from tests.support.fakes import InMemoryLog
from tests.support.histories import states_of
from tests.support.strategies import loose_values

kinds = pytest.mark.parametrize("kind", LIVES)


def states_after(deliveries: list[dict[str, Any]], *others: Event) -> dict[str, bytes]:
    """The states of the log that takes all of these events. A conflict would raise."""
    log = InMemoryLog()
    for event in [*others, *map(event_of, deliveries)]:
        log.append(event)
    return states_of(log.events())


@kinds
@given(data=st.data())
def test_any_delivery_of_the_same_states_gives_the_same_result(kind: str, data: st.DataObject):
    life = data.draw(LIVES[kind])
    assert states_after(data.draw(deliveries_of(kind, life))) == states_after(in_order(kind, life))


@kinds
@given(data=st.data())
def test_a_state_is_one_event_however_often_it_is_delivered(kind: str, data: st.DataObject):
    life = data.draw(LIVES[kind])
    received = {(event.position, event.digest) for event in map(event_of, data.draw(deliveries_of(kind, life)))}
    assert received == {(event.position, event.digest) for event in map(event_of, in_order(kind, life))}
    assert len(received) == len(life)


@given(data=st.data())
def test_the_last_state_is_the_last_one_of_sagemaker(data: st.DataObject):
    """Also where several states have the same time."""
    kind = data.draw(st.sampled_from([JOB, PIPELINE]))
    life = data.draw(LIVES[kind])
    statuses = [detail.get("TrainingJobStatus") or detail.get("currentPipelineExecutionStatus") for detail in life]
    for state in states_after(data.draw(deliveries_of(kind, life))).items():
        run: Any = folds.decode(*state)
        assert run.job.status == statuses[-1]
        assert run.status == {
            "InProgress": "running", "Executing": "running", "Stopping": "running", "Completed": "completed",
            "Succeeded": "completed", "Failed": "failed", "Stopped": "stopped",
        }[statuses[-1]]  # fmt: skip
        assert (run.error is not None) == (run.status == "failed")


cut_short = job_lives().filter(lambda life: bool(life) and life[-1]["TrainingJobStatus"] in ("Failed", "Stopped"))


def own(type_: str, second: int, **data: Any) -> Event:
    return Event(f"own-{type_}", "run/digits-7", type_, f"2026-11-22T15:08:{second}.500000Z", "tests", data)


@given(life=job_lives(), ended=st.sampled_from(["TrainingCompleted", "TrainingFailed", "TrainingStopped"]), data=st.data())
def test_a_run_that_recorded_its_own_end_keeps_it(life: list[dict[str, Any]], ended: str, data: st.DataObject):
    second = data.draw(st.integers(40, 48))
    start = own("TrainingStarted", 39, datasets=["s3://b/own"])
    points = own("MetricsRecorded", 39, points=[{"name": "loss", "value": 1}])
    alone: Any = folds.decode("run/digits-7", states_after([], start, points, own(ended, second))["run/digits-7"])
    states = states_after(data.draw(deliveries_of(JOB, life)), start, points, own(ended, second))
    both: Any = folds.decode("run/digits-7", states["run/digits-7"])
    for name in ("status", "started_at", "finished_at", "duration_seconds", "spec", "metrics", "lineage", "ended_by"):
        assert getattr(both, name) == getattr(alone, name)


@given(life=cut_short, data=st.data())
def test_a_job_ends_the_run_where_the_training_could_not_record_its_end(life: list[dict[str, Any]], data: st.DataObject):
    states = states_after(data.draw(deliveries_of(JOB, life)), own("TrainingStarted", 38, datasets=["s3://b/own"]))
    run: Any = folds.decode("run/digits-7", states["run/digits-7"])
    assert run.status == life[-1]["TrainingJobStatus"].lower()
    assert (run.ended_by, run.started_at) == ("SageMaker", "2026-11-22T15:08:38.500000Z")
    assert [dataset.uri for dataset in run.lineage.datasets] == ["s3://b/own"]


@given(versions=st.lists(st.sampled_from("abc"), min_size=1, max_size=9), recorded=st.booleans(), data=st.data())
def test_s3_and_the_recorder_together_register_one_version_however_often(
    versions: list[str], *, recorded: bool, data: st.DataObject
):
    def stored(version: str) -> dict[str, Any]:
        return {"key": "datasets/digits/x.npz", "size": 5, "version-id": version, "sequencer": f"617f08299329d18{version}"}

    events = [
        event_of(sample("aws_object_created", object=stored(version)) | {"id": str(number)})
        for number, version in enumerate(versions)
    ]
    where = {"uri": "s3://amzn-s3-demo-bucket1/datasets/digits/x.npz", "version_id": versions[0]}
    moment = data.draw(st.sampled_from(["2021-11-11T23:59:59.500000Z", "2021-11-12T00:00:00.500000Z"]))
    if recorded:
        events.append(
            Event("own", "dataset/digits", "DatasetRegistered", moment, "tests", {**where, "sha256": "5e", "rows": 9})
        )
    log = InMemoryLog()
    for event in data.draw(st.permutations(events)):
        log.append(event)
    dataset: Any = folds.decode("dataset/digits", states_of(log.events())["dataset/digits"])
    assert sorted(version.stored.version_id for version in dataset.versions) == sorted(set(versions))
    [known] = (version for version in dataset.versions if version.stored.version_id == versions[0])
    assert (known.stored.bytes, known.stored.sha256, known.rows) == ((5, "5e", 9) if recorded else (5, None, None))


odd = loose_values | st.sampled_from(["run", "arn:aws:sagemaker:::pipeline/a/execution/b", 1.5e12, "datasets/a/b"])


@kinds
@given(data=st.data())
def test_anything_gives_an_event_or_a_reason_with_a_path(kind: str, data: st.DataObject):
    life = data.draw(LIVES[kind].filter(bool))
    [event, *_] = in_order(kind, life)
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(event["detail"])), odd, max_size=3))
    time = data.draw(st.just({}) | st.fixed_dictionaries({"time": odd}))
    received = {**event, "detail": {**event["detail"], **changed}, **time}
    try:
        assert event_of(received).digest
    except NotRecordable as why:
        assert why.reason
        assert why.path[0] in ("detail", "time")
