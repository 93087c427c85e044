"""The settings of one environment: one frozen object, wholly validated before anything is declared.

Every default stands here, with its unit in its name; `stacks/settings/file.py` reads it from `environments/<name>.toml`.
"""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stacks.settings import aws_facts
from stacks.settings.types import (
    AccountId,
    BucketName,
    Email,
    EnvironmentName,
    EventSources,
    KeyArn,
    LambdaRuntime,
    LogRetentionDays,
    NotebookInstanceType,
    NotebookPlatform,
    Region,
    SecurityGroupIds,
    SigningProfileVersionArn,
    SubnetId,
    SubnetIds,
    Tags,
    VersionConstraint,
)


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
    sources: EventSources = Field(default=("my.sagemaker.training.jobs",), strict=False)
    archive_days: int = Field(default=0, ge=0)  # 0 keeps the archive for ever, as EventBridge has it


class FunctionLimits(_Section):
    """What each function may take."""

    memory_mb: int = Field(default=512, ge=128, le=10_240)
    timeout_seconds: int = Field(default=30, ge=20, le=900)  # the handlers' own attempts take up to 15
    reserved_concurrency: int | None = Field(default=None, ge=1)


class EventProcessor(FunctionLimits):
    """Runtime, architecture and retention are the projector's too: both run from one package."""

    runtime: LambdaRuntime = "python3.13"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    log_retention_days: LogRetentionDays = 90


class Projector(FunctionLimits):
    memory_mb: int = Field(default=1024, ge=128, le=10_240)  # Lambda gives CPU by memory, and folding is CPU
    # The longest that Lambda allows: an event that comes late has its whole stream folded anew, however long that is.
    timeout_seconds: int = Field(default=900, ge=60, le=900)
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    batch_size: int = Field(default=100, ge=1, le=10_000)


class Seals(_Section):
    """How S3 locks the seals of finished streams. COMPLIANCE is final: no one, the root user included, can lift it early."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    retention_days: int = Field(default=3650, ge=1, le=36_500)


class Notebook(_Section):
    instance_type: NotebookInstanceType = "ml.t3.medium"
    platform: NotebookPlatform = "notebook-al2-v3"
    volume_gb: int = Field(default=20, ge=5, le=16_384)
    subnet_id: SubnetId | None = None
    security_group_ids: SecurityGroupIds = Field(default=(), max_length=5, strict=False)
    kms_key_arn: KeyArn | None = None

    @model_validator(mode="after")
    def _groups_and_subnet_go_together(self) -> Self:
        if bool(self.subnet_id) != bool(self.security_group_ids):
            raise ValueError("subnet_id and security_group_ids are given both or not at all")
        return self


class Encryption(_Section):
    kms_key_arn: KeyArn | None = (
        None  # of all that is kept; its policy and its life are its owner's: docs/operate/encryption.md
    )


class Network(_Section):
    """Where the functions run; the most of each is Lambda's: https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"""

    subnet_ids: SubnetIds = Field(default=(), max_length=16, strict=False)
    security_group_ids: SecurityGroupIds = Field(default=(), max_length=5, strict=False)

    @model_validator(mode="after")
    def _groups_and_subnets_go_together(self) -> Self:
        if bool(self.subnet_ids) != bool(self.security_group_ids):
            raise ValueError("subnet_ids and security_group_ids are given both or not at all")
        return self


class CodeSigning(_Section):
    profile_version_arn: SigningProfileVersionArn | None = None  # whose signature Lambda then wants on the package


class Observability(_Section):
    alarm_email: Email | None = None


class Settings(_Section):
    """One environment. `environment` is the settings file's name; everything else is what the file says."""

    environment: EnvironmentName
    account_id: AccountId
    region: Region
    deletion_protection: bool = True  # tables refuse deletion, and a bucket that holds objects cannot be destroyed
    emulated: bool = False  # AWS on this machine: path-style S3, and a package for this machine's Python
    aws_provider_version: VersionConstraint = ">= 5.100.0, < 7.0.0"
    tags: Tags = {}
    remote_state: RemoteState = RemoteState()
    data_bucket: DataBucket = DataBucket()
    events: Events = Events()
    event_processor: EventProcessor = EventProcessor()
    projector: Projector = Projector()
    seals: Seals = Seals()
    notebook: Notebook = Notebook()
    encryption: Encryption = Encryption()
    network: Network = Network()
    code_signing: CodeSigning = CodeSigning()
    observability: Observability = Observability()

    @model_validator(mode="after")
    def _keys_and_profile_are_of_this_account_and_region(self) -> Self:
        for name, arn in {
            "notebook.kms_key_arn": self.notebook.kms_key_arn,
            "encryption.kms_key_arn": self.encryption.kms_key_arn,
            "code_signing.profile_version_arn": self.code_signing.profile_version_arn,
        }.items():
            if arn and arn.split(":")[3:5] != [self.region, self.account_id]:
                raise ValueError(f"{name} = {arn!r} must be of region {self.region}, account {self.account_id}")
        return self

    @model_validator(mode="after")
    def _production_is_protected(self) -> Self:
        if self.environment.startswith("prod") and not self.deletion_protection:
            raise ValueError("deletion_protection = false: must be true in an environment whose name begins with prod")
        return self

    @model_validator(mode="after")
    def _own_tags_are_not_overridden(self) -> Self:
        taken = sorted(key for key in self.tags if key.lower() in self.own_tags or key.lower().startswith("aws:"))
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
    def oldest_provider(self) -> tuple[int, ...]:
        """The lowest version of the AWS provider that the constraint lets in: (5, 100, 0), and (0,) where it names none."""
        clauses = re.findall(r"(>=|<=|~>|>|<|!=|=)? ?(\d[\d.]*)", self.aws_provider_version)
        lowest = [version for operator, version in clauses if operator not in {"<", "<=", "!="}]
        return max((tuple(map(int, version.split("."))) for version in lowest), default=(0,))

    @property
    def stack_name(self) -> str:
        return f"training-{self.environment}"

    @property
    def state_bucket(self) -> str:
        return self.remote_state.bucket or f"training-state-{self.account_id}-{self.region}"

    @property
    def data_bucket_name(self) -> str:
        """Bucket names are shared by the whole world: the account and the region make this one ours."""
        return self.name(f"data-{self.account_id}-{self.region}")

    def name(self, what: str) -> str:
        """The name of one resource: `training-<environment>-<what>`."""
        return f"{self.stack_name}-{what}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"
