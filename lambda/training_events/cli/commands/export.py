"""`training-events export --to FORMAT`: writes the log for other tools."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct, structs

from training_events.analytics.s3_export import ExportDone
from training_events.cli.output import print_document
from training_events.cli.progress import progress_after
from training_events.cli.workspace import AsJson, LogUrl, bring_up_to_date
from training_events.errors import Misused
from training_events.reading.opening import open_sources
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.interchange.exports.cursor import Cursor
    from training_events.interchange.exports.lines import Line
    from training_events.reading.opening import Sources

Format = Literal["parquet", "openlineage", "cloudevents", "s3"]
_STANDARD_OUTPUT = "-"


class ExportDocument(Struct):
    """Where the export went, and how many events it has. `points` and what follows it count the rows of tables in Parquet.

    `findings` is null unless they were asked for. To S3, `events` counts the items of the log's table in `exports`, which have
    what this call has completed, and `exported_to` has the time up to which each table is exported.
    """

    to: Format
    path: str | None
    endpoint: str | None
    events: int
    points: int | None = None
    runs: int | None = None
    models: int | None = None
    datasets: int | None = None
    findings: int | None = None
    exports: list[ExportDone] | None = None
    exported_to: dict[str, str | None] | None = None


def export(
    to: Annotated[Format, typer.Option("--to", help="The format.")],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="The folder of the tables, or the file of the lines. Default for lines: - (standard output).",
            show_default=False,
        ),
    ] = "",
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="In place of a file: the service that takes OpenLineage's run events.")
    ] = "",
    cursor: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Only what is new since the last export with this file, which keeps how far it came."
        ),
    ] = "",
    findings: Annotated[
        bool, typer.Option("--findings", help="With --to parquet: also verify the whole log, for the table findings.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="With --to s3: begin again with a full export, in place of what has changed.")
    ] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Write the log for other tools.

    --to parquet makes the tables events, points, runs, models and datasets in a folder, which takes the place of an earlier
    export only once all of it is written; with --findings also what `verify --all` finds. --to openlineage makes run events,
    --to cloudevents makes each event of the log a CloudEvent: one JSON document a line. With --endpoint, run events are sent;
    what was not taken is tried again, and with --cursor the next export goes on there. An API key is taken from
    OPENLINEAGE_API_KEY. --to s3 has DynamoDB write the log's tables into TRAINING_EVENTS_BUCKET: all of them, and from then on
    what has changed; the same command goes on with what is under way. docs/guides/exporting.md has examples for each.

    For example:
      training-events export --to parquet tables
      training-events export --to openlineage --endpoint http://localhost:5000 --cursor marquez.cursor
      training-events export --to cloudevents events.ndjson
      training-events export --to s3
    """
    _check(to, destination, endpoint, cursor, as_json=as_json)
    if findings and to != "parquet":
        raise Misused("--findings is a table: --to parquet")
    if full and to != "s3":
        raise Misused(
            "--full is for --to s3: what is exported to other formats is always all of the log, or what a cursor lacks"
        )
    if to == "s3":
        _to_s3(log, full=full, as_json=as_json)
        return
    sources = open_sources(log)
    if to == "parquet":
        document = _to_parquet(sources, Path(destination), findings=findings)
    else:
        document = _to_lines(sources, to, destination or _STANDARD_OUTPUT, endpoint, cursor)
    if as_json:
        print_document(document)
    elif document.path != _STANDARD_OUTPUT:
        print(_line(document))


def _check(to: Format, destination: str, endpoint: str, cursor: str, *, as_json: bool) -> None:
    """Raises Misused for options that do not go together."""
    if to == "parquet" and (endpoint or cursor):
        raise Misused("--endpoint and --cursor are for lines: the tables of --to parquet are always whole")
    if to == "parquet" and destination in ("", _STANDARD_OUTPUT):
        raise Misused("--to parquet needs a folder: training-events export --to parquet tables")
    if to == "s3" and (destination or cursor or endpoint):
        raise Misused(
            "--to s3 takes no PATH, --cursor or --endpoint: exports go to analytics/exports/ in TRAINING_EVENTS_BUCKET"
        )
    if endpoint and to != "openlineage":
        raise Misused("--endpoint takes OpenLineage's run events: --to openlineage")
    if endpoint and destination:
        raise Misused("--endpoint and a file exclude each other")
    if to != "s3" and as_json and not endpoint and destination in ("", _STANDARD_OUTPUT):
        raise Misused("--json and lines on standard output exclude each other: name a file")


