"""The sections of the settings that are a company's rules for everything in its accounts: roles, logs and tags."""

from collections.abc import Mapping

from pydantic import Field

from stacks.settings.section import Section
from stacks.settings.types import IamPath, LogGroupName, PolicyArn, TagKey, TagKeys, TagValues

_BOUNDARY = "arn:aws:iam::111122223333:policy/teams-may-at-most"  # an example


class Iam(Section):
    """What holds for every role of the stack."""

    path: IamPath = "/"
    """The path of every role, such as `/teams/vision/`; another one replaces the roles."""
    permissions_boundary_arn: PolicyArn | None = Field(default=None, examples=[_BOUNDARY])
    """The managed policy that is the permissions boundary of every role, in the same account or AWS's own;
    docs/operate/company.md has what it must allow; by default none."""


class Logs(Section):
    existing_group_name: LogGroupName | None = Field(default=None, examples=["/company/training"])
    """A log group of this account and region for all functions, with the retention and the key that its owner gave it; by
    default each function has one, with `event_processor.log_retention_days`."""


class TagPolicy(Section):
    """What the tags of this environment must be. A synth refuses tags that break it."""

    required_keys: TagKeys = Field(default=(), strict=False, examples=[["project"]])
    """Keys that every resource must have, in this spelling; by default none beside the stack's own."""
    allowed_values: dict[TagKey, TagValues] = Field(default={})
    """For a key the values that it may have, also for the stack's own `project`, `environment` and `managed-by`."""

    def broken_by(self, tags: Mapping[str, str]) -> str | None:
        """What these tags, the stack's own included, do against the policy, in one line; None if nothing."""
        spelling = {key.lower(): key for key in (*self.allowed_values, *self.required_keys)}
        for key in tags:
            if (wanted := spelling.get(key.lower(), key)) != key:
                return f"tags.{key}: tag_policy spells this key {wanted}"
        for key in self.required_keys:
            if key not in tags:
                return f"tags.{key}: is missing, and tag_policy.required_keys names it"
        for key, values in self.allowed_values.items():
            if key in tags and tags[key] not in values:
                return f"tags.{key} = {tags[key]!r}: tag_policy.allowed_values has {', '.join(map(repr, values))}"
        return None
