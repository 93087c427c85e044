"""The settings of one environment: one frozen object, wholly validated before anything is declared.

Each setting has its default, its bounds and its meaning here, with its unit in its name. `stacks/settings/listing.py`
lists them for new settings files and for the documents. A meaning that ends in "; by default …" tells what holds
where a setting has no value. `stacks/settings/file.py` reads the values from `environments/<name>.toml`.
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

# What a setting without a default may look like.
_SUBNET, _GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
_KEY = "arn:aws:kms:eu-central-1:111122223333:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_PROFILE = "arn:aws:signer:eu-central-1:111122223333:/signing-profiles/team/a1b2c3d4e5"


class _Section(BaseModel):
    """Strict: no text for a number; no key that nobody reads; no change after the fact."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class RemoteState(_Section):
    """Where Terraform keeps this environment's state; `make bootstrap` creates the bucket."""

    bucket: BucketName | None = Field(default=None, examples=["states-of-the-team"])
    """The bucket for Terraform's state; by default `training-state-<account>-<region>`, one for all environments."""


class DataBucket(_Section):
    abandoned_upload_days: int = Field(default=7, ge=1)
    """When the parts of an upload that was never finished are removed."""
    old_version_days: int = Field(default=365, ge=1)
    """When a version of an object that was replaced is removed."""


class Events(_Section):
    sources: EventSources = Field(default=("my.sagemaker.training.jobs",), strict=False)
    """The sources that the rule listens to."""
    archive_days: int = Field(default=0, ge=0)
    """How long the bus's archive keeps events; 0 is for ever, as EventBridge has it."""


class FunctionLimits(_Section):
    """What each function may take."""

    memory_mb: int = Field(default=512, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU by memory."""
    timeout_seconds: int = Field(default=30, ge=20, le=900)
    """The longest invocation; the handler's own attempts take up to 15 s."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[20])
    """The most invocations at once, taken from the account's share; by default no limit."""


class EventProcessor(FunctionLimits):
    """Runtime, architecture and retention are the projector's too: both run from one package."""

    runtime: LambdaRuntime = "python3.13"
    """Lambda's Python, 3.11 or later; the projector uses it too."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """The processor; the projector uses it too."""
    log_retention_days: LogRetentionDays = 90
    """What CloudWatch Logs offers: 1, 3, 5, 7, 14, 30 … 3653; the projector's logs too."""


class Projector(FunctionLimits):
    memory_mb: int = Field(default=1024, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU by memory, and folding is CPU."""
    timeout_seconds: int = Field(default=900, ge=60, le=900)
    """The longest invocation; an event that comes late has its whole stream folded again, however long that is."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[5])
    """The most invocations at once; it needs one for each shard of the change stream; by default no limit."""
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    batch_size: int = Field(default=100, ge=1, le=10_000)
    """How many changes of the log it takes at once."""


class SealStore(_Section):
    """How S3 locks the seals of finished streams."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """Nobody can lift COMPLIANCE early, not even the account's root user: try it elsewhere first."""
    retention_days: int = Field(default=3650, ge=1, le=36_500)
    """How long S3 locks a seal; a seal that exists keeps its time."""


class Notebook(_Section):
    instance_type: NotebookInstanceType = "ml.t3.medium"
    """Any notebook instance type."""
    platform: NotebookPlatform = "notebook-al2-v3"
    """Its platform identifier; `notebook-al2023-v1` needs AWS provider 6."""
    volume_gb: int = Field(default=20, ge=5, le=16_384)
    """The size of its volume."""
    subnet_id: SubnetId | None = Field(default=None, examples=[_SUBNET])
    """Puts the notebook into a VPC, together with its security groups; by default none."""
    security_group_ids: SecurityGroupIds = Field(default=(), max_length=5, strict=False, examples=[[_GROUP]])
    """The security groups that go with the subnet; by default none."""
    kms_key_arn: KeyArn | None = Field(default=None, examples=[_KEY])
    """The key for its volume, in the same account and region; by default that of `encryption`."""

    @model_validator(mode="after")
    def _groups_and_subnet_go_together(self) -> Self:
        if bool(self.subnet_id) != bool(self.security_group_ids):
            raise ValueError("subnet_id and security_group_ids are given both or not at all")
        return self


class Encryption(_Section):
    kms_key_arn: KeyArn | None = Field(default=None, examples=[_KEY])
    """A key of your own for all that is kept, in the same account and region; docs/operate/encryption.md has its policy;
    by default AWS's own."""


class Network(_Section):
    """Where the functions run; the most of each is Lambda's: https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"""

    subnet_ids: SubnetIds = Field(default=(), max_length=16, strict=False, examples=[[_SUBNET]])
    """Puts the functions into a VPC, together with its security groups; docs/operate/network.md lists what they must reach;
    by default none."""
    security_group_ids: SecurityGroupIds = Field(default=(), max_length=5, strict=False, examples=[[_GROUP]])
    """The security groups that go with the subnets; by default none."""

    @model_validator(mode="after")
    def _groups_and_subnets_go_together(self) -> Self:
        if bool(self.subnet_ids) != bool(self.security_group_ids):
            raise ValueError("subnet_ids and security_group_ids are given both or not at all")
        return self


class CodeSigning(_Section):
    profile_version_arn: SigningProfileVersionArn | None = Field(default=None, examples=[_PROFILE])
    """The version of an AWS Signer profile; Lambda then runs nothing that it has not signed: docs/operate/code-signing.md;
    by default none."""


class Observability(_Section):
    alarm_email: Email | None = Field(default=None, examples=["on-call@example.com"])
    """The address that gets the alarms, once it has confirmed; by default nobody."""


class Settings(_Section):
    """One environment. `environment` is the settings file's name; everything else is what the file says."""

    environment: EnvironmentName
    account_id: AccountId
    """The 12-digit account, in quotes: nothing is ever deployed to any other."""
    region: Region
    """A region with SageMaker, such as "eu-central-1"."""
    deletion_protection: bool = True
    """Tables refuse deletion, a bucket that holds objects cannot be destroyed, locks of seals cannot be lifted;
    `prod…` cannot do without."""
    emulated: bool = False
    """AWS on this machine: path-style S3, and a package for this machine's Python."""
    aws_provider_version: VersionConstraint = ">= 5.100.0, < 7.0.0"
    """The constraint on `hashicorp/aws`."""
    tags: Tags = {}
    """More tags for everything, beside `project`, `environment` and `managed-by`: letters, digits, spaces and `_.:/=+-@`;
    keys to 128, values to 256, and keys that differ in case alone are one to IAM."""
    remote_state: RemoteState = RemoteState()
    data_bucket: DataBucket = DataBucket()
    events: Events = Events()
    event_processor: EventProcessor = EventProcessor()
    projector: Projector = Projector()
    seals: SealStore = SealStore()
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