def _to_parquet(sources: Sources, folder: Path, *, findings: bool) -> ExportDocument:
    # imported here: each format imports what it needs
    from training_events.interchange.exports.parquet.export import check_folder, export_tables  # noqa: PLC0415

    check_folder(folder)
    bring_up_to_date(sources)
    with progress_after() as show:
        counts = export_tables(sources, folder, show, verified=findings)
    return ExportDocument("parquet", os.fspath(folder), None, **structs.asdict(counts))


def _to_s3(url: str, *, full: bool, as_json: bool) -> None:
    from training_events.cli.exporting_to_s3 import export_to_s3, raise_if_altered, summary  # noqa: PLC0415 - as above

    address, exported_to, done = export_to_s3(url, full=full, quiet=as_json)
    if as_json:
        events = sum(export.items for export in done if export.table == next(iter(exported_to)))
        print_document(ExportDocument("s3", address, None, events, exports=done, exported_to=exported_to))
    else:
        print(printable(summary(address, exported_to, done)))
    raise_if_altered(done)


def _to_lines(sources: Sources, to: Format, destination: str, endpoint: str, cursor_file: str) -> ExportDocument:
    from training_events.interchange.exports.cursor import Cursor  # noqa: PLC0415 - as above
    from training_events.interchange.exports.endpoint import Endpoint  # noqa: PLC0415
    from training_events.interchange.exports.lines import check_file, write_file, write_stream  # noqa: PLC0415

    cursor = Cursor.read(Path(cursor_file), to) if cursor_file else Cursor(None, to)
    if cursor_file:
        check_file(Path(cursor_file), replace=True)
    service = Endpoint(endpoint, os.environ.get("OPENLINEAGE_API_KEY", "").strip()) if endpoint else None
    if service is None and destination != _STANDARD_OUTPUT:
        check_file(Path(destination), replace=not cursor_file)
    bring_up_to_date(sources)
    with progress_after() as show:
        lines = _lines(sources, to, cursor, lambda done, total: show(f"{done} of {total} streams", done / total))
        if service is not None:
            count = service.send_all(lines, cursor)
        elif destination == _STANDARD_OUTPUT:
            count = write_stream(sys.stdout.buffer, lines, cursor)
        else:
            count = write_file(Path(destination), lines, cursor)
    return ExportDocument(to, None if endpoint else destination, endpoint or None, count)


def _lines(sources: Sources, to: Format, cursor: Cursor, on_progress: Callable[[int, int], None]) -> Iterator[Line]:
    if to == "cloudevents":
        from training_events.interchange.exports.cloudevents import cloudevents_in_order  # noqa: PLC0415 - as above

        return cloudevents_in_order(sources.log, cursor.after, on_progress)
    from training_events.interchange.exports.openlineage_events import run_events_in_order  # noqa: PLC0415 - as above
    from training_events.settings import Settings  # noqa: PLC0415

    return run_events_in_order(sources, Settings().source, cursor.after, on_progress)


def _line(document: ExportDocument) -> str:
    place = document.path or document.endpoint or ""
    if document.to == "parquet":
        counts = {name: getattr(document, name) for name in ("events", "points", "runs", "models", "datasets", "findings")}
        told = [f"{count} {name[:-1] if count == 1 else name}" for name, count in counts.items() if count is not None]
        return printable(f"{place}: {', '.join(told)}")
    noun = "run events" if document.to == "openlineage" else "events"
    return printable(f"{place}: {document.events} {noun}")
