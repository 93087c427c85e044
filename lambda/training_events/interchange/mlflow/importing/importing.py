"""An import: what a store of MLflow says, stream by stream, held against what the log has, and recorded where it is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import NoSuchLog
from training_events.event import in_one_form
from training_events.interchange.mlflow.importing.files import Artifacts, Span
from training_events.interchange.mlflow.importing.groups import GroupImport
from training_events.interchange.mlflow.importing.known import Known
from training_events.interchange.mlflow.importing.logged_models import LoggedModelImport
from training_events.interchange.mlflow.importing.names import name_for, stream_of_logged, stream_of_run
from training_events.interchange.mlflow.importing.points import Points
from training_events.interchange.mlflow.importing.registered_models import ModelImport, Version
from training_events.interchange.mlflow.importing.report import Report
from training_events.interchange.mlflow.importing.runs import RunImport
from training_events.interchange.mlflow.importing.statement import event_of
from training_events.interchange.mlflow.importing.times import Clock
from training_events.recorder.delivery.writer import MAX_EVENT_BYTES
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlflow.entities import Experiment, LoggedModel, Run
    from mlflow.entities.model_registry import RegisteredModel

    from training_events.event import Event, LogEntry
    from training_events.interchange.mlflow.importing.destination import Destination
    from training_events.interchange.mlflow.importing.source import Source
    from training_events.interchange.mlflow.importing.statement import Statement
    from training_events.stores.event_log import EventLog

MAX_PENDING_EVENTS, MAX_PENDING_BYTES = 2_000, 8 * 2**20
"""What is sent at once: one transaction in a file, during which nobody else writes to it."""


class Import:
    """One import. Call it again after whatever ended it: it records only what is missing."""

    def __init__(
        self, source: Source, log: EventLog, destination: Destination, *, event_source: str, on_progress: Callable[[str], None]
    ) -> None:
        self.report = Report()
        self._source, self._log, self._destination = source, log, destination
        self._event_source, self._on_progress = event_source, on_progress
        self._clock, self._points = Clock(), Points()
        self._artifacts = Artifacts(source.uri, self.report)
        self._pending: list[Event] = []
        self._pending_bytes, self._pending_streams = 0, set[str]()

    def run(self) -> Report:
        """Raises what ends it: the store or the log cannot be reached."""
        try:
            with self._source.skipped() as skipped:
                for experiment in self._source.experiments():
                    self._experiment(experiment)
                for model in self._source.registered_models():
                    self._registered_model(model)
            self._send()
        finally:
            self._points.close()
        for message in skipped:
            self.report.leave("not read by MLflow", redacted_text(message))
        self._destination.wait()
        return self.report

    def _experiment(self, experiment: Experiment) -> None:
        self.report.experiments += 1
        group = self._name("group", experiment.name, "experiment")
        stream = f"group/{group}"
        self._record(stream, lambda known: GroupImport(stream, known, self._clock, self.report).statements(experiment))
        for run in self._source.runs(experiment):
            self._run(run, group)
        for model in self._source.logged_models(experiment):
            self._logged_model(model, group)

    def _run(self, run: Run, group: str) -> None:
        def statements(known: Known) -> Iterator[Statement]:
            its = RunImport(run, group, known, self._clock, self.report)
            yield from its.statements(self._source, address)
            span = Span(its.start, its.end if run.info.end_time else self._clock.now)
            yield from self._artifacts.statements(its.stream, address, known, span)

        address = self._source.artifact_address(run.info.artifact_uri)
        self.report.runs += 1
        self._record(stream_of_run(run.info.run_id), statements)

    def _logged_model(self, model: LoggedModel, group: str) -> None:
        def statements(known: Known) -> Iterator[Statement]:
            its = LoggedModelImport(model, group, known, self._clock, self.report)
            yield from its.statements(address)
            span = Span(its.created, self._clock.now)
            yield from self._artifacts.statements(its.stream, address, known, span)

        address = self._source.artifact_address(model.artifact_location)
        self.report.logged_models += 1
        self._record(stream_of_logged(model.model_id), statements)

    def _registered_model(self, model: RegisteredModel) -> None:
        self.report.registered_models += 1
        versions = [Version(entity, self._source.address_of(entity)) for entity in self._source.versions(model)]
        stream = f"model/{self._name('model', model.name, 'registered model')}"
        self._record(stream, lambda known: ModelImport(model, versions, known, self._clock, self.report).statements())

    def _name(self, kind: str, name: str, noun: str) -> str:
        """The name of its stream. Where that is another one, the report says so."""
        recorded = name_for(kind, name)
        if recorded != in_one_form(name):
            self.report.leave(
                f"the name of the {noun} {redacted_text(name)!a:.80}", f"no stream can have it; recorded as {kind}/{recorded}"
            )
        return recorded

    def _record(self, stream: str, statements: Callable[[Known], Iterable[Statement]]) -> None:
        """Record what is new of one stream."""
        if stream in self._pending_streams:
            self._send()  # what the log has by then is known
        self._points.clear()
        known = Known(self._entries(stream), self._points)
        for statement in statements(known):
            event = event_of(stream, statement, self._event_source)
            if (size := len(event.canonical_data)) > MAX_EVENT_BYTES:
                self.report.leave(f"{stream}: {event.type}", f"it has {size} bytes; allowed: {MAX_EVENT_BYTES}")
                continue
            self._pending.append(event)
            self._pending_bytes += size
            self._pending_streams.add(stream)
            if len(self._pending) >= MAX_PENDING_EVENTS or self._pending_bytes >= MAX_PENDING_BYTES:
                self._send()
        counted = self.report
        self._on_progress(f"{counted.runs} runs of {counted.experiments} experiments, {counted.recorded} new events")

    def _entries(self, stream: str) -> Iterator[LogEntry]:
        try:
            yield from self._log.entries(stream)
        except NoSuchLog:  # a laptop's log is made with the first event
            return

    def _send(self) -> None:
        recorded, refused = self._destination.send(self._pending)
        self.report.recorded += recorded
        for event, why in refused:
            self.report.leave(f"{event.stream}: {event.type}", why)
        self._pending, self._pending_bytes, self._pending_streams = [], 0, set()
