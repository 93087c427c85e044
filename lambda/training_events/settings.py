"""The settings in environment variables. Each is read when it is asked for: a program needs only those that it uses."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, Any

from training_events.errors import MissingSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training_events.teams import Teams


DEFAULT_SOURCE = "my.sagemaker.training.jobs"
"""The source of events where nothing names another. The bus's rule always takes it."""
LAPTOP_LOG = "sqlite:///training-events.db"
"""The event log of a person's program, where nothing names another: a file in the working folder."""
DEFAULT_RECIPES = "training/recipes"
"""The folder of the recipes, where nothing names another: that of a repository, seen from its root."""
OPENLINEAGE_SOURCE = "training-events.openlineage"
"""The source of OpenLineage's run events on the bus. The log's rules take none of it."""
KEEP_NO_FILES = "none"
"""In place of a bucket's name: files are recorded where they are."""
_SOURCE = re.compile(r"(?!aws\.)[A-Za-z0-9._-]{1,256}")
"""As the stack's setting events.sources allows. Nobody but AWS may publish as aws.…"""


class _Variable:
    """An attribute whose value is that of an environment variable."""

    def __init__(self, name: str, meaning: str) -> None:
        self.name, self.meaning = name, meaning

    def __get__(self, settings: Settings, owner: Any) -> str:
        if value := settings.environment.get(self.name, "").strip():
            return value
        raise MissingSetting(f"{self.name} is not set: it says {self.meaning}")


class Settings:
    """The settings of this package. To read one that is missing or empty raises MissingSetting."""

    log = _Variable("TRAINING_EVENTS_LOG", "where the event log is (dynamodb://<event log table>?read_models=<table>)")
    undelivered = _Variable("TRAINING_EVENTS_UNDELIVERED", "the URL of the SQS queue for events that cannot be recorded")
    files = _Variable(
        "TRAINING_EVENTS_BUCKET",
        "the S3 bucket for files and for what is too large for an event or a message (for files also a folder,"
        " file:///<path>, or none)",
    )
    notary = _Variable("TRAINING_EVENTS_NOTARY", "the notary's function, by name or ARN, which signs statements of provenance")
    notary_bucket = _Variable("TRAINING_EVENTS_NOTARY_BUCKET", "the S3 bucket for the notary's tiles and signed checkpoints")
    bus = _Variable("TRAINING_EVENTS_BUS", "the event bus to publish to, by name or ARN")
    processor = _Variable(
        "TRAINING_EVENTS_PROCESSOR", "the event processor, by name or ARN: on AWS it alone may put into the log"
    )
    _recipes = _Variable("TRAINING_EVENTS_RECIPES", "where the recipes of trainings are (a folder, or s3://<bucket>/<prefix>/)")
    _source = _Variable("TRAINING_EVENTS_SOURCE", "the source of the events that a recorder publishes")
    spool = _Variable("TRAINING_EVENTS_SPOOL", "the folder in which events wait until they are sent")
    seal_mode = _Variable("TRAINING_EVENTS_SEAL_MODE", "how S3 locks a seal, GOVERNANCE or COMPLIANCE")
    checkpoint_key = _Variable(
        "TRAINING_EVENTS_CHECKPOINT_KEY",
        "the file of the key that signs checkpoints of a laptop's log, or of the public key to trust",
    )
    analytics = _Variable(
        "TRAINING_EVENTS_ANALYTICS",
        "where log.sql asks a log on AWS: <Athena's workgroup>/<Glue's database of the log's tables>",
    )
    openlineage_bus = _Variable(
        "TRAINING_EVENTS_OPENLINEAGE_BUS", "the event bus to which the projector publishes OpenLineage's run events"
    )
    jobs_role = _Variable("TRAINING_EVENTS_JOBS_ROLE", "the ARN of the role of the training jobs that events start")
    stack_environment = _Variable("TRAINING_EVENTS_ENVIRONMENT", "the name of the stack's environment, which tags its jobs")
    _checkpoint_keys = _Variable(
        "TRAINING_EVENTS_CHECKPOINT_KEYS",
        "the ARNs of the KMS keys that sign checkpoints of the log, with commas, the newest last",
    )
    _teams = _Variable("TRAINING_EVENTS_TEAMS", "the teams that share the log, with their sources and accounts, as JSON")
    _max_instances = _Variable("TRAINING_EVENTS_MAX_INSTANCES", "how many instances the training jobs have at most at once")
    _seal_days = _Variable("TRAINING_EVENTS_SEAL_DAYS", "for how many days S3 locks a seal")

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.environment = environment

    @property
    def bucket(self) -> str:
        """The S3 bucket for files, seals, and what is too large for a message. A folder and `none` are no bucket."""
        if (place := self.files) == KEEP_NO_FILES or place.startswith("file:"):
            raise MissingSetting(f"TRAINING_EVENTS_BUCKET is {place!a}: here it has to be an S3 bucket")
        return place

    @property
    def recipes(self) -> str:
        """Where the recipes of trainings are: a folder, or a prefix in S3."""
        return self.optional("_recipes") or DEFAULT_RECIPES

    @property
    def seal_days(self) -> int:
        return _count("TRAINING_EVENTS_SEAL_DAYS", self._seal_days, "days")

    @property
    def checkpoint_keys(self) -> list[str]:
        """The ARNs of the keys that sign checkpoints of the log. The last one signs; those before it have signed."""
        keys = [key.strip() for key in self._checkpoint_keys.split(",")]
        if not all(keys):
            raise MissingSetting(
                "TRAINING_EVENTS_CHECKPOINT_KEYS has an empty place: allowed are ARNs with commas between them"
            )
        return keys

    @property
    def max_instances(self) -> int:
        return _count("TRAINING_EVENTS_MAX_INSTANCES", self._max_instances, "instances")

    @property
    def source(self) -> str:
        """The source of the events that are recorded here. Raises MissingSetting for one that EventBridge would refuse."""
        source = self.optional("_source") or DEFAULT_SOURCE
        if not _SOURCE.fullmatch(source):
            raise MissingSetting(
                f"TRAINING_EVENTS_SOURCE is {source!a:.80}: allowed is one of the setting events.sources,"
                " which have letters, digits and ._- (at most 256 of them) and do not begin with aws."
            )
        return source

    @property
    def teams(self) -> Teams:
        """The teams that share the log; none where nothing names them. Raises MissingSetting for what is no such JSON."""
        from training_events.teams import Teams  # noqa: PLC0415 - what reads a log on a laptop knows no teams

        return Teams.read(self.optional("_teams") or "{}")

    @property
    def stream_seconds(self) -> float:
        """How long the projector may take for one stream; by default as long as it needs."""
        return self._seconds("TRAINING_EVENTS_STREAM_SECONDS")

    @property
    def invocation_seconds(self) -> float:
        """For how long the projector begins with further streams of a batch; by default until it has all of them."""
        return self._seconds("TRAINING_EVENTS_INVOCATION_SECONDS")

    def _seconds(self, name: str) -> float:
        value = self.environment.get(name, "").strip()
        try:
            return float(value or math.inf)
        except ValueError:
            raise MissingSetting(f"{name} is {value!a}: it has to be a number of seconds") from None

    def optional(self, name: str) -> str | None:
        """The setting with this name (`bus`, say), or None if the environment does not have it."""
        try:
            return str(getattr(self, name))
        except MissingSetting:
            return None


def _count(name: str, value: str, unit: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise MissingSetting(f"{name} is {value!a}: it has to be a number of {unit}") from None
