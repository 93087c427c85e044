"""Opens what is asked: the log, its read models and its seals, where the caller or the environment says they are."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import BadLogUrl, MissingSetting, NoSuchLog, TrainingEventsError
from training_events.projection.catch_up import catch_up
from training_events.projection.projector import Projector
from training_events.projection.renewal import renew
from training_events.projection.sealer import Sealer
from training_events.proof.notary.laptop import LaptopNotary
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.tree.keys import read_public_key
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.sqlite_tree import SqliteTree
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse
from training_events.stores.opening import open_store
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.proof.seal_store import SealStore
    from training_events.proof.tree.store import LeafIndex, TileStore
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels


class Sources(Struct, frozen=True):
    """`read_models` are None where the log's address names none, and then there is no projector.

    `seals` and `tiles` are None where no setting says which bucket has them. `tiles` and `leaves` are None where the address
    names no table of the notary's.
    """

    log: EventLog
    read_models: ReadModels | None
    projector: Projector | None
    seals: SealStore | None
    tiles: TileStore | None = None
    leaves: LeafIndex | None = None

    @property
    def tree(self) -> TreeReader | None:
        """The notary's tree, for one thread: each asking gives a reader of its own. None where nothing says where it is.

        Raises MissingSetting for a key to trust that cannot be read.
        """
        if self.tiles is None:
            return None
        key = Settings().optional("checkpoint_key")
        origin = self.tiles.origin if isinstance(self.tiles, SqliteTree) else None
        return TreeReader(self.tiles, self.leaves, None if key is None else read_public_key(Path(key)), origin=origin)


def url_to_read(url: str) -> str:
    """The address of the log to read. Raises MissingSetting where nothing names one and this folder has no laptop's log."""
    if named := url or Settings().optional("log"):
        return named
    if not Path(LAPTOP_LOG.removeprefix("sqlite:///")).exists():
        raise MissingSetting(
            "TRAINING_EVENTS_LOG is not set, and in this folder there is no training-events.db: set it (or give --log, or an"
            " address to open_log) to dynamodb://<event log table>?read_models=<table> or sqlite:///<path>"
        )
    return LAPTOP_LOG


def open_sources(url: str) -> Sources:
    """What is at `url`, else where the environment says, as it is. Raises MissingSetting or BadLogUrl."""
    url = url_to_read(url)
    store = open_store(url)
    projector = None if store.read_models is None else Projector(store.log, store.read_models)
    if isinstance(store.log, SqliteLog):
        database = store.log.database
        tree = SqliteTree(database)
        return Sources(store.log, store.read_models, projector, SqliteSealStore(database), tree, tree)
    place = parse(url)
    notary = None if isinstance(place, SqliteFile) else place.notary
    tiles, leaves = (None, None) if notary is None else (_tiles_in_s3(), _leaves_in_dynamodb(notary))
    return Sources(store.log, store.read_models, projector, _seals_in_s3(), tiles, leaves)


def open_current_sources(
    url: str,
    on_progress: Callable[[str, float], None] = lambda text, share: None,  # noqa: ARG005
) -> Sources:
    """The same, after a laptop's read models and seals were brought up to date."""
    sources = open_sources(url)
    bring_up_to_date(sources, on_progress)
    return sources


def bring_up_to_date(
    sources: Sources,
    on_progress: Callable[[str, float], None] = lambda text, share: None,  # noqa: ARG005
) -> None:
    """A laptop has no projector of its own: its states, and the seals of what is due, are made here.

    `on_progress` gets what is done, and which share of all. Where there is no log, nothing is made: whatever reads it says so.
    """
    log, read_models, projector, seals = sources.log, sources.read_models, sources.projector, sources.seals
    if isinstance(log, SqliteLog) and read_models is not None and projector is not None and seals is not None:
        with contextlib.suppress(NoSuchLog):
            catch_up(
                log,
                projector,
                Sealer(log, read_models, seals),
                lambda done, total: on_progress(f"{done} of {total} new events", done / total),
            )
            renew(
                read_models,
                projector,
                log.database,
                lambda done, total: on_progress(f"{done} of {total} states of an earlier version", done / total),
            )
            with contextlib.suppress(TrainingEventsError):  # who asks about the tree is told: `verify` and `checkpoint`
                LaptopNotary(log.database, Settings()).publish_if_due(
                    lambda done, total: on_progress(f"{done} of {total} leaves", done / total)
                )


def require_read_models(sources: Sources) -> tuple[ReadModels, Projector]:
    """The read models, for what cannot do without. Raises BadLogUrl."""
    if sources.read_models is None or sources.projector is None:
        raise BadLogUrl("the event log's address names no read models: add ?read_models=<table>")
    return sources.read_models, sources.projector


def _seals_in_s3() -> SealStore | None:
    bucket = Settings().optional("bucket")
    if bucket is None:
        return None
    mode, days = _lock_settings()
    # imported here: with a log in SQLite nobody waits for AWS's SDK
    from training_events import aws  # noqa: PLC0415
    from training_events.proof.s3_seal_store import S3SealStore  # noqa: PLC0415

    return S3SealStore(bucket, aws.client("s3"), mode=mode, days=days)


def _tiles_in_s3() -> TileStore | None:
    settings = Settings()
    bucket = settings.optional("notary_bucket") or settings.optional("bucket")
    if bucket is None:
        return None
    from training_events import aws  # noqa: PLC0415 - as above
    from training_events.proof.tree.s3_tiles import S3Tiles  # noqa: PLC0415

    mode, days = _lock_settings()
    return S3Tiles(bucket, aws.client("s3"), mode=mode, days=days)


def _lock_settings() -> tuple[str, int | None]:
    """Where the settings of the projector are given too, `verify` holds the locks against them."""
    settings = Settings()
    days = settings.optional("seal_days")
    return settings.optional("seal_mode") or "GOVERNANCE", int(days) if days else None


def _leaves_in_dynamodb(table: str) -> LeafIndex:
    from training_events import aws  # noqa: PLC0415 - as above
    from training_events.proof.notary.ledger import Ledger  # noqa: PLC0415

    return Ledger(table, aws.client("dynamodb", validate=False))
