"""What happened, line by line: each kind of event in a few words, series together, and what is late or unknown told."""

import json

import pytest
from training_events import times
from training_events.catalogue import CATALOGUE
from training_events.event import LogEntry
from training_events.reading.timeline.description import MAX_CHARACTERS, describe
from training_events.reading.timeline.lines import MAX_DATA_CHARACTERS, lines_of

DIGEST = "5d" * 32
FILE = {"uri": "s3://b/model.joblib", "sha256": DIGEST}


def an_entry(type_, data=None, second=0, *, delay=0.0, version=1, text=None):
    at = times.later("2026-11-22T15:00:00.000000Z", second)
    recorded_at = times.later(at, delay)
    return LogEntry(f"{at}#e-{second}", recorded_at, type_, version, json.dumps(data or {}) if text is None else text)


def told(stream, *entries):
    return [line.text for line in lines_of(stream, entries)]


EXAMPLES = {
    ("run", "TrainingRequested"): ({"model": "digits", "requested_by": "ada"}, "training of the model digits requested"),
    ("run", "TrainingStarted"): ({"resumed_from": "s3://b/c"}, "training resumed from s3://b/c"),
    ("run", "HyperparametersRecorded"): (
        {"hyperparameters": {"C": 1.0, "solver": "sgd"}},
        "hyperparameters recorded: C = 1.0, solver = sgd",
    ),
    ("run", "DatasetUsed"): ({"dataset": "s3://b/d", "role": "train"}, "dataset used as train: s3://b/d"),
    ("run", "MetricsRecorded"): ({"points": []}, "a batch without points"),
    ("run", "CheckpointSaved"): ({**FILE, "step": 5}, "checkpoint saved at step 5: s3://b/model.joblib"),
    ("run", "ArtifactSaved"): ({"sha256": DIGEST, "name": "plot"}, f"artifact plot saved: sha256 {DIGEST}"),
    ("run", "TrainingCompleted"): ({"artifact": FILE}, "training completed, and made s3://b/model.joblib"),
    ("run", "TrainingFailed"): ({"error": "out of memory\nat line 3"}, "training failed: out of memory"),
    ("run", "TrainingStopped"): ({"reason": "spot"}, "training stopped: spot"),
    ("run", "TrainingJobStateChanged"): (
        {"status": "Failed", "failure_reason": "no capacity", "backfilled": True},
        "SageMaker's training job: Failed, no capacity (asked later: its own event never arrived)",
    ),
    ("run", "PipelineExecutionStateChanged"): ({"status": "Executing"}, "execution of the pipeline: Executing"),
    ("run", "TrainingRefused"): (
        {"reason": "invalid_request", "field": "RoleArn", "explanation": "is not there"},
        "training refused: invalid_request: RoleArn: is not there",
    ),
    ("run", "ReproductionRequested"): (
        {"run": "run/digits-8", "allowed_unpinned": ["hardware", "seeds"]},
        "done again by run/digits-8; these may differ: hardware, seeds",
    ),
    ("run", "ReproductionVerified"): ({"run": "run/digits-8"}, "reproduced by run/digits-8: verified"),
    ("run", "ReproductionDiverged"): (
        {"run": "run/digits-8", "explanation": "loss parts at step 120"},
        "reproduced by run/digits-8: diverged: loss parts at step 120",
    ),
    ("dataset", "DatasetRegistered"): (
        {**FILE, "run": "run/clean-3"},
        "version registered: s3://b/model.joblib, made by run/clean-3",
    ),
    ("dataset", "DatasetRetired"): ({"reason": "wrong labels"}, "dataset retired: wrong labels"),
    ("model", "ModelRegistered"): ({"version": 3, "run": "digits-7"}, "version 3 registered, made by run/digits-7"),
    ("model", "ModelPromoted"): ({"version": 3, "stage": "production"}, "version 3 promoted to production"),
    ("model", "ModelRetired"): ({"version": 3, "reason": "old"}, "version 3 retired: old"),
    ("model", "ModelPackageStateChanged"): (
        {"version": 3, "approval_status": "Approved"},
        "SageMaker's registry: version 3: Approved",
    ),
    ("model", "ModelDemoted"): ({"version": 3, "stage": "production"}, "version 3 demoted from production"),
    ("model", "VersionDescribed"): ({"version": 3, "description": "warm"}, "version 3: described: warm"),
    ("model", "VersionTagged"): (
        {"version": 3, "tags": {"team": "vision", "note": None}},
        "version 3: tagged team = vision, tags removed: note",
    ),
    ("model", "VersionHidden"): ({"version": 3, "reason": "wrong"}, "version 3 hidden from lists: wrong"),
    ("model", "VersionRestored"): ({"version": 3}, "version 3 restored"),
    ("model", "ModelLogged"): ({"name": "tree", "run": "digits-7"}, "model tree logged by run/digits-7: ready"),
    ("model", "ModelMeasured"): (
        {"points": [{"name": "f1", "value": 0.5}, {"name": "loss", "value": "NaN"}], "dataset": {"digest": "md5:5e"}},
        "model measured on md5:5e: f1 = 0.5, loss = NaN",
    ),
    ("model", "Described"): ({"name": "Digits", "description": ""}, "named Digits, description removed"),
    ("run", "Tagged"): ({"tags": {"team": "vision", "note": None}}, "tagged team = vision, tags removed: note"),
    ("run", "Hidden"): ({"reason": "a mistake"}, "hidden from lists: a mistake"),
    ("run", "Restored"): ({}, "restored to lists"),
}


