"""The settings of one environment: one frozen object, which is validated completely before anything is declared.

Each setting has its default, its bounds and its meaning here, with its unit in its name. `stacks/settings/listing.py`
lists them for new settings files and for the documents. A meaning that ends in "; by default …" tells what holds
if a setting has no value. `stacks/settings/file.py` reads the values from `environments/<name>.toml`.
"""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stacks.settings import aws_facts
from stacks.settings.types import (
    AccountId,
    BucketName,
    ConnectionArn,
    Email,
    EnvironmentName,
    EventSources,
    HttpsAddress,
    KeyArn,
    KeyArns,
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

# Examples for settings without a default.
_SUBNET, _GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
_KEY = "arn:aws:kms:eu-central-1:111122223333:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_PROFILE = "arn:aws:signer:eu-central-1:111122223333:/signing-profiles/team/a1b2c3d4e5"
_CONNECTION = "arn:aws:events:eu-central-1:111122223333:connection/lineage/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_DEFAULT_SOURCE = "my.sagemaker.training.jobs"
OPENLINEAGE_SOURCE = "training-events.openlineage"
"""The source of OpenLineage's run events on the bus. The rules of the log take none of it."""
_OPENLINEAGE_PATH = "/api/v1/lineage"
_MIN_SECONDS_WITH_RUN_EVENTS = 120


class _Section(BaseModel):
    """Strict: a text is not accepted as a number, and an unknown key is an error. Frozen: nothing changes after validation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class RemoteState(_Section):
    """Where Terraform keeps this environment's state; `make bootstrap` creates the bucket."""

    bucket: BucketName | None = Field(default=None, examples=["states-of-the-team"])
    """The bucket for Terraform's state; by default `training-state-<account>-<region>`, one for all environments."""


class DataBucket(_Section):
    abandoned_upload_days: int = Field(default=7, ge=1)
    """After how many days the parts of an unfinished upload are removed."""
    old_version_days: int = Field(default=365, ge=1)
    """After how many days a replaced version of an object is removed."""


class Events(_Section):
    sources: EventSources = Field(default=(_DEFAULT_SOURCE,), strict=False)
    """The sources that the rule listens to, beside `my.sagemaker.training.jobs`; recorders publish under the first one."""
    archive_days: int = Field(default=0, ge=0)
    """How many days the bus's archive keeps events; 0 means for ever, as in EventBridge."""

    @property
    def accepted_sources(self) -> tuple[str, ...]:
        """The configured sources, and the default one: a recorder without TRAINING_EVENTS_SOURCE publishes under it."""
        return tuple(dict.fromkeys((*self.sources, _DEFAULT_SOURCE)))


class FunctionLimits(_Section):
    """The limits of a function."""

    memory_mb: int = Field(default=512, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU in proportion to memory."""
    timeout_seconds: int = Field(default=30, ge=20, le=900)
    """The longest invocation; the handler's own attempts take up to 15 s."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[20])
    """The most invocations at once, taken from the account's share; by default no limit."""


class EventProcessor(FunctionLimits):
    """Runtime, architecture and log retention hold for all functions: they run from one package."""

    runtime: LambdaRuntime = "python3.13"
    """Lambda's Python, 3.11 or later; all functions use it."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    """The processor architecture; all functions use it."""
    log_retention_days: LogRetentionDays = 90
    """One of the values that CloudWatch Logs offers: 1, 3, 5, 7, 14, 30 … 3653; it holds for the logs of all functions."""


class Projector(FunctionLimits):
    memory_mb: int = Field(default=1024, ge=128, le=10_240)
    """The function's memory; Lambda gives CPU in proportion to memory, and folding needs CPU."""
    timeout_seconds: int = Field(default=900, ge=60, le=900)
    """The longest invocation."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[5])
    """The most invocations at once; it needs one for each shard of the change stream; by default no limit."""
    # https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    batch_size: int = Field(default=1000, ge=1, le=10_000)
    """How many changes of the log it takes at once."""
    batching_window_seconds: int = Field(default=1, ge=0, le=300)
    """How long Lambda gathers changes of the log for a batch; a read model is behind by so much."""
    stream_seconds: int = Field(default=60, ge=10, le=600)
    """How long it may take for one stream of a batch, at most half of `timeout_seconds`; a stream that needs longer is set
    aside, and the others go on."""


class TrainingStarter(FunctionLimits):
    enabled: bool = True
    """Whether events start trainings here: `TrainingRequested`, and new versions of datasets that a recipe waits for; `false`
    deploys nothing of this."""
    max_instances: int = Field(default=4, ge=1)
    """The most instances that the training jobs of this environment have at once; what would need more is refused."""
    timeout_seconds: int = Field(default=300, ge=120, le=900)
    """The longest invocation; it copies the pinned versions of a job's inputs within it."""
    reserved_concurrency: int | None = Field(default=None, ge=1, examples=[1])
    """The most invocations at once; with 1, requests are decided one after the other; by default no limit."""


class Notary(FunctionLimits):
    """The limits of the function that takes a leaf for each event, and signs checkpoints."""

    timeout_seconds: int = Field(default=300, ge=60, le=900)
    """The longest invocation; what a call does not manage, the next one does."""
    reserved_concurrency: int | None = Field(default=None, ge=2, examples=[5])
    """The most invocations at once; it needs one for each shard of the change stream, and one for its schedule; by default
    no limit."""


class SealRetention(_Section):
    """How S3 locks seals, and what the notary writes."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """Nobody can lift COMPLIANCE early, not even the account's root user: try it elsewhere first."""
    retention_days: int = Field(default=3653, ge=1, le=36_500)
    """How many days S3 locks a seal, a tile or a checkpoint; 3653 are ten years, with up to three leap days; what exists
    keeps its own time."""


class Checkpoints(_Section):
    """Signed checkpoints of the whole log: docs/operate/checkpoints.md."""

    enabled: bool = True
    """Whether a notary takes every event into one tree, and signs checkpoints of it; `false` deploys nothing of this."""
    interval_minutes: int = Field(default=5, ge=1, le=60)
    """How often it signs a checkpoint, if something was recorded since the last one."""
    keys: int = Field(default=1, ge=0, le=20)
    """How many keys the stack makes for signing; the newest one signs; raise it by one to change the key: the earlier ones
    stay."""
    key_arns: KeyArns = Field(default=(), strict=False, examples=[[_KEY]])
    """Keys of your own for signing, `ECC_NIST_P256`, in the same region and perhaps of another account; they are newer than
    those that the stack makes, the last one signs; by default none."""
    bucket: BucketName | None = Field(default=None, examples=["checkpoints-of-the-auditor"])
    """The bucket for tiles and checkpoints, perhaps of another account, with the policy in docs/operate/checkpoints.md; by
    default the data bucket."""

    @model_validator(mode="after")
    def _some_key_signs(self) -> Self:
        if self.enabled and not (self.keys or self.key_arns):
            raise ValueError("keys = 0: must be at least 1 if key_arns names no key")
        return self


class Notebook(_Section):
    instance_type: NotebookInstanceType = "ml.t3.medium"
    """Any notebook instance type."""
    platform: NotebookPlatform = "notebook-al2023-v1"
    """Its platform identifier; another one replaces the notebook. Amazon Linux 2023 needs AWS provider 6.19 or later."""
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
    """A key of your own for all stored data, in the same account and region; docs/operate/encryption.md has its policy;
    by default AWS's own."""


class Network(_Section):
    """Where the functions run. The maximum lengths are those of Lambda: https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"""

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


class OpenLineage(_Section):
    """Where OpenLineage's run events go as runs start and end."""

    endpoint: HttpsAddress | None = Field(default=None, examples=["https://lineage.example.com"])
    """The service that takes them, such as a Marquez; without a path it is `/api/v1/lineage`: docs/operate/openlineage.md;
    by default none, and nothing of this is deployed."""
    connection_arn: ConnectionArn | None = Field(default=None, examples=[_CONNECTION])
    """The EventBridge connection that has the service's API key, in the same account and region; it goes with the endpoint;
    by default none."""
    requests_per_second: int = Field(default=10, ge=1, le=300)
    """The most requests to the service; what is more waits on the bus, for up to 24 hours."""

    @property
    def address(self) -> str | None:
        """The endpoint with its path: the one to which OpenLineage's own clients send where an address has none."""
        if self.endpoint is None or self.endpoint.removeprefix("https://").partition("/")[2]:
            return self.endpoint
        return self.endpoint.rstrip("/") + _OPENLINEAGE_PATH

    @model_validator(mode="after")
    def _endpoint_and_connection_go_together(self) -> Self:
        if bool(self.endpoint) != bool(self.connection_arn):
            raise ValueError("endpoint and connection_arn are given both or not at all")
        return self


class Observability(_Section):
    alarm_email: Email | None = Field(default=None, examples=["on-call@example.com"])
    """The address that gets the alarms, after it has confirmed; by default nobody."""


class Settings(_Section):
    """One environment. `environment` is the name of the settings file; everything else is in the file."""

    environment: EnvironmentName
    account_id: AccountId
    """The 12-digit account, in quotes: nothing is ever deployed to any other."""
    region: Region
    """A region with SageMaker, such as "eu-central-1"."""
    deletion_protection: bool = True
    """Tables refuse deletion, a bucket with objects in it cannot be destroyed, locks of seals cannot be lifted;
    an environment whose name begins with `prod` must have it."""
    emulated: bool = False
    """AWS on this machine: path-style S3, and a package for this machine's Python."""
    aws_provider_version: VersionConstraint = ">= 6.19.0, < 7.0.0"
    """The constraint on `hashicorp/aws`; from 5.100 on, with an older platform of the notebook."""
    tags: Tags = {}
    """More tags for all resources, beside `project`, `environment` and `managed-by`: letters, digits, spaces and `_.:/=+-@`;
    keys up to 128 characters, values up to 256; to IAM, keys that differ only in case are the same."""
    remote_state: RemoteState = RemoteState()
    data_bucket: DataBucket = DataBucket()
    events: Events = Events()
    event_processor: EventProcessor = EventProcessor()
    projector: Projector = Projector()
    training_starter: TrainingStarter = TrainingStarter()
    notary: Notary = Notary()
    seals: SealRetention = SealRetention()
    checkpoints: Checkpoints = Checkpoints()
    notebook: Notebook = Notebook()
    encryption: Encryption = Encryption()
    network: Network = Network()
    code_signing: CodeSigning = CodeSigning()
    openlineage: OpenLineage = OpenLineage()
    observability: Observability = Observability()

    @model_validator(mode="after")
    def _keys_and_profile_are_of_this_account_and_region(self) -> Self:
        for name, arn in {
            "notebook.kms_key_arn": self.notebook.kms_key_arn,
            "encryption.kms_key_arn": self.encryption.kms_key_arn,
            "code_signing.profile_version_arn": self.code_signing.profile_version_arn,
            "openlineage.connection_arn": self.openlineage.connection_arn,
        }.items():
            if arn and arn.split(":")[3:5] != [self.region, self.account_id]:
                raise ValueError(f"{name} = {arn!r} must be of region {self.region}, account {self.account_id}")
        return self

    @model_validator(mode="after")
    def _keys_of_checkpoints_are_of_this_region(self) -> Self:
        """A key may be of another account, where nobody of this one can give the right to sign; Sign knows no other region."""
        for arn in self.checkpoints.key_arns:
            if arn.split(":")[3] != self.region:
                raise ValueError(f"checkpoints.key_arns: {arn!r} must be of region {self.region}")
        return self

    @model_validator(mode="after")
    def _run_events_are_not_recorded_and_have_their_time(self) -> Self:
        if self.openlineage.endpoint is None:
            return self
        if OPENLINEAGE_SOURCE in self.events.sources:
            raise ValueError(f"events.sources has {OPENLINEAGE_SOURCE}: it is the source of what openlineage sends")
        if self.projector.timeout_seconds < _MIN_SECONDS_WITH_RUN_EVENTS:
            raise ValueError(
                f"projector.timeout_seconds = {self.projector.timeout_seconds}:"
                f" must be at least {_MIN_SECONDS_WITH_RUN_EVENTS} with openlineage.endpoint"
            )
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
        """The lowest version of the AWS provider that the constraint allows: (5, 100, 0), or (0,) without a lower bound."""
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
        """With the account and the region in it, because bucket names must be unique in all of AWS."""
        return self.name(f"data-{self.account_id}-{self.region}")

    def name(self, what: str) -> str:
        """The name of one resource: `training-<environment>-<what>`."""
        return f"{self.stack_name}-{what}"

    def principals_of(self, role: str) -> list[str]:
        """What is in aws:PrincipalArn for this role: of a session AWS shows its role, and the emulator the session itself.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        name = self.name(role)
        return [
            f"arn:{self.partition}:iam::{self.account_id}:role/{name}",
            f"arn:{self.partition}:sts::{self.account_id}:assumed-role/{name}/*",
        ]

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"
