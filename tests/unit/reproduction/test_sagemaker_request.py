"""A training job that was recorded becomes the request that repeats it, or a line says what of it nobody knows."""

import json
from typing import Any

import msgspec
import pytest
from training_events import folds
from training_events.bus.received import event_of
from training_events.errors import NotStartable
from training_events.folds.run_state import RunState
from training_events.reproduction.sagemaker_request import JobAgain, job_details_of, requested_again, training_job_request
from training_events.training.sagemaker.job_request import request_for

from tests.support.command_line import make_event
from tests.support.fakes import InMemoryLog
from tests.support.training_jobs import flaws_of

DIGEST, DATA_DIGEST = "a" * 64, "b" * 64
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/train"
CHANNEL: dict[str, Any] = {
    "ChannelName": "train",
    "DataSource": {
        "S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": "s3://data/datasets/digits/",
            "S3DataDistributionType": "FullyReplicated",
        }
    },
    "CompressionType": "None",
    "RecordWrapperType": "None",
    "ShuffleConfig": {"Seed": 7},
}
DETAIL: dict[str, Any] = {
    "TrainingJobName": "digits-7",
    "TrainingJobArn": "arn:aws:sagemaker:eu-central-1:123456789012:training-job/digits-7",
    "TrainingJobStatus": "Completed",
    "SecondaryStatus": "Completed",
    "HyperParameters": {"epochs": "8", "sagemaker_job_name": '"digits-7"', "_tuning_objective_metric": "loss"},
    "AlgorithmSpecification": {
        "TrainingImage": f"{REPOSITORY}:latest",
        "TrainingInputMode": "FastFile",
        "EnableSageMakerMetricsTimeSeries": False,
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/notebook",
    "InputDataConfig": [CHANNEL],
    "OutputDataConfig": {"KmsKeyId": "", "S3OutputPath": "s3://elsewhere/out", "CompressionType": "NONE"},
    "ResourceConfig": {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 2.0,
        "VolumeSizeInGB": 50,
        "KeepAlivePeriodInSeconds": 600,
    },
    "VpcConfig": {},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
    "EnableManagedSpotTraining": True,
    "CheckpointConfig": {"S3Uri": "s3://elsewhere/checkpoints", "LocalPath": "/opt/ml/kept"},
    "Environment": {"OMP_NUM_THREADS": "1", "MODE": "fast", "TRAINING_EVENTS_RUN": "digits-7", "TRAINING_EVENTS_BUS": "b"},
    "ExperimentConfig": {"ExperimentName": "digits"},
    "TuningJobArn": "arn:aws:sagemaker:eu-central-1:123456789012:hyper-parameter-tuning-job/t",
    "Tags": {"training-events:request": "first"},
    "CreationTime": 1795360119955,
    "LastModifiedTime": 1795360219955,
    "SecondaryStatusTransitions": [],
}
SPEC: dict[str, Any] = {
    "image": {"uri": f"{REPOSITORY}:v1", "digest": f"sha256:{DIGEST}"},
    "datasets": [{"uri": "s3://data/datasets/digits/a/digits.npz", "version_id": "v7", "sha256": DATA_DIGEST, "bytes": 7}],
    "environment": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
    "code": {"repository": "https://example.org/digits.git", "commit": "c" * 40, "dirty": False},
    "instance": {"type": "ml.m5.xlarge", "count": 2},
}


def job_event(**changes: Any) -> Any:
    detail = {name: value for name, value in (DETAIL | changes).items() if value is not ...}
    envelope = {"source": "aws.sagemaker", "detail-type": "SageMaker Training Job State Change", "id": "1"}
    return event_of({**envelope, "time": "2026-11-22T15:08:40Z", "resources": [], "detail": detail})


def recorded(*events: Any) -> tuple[RunState, dict[str, Any]]:
    log = InMemoryLog()
    for event in events:
        log.append(event)
    state = folds.fold(folds.empty("run/digits-7"), log.entries("run/digits-7"))
    assert isinstance(state, RunState)
    return state, job_details_of(log.read("run/digits-7"))


def again(spec: dict[str, Any] | None = SPEC, **changes: Any) -> JobAgain:
    started = [] if spec is None else [make_event("run/digits-7", "TrainingStarted", 1, **spec)]
    state, details = recorded(*started, job_event(**changes))
    job = training_job_request(state, details, name="digits-7-again", bucket="data")
    assert flaws_of(job.request) == []
    return job


def test_all_that_makes_the_training_what_it_is_is_repeated_and_nothing_else() -> None:
    job = again()
    manifest = job.manifests[0]
    image = f"{REPOSITORY}@sha256:{DIGEST}"
    assert job.request == {
        "TrainingJobName": "digits-7-again",
        "RoleArn": DETAIL["RoleArn"],
        "HyperParameters": {"epochs": "8", "sagemaker_job_name": '"digits-7-again"', "_tuning_objective_metric": "loss"},
        "AlgorithmSpecification": {**DETAIL["AlgorithmSpecification"], "TrainingImage": image},
        "InputDataConfig": [
            {
                **CHANNEL,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": f"s3://data/{manifest.key}",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/runs", "CompressionType": "NONE"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 50},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": "s3://data/runs/digits-7-again/job-checkpoints", "LocalPath": "/opt/ml/kept"},
        "Environment": {
            "OMP_NUM_THREADS": "1",
            "TRAINING_EVENTS_REPRODUCES": "run/digits-7",
            "TRAINING_EVENTS_GIT_COMMIT": "c" * 40,
            "TRAINING_EVENTS_GIT_REPOSITORY": "https://example.org/digits.git",
            "TRAINING_EVENTS_IMAGE": image,
        },
    }
    assert [(copy.uri, copy.version_id, copy.sha256, copy.key) for copy in job.copies] == [
        ("s3://data/datasets/digits/a/digits.npz", "v7", DATA_DIGEST, f"pinned/{DATA_DIGEST}/a/digits.npz")
    ]
    assert (manifest.prefix, manifest.names) == (f"s3://data/pinned/{DATA_DIGEST}/", ["a/digits.npz"])
    assert job.not_pinned == {"environment_variables": ["of 'MODE' only the name is recorded"]}


def test_a_file_that_the_program_read_in_its_channels_folder_is_the_object_with_its_digest() -> None:
    read = {"uri": "file:///opt/ml/input/data/train/a/digits.npz", "sha256": DATA_DIGEST, "in_place": True}
    job = again(SPEC | {"datasets": [read]})
    assert [(copy.uri, copy.version_id, copy.sha256) for copy in job.copies] == [
        ("s3://data/datasets/digits/a/digits.npz", None, DATA_DIGEST)
    ]
    assert job.manifests[0].names == ["a/digits.npz"]


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("s3://data/datasets/digits/a/digits.npz", ["digits.npz"]),
        ("s3://data/datasets/digits", ["a/digits.npz"]),
        ("s3://data/datasets/dig", ["digits/a/digits.npz"]),
    ],
)
def test_a_file_has_the_name_in_its_channel_that_it_had(uri: str, names: list[str]) -> None:
    channel = json.loads(json.dumps(CHANNEL))
    channel["DataSource"]["S3DataSource"]["S3Uri"] = uri
    assert again(InputDataConfig=[channel]).manifests[0].names == names


def channel_with(**source: Any) -> list[Any]:
    return [{**CHANNEL, "DataSource": {"S3DataSource": {**CHANNEL["DataSource"]["S3DataSource"], **source}}}]


NOTHING_BELOW = "channel train: no version of what is at 's3://data/datasets/digits/' is recorded"
NOT_PINNED: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("image", f"'{REPOSITORY}:latest' has no digest: its tag may be another image by now", {"image": ...}, {}),
    ("datasets", NOTHING_BELOW, {"datasets": ...}, {}),
    (
        "datasets",
        "channel train: no version or sha256 of one object at 's3://data/datasets/digits/x' is recorded",
        {"datasets": [*SPEC["datasets"], {"uri": "s3://data/datasets/digits/x"}]},
        {},
    ),
    (
        "datasets",
        "'s3://b/y' is in no channel: the program reads what is there then",
        {"datasets": [*SPEC["datasets"], {"uri": "s3://b/y", "version_id": "v1"}]},
        {},
    ),
    (
        "datasets",
        "channel train: SageMaker shares it out among the instances, maybe in another way",
        {},
        {"InputDataConfig": channel_with(S3DataDistributionType="ShardedByS3Key")},
    ),
    (
        "datasets",
        "channel train: nobody recorded the versions of what 's3://data/list' lists",
        {"datasets": ...},
        {"InputDataConfig": channel_with(S3DataType="ManifestFile", S3Uri="s3://data/list")},
    ),
    (
        "hyperparameters",
        "'hub_token' looked like a credential and was masked: the job runs without it",
        {},
        {"HyperParameters": {"hub_token": "hf_" + "aB3" * 12}},
    ),
    (
        "code",
        "the key of 's3://data/code/source.tar.gz' says no digest: it may be other code by now",
        {},
        {"HyperParameters": {"sagemaker_submit_directory": '"s3://data/code/source.tar.gz"'}},
    ),
    ("hardware", "nobody recorded the size of the volume: it gets 30 GB", {}, {"ResourceConfig": ...}),
]


