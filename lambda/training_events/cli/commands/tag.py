"""`training-events tag`: gives streams tags, by which people find them."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.catalogue.any_stream import Tagged
from training_events.cli import completion
from training_events.cli.organising import record_facts, split_tags
from training_events.cli.recording import ToLog
from training_events.cli.workspace import AsJson
from training_events.errors import Misused
from training_events.recorder.labels import batches, tags_of
from training_events.recorder.pinning.user import logged_in


def tag(
    arguments: Annotated[
        list[str],
        typer.Argument(
            help="One stream or several, and then the tags.", metavar="STREAM|KEY=VALUE", autocompletion=completion.streams
        ),
    ],
    remove: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Remove this tag. May be given several times.")
    ] = None,
    log: ToLog = "",
    as_json: AsJson = False,
) -> None:
    """Give streams tags, or remove some.

    A tag with the same key is replaced; all other tags stay. A value that is written as JSON writes a number, true or false is
    one; any other is a text. The tag `group` names what belongs together: a sweep, a study, a parent run. Who tagged what and
    when stays in the log. The events go where those of `record` go. A stream that the log does not have is refused.

    For example:
      training-events tag run/digits-7 team=vision accepted=true
      training-events tag run/digits-7 run/digits-8 group=sweep-3
      training-events tag run/digits-7 --remove note
    """
    streams, tags = split_tags(arguments)
    if both := sorted(tags.keys() & set(remove or ())):
        raise Misused(f"the tag {both[0]!a:.80} is both given and removed; allowed: one of them")
    changes = tags_of({**tags, **dict.fromkeys(remove or ())})
    if not changes:
        raise Misused("there is no tag: give <key>=<value>, or --remove <key>")
    record_facts(streams, [Tagged(batch, logged_in()) for batch in batches(changes)], log=log, as_json=as_json)
