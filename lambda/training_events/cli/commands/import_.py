"""`training-events import mlflow URI`: an existing store of MLflow into the log."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events.cli.output import print_document
from training_events.cli.progress import progress
from training_events.cli.recording import ToLog
from training_events.cli.workspace import AsJson, bring_up_to_date
from training_events.errors import MissingSetting, Misused, TrainingEventsError
from training_events.interchange.mlflow.importing.report import Left
from training_events.reading.opening import open_sources
from training_events.reading.wording.text import printable
from training_events.settings import LAPTOP_LOG, Settings

if TYPE_CHECKING:
    from training_events.interchange.mlflow.importing.destination import Destination
    from training_events.interchange.mlflow.importing.report import Report
    from training_events.reading.opening import Sources

_NOT_IMPORTED = {
    "wandb": "files of Weights & Biases are not imported",
    "tensorboard": "event files of TensorBoard are not imported",
}


class ImportDocument(Struct):
    """What the store has, and what of it is new: `recorded` counts events, `points` and `artifacts` what is in them.

    `left` is what is not in the log as it is in the store. `redacted` names the fields that held what looks like a credential.
    """

    store: str
    experiments: int
    runs: int
    logged_models: int
    registered_models: int
    recorded: int
    points: int
    artifacts: int
    left: list[Left]
    redacted: list[str]


def import_(
    tool: Annotated[str, typer.Argument(help="What the store is of: mlflow.", metavar="TOOL")],
    uri: Annotated[
        str,
        typer.Argument(
            help="Where it is: a folder (./mlruns), a database (sqlite:///mlflow.db) or a server (http://localhost:5000).",
            metavar="URI",
        ),
    ] = "",
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Record what a store of MLflow has.

    Experiments become groups. Runs come with their params, tags, inputs and every point of every metric, at the times at
    which all that happened; logged and registered models come with their versions, aliases and stages. What is deleted there
    is hidden here. Artifacts stay where they are: the log has their addresses, and the digests of those on this machine. The
    store is only read. Import it again, after an interruption too, and what is new is recorded. What cannot be recorded as it
    is has a line at the end, and the exit code is 1.
    Needs the extra mlflow. Files of Weights & Biases and of TensorBoard are not imported.

    For example:
      training-events import mlflow ./mlruns
      training-events import mlflow sqlite:///mlflow.db --log sqlite:///training-events.db
    """
    _check(tool, uri)
    sources, destination = _destination(log)
    # imported here: MLflow takes seconds
    from training_events.interchange.mlflow.importing.importing import Import  # noqa: PLC0415
    from training_events.interchange.mlflow.importing.source import Source  # noqa: PLC0415

    with progress() as show:
        store = Source(uri)
        work = Import(
            store, sources.log, destination, event_source=Settings().source, on_progress=lambda text: show(printable(text))
        )
        try:
            report = work.run()
        except KeyboardInterrupt:
            print("training-events: what was recorded stays; import again to go on", file=sys.stderr)
            raise
    bring_up_to_date(sources)
    if as_json:
        print_document(_document(store.address, report))
    else:
        _print(store.address, report)
    if report.left:
        raise TrainingEventsError(f"{_counted(len(report.left), 'thing')} of the store could not be recorded as it is there")


def _check(tool: str, uri: str) -> None:
    """Raises Misused for what is not imported, and where something is missing."""
    if tool in _NOT_IMPORTED:
        raise Misused(f"{_NOT_IMPORTED[tool]}; allowed: mlflow")
    if tool != "mlflow":
        raise Misused(f"nothing is imported from {tool!a:.80}; allowed: mlflow")
    if not uri:
        raise Misused("the store's URI is missing: ./mlruns, sqlite:///mlflow.db or http://localhost:5000")
    if find_spec("mlflow") is None:
        raise Misused("an import needs mlflow: pip install 'training-events[mlflow]'")


def _destination(log: str) -> tuple[Sources, Destination]:
    """The log that tells what is known, and what takes the rest."""
    from training_events.interchange.mlflow.importing.destination import (  # noqa: PLC0415 - with AWS's SDK
        BusDestination,
        LogDestination,
    )

    settings = Settings()
    bus = None if log else settings.optional("bus")
    if bus is None:
        sources = open_sources(log or settings.optional("log") or LAPTOP_LOG)
        return sources, LogDestination(sources.log, settings)
    if settings.optional("log") is None:
        raise MissingSetting("TRAINING_EVENTS_LOG is not set: an import over a bus reads there what the log has already")
    from training_events import aws  # noqa: PLC0415
    from training_events.bus.publisher import EventBusPublisher  # noqa: PLC0415

    sources = open_sources("")
    return sources, BusDestination(EventBusPublisher(bus, aws.client("events")), sources.log)


def _document(store: str, report: Report) -> ImportDocument:
    return ImportDocument(
        store=store,
        experiments=report.experiments,
        runs=report.runs,
        logged_models=report.logged_models,
        registered_models=report.registered_models,
        recorded=report.recorded,
        points=report.points,
        artifacts=report.artifacts,
        left=report.left,
        redacted=report.redacted,
    )


def _print(store: str, report: Report) -> None:
    for field in report.redacted:
        print(printable(f"{field} held what looks like a credential, which was not recorded"))
    for left in report.left:
        print(printable(f"{left.what}: {left.why}"))
    counts = (
        (report.experiments, "experiment"),
        (report.runs, "run"),
        (report.logged_models, "logged model"),
        (report.registered_models, "registered model"),
    )
    new = ((report.recorded, "new event"), (report.points, "point"), (report.artifacts, "artifact"))
    there, recorded = (", ".join(_counted(*count) for count in part) for part in (counts, new))
    print(printable(f"{store}: {there}; recorded: {recorded}"))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
