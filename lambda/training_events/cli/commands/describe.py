"""`training-events describe`: says in words what a stream is."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.catalogue.any_stream import Described
from training_events.cli.organising import record_facts
from training_events.cli.recording import ToLog
from training_events.cli.workspace import AsJson, Stream
from training_events.errors import Misused
from training_events.recorder.pinning.user import logged_in


def describe(
    stream: Stream,
    text: Annotated[str | None, typer.Argument(help="What it is, in words.", metavar="TEXT")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="A name to show. The stream's own name stays.")] = None,
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Give a stream a description, a name to show, or both.

    An empty text removes one. What was said before, by whom and when, stays in the log. The event goes where those of
    `record` go. A stream that the log does not have is refused.

    For example:
      training-events describe run/digits-7 "warm start from digits-5, half the learning rate"
      training-events describe run/digits-7 --name "the one in the paper"
    """
    if text is None and name is None:
        raise Misused("there is nothing to say: give a text, or --name")
    record_facts([stream], [Described(name, text, logged_in())], log=log, as_json=as_json)
