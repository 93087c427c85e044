"""What a command works on: the log, its read models and its seals, where the caller or the environment says they are."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events import aws
from training_events.errors import BadLogUrl, MissingSetting, NoSuchLog
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.opening import open_store
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from training_events.proof.seal_store import SealStore
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels

Stream = Annotated[str, typer.Argument(help="run/<id>, model/<name> or dataset/<name>", metavar="STREAM")]
LogUrl = Annotated[
    str,
    typer.Option("--log", metavar="URL", help=f"Where the event log is; else TRAINING_EVENTS_LOG, else {LAPTOP_LOG}."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, and nothing else there.")]


class Workspace(Struct, frozen=True):
    """`seals` are none where nothing says in which bucket they are (TRAINING_EVENTS_BUCKET)."""

    log: EventLog
    read_models: ReadModels | None
    projector: Projector | None
    seals: SealStore | None


def url_to_read(url: str) -> str:
    """The address of the log to read. Raises MissingSetting where nobody says one and no laptop's log is in this folder."""
    if said := url or Settings().optional("log"):
        return said
    if not Path(LAPTOP_LOG.removeprefix("sqlite:///")).exists():
        raise MissingSetting(
            "TRAINING_EVENTS_LOG is not set, and in this folder there is no training-events.db: set it (or say --log) to"
            " dynamodb://<event log table>?read_models=<table> or sqlite:///<path>"
        )
    return LAPTOP_LOG


def open_workspace(url: str) -> Workspace:
    """The store at `url`, else where the environment says, as it is."""
    store = open_store(url_to_read(url))
    projector = None if store.read_models is None else Projector(store.log, store.read_models)
    seals = SqliteSealStore(store.log.database) if isinstance(store.log, SqliteLog) else _seals_in_s3()
    return Workspace(store.log, store.read_models, projector, seals)


def open_current_workspace(url: str) -> Workspace:
    """The same, in which a laptop's read models and seals know all of its log."""
    workspace = open_workspace(url)
    with contextlib.suppress(NoSuchLog):  # whatever reads the log says so
        bring_up_to_date(workspace)
    return workspace


def bring_up_to_date(store: Workspace) -> None:
    """A laptop has no projector of its own: its states, and the seals of what is finished, are made here."""
    if isinstance(store.log, SqliteLog) and store.projector is not None and store.seals is not None:
        catch_up(store.log, store.projector, store.seals)


def require_read_models(store: Workspace) -> tuple[ReadModels, Projector]:
    """The read models, where a command cannot do without. Raises BadLogUrl."""
    if store.read_models is None or store.projector is None:
        raise BadLogUrl("the event log's address names no read models: add ?read_models=<table>")
    return store.read_models, store.projector


def _seals_in_s3() -> SealStore | None:
    bucket = Settings().optional("bucket")
    return None if bucket is None else S3SealStore(bucket, aws.client("s3"))
