"""The events of a model: `model/<name>`. One that a program has logged is a stream of its own, `model/m-4f0c…`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from training_events.catalogue.any_stream import Tag
from training_events.catalogue.run import ArtifactSaved, Point, UsedDataset
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


class ModelDemoted(Struct, frozen=True, omit_defaults=True):
    """A version no longer serves this stage, and no other takes its place. If another one serves it, that goes on."""

    version: str | int
    stage: str
    demoted_by: str | None = None


class ModelRetired(Struct, frozen=True, omit_defaults=True):
    """A version is out of use. Without `version`, the whole model is."""

    version: str | int | None = None
    reason: str | None = None


class VersionDescribed(Struct, frozen=True, omit_defaults=True):
    """A version has this description. An empty text removes it."""

    version: str | int
    description: str
    by: str | None = None


class VersionTagged(Struct, frozen=True, omit_defaults=True):
    """A version has these tags, beside others that it has. Null removes a tag."""

    version: str | int
    tags: dict[str, Tag | None]
    by: str | None = None


class VersionHidden(Struct, frozen=True, omit_defaults=True):
    """Lists leave the version out, until it is restored. What it serves, it goes on serving."""

    version: str | int
    reason: str | None = None
    by: str | None = None


class VersionRestored(Struct, frozen=True, omit_defaults=True):
    """Lists show the version again, and where it was retired, it is in use again."""

    version: str | int
    reason: str | None = None
    by: str | None = None


class ModelLogged(Struct, frozen=True, omit_defaults=True):
    """A training program has logged this model: one trained model, which may become a version of a registered one later.

    `name` is what the program calls it, `run` made it, and `group` is the one that the run is in. A model is `pending` until
    its files are there. A later event of this type states the newer status, and what else it names.
    """

    name: str | None = None
    run: str | None = None
    group: str | None = None
    model_type: str | None = None
    params: dict[str, str] = {}
    artifact: Stored | None = None
    status: Literal["pending", "ready", "failed"] = "ready"


class ModelMeasured(Struct, frozen=True, omit_defaults=True):
    """These are metrics of a logged model: `run` has measured them, on this dataset where it names one."""

    points: list[Point]
    run: str | None = None
    dataset: UsedDataset | None = None


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


FACTS = (
    ModelRegistered,
    ModelPromoted,
    ModelDemoted,
    ModelRetired,
    ModelPackageStateChanged,
    VersionDescribed,
    VersionTagged,
    VersionHidden,
    VersionRestored,
    ModelLogged,
    ModelMeasured,
    ArtifactSaved,
)
