"""`training-events hide`: leaves streams out of lists."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.catalogue.any_stream import Hidden
from training_events.cli import completion
from training_events.cli.organising import record_facts
from training_events.cli.recording import ToLog
from training_events.cli.workspace import AsJson
from training_events.errors import Misused
from training_events.recorder.pinning.user import logged_in


def hide(
    streams: Annotated[
        list[str],
        typer.Argument(
            help="run/<id>, model/<name>, dataset/<name> or group/<name>; several at once",
            metavar="STREAM",
            autocompletion=completion.streams,
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Leave streams out of lists, until they are restored.

    Nothing is deleted: `show` and `history` have the stream as ever, and `show` tells who hid it, when and why. The
    event goes where those of `record` go. A stream that the log does not have is refused.

    For example:
      training-events hide run/digits-7 run/digits-8 --reason "started with the wrong data"
    """
    if not reason.strip():
        raise Misused("--reason is empty")
    record_facts(streams, [Hidden(reason, logged_in())], log=log, as_json=as_json)
