"""What one task of the job does: it checks the streams of its partition one after the other, and writes their rows.

The names of its files follow from the partition, and what is in them from the exports. So a task that is tried again writes
the same files again, over what a failed one has left.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from training_events.analytics.exported_stream import ExportedStream
from training_events.analytics.places import place_at
from training_events.analytics.snapshots import snapshot_folder
from training_events.analytics.stream_check import ALL_TABLES, check_stream, pinned_since
from training_events.interchange.exports.parquet.rows import finding_row
from training_events.interchange.exports.parquet.tables import FINDINGS
from training_events.interchange.exports.parquet.writer import TableWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.analytics.beside import Beside
    from training_events.analytics.stream_check import CheckedStream
    from training_events.analytics.stream_rows import Row, StreamRow
    from training_events.proof.findings import Finding


class FirstBroken(Struct, frozen=True):
    """The first stream, by name, that is not as it was recorded or lacks something, and what is wrong first."""

    stream: str
    finding: str
    position: str | None
    explanation: str


class Tally(Struct):
    """What was counted, in a task or in all of them."""

    streams: int = 0
    events: int = 0
    sound: int = 0
    complete: int = 0
    changed: int = 0
    """How many changes to what was recorded the exports show."""
    covered: int = 0
    """How many events a leaf of the tree covers."""
    findings: dict[str, int] = field(default_factory=dict)
    """How many findings of each kind."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows each table has."""
    files: list[str] = field(default_factory=list)
    first_broken: FirstBroken | None = None

    def count(self, stream: str, checked: CheckedStream) -> None:
        self.changed += checked.changed
        if (verification := checked.verification) is None:
            return
        self.streams += 1
        self.events += verification.events
        self.sound += verification.sound
        self.complete += verification.complete
        self.covered += verification.tree.covered
        self.findings = dict(Counter(self.findings) + Counter(finding.kind.value for finding in verification.findings))
        if not (verification.sound and verification.complete):
            self._keep_first(_broken(stream, verification.findings))

    def add(self, other: Tally) -> None:
        """Add what another task has counted."""
        for name in ("streams", "events", "sound", "complete", "changed", "covered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.findings = dict(Counter(self.findings) + Counter(other.findings))
        self.rows = {table: self.rows.get(table, 0) + other.rows.get(table, 0) for table in self.rows | other.rows}
        self.files += other.files
        self._keep_first(other.first_broken)

    def _keep_first(self, broken: FirstBroken | None) -> None:
        if broken is not None and (self.first_broken is None or broken.stream < self.first_broken.stream):
            self.first_broken = broken


def _broken(stream: str, findings: list[Finding]) -> FirstBroken:
    first = findings[0]
    return FirstBroken(stream, first.kind.value, first.position, first.explanation)


class Task(Struct, frozen=True):
    """`part` names the files of this task among those of all. `held_back` names the kind of streams that it does not check.

    Those are given back as they came: they need what others find.
    """

    tables: str
    snapshot: str
    beside: Beside
    part: str
    held_back: str | None = None

    def run(self, streams: Iterable[tuple[str, Iterable[Row]]]) -> Iterator[StreamRow | Tally]:
        """Check the streams. Gives rows for the streams that are checked later, then what was counted."""
        tally, seals, tree = Tally(), self.beside.seals(), self.beside.tree
        leaves_of = None if tree is None else tree.leaves_of()
        with tempfile.TemporaryDirectory(prefix="training-events-") as folder, ExitStack() as stack:
            writers = {shape.name: stack.enter_context(TableWriter(Path(folder) / shape.name, shape)) for shape in ALL_TABLES}
            for name, rows in streams:
                if self.held_back is not None and name.startswith(self.held_back):
                    yield from ((name, row) for row in rows)
                    continue
                stream = ExportedStream(name, rows)
                try:
                    yield from pinned_since(stream)
                    checked = check_stream(
                        stream,
                        as_of=self.beside.as_of,
                        compare_states=self.beside.compare_states,
                        seals=seals,
                        leaves=None if leaves_of is None else leaves_of(stream),
                    )
                    for shape, table_rows in checked.tables:
                        writers[shape.name].add(table_rows)
                    tally.count(name, checked)
                finally:
                    stream.close()
            stack.close()  # writes what they still hold
            tally.rows = {table: writer.rows for table, writer in writers.items()}
            for table, count in tally.rows.items():
                if count or self.part == FIRST_PART:
                    tally.files += self._put_table(Path(folder) / table)
        yield tally

    def put_findings_of_tree(self) -> Tally:
        """Write what is wrong with the tree itself. Returns what was counted."""
        findings = [] if self.beside.tree is None else self.beside.tree.findings
        if not findings:
            return Tally()
        with tempfile.TemporaryDirectory(prefix="training-events-") as folder:
            with TableWriter(Path(folder) / FINDINGS.name, FINDINGS) as writer:
                writer.add(finding_row(None, finding) for finding in findings)
            return Tally(
                findings=dict(Counter(finding.kind.value for finding in findings)),
                rows={FINDINGS.name: len(findings)},
                files=self._put_table(Path(folder) / FINDINGS.name),
            )

    def _put_table(self, folder: Path) -> list[str]:
        """Put the files of a table where they belong. Returns their names."""
        place, names = place_at(self.tables), []
        for number, file in enumerate(sorted(folder.iterdir())):
            names.append(f"{snapshot_folder(folder.name, self.snapshot)}part-{self.part}-{number:05d}.parquet")
            place.put(names[-1], file)
        return names


FIRST_PART = "0-00000"
"""Of which also the empty files are kept: a table without a file cannot be read."""
