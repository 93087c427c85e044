"""The sections of the settings about what the stack keeps, and what of the account it uses: all but functions and proofs."""

from typing import Self

from pydantic import Field, model_validator

from stacks.settings.section import Section
from stacks.settings.types import (
    AccountIds,
    BucketName,
    BusArn,
    BusName,
    ConnectionArn,
    Email,
    EventSources,
    HttpsAddress,
    KeyArn,
    NotebookInstanceType,
    NotebookPlatform,
    SecurityGroupIds,
    SigningProfileVersionArn,
    SubnetId,
    SubnetIds,
)

# Examples for settings without a default.
_SUBNET, _GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
_KEY = "arn:aws:kms:eu-central-1:111122223333:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_PROFILE = "arn:aws:signer:eu-central-1:111122223333:/signing-profiles/team/a1b2c3d4e5"
_CONNECTION = "arn:aws:events:eu-central-1:111122223333:connection/lineage/57ff7a43-341d-46b6-aee3-a450c9de6dc8"
_CENTRAL_BUS = "arn:aws:events:eu-central-1:444455556666:event-bus/training-prod-events"
_DEFAULT_SOURCE = "my.sagemaker.training.jobs"
OPENLINEAGE_SOURCE = "training-events.openlineage"
"""The source of OpenLineage's run events on the bus. The rules of the log take none of it."""
AWS_SOURCES = ("aws.sagemaker", "aws.s3")
"""The sources of AWS's own events that are recorded. Only AWS can publish with them."""
_OPENLINEAGE_PATH = "/api/v1/lineage"


class RemoteState(Section):
    """Where Terraform keeps this environment's state; `make bootstrap` creates the bucket."""

    bucket: BucketName | None = Field(default=None, examples=["states-of-the-team"])
    """The bucket for Terraform's state; by default `<name_prefix>-state-<account>-<region>`, one for all environments."""


class DataBucket(Section):
    existing_name: BucketName | None = Field(default=None, examples=["data-of-the-team"])
    """A bucket of this account and region in place of one that the stack makes; docs/operate/company.md has what it must be
    like, `make deploy` checks it, and the other settings of this section do nothing then; by default the stack makes one."""
    abandoned_upload_days: int = Field(default=7, ge=1)
    """After how many days the parts of an unfinished upload are removed."""
    old_version_days: int = Field(default=365, ge=1)
    """After how many days a replaced version of an object is removed."""


class Events(Section):
    sources: EventSources = Field(default=(_DEFAULT_SOURCE,), strict=False)
    """The sources that the rule listens to, beside `my.sagemaker.training.jobs`; recorders publish under the first one."""
    archive_days: int = Field(default=0, ge=0)
    """How many days the bus's archive keeps events; 0 means for ever, as in EventBridge."""

    existing_bus_name: BusName | None = Field(default=None, examples=["company-events"])
    """A bus of this account and region in place of one that the stack makes; what no rule takes on it is left to others:
    docs/operate/company.md; by default the stack makes one."""
    forward_to_bus_arn: BusArn | None = Field(default=None, examples=[_CENTRAL_BUS])
    """The bus of a central log, perhaps of another account or region, that gets what this environment records, too:
    docs/operate/company.md; by default none."""
    from_account_ids: AccountIds = Field(default=(), max_length=20, strict=False, examples=[["444455556666"]])
    """Other accounts whose events the bus takes, of these sources and AWS's own: those that forward to it, as
    docs/operate/company.md shows; by default none."""

    @property
    def accepted_sources(self) -> tuple[str, ...]:
        """The configured sources, and the default one: a recorder without TRAINING_EVENTS_SOURCE publishes under it."""
        return tuple(dict.fromkeys((*self.sources, _DEFAULT_SOURCE)))


class Notebook(Section):
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


class Encryption(Section):
    kms_key_arn: KeyArn | None = Field(default=None, examples=[_KEY])
    """A key of your own for all stored data, in the same account and region; docs/operate/encryption.md has its policy;
    by default AWS's own."""


class Network(Section):
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


class CodeSigning(Section):
    profile_version_arn: SigningProfileVersionArn | None = Field(default=None, examples=[_PROFILE])
    """The version of an AWS Signer profile; Lambda then runs nothing that it has not signed: docs/operate/code-signing.md;
    by default none."""


class OpenLineage(Section):
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


class Observability(Section):
    alarm_email: Email | None = Field(default=None, examples=["on-call@example.com"])
    """The address that gets the alarms, after it has confirmed; by default nobody."""
