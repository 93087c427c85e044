"""Generated histories: events of a few streams at a few times, as training code, registries and third parties send them."""

import itertools
from typing import Any

from hypothesis import strategies as st
from training_events import folds
from training_events.event import Event, LogEntry, RecordedEvent

numbers = st.sampled_from([0.0, -0.0, 0.5, 1, 2.25, -3.5, 1e-9]) | st.floats(allow_nan=False, allow_infinity=False)
steps = st.none() | st.integers(0, 9) | st.just(0.5)
points = st.fixed_dictionaries(
    {"name": st.sampled_from(["loss", "accuracy", "f1"]), "value": numbers | st.sampled_from(["NaN", "Infinity", "-Infinity"])},
    optional={"step": steps, "time": st.just("2026-11-22T15:00:00.000000Z")},
)
stored = st.fixed_dictionaries({}, optional={"uri": st.sampled_from(["s3://b/a", "s3://b/b"]), "version_id": st.just("v"),
                                             "sha256": st.sampled_from(["aa", "bb"]), "bytes": st.integers(0, 9)})  # fmt: skip
words = st.sampled_from(["a", "b", "c"])
older = st.just(1) | st.just({"mine": [1]})
"""What logs may hold from before a field was there, by its name and of another type."""
used = stored.flatmap(
    lambda data: st.fixed_dictionaries(
        {}, optional={"name": words | older, "digest": st.just("md5:5e") | older,
                      "details": st.dictionaries(words, words, max_size=2) | st.just(1)}
    ).map(lambda more: data | more)
)  # fmt: skip
roles = st.dictionaries(words | st.just("uri"), used | words | st.lists(used | words, max_size=2), max_size=2)
versions = st.integers(1, 3) | st.sampled_from(["1", "2"])
goals = st.dictionaries(st.sampled_from(["loss", "f1"]), st.sampled_from(["minimize", "maximize"]), max_size=2)

texts = st.sampled_from(["", "a", "b"])
hidings = st.fixed_dictionaries({}, optional={"reason": words, "by": words})

tags = st.dictionaries(words | st.just("group"), st.none() | words | numbers | st.booleans() | st.just(2**70), max_size=3)

runs = st.sampled_from(["run/a", "run/b", "run/c"])
verdicts = {"tolerance": st.just(0.5), "inputs": st.lists(words, max_size=2), "explanation": texts, "by": words}
causes = st.fixed_dictionaries({"stream": runs, "event_id": words, "occurred_at": st.just("2026-11-22T15:00:00.000000Z")})
OF_ANY_STREAM: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Described": st.fixed_dictionaries({}, optional={"name": texts, "description": texts, "by": words}),
    "Tagged": st.fixed_dictionaries({"tags": tags}, optional={"by": words}),
    "Hidden": hidings,
    "Restored": hidings,
}

