"""Data of any schema version becomes today's struct, or is refused with a reason."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from training_events import catalogue
from training_events.canonical import canonical_json
from training_events.catalogue import EventType
from training_events.catalogue.order import rank_of
from training_events.errors import DoesNotFit, NewerVersion, UnknownType
from training_events.event import LogEntry
from training_events.folds import any_stream, dataset, encode, fold, group, model, run
from training_events.folds.dataset import DatasetState
from training_events.folds.run_state import RunState

from tests.support import histories


class Happened(msgspec.Struct):
    """The data in version 3. Version 1 had seconds, version 2 had no place."""

    milliseconds: int
    place: str


HAPPENED = EventType(
    Happened,
    [lambda data: {"milliseconds": data["seconds"] * 1000}, lambda data: {**data, "place": "unknown"}],
)


@pytest.mark.parametrize(
    ("version", "data"),
    [(1, '{"seconds":2}'), (2, '{"milliseconds":2000}'), (3, '{"milliseconds":2000,"place":"unknown"}')],
)
def test_older_versions_are_upcast_one_by_one(version, data):
    assert HAPPENED.read(version, data) == Happened(2000, "unknown")


def test_a_newer_version_is_refused():
    with pytest.raises(NewerVersion):
        HAPPENED.read(4, '{"milliseconds":2000,"place":"unknown"}')


@pytest.mark.parametrize("version", [1, 2, 3, 0, -1])
@pytest.mark.parametrize("data", ["", "{}", "[]", "1", '"seconds"', '{"seconds":"2"}', '{"seconds":[]}', '{"milliseconds":[]}'])
def test_data_that_fits_no_version_is_refused(version, data):
    with pytest.raises(DoesNotFit, match="Happened"):
        HAPPENED.read(version, data)


ADDED_LATER = [
    (kind, type_.name, name)
    for kind, types in catalogue.CATALOGUE.items()
    for type_ in types.values()
    for name in sorted(getattr(type_.fact, "ADDED_LATER", ()))
]


@pytest.mark.parametrize(("kind", "type_", "name"), ADDED_LATER)
@pytest.mark.parametrize("value", [1, [1, "a"], {"mine": [1]}])
def test_a_field_that_came_later_does_not_break_what_was_recorded_by_its_name_before(kind, type_, name, value):
    known = catalogue.CATALOGUE[kind][type_]
    fits = {"request": dict}.get(name)
    fact = known.read(1, msgspec.json.encode({name: value, "mine": 1}).decode())
    default = getattr(known.fact(), name)
    assert getattr(fact, name) == (value if fits and isinstance(value, fits) else default)


@pytest.mark.parametrize("given", [{"name": 1}, {"digest": ["md5"]}, {"details": "csv"}, {"name": {}, "details": [1]}])
@pytest.mark.parametrize(
    ("type_", "of"),
    [
        ("DatasetUsed", lambda dataset: {"dataset": dataset}),
        ("TrainingStarted", lambda dataset: {"datasets": [dataset, "s3://b/other"]}),
        ("TrainingStarted", lambda dataset: {"datasets": {"train": dataset}}),
        ("TrainingStarted", lambda dataset: {"datasets": {"train": [dataset]}}),
        ("TrainingRequested", lambda dataset: {"datasets": [dataset]}),
    ],
)
def test_the_same_goes_for_what_came_later_inside_of_a_dataset(type_, of, given):
    data = canonical_json(of({"uri": "s3://b/d", "bytes": 9, **given})).decode()
    run = fold(RunState("run/a"), [LogEntry("2026-11-22T15:00:00.000000Z#1", "", type_, 1, data)])
    dataset = run.lineage.datasets[0]
    assert (dataset.uri, dataset.bytes) == ("s3://b/d", 9)
    assert (dataset.name, dataset.digest, dataset.details) == (None, None, None)


@pytest.mark.parametrize("data", ['{"recipe":1,"model":2}', "[]", '{"model":2}', '{"recipe":"r","model":2}', "{", "1"])
def test_other_fields_are_held_to_their_types_all_the_same(data):
    with pytest.raises(DoesNotFit, match="TrainingRequested"):
        catalogue.read("run/a", "TrainingRequested", 1, data)


def test_folds_take_older_versions_and_count_what_they_cannot():
    registered = catalogue.CATALOGUE["dataset"]["DatasetRegistered"].fact
    newer = {"dataset": {"DatasetRegistered": EventType(registered, [lambda data: {"uri": data["url"]}])}}
    entries = [
        LogEntry("2026-11-22T15:00:00.000000Z#1", "", "DatasetRegistered", 1, '{"url":"s3://old"}'),
        LogEntry("2026-11-22T15:00:00.000000Z#2", "", "DatasetRegistered", 2, '{"uri":"s3://new"}'),
        LogEntry("2026-11-22T15:00:00.000000Z#3", "", "DatasetRegistered", 3, '{"address":"s3://newer"}'),
        LogEntry("2026-11-22T15:00:00.000000Z#4", "", "DatasetRegistered", 1, '{"uri":"not of version 1"}'),
        LogEntry("2026-11-22T15:00:00.000000Z#5", "", "Happened", 1, "{}"),
        LogEntry("2026-11-22T15:00:00.000000Z#6", "", "", 0, ""),
    ]
    state = fold(DatasetState("dataset/d"), entries, newer)
    assert [version.stored.uri for version in state.versions] == ["s3://old", "s3://new"]
    assert msgspec.to_builtins(state.counts) == {"events": 6, "unknown": 2, "newer": 1, "unreadable": 1}
    assert state.position == entries[-1].position
    assert encode(state)


@pytest.mark.parametrize(
    ("stream", "type_"), [("run/a", "ModelPromoted"), ("model/a", "TrainingStarted"), ("dataset/a", "Happened")]
)
def test_a_type_belongs_to_one_kind_of_stream(stream, type_):
    with pytest.raises(UnknownType):
        catalogue.read(stream, type_, 1, "{}")


def test_the_catalogue_has_exactly_these_types():
    any_stream = {"Described", "Tagged", "Hidden", "Restored"}
    assert {kind: set(types) - any_stream for kind, types in catalogue.CATALOGUE.items()} == {
        "dataset": {"DatasetRegistered", "DatasetRetired"},
        "run": {
            "TrainingRequested", "TrainingStarted", "MetricsRecorded", "CheckpointSaved", "ArtifactSaved", "TrainingCompleted",
            "HyperparametersRecorded", "DatasetUsed", "TrainingFailed", "TrainingStopped", "TrainingJobStateChanged",
            "PipelineExecutionStateChanged", "TrainingRefused", "ReproductionRequested", "ReproductionVerified",
            "ReproductionDiverged",
        },
        "model": {
            "ModelRegistered", "ModelPromoted", "ModelDemoted", "ModelRetired", "ModelPackageStateChanged", "VersionDescribed",
            "VersionTagged", "VersionHidden", "VersionRestored", "ModelLogged", "ModelMeasured", "ArtifactSaved",
        },
        "group": set(),
    }  # fmt: skip
    assert all(any_stream <= set(types) for types in catalogue.CATALOGUE.values())


APPLY: dict[str, Mapping[Any, Any]] = {
    kind: any_stream.APPLY | apply
    for kind, apply in (("run", run.APPLY), ("model", model.APPLY), ("dataset", dataset.APPLY), ("group", group.APPLY))
}


@pytest.mark.parametrize("kind", catalogue.CATALOGUE)
def test_every_type_has_a_fold_and_is_in_the_generated_histories(kind):
    """A type without a fold would fail every state of a stream that has it."""
    types = catalogue.CATALOGUE[kind]
    assert {type_.fact for type_ in types.values()} == APPLY[kind].keys()
    assert all(rank_of(type_.fact) < rank_of(None) for type_ in types.values()), "each has its place in the order of a life"
    assert types.keys() == histories.DATA[kind].keys()