@pytest.mark.parametrize(("pin", "reason", "spec", "changes"), NOT_PINNED, ids=[reason for _, reason, *_ in NOT_PINNED])
def test_what_nobody_knows_of_the_job_is_a_line_of_its_pin(
    pin: str, reason: str, spec: dict[str, Any], changes: dict[str, Any]
) -> None:
    job = again({name: value for name, value in (SPEC | spec).items() if value is not ...}, **changes)
    assert reason in job.not_pinned[pin]


@pytest.mark.parametrize(
    ("type_", "key"), [("ManifestFile", f"pinned/manifests/{DIGEST}.json"), ("S3Prefix", f"pinned/{DIGEST}/")]
)
def test_a_channel_that_an_earlier_request_has_pinned_stays(type_: str, key: str) -> None:
    pinned = channel_with(S3DataType=type_, S3Uri=f"s3://data/{key}")
    job = again(SPEC | {"datasets": [{"uri": f"s3://data/pinned/{DATA_DIGEST}/digits.npz"}]}, InputDataConfig=pinned)
    assert job.request["InputDataConfig"] == pinned
    assert "datasets" not in job.not_pinned


def test_code_at_a_key_that_says_its_digest_needs_no_line() -> None:
    archive = f'"s3://data/pinned/{DIGEST}/source.tar.gz"'
    assert "code" not in again(HyperParameters={"sagemaker_submit_directory": archive}).not_pinned