DATA: dict[str, dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "run": {
        **OF_ANY_STREAM,
        "TrainingRequested": st.fixed_dictionaries(
            {}, optional={"model": words, "requested_by": words, "hyperparameters": st.dictionaries(words, numbers, max_size=2),
                          "recipe": words | older, "reproduces": runs | older, "caused_by": causes | older,
                          "datasets": st.lists(used, max_size=2) | older, "request": st.dictionaries(words, words) | older}
        ),
        "TrainingRefused": st.fixed_dictionaries(
            {"reason": st.sampled_from(["paused", "quota"])}, optional={"explanation": words, "field": words, "request": words}
        ),
        "TrainingStarted": st.fixed_dictionaries(
            {}, optional={"model": words, "seeds": st.integers(0, 2**64),
                          "datasets": st.lists(used | words, max_size=2) | roles,
                          "goals": goals, "hyperparameters": st.dictionaries(words, numbers, max_size=2), "mine": words,
                          "reproduces": runs | older, "working_folder": words | older, "machine": words | older,
                          "direct_packages": st.dictionaries(words, words, max_size=2) | older}
        ),
        "HyperparametersRecorded": st.fixed_dictionaries(
            {"hyperparameters": st.dictionaries(words, numbers | st.booleans() | st.lists(words, max_size=2), max_size=2)}
        ),
        "DatasetUsed": st.fixed_dictionaries({"dataset": used | words}, optional={"role": words}),
        "MetricsRecorded": st.fixed_dictionaries({"points": st.lists(points, max_size=4)}),
        "CheckpointSaved": stored.flatmap(lambda data: st.fixed_dictionaries({"step": steps}).map(lambda more: data | more)),
        "ArtifactSaved": stored,
        "TrainingCompleted": st.fixed_dictionaries({}, optional={"artifact": stored}),
        "TrainingFailed": st.fixed_dictionaries({}, optional={"error": words, "traceback": words}),
        "TrainingStopped": st.fixed_dictionaries({}, optional={"reason": words}),
        "TrainingJobStateChanged": st.fixed_dictionaries(
            {"status": st.sampled_from(["InProgress", "Completed", "Failed", "Stopping", "Stopped", "New"])},
            optional={"secondary_status": words, "failure_reason": words, "datasets": st.lists(words, max_size=2),
                      "image": st.fixed_dictionaries({"uri": words}), "artifact": stored},
        ),
        "PipelineExecutionStateChanged": st.fixed_dictionaries(
            {"status": st.sampled_from(["Executing", "Succeeded", "Failed", "Stopping", "Stopped", "New"])}
        ),
        "ReproductionRequested": st.fixed_dictionaries(
            {"run": runs}, optional={"allowed_unpinned": st.lists(words, max_size=2), "requested_by": words}
        ),
        "ReproductionVerified": st.fixed_dictionaries({"run": runs}, optional=verdicts | {"metrics": st.integers(0, 9)}),
        "ReproductionDiverged": st.fixed_dictionaries(
            {"run": runs}, optional=verdicts | {"first": st.fixed_dictionaries({"metric": words}, optional={"step": steps})}
        ),
    },
    "model": {
        **OF_ANY_STREAM,
        "ModelRegistered": st.fixed_dictionaries(
            {"version": versions},
            optional={"run": words, "artifact": stored,
                      "run_head": st.fixed_dictionaries({"events": st.integers(1, 9), "position": words, "digest": words})},
        ),
        "ModelPromoted": st.fixed_dictionaries({"version": versions, "stage": words}),
        "ModelDemoted": st.fixed_dictionaries({"version": versions, "stage": words}),
        "VersionDescribed": st.fixed_dictionaries({"version": versions, "description": texts}),
        "VersionTagged": st.fixed_dictionaries({"version": versions, "tags": tags}),
        "VersionHidden": st.fixed_dictionaries({"version": versions}, optional={"reason": words}),
        "VersionRestored": st.fixed_dictionaries({"version": versions}, optional={"by": words}),
        "ModelLogged": st.fixed_dictionaries(
            {}, optional={"name": words, "run": words, "group": words, "model_type": words, "artifact": stored,
                          "params": st.dictionaries(words, words, max_size=2),
                          "status": st.sampled_from(["pending", "ready", "failed"])}
        ),
        "ModelMeasured": st.fixed_dictionaries(
            {"points": st.lists(points, max_size=4)}, optional={"run": words, "dataset": used}
        ),
        "ArtifactSaved": stored,
        "ModelRetired": st.fixed_dictionaries({}, optional={"version": versions}),
        "ModelPackageStateChanged": st.fixed_dictionaries({"version": versions}, optional={"status": words, "arn": words}),
    },
    "dataset": {
        **OF_ANY_STREAM,
        "DatasetRegistered": stored.flatmap(
            lambda data: st.fixed_dictionaries(
                {}, optional={"run": runs | older, "digest": st.just("md5:5e") | older}
            ).map(lambda more: data | more)
        ),
        "DatasetRetired": st.fixed_dictionaries({}, optional={"sha256": words}),
    },
    "group": OF_ANY_STREAM,
}  # fmt: skip
"""Data that fits its type, by kind of stream and type of event."""

STREAMS = ("run/a", "run/b", "model/m", "dataset/d", "group/g")


@st.composite
def event_of(draw: st.DrawFn, stream: str, number: int) -> Event:
    """An event of the stream: mostly of a type that the catalogue knows, with data that fits, and sometimes not."""
    types = DATA[stream.partition("/")[0]]
    type_ = draw(st.sampled_from(sorted(types)))
    data = draw(types[type_])
    odd = draw(st.integers(0, 11))
    if odd == 0:
        type_ = "Happened"
    elif odd == 1:
        data = {
            "version": [],
            "points": 1,
            "status": {},
            "uri": 1,
            "goals": 1,
            "error": 1,
            "artifact": 1,
            "reason": 1,
            "tags": {"a": []},
            "name": 1,
            "hyperparameters": 1,
            "dataset": 1,
            "sha256": 1,
        }
    microseconds = draw(st.integers(0, 5))  # few times, so that several events have the same
    return Event(
        event_id=f"e-{number}",
        stream=stream,
        type=type_,
        occurred_at=f"2026-11-22T15:00:00.{microseconds:06d}Z",
        source="tests",
        data=data,
        schema_version=2 if odd == 2 else 1,
    )


@st.composite
def histories(draw: st.DrawFn, max_events: int = 14) -> list[Event]:
    """Events of a few streams, in the order in which they reach the log."""
    streams = draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=max_events))
    return [draw(event_of(stream, number)) for number, stream in enumerate(streams)]


def entry(event: Event) -> LogEntry:
    return RecordedEvent(event, "2026-11-22T16:00:00.000000Z", event.digest).entry


def states_of(events: list[Event]) -> dict[str, bytes]:
    """The fold of each stream's events in key order. Every other way has to give the same states."""
    ordered = sorted(events, key=lambda event: (event.stream, event.position))
    groups = itertools.groupby(ordered, key=lambda event: event.stream)
    return {stream: folds.encode(folds.fold(folds.empty(stream), map(entry, group))) for stream, group in groups}
