"""What a run of MLflow says that the log does not have: its life, params, tags, datasets and points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from training_events import mlflow_ids
from training_events.canonical import canonical_json
from training_events.interchange.mlflow import facts
from training_events.interchange.mlflow.importing.known import MILLISECONDS
from training_events.interchange.mlflow.importing.names import stream_of_run
from training_events.interchange.mlflow.importing.points import OF_STREAM
from training_events.interchange.mlflow.importing.statement import Statement
from training_events.interchange.mlflow.importing.stream_import import StreamImport, stated
from training_events.recorder.delivery.writer import MAX_EVENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

    from training_events.interchange.mlflow.importing.known import Known
    from training_events.interchange.mlflow.importing.report import Report
    from training_events.interchange.mlflow.importing.source import Source
    from training_events.interchange.mlflow.importing.times import Clock


class RunImport(StreamImport):
    """`group` is that of the run's experiment."""

    def __init__(self, run: Run, group: str, known: Known, clock: Clock, report: Report) -> None:
        super().__init__(stream_of_run(run.info.run_id), known, clock, report)
        self._run, self._info, self._group = run, run.info, group
        self.start = clock.first(run.info.start_time, run.info.end_time)
        self.end = max(self.start, clock.first(run.info.end_time, run.info.start_time))

    def statements(self, source: Source, address: str | None) -> Iterator[Statement]:
        """`address` is where its artifacts are."""
        if self.clock.moment(self._info.start_time) is None:
            why = f"{self._info.start_time} ms since 1970 cannot be the time of an event; it is recorded as {self.start}"
            self.report.leave(f"{self.stream}: its start", why)
        yield from self._begun()
        yield from self._labelled(address)
        yield from self._made_of()
        yield from self._measured(source)
        yield from self._ended()
        yield from self.hidden(self.end, is_deleted=self._info.lifecycle_stage == "deleted")

    def _begun(self) -> Iterator[Statement]:
        """A run that runs again after an end that was imported begins a further attempt."""
        if self._info.status == "SCHEDULED":
            if not self.known.has(("life",)):
                by = {"requested_by": self._info.user_id} if self._info.user_id else {}
                yield Statement(self.start, "TrainingRequested", self.report.without_credentials(self.stream, by))
            return
        is_first = not self.known.has(("started",))
        has_ended = isinstance(self.known.imported(("life",)), tuple)
        if is_first or (has_ended and self._info.status == "RUNNING"):
            fact = facts.started(self._info.user_id or None, self._run.data.tags)
            data = self.report.without_credentials(self.stream, fact.data)
            yield Statement(self.start if is_first else self.clock.now, fact.type, data)

    def _ended(self) -> Iterator[Statement]:
        fact = facts.ended(self._info.status)
        if fact is not None and self.known.is_new(("life",), (fact.type, self.end[:MILLISECONDS])):
            yield stated(self.end, fact)

    def _labelled(self, address: str | None) -> Iterator[Statement]:
        tags = {facts.recorded_tag(key): value for key, value in self._run.data.tags.items() if key != MLFLOW_RUN_NAME}
        if self._group != mlflow_ids.DEFAULT_EXPERIMENT:
            tags[facts.GROUP] = self._group
        if address:
            tags[facts.ARTIFACT_URI] = address
        for model in self._run.inputs.model_inputs if self._run.inputs else ():
            tags |= facts.model_used(model.model_id).data["tags"]
        for made in self._run.outputs.model_outputs if self._run.outputs else ():
            tags |= facts.model_made(made.model_id, made.step).data["tags"]
        yield from self.tagged(tags, self.start)
        yield from self.named(self._info.run_name, self.start)

    def _made_of(self) -> Iterator[Statement]:
        """Its params and its datasets. The log forgets none of them."""
        params = self.clean("hyperparameters", self._run.data.params)
        for at, values in self.timed(self.start, self.known.changes(("param",), params)):
            there = {name: value for name, value in values.items() if value is not None}
            yield from (stated(at, fact) for fact in facts.hyperparameters(there))
        for given in self._run.inputs.dataset_inputs if self._run.inputs else ():
            fact = facts.dataset_used(given)
            data = self.report.without_credentials(self.stream, fact.data)
            if (size := len(canonical_json(data))) > MAX_EVENT_BYTES:
                what = f"{self.stream}: the details of the dataset {given.dataset.name:.80}"
                self.report.leave(what, f"they have {size} bytes; allowed: {MAX_EVENT_BYTES}")
                data["dataset"].pop("details", None)
            if self.known.is_new(("dataset", canonical_json(data).decode()), value=True):
                yield Statement(self.start, fact.type, data)

    def _measured(self, source: Source) -> Iterator[Statement]:
        points = self.known.points
        for name in sorted(self._run.data.metrics):
            points.add(OF_STREAM, self.writable(source.history(self._info.run_id, name)))
        for batch in points.batches(OF_STREAM):
            self.report.points += len(batch.points)
            at = max(self.start, self.clock.moment(batch.last) or self.end)
            yield Statement(self.time_of_points(at), "MetricsRecorded", {"points": batch.points})
