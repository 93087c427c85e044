"""The settings of one environment: one frozen object, wholly validated before anything is declared.

Every default stands here, with its unit in its name; `stacks/settings_file.py` reads it from `environments/<name>.toml`.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from stacks import aws_facts


def _one_of(what: str, allowed: Callable[[], Iterable[Any]]) -> AfterValidator:
    """Accepts one of `allowed()`; of a long list the message names the nearest."""

    def check(value: Any) -> Any:
        choices = list(allowed())
        if value in choices:
            return value
        if len(choices) <= 24:
            raise ValueError(f"{what} is one of {', '.join(map(str, choices))}")
        nearest = difflib.get_close_matches(str(value), choices, n=3, cutoff=0.5) or choices[:3]
        raise ValueError(f"{what} is one of {len(choices)} that AWS knows, such as {', '.join(nearest)}")

    return AfterValidator(check)


def _matching(pattern: str, allowed: str) -> AfterValidator:
    """Accepts text that matches `pattern` as a whole; `allowed` says the same in words."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {allowed}")
        return value

    return AfterValidator(check)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("must not name the same twice")
    return values


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("must have at least 1")
    return values


AccountId = Annotated[str, _matching(r"\d{12}", "a 12-digit AWS account id, in quotes")]
Region = Annotated[str, _one_of("a region with SageMaker", aws_facts.regions)]
BucketName = Annotated[
    str, _matching(r"(?!xn--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "3 to 63 lower-case letters, digits and hyphens")
]
# PutEvents refuses sources that begin with `aws.`: those are AWS's own.
EventSource = Annotated[
    str, _matching(r"(?!aws\.)[A-Za-z0-9._-]{1,256}", "letters, digits, '.', '_' and '-', and not begin with 'aws.'")
]
LogRetentionDays = Annotated[int, _one_of("a log's retention in days", lambda: aws_facts.LOG_RETENTION_DAYS)]
SubnetId = Annotated[str, _matching(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})", "a subnet id like subnet-0123456789abcdef0")]
SecurityGroupId = Annotated[str, _matching(r"sg-([0-9a-f]{8}|[0-9a-f]{17})", "a group id like sg-0123456789abcdef0")]
KeyArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-zA-Z-]+",
        "a key's ARN, arn:<partition>:kms:<region>:<account>:key/<id>",
    ),
]
Email = Annotated[str, _matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
VersionConstraint = Annotated[
    str,
    _matching(
        r"(>=|<=|~>|>|<|!=|=)? ?\d+(\.\d+){0,2}(, (>=|<=|~>|>|<|!=|=)? ?\d+(\.\d+){0,2})*",
        "a Terraform version constraint like '>= 5.100.0, < 7.0.0'",
    ),
]


class _Section(BaseModel):
    """Strict: no text for a number; no key that nobody reads; no change after the fact."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RemoteState(_Section):
    """Where Terraform keeps this environment's state; `make bootstrap` creates the bucket."""

    bucket: BucketName | None = None  # by default training-state-<account>-<region>, one for all environments


class DataBucket(_Section):
    abandoned_upload_days: int = Field(default=7, ge=1)
    old_version_days: int = Field(default=365, ge=1)


class Events(_Section):
    sources: Annotated[tuple[EventSource, ...], AfterValidator(_distinct), AfterValidator(_some)] = Field(
        default=("my.sagemaker.training.jobs",), strict=False
    )
    archive_days: int = Field(default=0, ge=0)  # 0 keeps the archive for ever, as EventBridge has it


class EventProcessor(_Section):
    runtime: Annotated[str, _one_of("a Lambda runtime", aws_facts.lambda_python_runtimes)] = "python3.13"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    memory_mb: int = Field(default=512, ge=128, le=10_240)
    timeout_seconds: int = Field(default=30, ge=20, le=900)  # the handler's own attempts take up to 15
    reserved_concurrency: int | None = Field(default=None, ge=1)
    log_retention_days: LogRetentionDays = 90


class Notebook(_Section):
    instance_type: Annotated[str, _one_of("a notebook's instance type", aws_facts.notebook_instance_types)] = "ml.t3.medium"
    platform: Annotated[str, _one_of("a notebook's platform", aws_facts.notebook_platforms)] = "notebook-al2-v3"
    volume_gb: int = Field(default=20, ge=5, le=16_384)
    subnet_id: SubnetId | None = None
    security_group_ids: Annotated[tuple[SecurityGroupId, ...], AfterValidator(_distinct)] = Field(
        default=(), max_length=5, strict=False
    )
    kms_key_arn: KeyArn | None = None

    @model_validator(mode="after")
    def _groups_and_subnet_go_together(self) -> Self:
        if bool(self.subnet_id) != bool(self.security_group_ids):
            raise ValueError("subnet_id and security_group_ids are given both or not at all")
        return self


class Observability(_Section):
    alarm_email: Email | None = None


class Settings(_Section):
    """One environment. `environment` is the settings file's name; everything else is what the file says."""

    environment: Annotated[
        str, _matching(r"[a-z][a-z0-9-]{0,14}[a-z0-9]", "2 to 16 lower-case letters, digits and hyphens, a letter first")
    ]
    account_id: AccountId
    region: Region
    deletion_protection: bool = True  # tables refuse deletion, and a bucket that holds objects cannot be destroyed
    emulated: bool = False  # AWS on this machine: path-style S3, and a package for this machine's Python
    aws_provider_version: VersionConstraint = ">= 5.100.0, < 7.0.0"
    tags: dict[str, str] = {}
    remote_state: RemoteState = RemoteState()
    data_bucket: DataBucket = DataBucket()
    events: Events = Events()
    event_processor: EventProcessor = EventProcessor()
    notebook: Notebook = Notebook()
    observability: Observability = Observability()

    @model_validator(mode="after")
    def _key_is_of_this_account_and_region(self) -> Self:
        key = self.notebook.kms_key_arn
        if key and key.split(":")[3:5] != [self.region, self.account_id]:
            raise ValueError(f"notebook.kms_key_arn = {key!r} must be a key of region {self.region}, account {self.account_id}")
        return self

    @model_validator(mode="after")
    def _own_tags_are_not_overridden(self) -> Self:
        taken = sorted(key for key in self.tags if key in self.own_tags or key.lower().startswith("aws:"))
        if taken:
            raise ValueError(f"tags.{taken[0]} is set already: {', '.join(self.own_tags)} and aws: are taken")
        return self

    @property
    def own_tags(self) -> dict[str, str]:
        return {"project": "event-sourced-training", "environment": self.environment, "managed-by": "cdktf"}

    @property
    def partition(self) -> str:
        return aws_facts.partition_of(self.region)

    @property
    def stack_name(self) -> str:
        return f"training-{self.environment}"

    @property
    def state_bucket(self) -> str:
        return self.remote_state.bucket or f"training-state-{self.account_id}-{self.region}"

    def name(self, what: str) -> str:
        """The name of one resource: `training-<environment>-<what>`."""
        return f"{self.stack_name}-{what}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"
