"""The events of a dataset: `dataset/<name>`."""

from __future__ import annotations

from msgspec import Struct

from training_events.catalogue.stored import Stored


class DatasetRegistered(Stored, frozen=True, omit_defaults=True):
    """A version of the dataset exists."""

    rows: int | None = None
    registered_by: str | None = None


class DatasetRetired(Struct, frozen=True, omit_defaults=True):
    """A version, named by its digest, is out of use. Without a digest, the whole dataset is."""

    sha256: str | None = None
    reason: str | None = None


FACTS = (DatasetRegistered, DatasetRetired)
