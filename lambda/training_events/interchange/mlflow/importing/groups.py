"""What an experiment of MLflow says that the log does not have: it is a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events import mlflow_ids
from training_events.interchange.mlflow.importing.stream_import import StreamImport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Experiment

    from training_events.interchange.mlflow.importing.statement import Statement


class GroupImport(StreamImport):
    def statements(self, experiment: Experiment) -> Iterator[Statement]:
        """Its name, its tags, and whether it is deleted. The default experiment needs no name: it is always there."""
        created = self.clock.first(experiment.creation_time, experiment.last_update_time)
        if experiment.name != mlflow_ids.DEFAULT_EXPERIMENT:
            yield from self.named(experiment.name, created)
        yield from self.tagged(experiment.tags, created)
        updated = self.clock.first(experiment.last_update_time, experiment.creation_time)
        yield from self.hidden(updated, is_deleted=experiment.lifecycle_stage == "deleted")
