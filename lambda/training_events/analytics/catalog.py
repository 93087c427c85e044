"""Points the tables of Glue's catalog at the snapshot that the job has written, so that Athena asks it from then on."""

from __future__ import annotations

from typing import Any

from training_events import aws
from training_events.interchange.exports.parquet.tables import TABLES

_WHAT_GLUE_TAKES = (
    "Name",
    "Description",
    "Owner",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "TableType",
    "Parameters",
)
"""Of what it gives. The rest says when and by whom a table was made, and it refuses that.
https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html"""


def point_tables_at(database: str, tables: str, snapshot: str) -> None:
    """`tables` is where the job writes, `s3://…/analytics/tables`, and `snapshot` the name of one that is whole.

    A query that has begun goes on with the files that it has listed. One that begins while this runs may have some tables of
    the new snapshot, and some of the one before. Doing it again changes nothing. Raises what AWS's SDK raises.
    """
    glue = aws.client("glue")
    for shape in TABLES:
        location = f"{tables.rstrip('/')}/{shape.name}/snapshot={snapshot}/"
        table: dict[str, Any] = glue.get_table(DatabaseName=database, Name=shape.name)["Table"]
        if table["StorageDescriptor"].get("Location") == location:
            continue
        change = {name: table[name] for name in _WHAT_GLUE_TAKES if name in table}
        change["StorageDescriptor"] = table["StorageDescriptor"] | {"Location": location}
        # A version of the table for each run of the job would be kept for ever.
        glue.update_table(DatabaseName=database, TableInput=change, SkipArchive=True)
