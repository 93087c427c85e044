"""`training-events lineage STREAM`: where something came from, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.cli import completion
from training_events.cli.lineage_tree import print_tree
from training_events.cli.mermaid import mermaid
from training_events.cli.output import print_document, with_all_keys
from training_events.cli.progress import progress_after
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, bring_up_to_date
from training_events.errors import Misused
from training_events.reading.lineage import lineage as lineage_of
from training_events.reading.lineage.subject import subject_of
from training_events.reading.opening import open_sources
from training_events.reading.wording.text import printable


def lineage(
    stream: Annotated[
        str,
        typer.Argument(
            help="run/<id>, model/<name>, model/<name>@<version>, dataset/<name> or dataset/<name>@<begin of a digest>",
            metavar="STREAM",
            autocompletion=completion.streams,
        ),
    ],
    as_of: Annotated[str | None, time_option(meaning="What was true at this time, by when events occurred.")] = None,
    known_at: Annotated[str | None, time_option(meaning="What the log knew at this time, by when it recorded events.")] = None,
    as_mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a flowchart of Mermaid, for a Markdown page.")] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Print where something came from and what became of it.

    It follows dataset versions, runs, model versions and the stages that these serve in both directions, and says who did
    what when. Dataset versions are found by their digests and their versions in S3, whatever they are called. What serves comes
    first. Where a run got further events since a version of a model was registered, the version says so.

    For example:
      training-events lineage model/digits --as-of 2026-03-03
      training-events lineage model/digits@3 --mermaid
      training-events lineage dataset/digits@5d0eab1c
    """
    if as_json and as_mermaid:
        raise Misused("--json and --mermaid exclude each other")
    sources = open_sources(log)
    subject_of(sources, stream)  # before a laptop's states are brought up to date
    bring_up_to_date(sources)
    with progress_after() as show:
        found = lineage_of(sources, stream, as_of=as_of, known_at=known_at, on_progress=lambda text: show(printable(text)))
    if as_json:
        print_document(with_all_keys(found))
    elif as_mermaid:
        for line in mermaid(found):
            print(line)
    else:
        print_tree(found)
