"""Asks DynamoDB for its own exports of the log's tables, follows them, and goes on with what an earlier command asked for.

What is asked for is in the state before DynamoDB is asked, with a token: whoever finds it there asks again, and DynamoDB takes
both for one request. So a command may be killed at any moment, and two may run at once.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from training_events import times
from training_events.analytics.dynamodb_export import read_file, read_manifest, relative_key
from training_events.analytics.export_state import PREFIX, Asked, ExportState, FullExport, IncrementalExport, TableExports
from training_events.analytics.export_windows import common_end, next_window
from training_events.errors import BadExport, NotExported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training_events.analytics.dynamodb_export import Export
    from training_events.analytics.export_api import ExportApi
    from training_events.analytics.export_windows import Restorable
    from training_events.analytics.state_in_s3 import StateInS3

TOKEN_HOURS = 8
"""For how long DynamoDB knows a token."""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 30.0
"""Between two looks at an export, which takes minutes. Each further pause is twice as long."""
MAX_NAMED = 100
"""How many altered items are named. All are counted."""


class AlteredItem(Struct, frozen=True):
    """An item of the log that was there before an export's window. `what` is `replaced` or `deleted`."""

    stream: str
    position: str
    what: str


class ExportDone(Struct, frozen=True, rename={"since": "from"}):
    """An export that is complete. It is full where `since` is None.

    `altered` counts the items of the log that an incremental export shows as altered, `named` has the first of them.
    """

    table: str
    arn: str
    manifest: str
    since: str | None
    to: str
    items: int
    altered: int
    named: list[AlteredItem]


