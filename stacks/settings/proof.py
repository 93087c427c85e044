"""The sections of the settings about what proves the log: its seals and its signed checkpoints."""

from typing import Literal, Self

from pydantic import Field, model_validator

from stacks.settings.section import Section
from stacks.settings.types import BucketName, KeyArns

_KEY = "arn:aws:kms:eu-central-1:111122223333:key/57ff7a43-341d-46b6-aee3-a450c9de6dc8"  # an example


class SealRetention(Section):
    """How S3 locks seals, and what the notary writes."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """Nobody can lift COMPLIANCE early, not even the account's root user: try it elsewhere first."""
    retention_days: int = Field(default=3653, ge=1, le=36_500)
    """How many days S3 locks a seal, a tile or a checkpoint; 3653 are ten years, with up to three leap days; what exists
    keeps its own time."""


class Checkpoints(Section):
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
