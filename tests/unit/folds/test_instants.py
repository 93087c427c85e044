"""Events that share `occurred_at` are folded in the order of a life; what only their order decides is said to be unknown."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events import folds
from training_events.catalogue import CATALOGUE
from training_events.event import Event, Producer, RecordedEvent
from training_events.folds.instant import arrange

from tests.support.histories import states_of

AT, LATER = "2026-11-22T15:00:00.000000Z", "2026-11-22T15:00:01.000000Z"
LOSS = {"points": [{"name": "loss", "value": 0.5, "step": 1}]}
LIFE_ORDER = {
    "TrainingRequested": 0,
    "TrainingStarted": 1,
    "MetricsRecorded": 2,
    "TrainingCompleted": 3,
    "TrainingFailed": 3,
    "Happened": 4,
}
LIFE = [
    ("TrainingRequested", {"requested_by": "ada"}),
    ("TrainingStarted", {"model": "digits"}),
    ("MetricsRecorded", LOSS),
    ("TrainingCompleted", {}),
]


def event(stream, type_, data, *, event_id, at=AT, producer=None):
    return Event(event_id, stream, type_, at, "tests", data, producer=producer)


def state_of(*events):
    [(stream, state)] = states_of(list(events)).items()
    return folds.decode(stream, state)


def all_states(stream, *said):
    """The states for every order of the event ids; each of `said` is a type, its data, and further fields of the event."""
    return [
        state_of(
            *(
                event(stream, type_, data, event_id=event_id, **dict(*more))
                for event_id, (type_, data, *more) in zip(ids, said, strict=True)
            )
        )
        for ids in itertools.permutations("abcdef"[: len(said)])
    ]


def test_a_run_that_lives_for_an_instant_is_complete_whatever_its_ids():
    for run in all_states("run/a", *LIFE):
        assert (run.status, run.requested_by, run.model, run.points) == ("completed", "ada", "digits", 1)
        assert (run.started_at, run.finished_at, run.duration_seconds) == (AT, AT, 0)
        assert run.order_unknown == {}


@pytest.mark.parametrize(
    ("stream", "said", "field", "value"),
    [
        ("run/a", [("TrainingStarted", {}), ("TrainingFailed", {"error": "e"})], "status", "failed"),
        ("run/a", [("TrainingStarted", {}), ("TrainingStopped", {}), ("CheckpointSaved", {})], "status", "stopped"),
        ("run/a", [("TrainingStarted", {}), ("TrainingJobStateChanged", {"status": "Failed"})], "status", "failed"),
        ("run/a", [("TrainingJobStateChanged", {"status": "InProgress"}), ("TrainingCompleted", {})], "status", "completed"),
        ("run/a", [("TrainingRequested", {}), ("PipelineExecutionStateChanged", {"status": "Executing"})], "status", "running"),
        ("model/m", [("ModelRegistered", {"version": 1}), ("ModelRetired", {})], "status", "retired"),
        ("model/m", [("ModelPromoted", {"version": 1, "stage": "p"}), ("ModelRetired", {"version": 1})], "stages", {}),
        ("dataset/d", [("DatasetRegistered", {"uri": "s3://b/k"}), ("DatasetRetired", {})], "status", "retired"),
        ("run/a", [("Happened", {}), ("TrainingStarted", {}), ("TrainingCompleted", {})], "status", "completed"),
    ],
)  # fmt: skip
def test_what_comes_first_in_a_life_is_folded_first(stream, said, field, value):
    for state in all_states(stream, *said):
        assert getattr(state, field) == value
        assert state.order_unknown == {}


def promoted(version, stage="production"):
    return "ModelPromoted", {"version": version, "stage": stage}


@pytest.mark.parametrize(
    ("stream", "said", "in_doubt"),
    [
        ("model/m", [promoted(1), promoted(2)], {"stage production"}),
        ("model/m", [promoted(1), promoted(2), promoted(3, "staging")], {"stage production"}),
        ("model/m", [("ModelRegistered", {"version": 1}), ("ModelRegistered", {"version": 2})], {"latest version"}),
        ("run/a", [("TrainingCompleted", {}), ("TrainingFailed", {"error": "e"})], {"end"}),
        ("run/a", [("TrainingStarted", {"model": "a"}), ("TrainingStarted", {"model": "b"})], {"start"}),
        ("dataset/d", [("DatasetRegistered", {"uri": "a"}), ("DatasetRegistered", {"uri": "b"})], {"newest version"}),
    ],
)  # fmt: skip
def test_where_nothing_tells_the_order_the_state_says_so(stream, said, in_doubt):
    for state in all_states(stream, *said):
        assert state.order_unknown == dict.fromkeys(in_doubt, AT)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("model/m", [promoted(1), promoted("1")]),
        ("model/m", [promoted(1), promoted(2, "staging")]),
        ("run/a", [("TrainingCompleted", {}), ("TrainingCompleted", {})]),
        ("run/a", [("MetricsRecorded", LOSS), ("MetricsRecorded", {"points": []})]),
        ("dataset/d", [("DatasetRegistered", {"uri": "s3://b/a", "version_id": "v", "sha256": "aa"}),
                       ("DatasetRegistered", {"uri": "s3://b/a", "version_id": "v", "bytes": 9})]),
    ],
)  # fmt: skip
def test_where_the_order_decides_nothing_no_doubt_is_told(stream, said):
    for state in all_states(stream, *said):
        assert state.order_unknown == {}


def points(*said):
    return "MetricsRecorded", {"points": [{"name": name, "value": value, "step": step} for name, value, step in said]}


def saved(step, uri="s3://b/k"):
    return "CheckpointSaved", {"uri": uri} | ({} if step is None else {"step": step})


def test_where_nobody_numbers_them_points_and_checkpoints_come_in_the_order_of_their_steps():
    for run in all_states("run/a", *[points(("loss", 1 / step, step), ("f1", 0.5, step)) for step in (1, 2, 3, 10)]):
        assert [point[0] for point in run.metrics["loss"].curve.points] == [1, 2, 3, 10]
        assert (run.metrics["loss"].last.step, run.metrics["loss"].last.value, run.order_unknown) == (10, 0.1, {})
    for run in all_states("run/a", saved(1), points(("loss", 0.5, 2)), saved(2), saved(2, "s3://b/optimizer")):
        assert ([checkpoint.step for checkpoint in run.checkpoints], run.order_unknown) == ([1, 2, 2], {})


@pytest.mark.parametrize(
    ("said", "in_doubt"),
    [
        ([points(("loss", 0.5, None)), points(("loss", 0.4, None))], {"metric loss"}),
        ([points(("loss", 0.5, 1)), points(("loss", 0.4, None), ("f1", 0.5, None))], {"metric loss"}),
        ([points(("loss", 0.5, 1), ("f1", 0.5, 1)), points(("loss", 0.4, 1), ("f1", 0.5, 1))], {"metric loss"}),
        ([points(("loss", 0.5, 1), ("loss", 0.4, 3)), points(("loss", 0.3, 2))], {"metric loss"}),
        ([points(("f1", 0.5, 1), ("loss", 0.4, 9)), points(("f1", 0.6, 2), ("loss", 0.3, 3))], {"metric loss"}),
        ([saved(None), saved(None, "s3://b/l")], {"newest checkpoint"}),
        ([points(("loss", 0.5, None)), points(("loss", 0.5, None))], set()),
        ([points(("loss", 0.5, None)), points(("f1", 0.5, None))], set()),
        ([points(("loss", 0.5, 1)), points(("loss", 0.5, 1)), points(("loss", 0.4, 2))], set()),
    ],
)  # fmt: skip
def test_where_no_step_tells_which_value_is_the_last_the_state_says_so(said, in_doubt):
    for state in all_states("run/a", *said):
        assert state.order_unknown == dict.fromkeys(in_doubt, AT)


def test_a_later_point_of_the_metric_settles_which_is_the_last():
    doubtful = [event("run/a", *points(("loss", value, None)), event_id=str(value)) for value in (1, 2)]
    other = event("run/a", *points(("f1", 0.5, 1)), event_id="3", at=LATER)
    assert state_of(*doubtful, other).order_unknown == {"metric loss": AT}
    assert state_of(*doubtful, event("run/a", *points(("loss", 3, None)), event_id="4", at=LATER)).order_unknown == {}


def test_sagemakers_answer_follows_what_was_pending_and_two_answers_are_in_doubt():
    def package(approval):
        return "ModelPackageStateChanged", {"version": "1", "status": "Completed", "approval_status": approval}

    for model in all_states("model/m", package("PendingManualApproval"), package("Approved")):
        assert (model.versions["1"].approval_status, model.order_unknown) == ("Approved", {})
    for model in all_states("model/m", package("Rejected"), package("Approved")):
        assert model.order_unknown == {"approval of version 1": AT}


def numbered(producer, sequence):
    return {"producer": Producer(producer, sequence)}


def test_the_order_of_one_producers_numbers_is_known():
    for model in all_states("model/m", (*promoted(1), numbered("p", 7)), (*promoted(2), numbered("p", 8))):
        assert (model.stages, model.order_unknown) == ({"production": "2"}, {})
    for run in all_states("run/a", ("TrainingFailed", {}, numbered("p", 7)), ("TrainingStarted", {}, numbered("p", 8))):
        assert run.status == "running"


@pytest.mark.parametrize("other", [numbered("q", 8), {}], ids=["another producer", "nobody"])
def test_the_numbers_of_several_producers_tell_nothing(other):
    for model in all_states("model/m", (*promoted(1), numbered("p", 7)), (*promoted(2), other)):
        assert model.order_unknown == {"stage production": AT}


def test_a_later_decision_settles_the_doubt_and_other_events_do_not():
    doubtful = [event("model/m", *promoted(version), event_id=str(version)) for version in (1, 2)]
    registered = event("model/m", "ModelRegistered", {"version": 3}, event_id="3", at=LATER)
    assert state_of(*doubtful, registered).order_unknown == {"stage production": AT}
    assert state_of(*doubtful, event("model/m", *promoted(1), event_id="4", at=LATER)).order_unknown == {}
    again = [event("model/m", *promoted(version), event_id=str(version), at=LATER) for version in (1, 2)]
    assert state_of(*doubtful, *again).order_unknown == {"stage production": LATER}


EARLIER = "2026-11-22T14:00:00.000000Z"
RETIRED: tuple[str, dict[str, str]] = ("ModelRetired", {})


def states_after(stream, earlier, *said):
    """As all_states, of a stream that has had these events before."""
    before = [
        event(stream, *one, event_id=f"before-{number}", at=f"{EARLIER[:-2]}{number}Z") for number, one in enumerate(earlier)
    ]
    for ids in itertools.permutations("abcdef"[: len(said)]):
        whole = [
            event(stream, type_, data, event_id=event_id, **dict(*more))
            for event_id, (type_, data, *more) in zip(ids, said, strict=True)
        ]
        yield state_of(*before, *whole)


def registered(version):
    return "ModelRegistered", {"version": version}


def dataset(sha256):
    return "DatasetRegistered", {"uri": f"s3://b/{sha256}", "sha256": sha256}


STARTED: tuple[str, dict[str, str]] = ("TrainingStarted", {})
STOPPED = ("TrainingStopped", {"reason": "spot"})


@pytest.mark.parametrize(
    ("stream", "earlier", "said", "in_doubt"),
    [
        ("run/a", [STARTED], [STOPPED, STARTED], {"status"}),
        ("run/a", [STARTED, STOPPED, STARTED], [("TrainingFailed", {}), ("TrainingStarted", {"model": "b"})], {"status"}),
        ("run/a", [STARTED], [(*STOPPED, numbered("p", 7)), STARTED], {"status"}),
        ("model/m", [registered(1)], [("ModelRetired", {"version": 1}), promoted("1")], {"version 1"}),
        ("model/m", [registered(1), promoted(1)], [("ModelRetired", {"version": "1"}), registered(1)], {"version 1"}),
        ("model/m", [registered(1)], [RETIRED, registered(2)], {"status"}),
        ("model/m", [registered(1)], [RETIRED, promoted(1)], {"stages"}),
        ("dataset/d", [dataset("a")], [("DatasetRetired", {}), dataset("b")], {"status"}),
        ("dataset/d", [dataset("a")], [("DatasetRetired", {"sha256": "a"}), dataset("a")], {"version a"}),
    ],
)  # fmt: skip
def test_an_end_and_a_beginning_of_one_instant_are_in_doubt_where_something_lived_before(stream, earlier, said, in_doubt):
    for state in states_after(stream, earlier, *said):
        assert state.order_unknown == dict.fromkeys(in_doubt, AT)
    for state in all_states(stream, *said):
        assert state.order_unknown == {}


@pytest.mark.parametrize(
    ("stream", "earlier", "said", "status"),
    [
        ("run/a", [STARTED, STOPPED], [STARTED, ("TrainingCompleted", {})], "completed"),
        ("run/a", [("TrainingRequested", {})], [STARTED, STOPPED], "stopped"),
        ("run/a", [STARTED], [(*STOPPED, numbered("p", 7)), (*STARTED, numbered("p", 8))], "running"),
        ("model/m", [registered(1), promoted(1)], [("ModelRetired", {"version": 1}), registered(2), promoted(2)], "active"),
        ("model/m", [registered(1), RETIRED], [registered(2), RETIRED], "retired"),
        ("dataset/d", [dataset("a")], [("DatasetRetired", {"sha256": "a"}), dataset("b")], "active"),
    ],
)  # fmt: skip
def test_what_begins_and_ends_within_an_instant_or_is_of_another_thing_is_not_in_doubt(stream, earlier, said, status):
    for state in states_after(stream, earlier, *said):
        assert (state.status, state.order_unknown) == (status, {})


def test_the_next_start_or_end_settles_whether_the_run_goes_on():
    doubtful = [event("run/a", *STARTED, event_id="0", at=EARLIER), event("run/a", *STOPPED, event_id="1")]
    doubtful.append(event("run/a", *STARTED, event_id="2"))
    assert state_of(*doubtful, event("run/a", *points(), event_id="3", at=LATER)).order_unknown == {"status": AT}
    for settling in (STARTED, STOPPED):
        assert state_of(*doubtful, event("run/a", *settling, event_id="3", at=LATER)).order_unknown == {}


producers = st.none() | st.builds(Producer, st.sampled_from(["p", "q"]), st.integers(1, 3))
happenings = st.tuples(st.sampled_from([*LIFE, ("TrainingFailed", {}), ("Happened", {})]), producers)


@given(st.lists(happenings, max_size=7))
def test_each_producers_numbers_come_in_order_and_all_others_by_their_rank(said):
    """Whatever the numbers are: they may be repeated, or forged."""
    entries = [
        RecordedEvent(event("run/a", type_, data, event_id=str(number), producer=producer), AT, "").entry
        for number, ((type_, data), producer) in enumerate(said)
    ]
    arranged = arrange(entries, CATALOGUE["run"]).entries
    assert sorted(arranged) == sorted(entries)
    numberings = [entry.numbering for entry in arranged if entry.numbering is not None]
    for name in ("p", "q"):
        sequences = [numbering.sequence for numbering in numberings if numbering.id == name]
        assert sequences == sorted(sequences)
    ranks = [LIFE_ORDER[entry.type] for entry in arranged if entry.numbering is None]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("stream", "said", "in_doubt"),
    [
        ("run/a", [("Tagged", {"tags": {"a": 1, "b": 2}}), ("Tagged", {"tags": {"a": True, "b": 2}})], {"tag a"}),
        ("model/m", [("Tagged", {"tags": {"a": 1}}), ("Tagged", {"tags": {"a": None}})], {"tag a"}),
        ("dataset/d", [("Described", {"name": "a"}), ("Described", {"name": "b", "description": "c"})], {"name"}),
        ("run/a", [("Hidden", {"by": "ada"}), ("Restored", {"by": "bob"})], {"hidden"}),
        ("run/a", [("Hidden", {"by": "ada"}), ("Hidden", {"by": "bob"})], {"hidden"}),
        ("run/a", [("Restored", {"by": "ada"}), ("Restored", {"by": "bob"})], set()),
        ("run/a", [("HyperparametersRecorded", {"hyperparameters": {"lr": value, "C": [1]}}) for value in (1, 2)],
         {"hyperparameter lr"}),
        ("run/a", [("DatasetUsed", {"dataset": "a"}), ("DatasetUsed", {"dataset": "b"})], set()),
        ("run/a", [("TrainingStarted", {"hyperparameters": {"lr": 1}}),
                   ("HyperparametersRecorded", {"hyperparameters": {"lr": 2}})], set()),
    ],
)  # fmt: skip
def test_what_people_say_differently_in_one_instant_is_in_doubt(stream, said, in_doubt):
    for state in all_states(stream, *said):
        assert set(state.order_unknown) == in_doubt


def test_the_next_word_on_a_tag_settles_it():
    said = [event("run/a", "Tagged", {"tags": {"a": value}}, event_id=f"e{value}") for value in (1, 2)]
    later = event("run/a", "Tagged", {"tags": {"a": 3}}, event_id="e3", at=LATER)
    assert set(state_of(*said).order_unknown) == {"tag a"}
    assert state_of(*said, later).order_unknown == {}
