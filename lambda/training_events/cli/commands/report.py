"""`training-events report STREAM…`: writes pages into one file, to look at and to hand on."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events import times
from training_events.cli import completion
from training_events.cli.output import print_document
from training_events.cli.progress import progress_after
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, LogUrl, bring_up_to_date
from training_events.errors import Misused
from training_events.pages.extra import missing_charts, require_extra
from training_events.pages.page import Asked
from training_events.pages.report.file import check_writable, default_name, write_whole
from training_events.pages.report.made import Made
from training_events.reading.opening import open_sources, url_to_read
from training_events.reading.stream_names import stream_of_log
from training_events.reading.wording.quantities import size_text
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from training_events.reading.opening import Sources

_STANDARD_OUTPUT = "-"


class ReportDocument(Struct):
    """The file that was written, its size in bytes, and the streams that it shows."""

    path: str
    bytes: int
    streams: list[str]
    as_of: str | None
    known_at: str | None


def report(
    streams: Annotated[
        list[str],
        typer.Argument(
            help="run/<id>, model/<name>, dataset/<name> or group/<name>, any number of them.",
            metavar="STREAM",
            autocompletion=completion.streams,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file to write; - is standard output. Default: the first stream's name."
        ),
    ] = "",
    as_of: Annotated[str | None, time_option(meaning="Show what was true at this time, by when events occurred.")] = None,
    known_at: Annotated[
        str | None, time_option(meaning="Show what the log knew at this time, by when it recorded events.")
    ] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Write one HTML file that shows what happened.

    The file needs no network, no server and no script: it can be sent, kept, opened from any folder and printed. Of several
    runs it first shows what differs between them. An earlier report of the same name is replaced.

    For example:
      training-events report run/digits-7
      training-events report run/digits-7 run/digits-8 -o comparison.html
      training-events report model/digits --as-of 2026-11-01
    """
    if as_json and output == _STANDARD_OUTPUT:
        raise Misused("--json and -o - exclude each other: both print on standard output")
    require_extra("jinja2")
    sources = open_sources(log)
    names = list(dict.fromkeys(stream_of_log(sources.log, stream) for stream in streams))
    path = Path(output or default_name(names))
    if output != _STANDARD_OUTPUT:
        check_writable(path)
    bring_up_to_date(sources)
    made = Made(url_to_read(log), times.now(), _command(names, as_of, known_at))
    content = _html(sources, names, Asked(as_of, known_at), made).encode()
    if note := missing_charts():
        print(note, file=sys.stderr)
    if output == _STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        return
    write_whole(path, content)
    if as_json:
        print_document(ReportDocument(str(path), len(content), names, as_of, known_at))
    else:
        print(f"{printable(str(path))} ({size_text(len(content))})")


def _html(sources: Sources, streams: list[str], asked: Asked, made: Made) -> str:
    # imported here: the help needs no template
    from training_events.pages.report.contents import report_pages  # noqa: PLC0415
    from training_events.pages.report.document import report_html  # noqa: PLC0415

    with progress_after() as show:
        pages = report_pages(sources, streams, asked, lambda text, share: show(printable(text), share))
        return report_html(pages, asked, made)


def _command(streams: list[str], as_of: str | None, known_at: str | None) -> str:
    """What makes the report again, in the folder of the log."""
    times_asked = {"--as-of": as_of, "--known-at": known_at}
    options = [part for name, time in times_asked.items() if time is not None for part in (name, time)]
    return shlex.join(["training-events", "report", *streams, *options])
