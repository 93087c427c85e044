"""The settings of one environment: one frozen object, which is validated completely before anything is declared.

Each setting has its default, its bounds and its meaning in the class of its section, with its unit in its name.
`stacks/settings/listing.py` lists them for new settings files and for the documents. A meaning that ends in
"; by default …" tells what holds if a setting has no value. `stacks/settings/file.py` reads the values from
`environments/<name>.toml`.
"""

import re
from typing import Self

from pydantic import Field, model_validator

from stacks.settings import aws_facts
from stacks.settings.functions import EventProcessor, Notary, Projector, TrainingStarter
from stacks.settings.proof import Checkpoints, SealRetention
from stacks.settings.section import Section
from stacks.settings.sections import (
    OPENLINEAGE_SOURCE,
    CodeSigning,
    DataBucket,
    Encryption,
    Events,
    Network,
    Notebook,
    Observability,
    OpenLineage,
    RemoteState,
)
from stacks.settings.types import AccountId, EnvironmentName, Region, Tags, VersionConstraint

_MIN_SECONDS_WITH_RUN_EVENTS = 120


class Settings(Section):
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
    tags: Tags = Field(default={})
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
