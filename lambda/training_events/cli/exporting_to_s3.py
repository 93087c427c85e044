"""`export --to s3`: DynamoDB writes the log's tables into the data bucket by itself, and the command follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.cli.progress import progress
from training_events.errors import Misused, NotAsRecorded
from training_events.reading.opening import url_to_read
from training_events.reading.wording.comparison import counted
from training_events.reading.wording.text import printable
from training_events.settings import Settings
from training_events.stores.address import SqliteFile, parse

if TYPE_CHECKING:
    from training_events.analytics.s3_export import ExportDone


def export_to_s3(url: str, *, full: bool, quiet: bool) -> tuple[str, dict[str, str | None], list[ExportDone]]:
    """Where the state of the exports is, up to which time each table is exported, and what this call has completed.

    Prints each step unless it is to be `quiet`. Raises Misused for a log in SQLite.
    """
    place = parse(url_to_read(url))
    if isinstance(place, SqliteFile):
        raise Misused(
            "--to s3 is DynamoDB's own export, and this log is a file of SQLite: training-events export --to parquet FOLDER"
        )
    bucket = Settings().bucket
    # imported here: the other formats do without AWS's SDK
    from training_events import aws  # noqa: PLC0415
    from training_events.analytics.export_api import ExportApi  # noqa: PLC0415
    from training_events.analytics.s3_export import S3Exports  # noqa: PLC0415
    from training_events.analytics.state_in_s3 import StateInS3  # noqa: PLC0415

    def tell(line: str) -> None:
        if not quiet:
            print(printable(line), flush=True)

    s3 = aws.client("s3")
    tables = [place.log] if place.read_models is None else [place.log, place.read_models]
    state = StateInS3(bucket, s3)
    done: list[ExportDone] = []
    with progress() as show:
        exports = S3Exports(tables, ExportApi(bucket, aws.client("dynamodb"), s3), state, tell=tell, show=show)
        for export in exports.run(full=full):
            done.append(export)
            tell(_line(export, bucket))
            for item in export.named:
                tell(f"{export.table}: {item.stream} {item.position} was {item.what} in this window")
    return state.address, exports.exported_to(), done


def _line(export: ExportDone, bucket: str) -> str:
    kind = f"full export to {export.to}" if export.since is None else f"changes from {export.since} to {export.to}"
    return f"{export.table}: {kind}: {counted(export.items, 'item')}, s3://{bucket}/{export.manifest}"


def summary(address: str, exported_to: dict[str, str | None], done: list[ExportDone]) -> str:
    """The last line of what people read."""
    ends = sorted({to for to in exported_to.values() if to is not None})
    if not ends:
        return f"{address}: nothing can be exported yet: point-in-time recovery of a new table begins within minutes"
    until = f"{address}: exported up to {ends[0]}"
    return until if done else f"{until}, and nothing more can be yet: a window of changes has 15 minutes at least"


def raise_if_altered(done: list[ExportDone]) -> None:
    """An export of changes with an old image in it is not one of a log that was only appended to. Raises NotAsRecorded."""
    for export in done:
        if export.altered:
            item, count = export.named[0], counted(export.altered, "altered item")
            raise NotAsRecorded(
                f"DynamoDB's own export of {export.table} shows {count} between {export.since} and {export.to};"
                f" the first: {item.stream} {item.position} was {item.what}"
            )