class S3Exports:
    """Exports of these tables, of which the first is the log. `tell` gets each step, `show` where an export is."""

    def __init__(
        self,
        tables: Sequence[str],
        api: ExportApi,
        state: StateInS3,
        *,
        tell: Callable[[str], None],
        show: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], str] = times.now,
    ) -> None:
        self._api, self._state = api, state
        self._tell, self._show, self._sleep, self._clock = tell, show, sleep, clock
        self._names = {api.arn_of(table): table for table in tables}
        self._log = next(iter(self._names))

    def run(self, *, full: bool = False) -> Iterator[ExportDone]:
        """Every export that was under way or is due, once it is complete. With `full`, all begin again with a full one."""
        begin_again = set(self._names) if full else set()
        while asked := self._asked(begin_again):
            begin_again -= {table for table, export in asked.items() if export.since is None}
            followed = {table: export if export.arn else self._ask(table, export) for table, export in asked.items()}
            for table, export in followed.items():
                yield self._complete(table, export)

    def exported_to(self) -> dict[str, str | None]:
        """By its name, up to which time each table is exported."""
        tables = self._state.change(lambda state: state).tables
        return {name: tables[arn].to if arn in tables else None for arn, name in self._names.items()}

    def _asked(self, begin_again: set[str]) -> dict[str, Asked]:
        """What is under way; where nothing is, what is due, for all tables at once so that they keep in step."""
        restorable = {arn: self._api.restorable(name) for arn, name in self._names.items()}
        state = self._state.change(lambda state: self._with_due(state, restorable, begin_again))
        for arn, name in self._names.items():
            if arn in state.asked and arn in state.tables and state.tables[arn].to < restorable[arn].earliest:
                self._tell(
                    f"{name}: the exports so far end at {state.tables[arn].to}, and recovery keeps what was written from"
                    f" {restorable[arn].earliest} on: nothing can close this gap but a full export"
                )
        return {arn: state.asked[arn] for arn in self._names if arn in state.asked}

    def _with_due(self, state: ExportState, restorable: dict[str, Restorable], begin_again: set[str]) -> ExportState:
        now = self._clock()
        asked = {
            arn: export
            for arn, export in state.asked.items()
            if export.arn is not None or now < times.hours_after(export.at, TOKEN_HOURS)
        }
        if asked.keys().isdisjoint(self._names):
            known = {arn: None if arn in begin_again else state.tables.get(arn) for arn in self._names}
            end = common_end((known[arn], restorable[arn]) for arn in self._names)
            for arn, exports in known.items():
                window = next_window(exports, restorable[arn], end)
                if window is not None:
                    asked[arn] = Asked(str(uuid.uuid4()), now, window.since, window.to)
        return replace(state, asked=asked)

    def _ask(self, table: str, asked: Asked) -> Asked:
        """Ask DynamoDB, and keep the ARN that it answers."""
        with_arn = replace(asked, arn=self._api.ask(table, asked))
        self._state.change(lambda state: _replaced(state, table, asked, with_arn))
        self._tell(f"{self._described(table, asked)}: asked for, {with_arn.arn}")
        return with_arn

    def _complete(self, table: str, asked: Asked) -> ExportDone:
        """Wait for the export, look at what it holds, and put it into the state.

        Raises NotExported or BadExport, and then the export is not under way any more.
        """
        try:
            manifest = f"{PREFIX}/{relative_key(self._followed(table, asked))}"
            export = read_manifest(self._api.open, manifest, table)
            self._show(f"{self._described(table, asked)}: reading {export.items} items")
            altered, named = self._alterations(export) if table == self._log and export.since is not None else (0, [])
        except (NotExported, BadExport) as flaw:
            self._state.change(lambda state: _replaced(state, table, asked, None))
            again = "run the same command again to ask for it again"
            raise type(flaw)(f"{self._described(table, asked)}, {asked.arn}: {flaw}; {again}") from None
        done = ExportDone(self._names[table], export.arn, manifest, asked.since, asked.to, export.items, altered, named)
        self._state.change(lambda state: _completed(state, table, asked, done))
        return done

    def _followed(self, table: str, asked: Asked) -> str:
        """The key of the summary, once the export is complete. Raises NotExported."""
        pause, begun = FIRST_PAUSE_SECONDS, time.monotonic()
        while True:
            manifest, failure = self._api.status(str(asked.arn))
            if manifest is not None:
                return manifest
            if failure is not None:
                raise NotExported(failure)
            minutes = int((time.monotonic() - begun) / 60)
            self._show(f"{self._described(table, asked)}: DynamoDB is writing it, followed for {minutes} min")
            self._sleep(pause)
            pause = min(MAX_PAUSE_SECONDS, 2 * pause)

    def _alterations(self, export: Export) -> tuple[int, list[AlteredItem]]:
        """How many items of the log were there before and are not the same, and the first of them: told by AWS itself."""
        count = 0
        named: list[AlteredItem] = []
        for file in export.files:
            for item in read_file(self._api.open, file):
                if item.new_image is not None and item.old_image is None:
                    continue
                count += 1
                if item.keys is not None and len(named) < MAX_NAMED:
                    stream, position = (str(item.keys.get(name, {}).get("S", "")) for name in ("stream", "position"))
                    named.append(AlteredItem(stream, position, "deleted" if item.new_image is None else "replaced"))
        return count, named

    def _described(self, table: str, asked: Asked) -> str:
        kind = "full export" if asked.since is None else f"export of the changes from {asked.since}"
        return f"{self._names[table]}: {kind} to {asked.to}"


def _replaced(state: ExportState, table: str, asked: Asked, by: Asked | None) -> ExportState:
    """The state with another request in the place of this one; as it is where another command has replaced it."""
    current = state.asked.get(table)
    if current is None or current.token != asked.token:
        return state
    others = {arn: export for arn, export in state.asked.items() if arn != table}
    return replace(state, asked=others if by is None else others | {table: by})


def _completed(state: ExportState, table: str, asked: Asked, done: ExportDone) -> ExportState:
    without = _replaced(state, table, asked, None)
    if without == state:
        return state  # another command was faster
    if done.since is None:
        exports = TableExports(FullExport(done.arn, done.manifest, done.to))
    else:
        more = IncrementalExport(done.arn, done.manifest, done.since, done.to, done.altered)
        before = state.tables[table]
        exports = replace(before, incrementals=(*before.incrementals, more))
    return replace(without, tables=state.tables | {table: exports})
