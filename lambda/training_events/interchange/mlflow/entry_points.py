"""What MLflow finds by its entry points, by the scheme of an address: the stores, each imported when it is first asked for.

MLflow loads its entry points while it is imported itself. A store that imports MLflow could not be loaded then, where a program
has imported a part of this package first; and whoever imports MLflow for something else does not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training_events.interchange.mlflow.artifacts import ArtifactRepository
    from training_events.interchange.mlflow.registry import RegistryStore
    from training_events.interchange.mlflow.store import Store


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Store:
    from training_events.interchange.mlflow.store import Store  # noqa: PLC0415

    return Store(store_uri, artifact_uri)


def model_registry_store(store_uri: str, tracking_uri: str | None = None) -> RegistryStore:
    from training_events.interchange.mlflow.registry import RegistryStore  # noqa: PLC0415

    return RegistryStore(store_uri, tracking_uri)


def artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> ArtifactRepository:
    from training_events.interchange.mlflow.artifacts import ArtifactRepository  # noqa: PLC0415

    return ArtifactRepository(artifact_uri, tracking_uri, registry_uri)
