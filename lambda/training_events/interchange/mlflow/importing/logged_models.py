"""What a logged model of MLflow says that the log does not have: it is a stream of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events import mlflow_ids
from training_events.interchange.mlflow.facts import DIGEST_PREFIX
from training_events.interchange.mlflow.importing.names import stream_of_logged, stream_of_run
from training_events.interchange.mlflow.importing.points import measured
from training_events.interchange.mlflow.importing.statement import Statement
from training_events.interchange.mlflow.importing.stream_import import StreamImport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import LoggedModel, Metric

    from training_events.interchange.mlflow.importing.known import Known
    from training_events.interchange.mlflow.importing.report import Report
    from training_events.interchange.mlflow.importing.times import Clock

_STATUSES = {"PENDING": "pending", "FAILED": "failed"}


class LoggedModelImport(StreamImport):
    """`group` is that of the experiment of the run that logged the model."""

    def __init__(self, model: LoggedModel, group: str, known: Known, clock: Clock, report: Report) -> None:
        super().__init__(stream_of_logged(model.model_id), known, clock, report)
        self._model, self._group = model, group
        self.created = clock.first(model.creation_timestamp, model.last_updated_timestamp)

    def statements(self, address: str | None) -> Iterator[Statement]:
        """What it is, its tags and its metrics. `address` is where its files are."""
        data = self.report.without_credentials(self.stream, self._logged(address))
        if self.known.is_new(("logged",), data):
            at = self.clock.now if self.known.was_imported(("logged",)) else self.created
            yield Statement(at, "ModelLogged", data)
        yield from self.tagged(self._model.tags or {}, self.created)
        yield from self._measured()

    def _logged(self, address: str | None) -> dict[str, Any]:
        model = self._model
        data = {
            "name": model.name,
            "run": stream_of_run(model.source_run_id) if model.source_run_id else None,
            "group": None if self._group == mlflow_ids.DEFAULT_EXPERIMENT else self._group,
            "model_type": model.model_type,
            "params": model.params or None,
            "artifact": {"uri": address, "in_place": True} if address else None,
            "status": _STATUSES.get(str(model.status), "ready"),
        }
        return {key: value for key, value in data.items() if value is not None}

    def _measured(self) -> Iterator[Statement]:
        points, origins = self.known.points, dict[str, dict[str, Any]]()
        for metric in self.writable(self._model.metrics or ()):
            origin = _origin(metric)
            of = measured(origin.get("run"), origin.get("dataset"))
            origins[of] = origin
            points.add(of, [metric])
        for of, origin in origins.items():
            for batch in points.batches(of):
                self.report.points += len(batch.points)
                at = max(self.created, self.clock.first(batch.last, self._model.last_updated_timestamp))
                yield Statement(self.time_of_points(at), "ModelMeasured", {"points": batch.points, **origin})


def _origin(metric: Metric) -> dict[str, Any]:
    """Which run has measured it, and on what."""
    run = {"run": stream_of_run(metric.run_id)} if metric.run_id else {}
    if metric.dataset_name is None:
        return run
    return {**run, "dataset": {"name": metric.dataset_name, "digest": f"{DIGEST_PREFIX}{metric.dataset_digest}"}}
