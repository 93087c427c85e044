"""A recipe, and what was asked, become the request for a training job."""

import json
from typing import Any

import pytest
from training_events.catalogue.run import TrainingRequested, UsedDataset
from training_events.errors import NotStartable
from training_events.training.recipe import read_recipe
from training_events.training.sagemaker.job_request import request_for
from training_events.training.sagemaker.pinned_inputs import JobRequest

from tests.support.training_jobs import JOB, flaws_of

DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64
IMAGE = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/train@sha256:{DIGEST}"
RECIPE = f"""
[hyperparameters]
epochs = 8
[environment]
OMP_NUM_THREADS = "1"
TRAINING_EVENTS_BUCKET = "elsewhere"
[sagemaker]
image = "{IMAGE}"
instance_type = "ml.m5.xlarge"
"""
ROLE = "arn:aws:iam::123456789012:role/training-jobs"
PINNED = UsedDataset("s3://data/datasets/digits.npz", "v1", OTHER_DIGEST, role="train")
VARIABLES = {"TRAINING_EVENTS_BUS": "training", "TRAINING_EVENTS_BUCKET": "data"}


def made(asked: TrainingRequested, recipe: str | None = RECIPE) -> JobRequest:
    read = None if recipe is None else read_recipe("digits", recipe)
    job = request_for(read, asked, name="digits-8", role=ROLE, bucket="data", environment=VARIABLES)
    assert flaws_of(job.request) == []
    return job


def asked(**fields: Any) -> TrainingRequested:
    return TrainingRequested(recipe="digits", **fields)


def test_a_recipe_says_all_that_the_job_is() -> None:
    job = made(asked(hyperparameters={"epochs": 8, "early": True, "layers": [64, 32], "optimizer": "sgd"}, datasets=[PINNED]))
    manifest = job.manifests[0]
    assert job.request == {
        "TrainingJobName": "digits-8",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"epochs": "8", "early": "true", "layers": "[64, 32]", "optimizer": "sgd"},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": f"s3://data/{manifest.key}",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/runs"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "Environment": {"OMP_NUM_THREADS": "1", "TRAINING_EVENTS_IMAGE": IMAGE, **VARIABLES},
    }
    assert (manifest.prefix, manifest.names) == (f"s3://data/pinned/{OTHER_DIGEST}/", ["digits.npz"])
    assert [(copy.uri, copy.version_id, copy.key) for copy in job.copies] == [
        ("s3://data/datasets/digits.npz", "v1", f"pinned/{OTHER_DIGEST}/digits.npz")
    ]


def test_several_files_of_a_channel_are_in_one_folder_as_they_would_be_without_copies() -> None:
    more = UsedDataset("s3://elsewhere/more.npz", "v7", role="train")
    job = made(asked(datasets=[PINNED, more]))
    assert job.manifests[0].names == ["digits.npz", "more.npz"]
    assert {f"s3://data/{copy.key}" for copy in job.copies} == {
        job.manifests[0].prefix + name for name in ("digits.npz", "more.npz")
    }
    other_version = made(asked(datasets=[PINNED, UsedDataset("s3://elsewhere/more.npz", "v8", role="train")]))
    assert other_version.manifests[0].prefix != job.manifests[0].prefix


@pytest.mark.parametrize(
    ("datasets", "why"),
    [
        ([PINNED, UsedDataset("s3://b-1/x/digits.npz", "v", role="train")], "two objects are called 'digits.npz'"),
        ([PINNED, UsedDataset("s3://b-1/more/", role="train")], "is a folder, or has no version and no sha256"),
        ([UsedDataset("file:///tmp/digits.npz", sha256=DIGEST, role="train")], "is no object in S3"),
        ([UsedDataset("s3://data/..", "v1", role="train")], "is no name for a file"),
        ([UsedDataset("s3://data/digits.npz", "v1", "A", role="train")], "the sha256 of its object is 'A'"),
        ([UsedDataset(f"s3://data/{'a' * 1000}", "v1", role="train")], "would have a key of 10.. bytes"),
    ],
)
def test_what_cannot_be_pinned_for_sagemaker_is_told_with_its_channel(datasets: list[UsedDataset], why: str) -> None:
    with pytest.raises(NotStartable, match=why) as refused:
        made(asked(datasets=datasets))
    assert refused.value.field == "InputDataConfig[0].DataSource.S3DataSource.S3Uri"


def test_a_folder_without_versions_is_read_as_it_is_then() -> None:
    job = made(asked(datasets=[UsedDataset("s3://data/images/", role="train")]))
    assert job.request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://data/images/"
    assert (job.copies, job.manifests) == ([], [])


