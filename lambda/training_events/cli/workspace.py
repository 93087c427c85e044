"""What a command works on: the log, its read models and its seals, where the caller or the environment says they are."""

from __future__ import annotations

import contextlib
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events.cli.progress import progress_after
from training_events.errors import BadLogUrl, MissingSetting, Misused, NoSuchLog
from training_events.event import check_stream, in_one_form
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.settings import DEFAULT_SOURCE, LAPTOP_LOG, Settings
from training_events.stores.opening import open_store
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.file import only_readable

if TYPE_CHECKING:
    from training_events.proof.seal_store import SealStore
    from training_events.recorder.delivery.refused import RefusedEvents
    from training_events.recovery.queue_reader import QueueReader
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels

Stream = Annotated[str, typer.Argument(help="run/<id>, model/<name> or dataset/<name>", metavar="STREAM")]
LogUrl = Annotated[
    str,
    typer.Option("--log", metavar="URL", help=f"Where the event log is. Default: TRAINING_EVENTS_LOG, else {LAPTOP_LOG}."),
]
FromSpool = Annotated[
    bool,
    typer.Option("--spool", help="In place of the queue: what recorders on this machine set aside, beside what they spool."),
]
QueueUrl = Annotated[str, typer.Option("--queue", metavar="URL", help="The queue's URL. Default: TRAINING_EVENTS_UNDELIVERED.")]
Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="NAME",
        help=f"The event's source, by which the bus's rule selects it. Default: TRAINING_EVENTS_SOURCE, else {DEFAULT_SOURCE}.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, and nothing else there.")]


class Workspace(Struct, frozen=True):
    """`seals` are None where TRAINING_EVENTS_BUCKET does not say which bucket has them."""

    log: EventLog
    read_models: ReadModels | None
    projector: Projector | None
    seals: SealStore | None


def url_to_read(url: str) -> str:
    """The address of the log to read. Raises MissingSetting where nothing names one and this folder has no laptop's log."""
    if named := url or Settings().optional("log"):
        return named
    if not Path(LAPTOP_LOG.removeprefix("sqlite:///")).exists():
        raise MissingSetting(
            "TRAINING_EVENTS_LOG is not set, and in this folder there is no training-events.db: set it (or give --log) to"
            " dynamodb://<event log table>?read_models=<table> or sqlite:///<path>"
        )
    return LAPTOP_LOG


def undelivered_events(queue: str, *, spool: bool) -> QueueReader | RefusedEvents:
    """The undelivered queue, or what recorders on this machine set aside for the destination that the environment names."""
    # imported here: other commands read neither
    settings = Settings()
    if spool:
        from training_events.recorder.delivery.destination import configured_destination  # noqa: PLC0415
        from training_events.recorder.delivery.refused import RefusedEvents  # noqa: PLC0415
        from training_events.recorder.delivery.spool import spool_folder  # noqa: PLC0415

        if queue:
            raise Misused("--queue and --spool exclude each other")
        return RefusedEvents(spool_folder(settings), configured_destination(settings))
    from training_events import aws  # noqa: PLC0415
    from training_events.recovery.queue_reader import QueueReader  # noqa: PLC0415

    return QueueReader(queue or settings.undelivered, aws.client("sqs"))


def stream_of_log(log: EventLog, stream: str) -> str:
    """The stream that a person means. Raises UnknownStream or BadField.

    Its name is in the form that all new streams have. A log of version 0.1.0 may have it in another one.
    """
    check_stream(stream)
    if stream.isascii():
        return stream
    one_form = in_one_form(stream)
    with contextlib.suppress(NoSuchLog):  # whatever reads the log says so
        for form in dict.fromkeys((stream, one_form, unicodedata.normalize("NFD", stream))):
            if next(iter(log.entries(form)), None) is not None:
                return form
    return one_form


def open_workspace(url: str) -> Workspace:
    """What is at `url`, else where the environment says, as it is."""
    store = open_store(url_to_read(url))
    projector = None if store.read_models is None else Projector(store.log, store.read_models)
    seals = SqliteSealStore(store.log.database) if isinstance(store.log, SqliteLog) else _seals_in_s3()
    return Workspace(store.log, store.read_models, projector, seals)


def open_current_workspace(url: str) -> Workspace:
    """The same, after a laptop's read models and seals were brought up to date."""
    workspace = open_workspace(url)
    with contextlib.suppress(NoSuchLog):  # whatever reads the log says so
        bring_up_to_date(workspace)
    return workspace


def bring_up_to_date(workspace: Workspace) -> None:
    """A laptop has no projector of its own: its states, and the seals of what is due, are made here."""
    log, read_models, projector, seals = workspace.log, workspace.read_models, workspace.projector, workspace.seals
    if isinstance(log, SqliteLog) and read_models is not None and projector is not None and seals is not None:
        with progress_after() as show:
            catch_up(
                log,
                projector,
                Sealer(log, read_models, seals),
                lambda done, total: show(f"{done} of {total} new events", done / total),
            )


def require_writable(workspace: Workspace) -> None:
    """For a command that writes to the log's file. Raises LogUnavailable where that can only be read."""
    if isinstance(workspace.log, SqliteLog) and workspace.log.database.read_only:
        raise only_readable(workspace.log.database.path)


def require_read_models(workspace: Workspace) -> tuple[ReadModels, Projector]:
    """The read models, for a command that cannot do without. Raises BadLogUrl."""
    if workspace.read_models is None or workspace.projector is None:
        raise BadLogUrl("the event log's address names no read models: add ?read_models=<table>")
    return workspace.read_models, workspace.projector


def _seals_in_s3() -> SealStore | None:
    settings = Settings()
    bucket, days = settings.optional("bucket"), settings.optional("seal_days")
    if bucket is None:
        return None
    # imported here: with a log in SQLite nobody waits for AWS's SDK
    from training_events import aws  # noqa: PLC0415
    from training_events.proof.s3_seal_store import S3SealStore  # noqa: PLC0415

    # where the settings of the projector are given too, `verify` holds the locks against them
    mode = settings.optional("seal_mode") or "GOVERNANCE"
    return S3SealStore(bucket, aws.client("s3"), mode=mode, days=int(days) if days else None)
