"""`training-events restore`: shows hidden streams in lists again."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.catalogue.any_stream import Restored
from training_events.cli import completion
from training_events.cli.organising import record_facts
from training_events.cli.recording import ToLog
from training_events.cli.workspace import AsJson
from training_events.recorder.pinning.user import logged_in


def restore(
    streams: Annotated[
        list[str],
        typer.Argument(
            help="run/<id>, model/<name>, dataset/<name> or group/<name>; several at once",
            metavar="STREAM",
            autocompletion=completion.hidden_streams,
        ),
    ],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Show hidden streams in lists again.

    Who restored them stays in the log. The event goes where those of `record` go. A stream that the log does not
    have is refused.

    For example:
      training-events restore run/digits-7 --reason "the data was right"
    """
    record_facts(streams, [Restored(reason, logged_in())], log=log, as_json=as_json)