def test_a_folder_with_a_digest_is_copied_as_a_whole() -> None:
    job = made(asked(datasets=[UsedDataset("s3://data/images/", sha256=DIGEST, role="train")]))
    source = job.request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert (source["S3DataType"], source["S3Uri"]) == ("S3Prefix", f"s3://data/pinned/{DIGEST}/")
    assert [(copy.uri, copy.key, copy.sha256) for copy in job.copies] == [("s3://data/images/", f"pinned/{DIGEST}/", DIGEST)]


def test_a_spot_training_may_wait_and_goes_on_from_checkpoints_of_its_own() -> None:
    request = made(asked(), RECIPE + "spot = true\nmax_runtime_seconds = 600\n").request
    assert request["EnableManagedSpotTraining"] is True
    assert request["StoppingCondition"] == {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1200}
    assert request["CheckpointConfig"] == {"S3Uri": "s3://data/runs/digits-8/job-checkpoints"}


def test_an_entry_point_without_code_is_the_containers() -> None:
    request = made(asked(), RECIPE + 'entry_point = ["python", "train.py", "--fast"]\n').request
    assert request["AlgorithmSpecification"]["ContainerEntrypoint"] == ["python", "train.py", "--fast"]


def test_code_is_run_by_the_training_toolkit_from_a_key_that_says_its_content() -> None:
    code = f'entry_point = ["python", "train.py"]\ncode = {{ uri = "s3://data/code/latest.tar.gz", sha256 = "{DIGEST}" }}\n'
    job = made(asked(hyperparameters={"epochs": 8}), RECIPE + code)
    assert "ContainerEntrypoint" not in job.request["AlgorithmSpecification"]
    hyperparameters = job.request["HyperParameters"]
    assert {name: json.loads(value) for name, value in hyperparameters.items()} == {
        "epochs": 8,
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"s3://data/pinned/{DIGEST}/latest.tar.gz",
    }
    assert [(copy.uri, copy.sha256, copy.key) for copy in job.copies] == [
        ("s3://data/code/latest.tar.gz", DIGEST, f"pinned/{DIGEST}/latest.tar.gz")
    ]


def test_code_whose_key_says_its_content_is_where_it_is() -> None:
    code = f'code = {{ uri = "s3://data/code/{DIGEST}.tar.gz", sha256 = "{DIGEST}" }}\n'
    job = made(asked(), RECIPE + code)
    assert json.loads(job.request["HyperParameters"]["sagemaker_submit_directory"]) == f"s3://data/code/{DIGEST}.tar.gz"
    assert job.copies == []


def test_code_with_an_entry_point_of_several_words_is_refused() -> None:
    code = f'entry_point = ["python", "train.py", "--fast"]\ncode = {{ uri = "s3://data/c.tar.gz", sha256 = "{DIGEST}" }}\n'
    with pytest.raises(NotStartable, match=r"^sagemaker\.entry_point: .* its arguments are the hyperparameters"):
        made(asked(), RECIPE + code)


def test_a_request_in_full_is_completed_and_keeps_what_it_says() -> None:
    full = {
        "AlgorithmSpecification": {"TrainingImage": "train:latest", "TrainingInputMode": "Pipe"},
        "ResourceConfig": JOB["ResourceConfig"],
        "HyperParameters": {"epochs": "8"},
        "Environment": {"MODE": "fast"},
    }
    request = made(TrainingRequested(request=full, reproduces="run/digits-7", datasets=[PINNED]), None).request
    assert request["TrainingJobName"] == "digits-8"
    assert request["RoleArn"] == ROLE
    assert request["OutputDataConfig"] == {"S3OutputPath": "s3://data/runs"}
    assert request["Environment"] == {"MODE": "fast", "TRAINING_EVENTS_REPRODUCES": "run/digits-7", **VARIABLES}
    assert [channel["ChannelName"] for channel in request["InputDataConfig"]] == ["train"]
    assert "TrainingJobName" not in full


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("TrainingJobName", {"TrainingJobName": "digits-9"}),
        ("RoleArn", {"RoleArn": "arn:aws:iam::123456789012:role/admin"}),
        ("Environment.TRAINING_EVENTS_RUN", {"Environment": {"TRAINING_EVENTS_RUN": "digits-7"}}),
        ("Environment.HF_TOKEN", {"Environment": {"HF_TOKEN": "***"}}),
        ("Environment", {"Environment": ["MODE"]}),
        ("HyperParameters", {"HyperParameters": None}),
        ("InputDataConfig", {"InputDataConfig": {}}),
        ("AlgorithmSpecification", {"AlgorithmSpecification": "train"}),
        ("ResourceConfig", {"ResourceConfig": {}}),
        ("Speed", {"Speed": 2}),
    ],
)
def test_a_request_in_full_gets_no_other_name_or_role_and_has_to_be_one(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(NotStartable) as refused:
        made(TrainingRequested(request={**JOB, **change}, hyperparameters={"epochs": 8}, datasets=[PINNED]), None)
    assert refused.value.field == field
