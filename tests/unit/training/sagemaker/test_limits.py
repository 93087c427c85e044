"""A request that SageMaker would refuse is refused before it is sent, with the field."""

import copy
from typing import Any

import pytest
from training_events.errors import NotStartable
from training_events.training.sagemaker import limits

from tests.support.training_jobs import JOB, flaws_of

CHANNEL = {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/digits/"}}}
SPOT = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}}

REFUSED = [
    ("TrainingJobName", {"TrainingJobName": "digits_8"}),
    ("TrainingJobName", {"TrainingJobName": "d" * 64}),
    ("TrainingJobName", {"TrainingJobName": "digits-"}),
    ("RoleArn", {"RoleArn": "arn:aws:iam::123456789012:user/somebody"}),
    ("OutputDataConfig.S3OutputPath", {"OutputDataConfig": {}}),
    ("OutputDataConfig.S3OutputPath", {"OutputDataConfig": {"S3OutputPath": "file:///tmp"}}),
    ("HyperParameters.note", {"HyperParameters": {"note": "two\nlines"}}),
    ("HyperParameters.note", {"HyperParameters": {"note": "two\u2028lines"}}),
    ("HyperParameters.note", {"HyperParameters": {"note": "a" * 2501}}),
    ("HyperParameters.note", {"HyperParameters": {"note": "\ud800"}}),
    ("HyperParameters.epochs", {"HyperParameters": {"epochs": 8}}),
    ("HyperParameters", {"HyperParameters": {str(number): "" for number in range(101)}}),
    ('HyperParameters["two\\nlines"]', {"HyperParameters": {"two\nlines": "1"}}),
    ("HyperParameters", {"HyperParameters": ["epochs"]}),
    ("Environment.A", {"Environment": {"A": "a" * 513}}),
    ('Environment["1A"]', {"Environment": {"1A": "a"}}),
    ("Environment", {"Environment": {f"A{number}": "" for number in range(101)}}),
    ("InputDataConfig", {"InputDataConfig": []}),
    ("InputDataConfig", {"InputDataConfig": [{**CHANNEL, "ChannelName": f"c{number}"} for number in range(21)]}),
    ("InputDataConfig[1].ChannelName", {"InputDataConfig": [CHANNEL, {**CHANNEL, "ChannelName": "to train"}]}),
    ("InputDataConfig[1].ChannelName", {"InputDataConfig": [CHANNEL, CHANNEL]}),
    ("InputDataConfig[0].DataSource", {"InputDataConfig": [{**CHANNEL, "DataSource": {}}]}),
    ("InputDataConfig[0].InputMode", {"InputDataConfig": [{**CHANNEL, "InputMode": "Fast"}]}),
    ("InputDataConfig[0].ShuffleConfig.Seed", {"InputDataConfig": [{**CHANNEL, "ShuffleConfig": {"Seed": 2**63}}]}),
    ("InputDataConfig[0].ShuffleConfig.Seed", {"InputDataConfig": [{**CHANNEL, "ShuffleConfig": {"Seed": True}}]}),
    ("ResourceConfig", {"ResourceConfig": {"InstanceCount": 1}}),
    ("ResourceConfig.InstanceType", {"ResourceConfig": {"InstanceType": "ml.m5.xlarg", "InstanceCount": 1}}),
    ("ResourceConfig.InstanceCount", {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 0}}),
    ("ResourceConfig.InstanceCount", {"ResourceConfig": {"InstanceType": "ml.m5.xlarge"}}),
    ("ResourceConfig.InstanceCount", {"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 10**5000}}),
    ("ResourceConfig.VolumeSizeInGB", {"ResourceConfig": {**JOB["ResourceConfig"], "VolumeSizeInGB": 30.0}}),
    ("StoppingCondition.MaxRuntimeInSeconds", {"StoppingCondition": {"MaxRuntimeInSeconds": 0}}),
    ("StoppingCondition.MaxWaitTimeInSeconds", {"StoppingCondition": {"MaxWaitTimeInSeconds": 60}}),
    ("StoppingCondition.MaxWaitTimeInSeconds", {"EnableManagedSpotTraining": True}),
    (
        "StoppingCondition.MaxWaitTimeInSeconds",
        {**SPOT, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}},
    ),
    ("AlgorithmSpecification", {"AlgorithmSpecification": {"TrainingInputMode": "File"}}),
    ("AlgorithmSpecification.TrainingInputMode", {"AlgorithmSpecification": {"TrainingImage": "train"}}),
    ("EnableNetworkIsolation", {"EnableNetworkIsolation": "yes"}),
    ("VpcConfig.Subnets", {"VpcConfig": {"SecurityGroupIds": ["sg-1"]}}),
    ("Tags[1].Key", {"Tags": [{"Key": "team", "Value": "a"}, {"Key": "team", "Value": "b"}]}),
    ("Tags[0].Key", {"Tags": [{"Key": "aws:team", "Value": "a"}]}),
    ("Tags[0].Value", {"Tags": [{"Key": "team", "Value": "a#b"}]}),
    ("Tags", {"Tags": [{"Key": str(number), "Value": ""} for number in range(51)]}),
    (
        "AlgorithmSpecification.MetricDefinitions",
        {
            "AlgorithmSpecification": {
                **JOB["AlgorithmSpecification"],
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss"}] * 41,
            }
        },
    ),
    ("Hyperparameters", {"Hyperparameters": {}}),
    ("StoppingCondition", {"StoppingCondition": None}),
]


@pytest.mark.parametrize(("field", "change"), REFUSED, ids=[f"{number}-{field}" for number, (field, _) in enumerate(REFUSED)])
def test_what_sagemaker_would_refuse_is_refused_with_its_field_on_one_line(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(NotStartable) as refused:
        limits.check({**JOB, **change})
    assert refused.value.field == field
    line = str(refused.value)
    assert line.startswith(f"{field}: ")
    assert "; allowed: " in line
    assert line.isprintable()
    assert len(line) < 600


ALLOWED: list[dict[str, Any]] = [
    {},
    SPOT,
    {"HyperParameters": {"note": "a" * 2500, "": "ä 🙂", "json": '{"a": [1]}'}},
    {"Environment": {"NOTE": "two\nlines"}},
    {"Tags": [{"Key": "équipe ٣", "Value": "картина 日本"}]},
    {"InputDataConfig": [{**CHANNEL, "ChannelName": f"c{number}"} for number in range(20)]},
    {"ResourceConfig": {"InstanceGroups": [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "InstanceGroupName": "a"}]}},
]


@pytest.mark.parametrize("change", ALLOWED)
def test_what_sagemaker_takes_passes_unchanged(change: dict[str, Any]) -> None:
    request = {**JOB, **change}
    before = copy.deepcopy(request)
    limits.check(request)
    assert request == before
    assert flaws_of(request) == []


def test_a_mistyped_field_or_value_is_told_with_what_is_near() -> None:
    with pytest.raises(NotStartable, match="SageMaker has no such field; allowed: HyperParameters"):
        limits.check({**JOB, "Hyperparameters": {}})
    with pytest.raises(NotStartable, match=r"allowed: .*ml\.m5\.xlarge, .* that botocore .* knows"):
        limits.check({**JOB, "ResourceConfig": {"InstanceType": "ml.m5.xlarg", "InstanceCount": 1}})


def test_a_newline_is_called_one() -> None:
    with pytest.raises(
        NotStartable, match=r"HyperParameters\.note: has a newline; allowed: 0 to 2500 characters, without a newline"
    ):
        limits.check({**JOB, "HyperParameters": {"note": "two\nlines"}})
