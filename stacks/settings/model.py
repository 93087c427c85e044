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
from stacks.settings.analytics import Analytics
from stacks.settings.company import Iam, Logs, TagPolicy
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
from stacks.settings.teams import Team, contradiction, source_of
from stacks.settings.types import AccountId, EnvironmentName, NamePrefix, Region, Tags, TeamName, VersionConstraint

_MIN_SECONDS_WITH_RUN_EVENTS = 120
_MAX_BUCKET_NAME = 63  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html


class Settings(Section):
    """One environment. `environment` is the name of the settings file; everything else is in the file."""

    environment: EnvironmentName
    account_id: AccountId
    """The 12-digit account, in quotes: nothing is ever deployed to any other."""
    region: Region
    """A region with SageMaker, such as "eu-central-1"."""
    name_prefix: NamePrefix = "training"
    """What the name of every resource and of the stack begins with, before the environment's name: lower-case letters, digits
    and hyphens; another one replaces everything that was deployed under this one."""
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
    tag_policy: TagPolicy = TagPolicy()
    iam: Iam = Iam()
    logs: Logs = Logs()
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
    analytics: Analytics = Analytics()
    teams: dict[TeamName, Team] = Field(default={})

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
    def _own_account_is_no_other(self) -> Self:
        if self.account_id in self.events.from_account_ids:
            raise ValueError(f"events.from_account_ids has {self.account_id}: who may publish in this account, its roles say")
        return self

    @model_validator(mode="after")
    def _buses_can_work_together(self) -> Self:
        events = self.events
        opening = {"events.from_account_ids": events.from_account_ids}
        opening |= {f"teams.{name}.account_ids": team.account_ids for name, team in self.teams.items()}
        if events.existing_bus_name and (key := next((key for key, accounts in opening.items() if accounts), None)):
            raise ValueError(f"{key}: the policy of the existing bus {events.existing_bus_name} is its owner's to change")
        if events.forward_to_bus_arn == self.bus_arn:
            raise ValueError(f"events.forward_to_bus_arn = {events.forward_to_bus_arn!r} is this environment's own bus")
        if events.forward_to_bus_arn and events.from_account_ids:
            raise ValueError(
                "events.forward_to_bus_arn and from_account_ids are not given both: EventBridge hands nothing on that another"
                " bus forwarded"
            )
        return self

    @model_validator(mode="after")
    def _boundary_is_of_this_account(self) -> Self:
        arn = self.iam.permissions_boundary_arn
        if arn and arn.split(":")[1:5:3] not in ([self.partition, self.account_id], [self.partition, "aws"]):
            raise ValueError(
                f"iam.permissions_boundary_arn = {arn!r} must be of partition {self.partition},"
                f" account {self.account_id} or AWS's own"
            )
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        """The data bucket has the longest name, for its limit: if it fits, so do roles, rules and functions."""
        if self.data_bucket.existing_name:
            return self
        if (excess := len(self.data_bucket_name) - _MAX_BUCKET_NAME) > 0:
            raise ValueError(
                f"name_prefix = {self.name_prefix!r}: the data bucket would be named {self.data_bucket_name}, and S3 allows"
                f" {_MAX_BUCKET_NAME} characters: shorten name_prefix, or the environment's name, by {excess}"
            )
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
    def _teams_are_told_apart(self) -> Self:
        taken = (*self.events.accepted_sources, OPENLINEAGE_SOURCE)
        if found := contradiction(self.teams, account_id=self.account_id, own_roles=self.name(""), taken_sources=taken):
            raise ValueError(found)
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

    @model_validator(mode="after")
    def _tags_keep_the_policy(self) -> Self:
        if broken := self.tag_policy.broken_by(self.own_tags | self.tags):
            raise ValueError(broken)
        return self

    @property
    def own_tags(self) -> dict[str, str]:
        return {"project": "event-sourced-training", "environment": self.environment, "managed-by": "cdktf"}

    @property
    def recorded_accounts(self) -> list[str]:
        """The accounts whose own events of AWS are recorded: nobody can publish under AWS's sources, but a bus may be open."""
        return [self.account_id, *self.events.from_account_ids]

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
    def team_sources(self) -> dict[str, str]:
        """The source of each team, by the team's name."""
        return {name: source_of(name, team) for name, team in self.teams.items()}

    @property
    def recorded_sources(self) -> tuple[str, ...]:
        """The sources whose events are recorded, beside AWS's own."""
        return (*self.events.accepted_sources, *self.team_sources.values())

    @property
    def stack_name(self) -> str:
        return f"{self.name_prefix}-{self.environment}"

    @property
    def state_bucket(self) -> str:
        return self.remote_state.bucket or f"{self.name_prefix}-state-{self.account_id}-{self.region}"

    @property
    def data_bucket_name(self) -> str:
        """With the account and the region in it, because bucket names must be unique in all of AWS."""
        return self.data_bucket.existing_name or self.name(f"data-{self.account_id}-{self.region}")

    @property
    def bus_name(self) -> str:
        return self.events.existing_bus_name or self.name("events")

    @property
    def bus_arn(self) -> str:
        return self.arn("events", f"event-bus/{self.bus_name}")

    def name(self, what: str) -> str:
        """The name of one resource: `<name_prefix>-<environment>-<what>`."""
        return f"{self.stack_name}-{what}"

    def principals_of(self, role: str) -> list[str]:
        """What is in aws:PrincipalArn for this role: of a session AWS shows its role, and the emulator the session itself.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        return [self.role_arn(role), f"arn:{self.partition}:sts::{self.account_id}:assumed-role/{self.name(role)}/*"]

    def role_arn(self, role: str) -> str:
        """The ARN of a role of this stack, where the role itself cannot be referred to. Of a session's ARN, no path is a part.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
        """
        return f"arn:{self.partition}:iam::{self.account_id}:role{self.iam.path}{self.name(role)}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"
