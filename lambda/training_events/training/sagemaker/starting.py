"""Starts training jobs of SageMaker, each once, and knows which of an environment run.

A job's name is used once in an account and region, for ever; the request's id is in a tag of the job. So whoever tries again
after a lost reply, or acts on a repeated event, finds the job that is there already, and knows whose it is.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import re
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec import Struct

from training_events.redaction.text import redacted_text
from training_events.training.decision import Done, Refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker import SageMakerClient

ENVIRONMENT_TAG, REQUEST_TAG, RECIPE_TAG = "environment", "training-events:request", "training-events:recipe"
"""The tags of every job: the first one is what the starter's role demands, and what the budget of instances counts."""
QUOTA_PAUSES_SECONDS = (2.0, 5.0, 10.0)
"""A job that ends gives its instances back to the quota a little later. A longer wait is the caller's to decide."""
THROTTLE_PAUSES_SECONDS = (1.0, 4.0, 9.0)
"""On top of the SDK's own attempts. What is throttled for longer is tried again by Lambda."""
_THROTTLED = {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
_REFUSED = {"ValidationException", "ResourceNotFound"}
"""What no further attempt changes. DescribeTrainingJob says the same of a job that is not there."""
_RULES = ("DebugRuleConfigurations", "ProfilerRuleConfigurations")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{1,256}", re.ASCII)


class Job(Struct, frozen=True):
    """A training job that runs, or is being stopped. `recipe` is None for one that no recipe started."""

    name: str
    recipe: str | None
    instances: int


class TrainingJobs:
    """The training jobs of one environment."""

    def __init__(self, client: SageMakerClient, environment: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._environment, self._sleep = client, environment, sleep

    def running(self) -> list[Job]:
        """The jobs with this environment's tag that have instances.

        Search may learn of a new job late. ListTrainingJobs would know no tags, and look at every job of the account:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html
        """
        return [_job(found["TrainingJob"]) for found in self._search() if "TrainingJob" in found]

    def create(self, request: dict[str, Any], *, asked_by: str, recipe: str | None) -> Done | Refuse | None:
        """Create the job of the request with this id. None if it is new; Done if an earlier attempt has created it.

        Raises botocore's own error where another attempt may succeed, or an operator has to give a right.
        """
        tags = self._tags_of(asked_by) | ({RECIPE_TAG: recipe} if recipe else {})
        # to a policy's condition, keys that differ only in case are the same
        others = [tag for tag in request.get("Tags", ()) if tag["Key"].lower() not in tags]
        tagged: Any = request | {"Tags": [*others, *({"Key": key, "Value": value} for key, value in tags.items())]}
        throttle_pauses, quota_pauses = iter(THROTTLE_PAUSES_SECONDS), iter(QUOTA_PAUSES_SECONDS)
        while True:
            try:
                self._client.create_training_job(**tagged)
            except ClientError as error:
                code, words = error.response["Error"]["Code"], _words(error)
                if code == "ResourceInUse":
                    name = request["TrainingJobName"]
                    if self.has_created(name, asked_by):
                        return Done("its training job was created already")
                    text = f"SageMaker has a training job {name} of another request already"
                    return Refuse("name_taken", text, "TrainingJobName")
                if code in _REFUSED:
                    return Refuse("refused_by_sagemaker", words)
                if code == "ResourceLimitExceeded":
                    if (pause := next(quota_pauses, None)) is None:
                        return Refuse("quota", words)
                elif code not in _THROTTLED or (pause := next(throttle_pauses, None)) is None:
                    raise
                self._sleep(pause)
            else:
                return None

    def has_created(self, name: str, asked_by: str) -> bool:
        """Whether the job of this name was created here, of the request with this id."""
        try:
            arn = self._client.describe_training_job(TrainingJobName=name)["TrainingJobArn"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                return False
            raise
        pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        return self._tags_of(asked_by).items() <= tags.items()

    def _tags_of(self, asked_by: str) -> dict[str, str]:
        """The same event may be on the buses of two environments. Its id may be longer than a tag, and of any text."""
        shown = asked_by if _TAG_VALUE.fullmatch(asked_by) else f"sha256:{sha256(asked_by.encode()).hexdigest()}"
        return {REQUEST_TAG: shown, ENVIRONMENT_TAG: self._environment}

    def _search(self) -> Iterator[Any]:
        expression: Any = {
            "Filters": [
                {"Name": f"Tags.{ENVIRONMENT_TAG}", "Operator": "Equals", "Value": self._environment},
                {"Name": "TrainingJobStatus", "Operator": "In", "Value": "InProgress,Stopping"},
            ]
        }
        pages = self._client.get_paginator("search").paginate(Resource="TrainingJob", SearchExpression=expression)
        return (found for page in pages for found in page["Results"])


def instances_of(request_or_job: Any) -> int:
    """How many instances a training job has at most, by its description or the request for it; 0 where nothing says it.

    Of preferences one is taken. A rule with an instance type is a processing job beside the training, on one instance:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DebugRuleConfiguration.html
    """
    resources = request_or_job.get("ResourceConfig", {})
    groups = resources.get("InstanceGroups") or [resources]
    preferred = max((way.get("InstanceCount", 0) for way in resources.get("InstancePreferences") or ()), default=0)
    instances = max(preferred, sum(group.get("InstanceCount", 0) for group in groups))
    rules = [rule for kind in _RULES for rule in request_or_job.get(kind) or () if "InstanceType" in rule]
    return int(instances + len(rules))


def _job(found: Any) -> Job:
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
    return Job(found["TrainingJobName"], tags.get(RECIPE_TAG), instances_of(found))


def _words(error: ClientError) -> str:
    return redacted_text(error.response["Error"].get("Message", "")) or error.response["Error"]["Code"]
