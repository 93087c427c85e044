"""The one facet of our own: what a training says that no facet of OpenLineage has a place for."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from training_events.catalogue.run import NotFinite

KEY = "trainingEvents_training"
SCHEMA_FILE = "openlineage/TrainingRunFacet-1-0-0.json"
"""Below docs/reference. A facet with other fields gets another number: a schema's address is for good."""
# my-org/my-repo stands for the repository that you keep this in, as in lambda/pyproject.toml
SCHEMA_URL = f"https://github.com/my-org/my-repo/blob/main/docs/reference/{SCHEMA_FILE}#/$defs/TrainingRunFacet"


class MetricValues(Struct, frozen=True):
    """The last and the best value of a metric; a metric may have no best one. JSON has no NaN: it is there by its name."""

    last: float | NotFinite
    best: float | None


class UsedAs(Struct, frozen=True):
    """A dataset among the inputs, what the run used it for, and the digest of its content where it is known."""

    namespace: str
    name: str
    role: str | None
    digest: str | None


_NAMES = {
    "producer": "_producer",
    "schema_url": "_schemaURL",
    "image_digest": "imageDigest",
    "resumed_from": "resumedFrom",
}


class TrainingRunFacet(Struct, frozen=True, rename=_NAMES):
    """A training run: its stream in the event log, its attempt, metrics, seeds, and what its data was used for.

    `reproduces` and `resumedFrom` are runs: `run/digits-7`. `imageDigest` and `machine` tell where it ran.
    """

    producer: str
    schema_url: str
    stream: str
    attempt: int
    metrics: dict[str, MetricValues]
    datasets: list[UsedAs]
    seeds: Any
    image: str | None
    image_digest: str | None
    instance: str | None
    machine: str | None
    reproduces: str | None
    resumed_from: str | None
