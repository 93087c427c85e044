"""Whatever is asked for: the request for a training job satisfies SageMaker's model of it, or the wrong field is named."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from training_events import folds
from training_events.catalogue.run import TrainingRequested, UsedDataset
from training_events.errors import NotStartable
from training_events.folds.run_state import Job, Lineage, RunState
from training_events.reproduction.sagemaker_request import training_job_request
from training_events.training.recipe import Channel, CodeArchive, Recipe, SageMakerJob
from training_events.training.sagemaker import limits
from training_events.training.sagemaker.job_request import request_for
from training_events.training.sagemaker.pinned_inputs import JobRequest

from tests.support.strategies import json_objects, json_values, loose_text
from tests.support.training_jobs import JOB, flaws_of, input_shape

DIGEST = "a" * 64
hostile = st.one_of(
    loose_text,
    st.sampled_from(["", "two\nlines", "\u2028", "***", "../..", "s3://", "s3://data/x", "s3://data/x/", "x" * 300, "\ud800"]),
    st.integers(250, 2600).map(lambda size: "y" * size),
)


def mostly(sound: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A request has many values: if each were wrong as often as not, hardly one request would be made."""
    return st.integers(0, 15).flatmap(lambda number: other if number == 15 else sound)


plain = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
texts = mostly(plain, hostile)
digests = mostly(st.none() | st.just(DIGEST), hostile)
uris = mostly(st.builds("s3://data/{}".format, plain) | st.builds("s3://data/{}/{}".format, texts, texts), hostile)
datasets = st.builds(UsedDataset, uri=uris, version_id=st.none() | texts, sha256=digests, role=st.none() | texts)
jobs = st.builds(
    SageMakerJob,
    image=mostly(st.just(f"account.dkr.ecr/train@sha256:{DIGEST}"), texts),
    instance_type=mostly(st.sampled_from(["ml.m5.xlarge", "ml.p5.48xlarge"]), st.just("ml.m5")),
    instance_count=mostly(st.integers(1, 3), st.integers()),
    volume_gb=mostly(st.integers(1, 100), st.integers()),
    max_runtime_seconds=mostly(st.integers(1, 10**6), st.integers()),
    spot=st.booleans(),
    code=st.none() | st.builds(CodeArchive, uri=uris, sha256=st.just(DIGEST)),
    entry_point=st.none() | st.just(["python", "train.py"]) | st.lists(texts, min_size=1, max_size=2),
)
recipes = st.builds(
    Recipe,
    name=plain,
    revision=st.just(DIGEST),
    sagemaker=jobs,
    environment=st.dictionaries(texts, texts, max_size=3),
    channels=st.dictionaries(plain, st.builds(Channel, uri=uris), max_size=2),
)
names = st.just(JOB["TrainingJobName"]) | texts
NAMES = list(input_shape().members)
members = mostly(st.just({}), st.dictionaries(st.sampled_from(NAMES) | texts, json_values, min_size=1, max_size=3))
near_jobs: st.SearchStrategy[dict[str, Any]] = members.map(lambda changes: {**JOB, **changes})
"""A sound request, of which some members are anything."""
asked = st.builds(
    TrainingRequested,
    hyperparameters=st.none() | st.dictionaries(texts, texts | json_values, max_size=4),
    datasets=st.lists(datasets, max_size=3),
    reproduces=st.none() | texts,
    request=mostly(near_jobs, json_objects),
)


def check_made(make: Callable[[], JobRequest]) -> None:
    """What is made can be sent, and what is not is told on one line, with its field."""
    job = None
    try:
        job = make()
    except NotStartable as flaw:
        refused = flaw
    if job is None:
        assert refused.field
        assert str(refused).isprintable()
        return
    assert flaws_of(job.request) == []
    assert all(copy.key.startswith("pinned/") and copy.uri.startswith("s3://") for copy in job.copies)
    named = {manifest.prefix + name for manifest in job.manifests for name in manifest.names}
    copied = {f"s3://{job.bucket}/{copy.key}" for copy in job.copies}
    assert named <= copied


