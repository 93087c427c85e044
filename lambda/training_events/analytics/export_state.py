"""What was exported of which table, as a file beside the exports keeps it: `state.json`.

A job over the whole log begins here. It reads a table's full export, then its incremental ones in their order.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from training_events.errors import BadExport

PREFIX = "analytics/exports"
"""Where exports are in the data bucket."""
STATE = "state.json"
"""The name of the file, in that folder."""


class FullExport(Struct, frozen=True):
    """`manifest` is the key of its summary in the bucket. It holds the table as it was at the time `to`."""

    arn: str
    manifest: str
    to: str


class IncrementalExport(Struct, frozen=True, rename={"since": "from"}):
    """It holds what changed in the table from `since` on and before `to`.

    `altered` counts the items of the log that were there before the window and are others at its end, or gone: in a log that is
    only appended to, there is none.
    """

    arn: str
    manifest: str
    since: str
    to: str
    altered: int = 0


class TableExports(Struct, frozen=True):
    """The exports that together give a table as it was at one time."""

    full: FullExport
    incrementals: tuple[IncrementalExport, ...] = ()

    @property
    def to(self) -> str:
        """The time up to which they give the table."""
        return self.incrementals[-1].to if self.incrementals else self.full.to

    def manifests(self) -> list[str]:
        """The keys of the summaries in the order to read them. Raises BadExport where the windows do not follow each other."""
        end = self.full.to
        for export in self.incrementals:
            if export.since != end:
                raise BadExport(
                    f"the export {export.arn} begins at {export.since}, but the one before it ends at {end}; allowed: windows"
                    " that follow each other: begin again with `training-events export --to s3 --full`"
                )
            end = export.to
        return [self.full.manifest, *(export.manifest for export in self.incrementals)]


class Asked(Struct, frozen=True, rename={"since": "from"}):
    """An export that DynamoDB was asked for, or is about to be. It is full where `since` is None.

    `token` makes asking again harmless. `arn` is None until DynamoDB has answered.
    """

    token: str
    at: str
    since: str | None
    to: str
    arn: str | None = None


class ExportState(Struct, frozen=True):
    """`tables` has what is complete, `asked` what is not yet, both by the table's ARN."""

    version: int = 1
    tables: dict[str, TableExports] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)


def read_state(content: bytes, name: str = STATE) -> ExportState:
    """The state in such a file. Raises BadExport where it is none; `name` is what it calls the file."""
    try:
        state = msgspec.json.decode(content, type=ExportState)
    except msgspec.MsgspecError as flaw:
        raise BadExport(f"{name}: {flaw}; allowed: what `training-events export --to s3` writes") from None
    if state.version != 1:
        raise BadExport(f"{name} has version {state.version}; allowed: 1, or a newer training-events")
    return state


def write_state(state: ExportState) -> bytes:
    return msgspec.json.format(msgspec.json.encode(state)) + b"\n"
