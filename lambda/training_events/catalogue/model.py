"""The events of a model: `model/<name>`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from training_events.catalogue.stored import Stored


class RunHead(Struct, frozen=True):
    """How much of a run the log had: the number of its events, and the position and digest of the last one."""

    events: int
    position: str
    digest: str


class ModelRegistered(Struct, frozen=True, omit_defaults=True):
    """A version of the model exists. `run` made it, `artifact` is where it is stored.

    `run_head` is the run as the log had it at that moment: what the run gets later shows.
    """

    version: str | int
    run: str | None = None
    artifact: Stored | None = None
    registered_by: str | None = None
    run_head: RunHead | None = None


class ModelPromoted(Struct, frozen=True, omit_defaults=True):
    """From now on this version, and no other, serves this stage (production, say)."""

    version: str | int
    stage: str
    promoted_by: str | None = None


class ModelRetired(Struct, frozen=True, omit_defaults=True):
    """A version is out of use. Without `version`, the whole model is."""

    version: str | int | None = None
    reason: str | None = None


class LifeCycle(Struct, frozen=True, omit_defaults=True):
    """Where a version stands in the stages that its team has named (`ModelLifeCycle` of SageMaker)."""

    stage: str | None = None
    status: str | None = None
    description: str | None = None


class ModelPackageStateChanged(Struct, frozen=True, omit_defaults=True):
    """SageMaker's model registry has given a version this state. `details` are what else its event has, as it has it."""

    version: str | int
    status: str | None = None
    approval_status: str | None = None
    arn: str | None = None
    life_cycle: LifeCycle | None = None
    details: dict[str, Any] = {}


FACTS = (ModelRegistered, ModelPromoted, ModelRetired, ModelPackageStateChanged)
