"""`training-events serving`: lists what serves each stage, now or at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events.cli import completion
from training_events.cli.output import print_json_document, with_all_keys
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace
from training_events.folds.model import Served
from training_events.reading.log import Log
from training_events.reading.stream_names import did_you_mean
from training_events.reading.wording.times import minute_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_TITLES = ("model", "stage", "version", "since (UTC)", "promoted by", "run")
_WIDTHS = (48, 24, 16, 16, 24)
_OPTIONAL = ("since (UTC)", "promoted by")


class ServingDocument(Struct):
    """By stage, then by model. `stage` is null where all were asked for."""

    stage: str | None
    as_of: str | None
    known_at: str | None
    serving: list[Served]


def serving(
    stage: Annotated[
        str | None, typer.Option(metavar="STAGE", help="Only this stage: production, say.", autocompletion=completion.stages)
    ] = None,
    as_of: Annotated[str | None, time_option(meaning="What served at this time, by when events occurred.")] = None,
    known_at: Annotated[
        str | None, time_option(meaning="What the log knew of it at this time, by when it recorded events.")
    ] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """List what serves each stage, now or at any time.

    Of every model it lists the version, since when it serves, who promoted it, and which run trained it. With --as-of or
    --known-at it lists what served then, from the events of each model. A hidden model still serves, and is listed.

    For example:
      training-events serving --stage production
      training-events serving --as-of 2026-03-03 --json
    """
    everywhere = Log(open_current_workspace(log)).serving(as_of=as_of, known_at=known_at)
    served = sorted((item for item in everywhere if stage in (None, item.stage)), key=lambda item: (item.stage, item.model))
    if as_json:
        print_json_document({"stage": stage, "as_of": as_of, "known_at": known_at}, "serving", map(with_all_keys, served))
    else:
        empty = _nothing(stage, everywhere)
        print_rows(_TITLES, _WIDTHS, map(_row, served), LOOK_AHEAD_ROWS, optional=_OPTIONAL, empty=empty)


def _row(served: Served) -> tuple[str, ...]:
    since = minute_of(served.since)
    return f"model/{served.model}", served.stage, served.version, since, served.promoted_by or "-", served.run or "-"


def _nothing(stage: str | None, everywhere: Sequence[Served]) -> str:
    if stage is None:
        promotion = "training_events.promote_model('digits', version=1, stage='production')"
        return f"nothing serves any stage. One line promotes a version: {promotion}"
    return f"nothing serves the stage {stage}{did_you_mean(stage, {item.stage for item in everywhere})}"