@given(recipes | st.none(), asked, names, mostly(st.just(JOB["RoleArn"]), texts), mostly(st.just("data"), texts))
def test_a_request_that_is_made_for_somebody_can_be_sent(
    recipe: Recipe | None, what: TrainingRequested, name: str, role: str, bucket: str
) -> None:
    check_made(lambda: request_for(recipe, what, name=name, role=role, bucket=bucket, environment={"TRAINING_EVENTS_BUS": "b"}))


sources = st.fixed_dictionaries(
    {"S3DataType": st.sampled_from(["S3Prefix", "ManifestFile", "AugmentedManifestFile"]), "S3Uri": uris},
    optional={"S3DataDistributionType": st.sampled_from(["FullyReplicated", "ShardedByS3Key"])},
)
channels = st.fixed_dictionaries({"ChannelName": texts, "DataSource": st.fixed_dictionaries({"S3DataSource": sources})})
details = st.fixed_dictionaries(
    {name: st.just(value) for name, value in JOB.items()},
    optional={
        "InputDataConfig": st.lists(channels, max_size=3),
        "Environment": mostly(st.lists(texts, max_size=3), json_values),
    },
)
in_container = st.builds("file:///opt/ml/input/data/{}/{}".format, plain, texts)
read = st.builds(UsedDataset, uri=uris | in_container, version_id=st.none() | texts, sha256=digests)


@st.composite
def job_states(draw: st.DrawFn) -> RunState:
    state = folds.empty("run/digits-7")
    assert isinstance(state, RunState)
    state.job = Job("2026-01-01T00:00:00.000000Z", "Completed", None, None, None)
    state.job.hyperparameters = draw(st.none() | st.dictionaries(texts, texts | json_values, max_size=3))
    state.spec = {
        "environment": draw(st.dictionaries(texts, texts, max_size=2)),
        "image": {"uri": draw(texts), "digest": draw(st.none() | texts)},
        "code": {"commit": draw(st.none() | texts), "repository": draw(st.none() | texts)},
    }
    state.lineage = Lineage(draw(st.lists(read, max_size=3)))
    return state


@given(job_states(), details, members, texts, mostly(st.just("data"), texts))
def test_a_request_that_is_made_of_a_recorded_job_can_be_sent(
    state: RunState, known: dict[str, Any], changes: dict[str, Any], name: str, bucket: str
) -> None:
    check_made(lambda: training_job_request(state, {**known, **changes}, name=name, bucket=bucket))


def _values(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a shape, and some that are just beside it."""
    of_type = {"structure": _structures, "list": _lists, "map": _maps, "string": _texts, "boolean": lambda _: st.booleans()}
    return mostly(of_type.get(shape.type_name, _numbers)(shape), json_values)


def _structures(shape: Any) -> st.SearchStrategy[Any]:
    needed = {name: _values(shape.members[name]) for name in shape.required_members}
    others = sorted(set(shape.members) - set(needed)) or sorted(needed)
    return st.fixed_dictionaries(needed) | st.sampled_from(others).flatmap(
        lambda name: st.fixed_dictionaries(needed | {name: _values(shape.members[name])})
    )


def _lists(shape: Any) -> st.SearchStrategy[Any]:
    least = shape.metadata.get("min", 0)
    return st.lists(_values(shape.member), min_size=least, max_size=least + 2)


def _maps(shape: Any) -> st.SearchStrategy[Any]:
    return st.dictionaries(_texts(shape.key), _values(shape.value), max_size=3)


def _texts(shape: Any) -> st.SearchStrategy[Any]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10)
    enum = shape.metadata.get("enum")
    return (
        mostly(st.sampled_from(enum), texts) if enum else (texts | st.sampled_from(["x" * least, "x" * most, "x" * (most + 1)]))
    )


def _numbers(shape: Any) -> st.SearchStrategy[Any]:
    edges = [shape.metadata.get("min", 0), shape.metadata.get("max", 2**31 - 1), 2**31, 2**63, -1, 10**5000]
    return st.sampled_from(edges) | st.integers() | st.floats()


@settings(max_examples=300)
@given(st.data())
def test_what_is_against_the_model_anywhere_is_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    request = {**JOB, name: data.draw(_values(input_shape().members[name]))}
    try:
        limits.check(request)
    except NotStartable:
        return
    assert flaws_of(request) == []
