"""SageMaker's training jobs in this process, as far as the training starter uses them, with AWS's answers.

moto replaces a job whose name is taken, has every job completed at once, and knows no quota.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


def refusal(code: str, message: str = "as the test wants it", operation: str = "CreateTrainingJob") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeSageMaker:
    """A client. `refusals` are raised by the next calls of CreateTrainingJob; `lost_replies` of them create the job first."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusals: list[Exception] = []
        self.lost_replies = 0
        self.calls = 0

    def create_training_job(self, **request: Any) -> dict[str, str]:
        self.calls += 1
        if self.refusals:
            raise self.refusals.pop(0)
        name = request["TrainingJobName"]
        if name in self.jobs:
            raise refusal("ResourceInUse", "Job name must be unique within an AWS account and region")
        arn = f"arn:aws:sagemaker:eu-central-1:123456789012:training-job/{name.lower()}"
        self.jobs[name] = {**request, "TrainingJobArn": arn, "TrainingJobStatus": "InProgress"}
        if self.lost_replies:
            self.lost_replies -= 1
            raise refusal("ThrottlingException")
        return {"TrainingJobArn": arn}

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:  # noqa: N803 - botocore's
        if TrainingJobName not in self.jobs:
            raise refusal("ValidationException", "Requested resource not found.", "DescribeTrainingJob")
        return {key: value for key, value in self.jobs[TrainingJobName].items() if key != "Tags"}

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_tags(self, ResourceArn: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        (job,) = (job for job in self.jobs.values() if job["TrainingJobArn"] == ResourceArn)
        yield from ({"Tags": [tag]} for tag in job.get("Tags", []))

    def _search(self, Resource: str, SearchExpression: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert Resource == "TrainingJob"
        for job in self.jobs.values():
            tags = {f"Tags.{tag['Key']}": tag["Value"] for tag in job.get("Tags", [])}
            if all(_matches(wanted, job | tags) for wanted in SearchExpression["Filters"]):
                yield {"Results": [{"TrainingJob": job}]}


def _matches(wanted: dict[str, str], values: dict[str, Any]) -> bool:
    allowed = wanted["Value"].split(",") if wanted["Operator"] == "In" else [wanted["Value"]]
    return values.get(wanted["Name"]) in allowed