@pytest.mark.parametrize(("kind", "type_"), EXAMPLES)
def test_an_event_in_a_few_words(kind, type_):
    data, text = EXAMPLES[kind, type_]
    description, fact = describe(f"{kind}/digits", an_entry(type_, data))
    assert (description.text, description.doubt) == (text, None)
    assert type(fact) is CATALOGUE[kind][type_].fact


def test_a_request_tells_its_recipe_what_it_reproduces_and_its_cause():
    cause = {"stream": "dataset/digits", "event_id": "e", "occurred_at": "2026-11-22T15:00:00.000000Z"}
    asked = {"recipe": "digits", "reproduces": "run/digits-7", "caused_by": cause}
    assert told("run/digits-8", an_entry("TrainingRequested", asked)) == [
        "training requested by the recipe digits, to reproduce run/digits-7, because of an event of dataset/digits"
    ]
    assert told("run/digits-8", an_entry("TrainingStarted", {"reproduces": "run/digits-7"})) == [
        "training started, to reproduce run/digits-7"
    ]


def test_every_type_of_the_catalogue_has_words():
    assert {type_ for _, type_ in EXAMPLES} == {type_ for types in CATALOGUE.values() for type_ in types}


def test_who_did_it_is_told_where_the_event_says_so():
    [line] = lines_of("model/digits", [an_entry("ModelPromoted", {"version": 1, "stage": "production", "promoted_by": "ada"})])
    assert line.by == "ada"


@pytest.mark.parametrize(
    ("entry", "text", "doubt"),
    [
        (an_entry("Happened"), "Happened", "this version does not know the type"),
        (an_entry("Hidden", version=9), "Hidden", "this version does not know schema version 9 of the type"),
        (an_entry("Hidden", {"reason": 1}), "Hidden", "its data does not fit the type"),
        (an_entry("Hidden", text=""), "Hidden", "its data does not fit the type"),
        (an_entry("", text=""), "an event without a type", "this version does not know the type"),
    ],
)
def test_what_cannot_be_read_is_there_with_the_reason(entry, text, doubt):
    [line] = lines_of("run/a", [entry])
    assert (line.text, line.doubt, line.doubtful) == (text, doubt, 1)


def test_points_of_batches_that_follow_each_other_are_one_line():
    batches = [
        an_entry("MetricsRecorded", {"points": [{"name": name, "value": 1}] * 30}, second)
        for second, name in enumerate(["loss", "loss", "f1"])
    ]
    assert told("run/a", an_entry("TrainingStarted"), *batches, an_entry("TrainingCompleted", second=9)) == [
        "training started",
        "90 points of loss, f1 in 3 events",
        "training completed",
    ]


def test_few_checkpoints_have_lines_and_many_are_told_together():
    def series(count):
        for n in range(count):
            yield an_entry("MetricsRecorded", {"points": [{"name": "loss", "value": 1}]}, 2 * n)
            yield an_entry("CheckpointSaved", {"step": n}, 2 * n + 1)

    assert len(told("run/a", *series(3))) == 6
    assert told("run/a", *series(100)) == ["100 points of loss in 100 events, 100 checkpoints"]


def test_an_event_that_the_log_took_long_after_it_occurred_is_late_and_one_from_the_future_ahead():
    late, in_time, ahead = lines_of(
        "run/a",
        [
            an_entry("TrainingStarted", delay=3600),
            an_entry("Hidden", second=1, delay=5),
            an_entry("Restored", second=2, delay=-30),
        ],
    )
    assert (late.late, late.delay_seconds, in_time.late, ahead.late, ahead.lead_seconds) == (1, 3600, 0, 0, 30)


def test_long_texts_are_cut():
    [line] = lines_of("run/a", [an_entry("Described", {"name": "n" * 5000, "by": "b" * 5000})])
    assert len(line.text) <= MAX_CHARACTERS + 20
    assert len(line.by or "") == MAX_CHARACTERS + 1
    assert len(line.data) == MAX_DATA_CHARACTERS < line.data_characters
