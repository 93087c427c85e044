"""The events of a dataset: `dataset/<name>`."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from training_events.catalogue.stored import Stored


class DatasetRegistered(Stored, frozen=True, omit_defaults=True):
    """A version of the dataset exists. `run` is the run that made it, where one did: `run/clean-3`.

    `digest` tells the content where no SHA-256 does: `<algorithm>:<value>`, as in `md5:9e107d9d`.
    """

    ADDED_LATER: ClassVar = frozenset({"run", "digest"})

    rows: int | None = None
    registered_by: str | None = None
    run: str | None = None
    digest: str | None = None


class DatasetRetired(Struct, frozen=True, omit_defaults=True):
    """A version, named by its digest, is out of use. Without a digest, the whole dataset is."""

    sha256: str | None = None
    reason: str | None = None


FACTS = (DatasetRegistered, DatasetRetired)