def test_the_wait_for_spot_instances_is_of_spot_trainings_alone() -> None:
    assert again(EnableManagedSpotTraining=False).request["StoppingCondition"] == {"MaxRuntimeInSeconds": 600}


def test_a_job_without_a_recorder_is_repeated_as_far_as_sagemaker_told() -> None:
    job = again(None, Environment=...)
    assert job.request["InputDataConfig"] == [CHANNEL]
    assert job.not_pinned.keys() == {"image", "datasets"}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("RoleArn", {"RoleArn": ...}),
        ("AlgorithmSpecification.TrainingInputMode", {"AlgorithmSpecification": {"TrainingInputMode": "TrainingInputMode"}}),
        ("InputDataConfig[0].ChannelName", {"InputDataConfig": [{**CHANNEL, "ChannelName": "a b"}]}),
        (
            "AlgorithmSpecification.ContainerArguments[1]",
            {"AlgorithmSpecification": {**DETAIL["AlgorithmSpecification"], "ContainerArguments": ["--password", "hunter2"]}},
        ),
    ],
)
def test_what_cannot_be_asked_for_again_is_refused_with_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(NotStartable) as refused:
        again(**changes)
    assert refused.value.field == field


def test_the_newest_word_on_each_part_of_the_job_counts() -> None:
    early = job_event(TrainingJobStatus="InProgress", SecondaryStatus="Training", LastModifiedTime=1795360200000)
    late = job_event(
        StoppingCondition={"MaxRuntimeInSeconds": 700, "MaxWaitTimeInSeconds": 900}, RoleArn=..., InputDataConfig=[]
    )
    _, details = recorded(late, early)
    assert details["StoppingCondition"]["MaxRuntimeInSeconds"] == 700
    assert details["RoleArn"] == DETAIL["RoleArn"]
    assert details["InputDataConfig"] == [CHANNEL]


def test_the_starter_gives_what_is_published_its_own_name_and_role() -> None:
    job = again()
    asked = requested_again(job, "run/digits-7", "ada")
    role = "arn:aws:iam::123456789012:role/training-jobs"
    started = request_for(None, asked, name="digits-7-again", role=role, bucket="data", environment={})
    assert started.request == {**job.request, "RoleArn": role}


def test_a_request_is_json_with_what_has_to_be_there_for_it() -> None:
    document = json.loads(msgspec.json.encode(again()))
    assert document["request"]["TrainingJobName"] == "digits-7-again"
    assert document["copies"][0]["key"] == f"pinned/{DATA_DIGEST}/a/digits.npz"
    assert document["manifests"][0]["names"] == ["a/digits.npz"]
