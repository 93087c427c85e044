"""Folds again what earlier folds have made: their states and summaries lack what is asked for now.

A read model is renewed with its stream's next event, but most streams get none any more. A laptop renews them by itself, once
for each version of the folds. On AWS `training-events rebuild` does.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from training_events import folds
from training_events.errors import NotUnderstood
from training_events.event import STREAM_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.projection.projector import Projector
    from training_events.stores.read_models import ReadModels
    from training_events.stores.sqlite.database import Database

_NOTE = "renewed by"
"""Its value is the version of the folds that has renewed all read models."""
_BATCH = 100
"""How many streams are folded in one transaction: other programs write between two."""


def renew(
    read_models: ReadModels,
    projector: Projector,
    database: Database,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> None:
    """Fold again every stream whose summary is of earlier folds. `on_progress` gets how many are done, and of how many."""
    done_by = read_models.note(_NOTE)
    if done_by is not None and int(done_by) >= folds.VERSION:
        return
    outdated = list(_outdated(read_models))
    for start in range(0, len(outdated), _BATCH):
        on_progress(start, len(outdated))
        with database.together():
            for stream in outdated[start : start + _BATCH]:
                with suppress(NotUnderstood):  # the log was altered, which `verify` reports
                    projector.refold(stream)
    read_models.set_note(_NOTE, str(folds.VERSION).encode())


class _Made(msgspec.Struct):
    stream: str
    folded_by: int = 0


def _outdated(read_models: ReadModels) -> Iterator[str]:
    for kind in STREAM_KINDS:
        for summary in read_models.summaries(kind):
            with suppress(msgspec.MsgspecError):
                made = msgspec.json.decode(summary, type=_Made)
                if made.folded_by < folds.VERSION:
                    yield made.stream
