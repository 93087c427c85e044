"""What the state knows of a training that was asked for, and of the runs that did it again."""

import msgspec
import pytest
from training_events import folds
from training_events.canonical import canonical_json
from training_events.catalogue.run import Cause
from training_events.event import LogEntry
from training_events.folds.reproductions import MAX_CHARACTERS, MAX_NAMES
from training_events.folds.run_state import MAX_REPRODUCTIONS, Refusal, Reproduction
from training_events.folds.silence import last_heard_at
from training_events.folds.summary import RunSummary, summary_of

CAUSE = {"stream": "dataset/d", "event_id": "e-1", "occurred_at": "2026-11-22T15:00:00.000000Z"}
REQUESTED = (
    "TrainingRequested",
    {"recipe": "digits", "caused_by": CAUSE, "reproduces": "run/z", "datasets": [{"uri": "s3://b/d", "role": "train"}]},
)
REFUSED = ("TrainingRefused", {"reason": "invalid_request", "field": "RoleArn", "explanation": "RoleArn is not there"})


def at(second):
    return f"2026-11-22T15:{second // 60:02d}:{second % 60:02d}.000000Z"


def state_after(*events, stream="run/a", seconds=None):
    entries = [
        LogEntry(f"{at(second)}#{number}", "", type_, 1, canonical_json(data).decode())
        for number, ((type_, data), second) in enumerate(zip(events, seconds or range(len(events)), strict=True))
    ]
    return folds.fold(folds.empty(stream), entries)


def test_a_request_tells_its_recipe_its_cause_its_data_and_what_it_reproduces():
    run = state_after(REQUESTED)
    assert (run.status, run.recipe, run.caused_by, run.reproduces) == ("requested", "digits", Cause(**CAUSE), "run/z")
    assert [(dataset.uri, dataset.role) for dataset in run.lineage.datasets] == [("s3://b/d", "train")]
    summary = summary_of(run)
    assert isinstance(summary, RunSummary)
    assert (summary.recipe, summary.reproduces) == ("digits", "run/z")
    again = state_after(REQUESTED, ("TrainingRequested", {"recipe": "other", "caused_by": CAUSE | {"event_id": "e-2"}}))
    assert (again.recipe, again.caused_by) == ("digits", Cause(**CAUSE)), "only the first request starts a training"


def test_the_data_of_a_request_is_that_of_the_run_until_the_training_tells_its_own():
    started = state_after(REQUESTED, ("TrainingStarted", {"datasets": ["s3://b/e"]}), REQUESTED)
    assert [dataset.uri for dataset in started.lineage.datasets] == ["s3://b/e"]


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([REQUESTED, REFUSED], "refused"),
        ([REFUSED], "refused"),
        ([REQUESTED, REFUSED, REQUESTED], "refused"),
        ([REQUESTED, REFUSED, ("TrainingStarted", {})], "running"),
        ([REQUESTED, REFUSED, ("TrainingJobStateChanged", {"status": "InProgress"})], "running"),
        ([REQUESTED, REFUSED, ("TrainingJobStateChanged", {"status": "Failed"})], "failed"),
        ([REQUESTED, ("TrainingStarted", {}), REFUSED], "running"),
        ([("TrainingStarted", {}), ("TrainingCompleted", {}), REQUESTED, REFUSED], "completed"),
    ],
)
def test_a_training_that_was_refused_is_refused_until_it_starts_all_the_same(events, status):
    run = state_after(*events)
    assert run.status == status
    assert (run.refused is not None) == (status == "refused")
    assert summary_of(run).status == status


def test_a_refusal_has_its_reason():
    assert state_after(REQUESTED, REFUSED).refused == Refusal(at(1), "invalid_request", "RoleArn is not there", "RoleArn")


def test_request_refusal_and_start_of_one_instant_are_in_the_order_of_a_life():
    run = state_after(("TrainingStarted", {}), REFUSED, REQUESTED, seconds=[1, 1, 1])
    assert (run.status, run.recipe, run.order_unknown) == ("running", "digits", {})


VERDICT = {"run": "run/b", "tolerance": 0.5, "inputs": ["seeds"], "explanation": "loss parts at step 1", "by": "ada"}


def test_each_run_that_did_this_one_again_is_there_once_with_the_newest_word_on_it():
    requested = ("ReproductionRequested", {"run": "run/b", "allowed_unpinned": ["hardware"], "requested_by": "bob"})
    other = ("ReproductionRequested", {"run": "run/c"})
    run = state_after(requested, other, ("ReproductionDiverged", VERDICT))
    assert run.reproductions == [
        Reproduction(at(1), "run/c", "requested"),
        Reproduction(at(2), "run/b", "diverged", "loss parts at step 1", ["hardware"], ["seeds"], 0.5, "ada"),
    ]
    verified = state_after(requested, ("ReproductionVerified", {"run": "run/b"}))
    assert verified.reproductions == [Reproduction(at(1), "run/b", "verified", None, ["hardware"], by="bob")]
    assert state_after(requested, seconds=[0]).reproductions == [
        Reproduction(at(0), "run/b", "requested", None, ["hardware"], by="bob")
    ]


def test_two_verdicts_of_one_instant_are_in_doubt():
    both = ("ReproductionVerified", {"run": "run/b"}), ("ReproductionDiverged", {"run": "run/b"})
    assert state_after(*both, seconds=[1, 1]).order_unknown == {"reproduction by run/b": at(1)}


def test_to_do_a_run_again_is_no_sign_of_its_life_and_opens_it_not():
    again = [("ReproductionRequested", {"run": "run/b"}), ("ReproductionVerified", {"run": "run/b"})]
    running = [REQUESTED, ("TrainingStarted", {}), ("MetricsRecorded", {"points": []})]
    assert last_heard_at(state_after(*running, *again)) == last_heard_at(state_after(*running))
    ended = [*running, ("TrainingCompleted", {})]
    before, after = state_after(*ended), state_after(*ended, *again)
    assert (after.status, after.finished_at, after.attempts) == (before.status, before.finished_at, before.attempts)


def test_a_state_has_room_for_so_many_reproductions_only():
    many = [("ReproductionVerified", VERDICT | {"run": f"run/{number}"}) for number in range(MAX_REPRODUCTIONS + 5)]
    assert [it.run for it in state_after(*many).reproductions] == [f"run/{n}" for n in range(5, MAX_REPRODUCTIONS + 5)]
    long = state_after(
        ("ReproductionRequested", {"run": "run/b", "allowed_unpinned": ["a"] * (MAX_NAMES + 1)}),
        ("ReproductionDiverged", {"run": "run/b", "inputs": ["b"] * (MAX_NAMES + 1), "explanation": "x" * 10_000}),
    ).reproductions[0]
    assert (len(long.allowed_unpinned), len(long.inputs), len(long.explanation)) == (MAX_NAMES, MAX_NAMES, MAX_CHARACTERS + 1)


def test_a_version_of_a_dataset_tells_which_run_made_it():
    stored = {"uri": "s3://b/d", "version_id": "v"}
    both = state_after(("DatasetRegistered", stored), ("DatasetRegistered", stored | {"run": "run/a"}), stream="dataset/d")
    assert [version.run for version in both.versions] == ["run/a"]
    assert msgspec.json.decode(folds.encode(both))["versions"][0]["run"] == "run/a"
