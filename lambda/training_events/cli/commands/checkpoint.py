"""`training-events checkpoint`: prints the newest signed checkpoint of the log, to be kept elsewhere."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from training_events.cli.output import print_document
from training_events.cli.progress import progress_after
from training_events.cli.workspace import AsJson, LogUrl
from training_events.errors import NotAsRecorded
from training_events.pages.report.file import check_writable, write_whole
from training_events.reading.opening import open_sources
from training_events.reading.verification import publish_on_laptop, tree_of
from training_events.reading.wording.text import printable

_STANDARD_OUTPUT = "-"


class CheckpointDocument(Struct):
    """The newest checkpoint: of which log, how many leaves it covers, their root, and when it was signed by which key."""

    origin: str
    size: int
    root: str
    """In hexadecimal, as `key`, which is the SHA-256 of the public key."""
    at: str | None
    key: str
    note: str
    """The checkpoint itself, as `verify --against` takes it."""


def checkpoint(
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write. Default: - (standard output).", show_default=False
        ),
    ] = _STANDARD_OUTPUT,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print the newest signed checkpoint of the whole log.

    It is a few lines of text that stand for every event up to now. Whoever may rewrite the log and all that is beside it cannot
    rewrite what is kept elsewhere: `training-events verify --against FILE` shows later whether the log still continues it. On
    a laptop one is signed now, if something was recorded since the last. On AWS the notary signs one every few minutes.

    For example:
      training-events checkpoint
      training-events checkpoint -o kept/checkpoint
      training-events checkpoint --json | jq -r .size
    """
    if output != _STANDARD_OUTPUT:
        check_writable(Path(output))
    sources = open_sources(log)
    with progress_after() as show:
        publish_on_laptop(sources, lambda done, total: show(f"{done:,} of {total:,} leaves", done / total))
    signed = tree_of(sources).newest_signed()
    if signed is None:
        raise NotAsRecorded("the log has no checkpoint yet: its notary signs one within minutes of the first event")
    newest = signed.checkpoint
    if output != _STANDARD_OUTPUT:
        write_whole(Path(output), signed.note)
    if as_json:
        key = sha256(signed.key).hexdigest()
        print_document(CheckpointDocument(newest.origin, newest.size, newest.root.hex(), newest.at, key, signed.note.decode()))
    elif output == _STANDARD_OUTPUT:
        print(signed.note.decode(), end="")
    else:
        print(printable(f"{output}: {newest.size:,} leaves, signed at {newest.at}"))
