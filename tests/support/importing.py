"""Imports of stores of MLflow in this process, and what the log has afterwards."""

from collections import Counter
from pathlib import Path
from typing import Any

from training_events import folds
from training_events.interchange.mlflow.importing.report import Report

from tests.support.fakes import InMemoryLog


def uri_of(file: Path) -> str:
    return f"sqlite:///{file}"


def imported(uri: str | Path, log: Any) -> Report:
    """What an import of the store into this log reports."""
    from training_events.interchange.mlflow.importing.destination import LogDestination  # noqa: PLC0415 - MLflow takes seconds
    from training_events.interchange.mlflow.importing.importing import Import  # noqa: PLC0415
    from training_events.interchange.mlflow.importing.source import Source  # noqa: PLC0415
    from training_events.settings import Settings  # noqa: PLC0415

    to = LogDestination(log, Settings({}))
    return Import(Source(str(uri)), log, to, event_source="tests", on_progress=lambda _: None).run()


def state(log: InMemoryLog, stream: str) -> Any:
    """The stream as it is in this log."""
    return folds.fold(folds.empty(stream), log.entries(stream))


def digests(log: InMemoryLog) -> dict[tuple[str, str], str]:
    """Every event of the log, by what identifies it."""
    return {(event.stream, event.position): event.digest for event in log.events()}


def points(log: InMemoryLog, stream: str) -> Counter[tuple[str, str, int, int]]:
    """How often the log has each point of a run: its name, value, step and time."""
    from training_events.interchange.mlflow.entities import milliseconds  # noqa: PLC0415

    recorded = (event for event in log.events() if event.stream == stream and event.type == "MetricsRecorded")
    return Counter(
        (point["name"], repr(float(point["value"])), point["step"], milliseconds(point["time"]))
        for event in recorded
        for point in event.data["points"]
    )
