"""`training-events ui`: serves the pages of a log on this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from msgspec import Struct

from training_events.cli.output import print_document
from training_events.cli.progress import progress_after
from training_events.cli.workspace import AsJson, LogUrl
from training_events.pages.extra import missing_charts, require_extra
from training_events.reading.wording.text import printable


class UiDocument(Struct):
    """Printed when the pages are there. `address` has the token, if one is needed."""

    address: str
    log: str


def ui(
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="Default: 7788, or the next one that is free. 0: any.", show_default=False
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="The address to listen at. If others can reach it, they need a token."),
    ] = "127.0.0.1",
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Serve pages to look at in a browser.

    They show runs, curves, comparisons, models and lineage, now and at any time; they change nothing. It prints the address to
    open, and ends with Ctrl-C. A page of a run that is running moves by itself. The address of a page can be kept or sent on.

    Only this machine reaches the pages. From another one, use `ssh -L 7788:localhost:7788 MACHINE`. With --host 0.0.0.0 others
    in the network reach them too, and the address that is printed has the token that they need.

    For example:
      training-events ui
      training-events ui --port 8080 --log sqlite:///training-events.db
    """
    require_extra("jinja2", "starlette", "uvicorn")
    # imported here: the help is there without the extra
    from training_events.pages.server.running import serve  # noqa: PLC0415
    from training_events.pages.server.shared_sources import SharedSources  # noqa: PLC0415

    sources = SharedSources(log)
    with progress_after() as show:
        sources.require_log(show)

    def tell(address: str) -> None:
        if note := missing_charts():
            print(note, file=sys.stderr)
        if as_json:
            print_document(UiDocument(address, sources.url))
            sys.stdout.flush()
        else:
            print(f"{printable(sources.url)} at {address}", flush=True)
            print("Ctrl-C ends it.", file=sys.stderr)

    serve(sources, host, port, tell)
