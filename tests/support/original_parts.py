"""The parts of the original workflow of this project, each with a check in the synthesized JSON and a check in AWS.

`tests/synth` looks for each part in the JSON, `tests/local_aws` in the deployed account.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tests.support.stack_json import StackJson

SOURCE = "my.sagemaker.training.jobs"


class Deployed(Protocol):
    """What the check in AWS needs: Terraform's outputs, and a client of an AWS service."""

    outputs: dict[str, str]

    def client(self, service: str) -> Any: ...


@dataclass(frozen=True)
class Part:
    name: str
    declared: Callable[[StackJson], bool]
    deployed: Callable[[Deployed], bool]


def _has_trust(document: Any, service: str) -> bool:
    document = json.loads(document) if isinstance(document, str) else document
    return bool(document["Statement"][0]["Principal"] == {"Service": service})


def _allows(document: Any, action: str, resource_ending: str) -> bool:
    document = json.loads(document) if isinstance(document, str) else document
    return any(
        action in statement["Action"] and any(resource.endswith(resource_ending) for resource in statement["Resource"])
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
    )


def _role_of(deployed: Deployed, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The role of the notebook or of the function, and its policy."""
    if kind == "notebook":
        notebook = deployed.client("sagemaker").describe_notebook_instance(
            NotebookInstanceName=deployed.outputs["notebook_instance_name"]
        )
        arn = notebook["RoleArn"]
    else:
        arn = _function(deployed)["Role"]
    name = arn.rsplit("/", 1)[1]
    iam = deployed.client("iam")
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return iam.get_role(RoleName=name)["Role"], iam.get_role_policy(RoleName=name, PolicyName=policy)


def _function(deployed: Deployed) -> dict[str, Any]:
    name = deployed.outputs["event_processor_function_name"]
    return dict(deployed.client("lambda").get_function_configuration(FunctionName=name))


_RULE = "event_processor_rule"
"""The rule for the configured sources, by its Terraform name. Another rule is for AWS's own events."""


def _rule(deployed: Deployed) -> dict[str, Any]:
    rules = deployed.client("events").list_rules(EventBusName=deployed.outputs["event_bus_name"])["Rules"]
    (rule,) = (rule for rule in rules if json.loads(rule["EventPattern"]) == {"source": [SOURCE]})
    return dict(rule)


def _invoke_permission(deployed: Deployed) -> dict[str, Any]:
    policy = deployed.client("lambda").get_policy(FunctionName=_function(deployed)["FunctionName"])["Policy"]
    (statement,) = (each for each in json.loads(policy)["Statement"] if each["Sid"] == "AllowTheRule")
    return dict(statement)


def _output(name: str, existing: Callable[[Deployed], list[str]]) -> Part:
    """An output that is one of what exists: another environment may be beside this one."""
    return Part(f"output {name}", lambda s: name in s.content["output"], lambda d: d.outputs[name] in existing(d))


PARTS = [
    Part(
        "data bucket",
        lambda s: bool(s.one("aws_s3_bucket")["bucket"]),
        lambda d: d.client("s3").head_bucket(Bucket=d.outputs["data_bucket_name"])["ResponseMetadata"]["HTTPStatusCode"] == 200,
    ),
    Part(
        "role of SageMaker",
        lambda s: any(
            _has_trust(role["assume_role_policy"], "sagemaker.amazonaws.com") for role in s.all("aws_iam_role").values()
        ),
        lambda d: _has_trust(_role_of(d, "notebook")[0]["AssumeRolePolicyDocument"], "sagemaker.amazonaws.com"),
    ),
    Part(
        "SageMaker's access to the bucket",
        lambda s: _allows(
            next(p["policy"] for name, p in s.all("aws_iam_role_policy").items() if "notebook" in name),
            "s3:PutObject",
            f"{s.reference('aws_s3_bucket', 'arn')}/*",
        ),
        lambda d: _allows(_role_of(d, "notebook")[1]["PolicyDocument"], "s3:PutObject", f":{d.outputs['data_bucket_name']}/*"),
    ),
    Part(
        "notebook instance",
        lambda s: bool(s.one("aws_sagemaker_notebook_instance")["role_arn"]),
        lambda d: (
            d.client("sagemaker").describe_notebook_instance(NotebookInstanceName=d.outputs["notebook_instance_name"])[
                "NotebookInstanceStatus"
            ]
            == "InService"
        ),
    ),
    Part(
        "event bus",
        lambda s: bool(s.one("aws_cloudwatch_event_bus")["name"]),
        lambda d: d.client("events").describe_event_bus(Name=d.outputs["event_bus_name"])["Arn"] == d.outputs["event_bus_arn"],
    ),
    Part(
        "role of the function",
        lambda s: any(
            _has_trust(role["assume_role_policy"], "lambda.amazonaws.com") for role in s.all("aws_iam_role").values()
        ),
        lambda d: _has_trust(_role_of(d, "function")[0]["AssumeRolePolicyDocument"], "lambda.amazonaws.com"),
    ),
    Part(
        "the function's basic execution permissions",
        lambda s: _allows(
            next(p["policy"] for name, p in s.all("aws_iam_role_policy").items() if "processor" in name),
            "logs:PutLogEvents",
            f"{s.reference('aws_cloudwatch_log_group', 'arn', 'event_processor')}:*",
        ),
        lambda d: _allows(
            _role_of(d, "function")[1]["PolicyDocument"],
            "logs:PutLogEvents",
            f":/aws/lambda/{d.outputs['event_processor_function_name']}:*",
        ),
    ),
    Part(
        "function from the package",
        lambda s: s.one("aws_lambda_function", "event_processor")["filename"].endswith(".zip"),
        lambda d: _function(d)["Handler"] == "training_events.handlers.event_processor.handler",
    ),
    Part(
        "rule on the source",
        lambda s: json.loads(s.one("aws_cloudwatch_event_rule", _RULE)["event_pattern"]) == {"source": [SOURCE]},
        lambda d: json.loads(_rule(d)["EventPattern"]) == {"source": [SOURCE]},
    ),
    Part(
        "target of the rule",
        lambda s: (
            s.one("aws_cloudwatch_event_target", "event_processor_target")["arn"]
            == s.reference("aws_lambda_function", "arn", "event_processor")
        ),
        lambda d: (
            [
                target["Arn"]
                for target in d.client("events").list_targets_by_rule(
                    Rule=_rule(d)["Name"], EventBusName=d.outputs["event_bus_name"]
                )["Targets"]
            ]
            == [_function(d)["FunctionArn"]]
        ),
    ),
    Part(
        "permission to invoke, for the rule",
        lambda s: (
            s.one("aws_lambda_permission", "event_processor_permission")["source_arn"]
            == s.reference("aws_cloudwatch_event_rule", "arn", _RULE)
            and s.one("aws_lambda_permission", "event_processor_permission")["principal"] == "events.amazonaws.com"
        ),
        lambda d: (
            _invoke_permission(d)["Principal"] == {"Service": "events.amazonaws.com"}
            and _rule(d)["Arn"] in json.dumps(_invoke_permission(d)["Condition"])
        ),
    ),
    _output("data_bucket_name", lambda d: [b["Name"] for b in d.client("s3").list_buckets()["Buckets"] if "data" in b["Name"]]),
    _output(
        "event_bus_arn",
        lambda d: [b["Arn"] for b in d.client("events").list_event_buses()["EventBuses"] if b["Name"] != "default"],
    ),
    _output(
        "notebook_instance_name",
        lambda d: [
            each["NotebookInstanceName"] for each in d.client("sagemaker").list_notebook_instances()["NotebookInstances"]
        ],
    ),
]
