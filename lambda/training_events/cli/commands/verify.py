"""`training-events verify`: checks that streams are complete and as they were recorded."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct
from msgspec.structs import replace

from training_events.cli import completion
from training_events.cli.large_log import tell_if_large
from training_events.cli.output import print_document, print_json_document
from training_events.cli.progress import progress
from training_events.cli.table import print_rows
from training_events.cli.verified_evidence import EvidenceVerified, print_evidence, verified_evidence
from training_events.cli.views.verification import STYLES, TITLES, WIDTHS, print_in_full, print_tree, verdict_row
from training_events.cli.workspace import AsJson, LogUrl
from training_events.errors import BadTree, Misused, NotAsRecorded
from training_events.proof.findings import HARMLESS, Finding, Kind
from training_events.proof.kept_checkpoints import read_kept
from training_events.proof.leaf_comparison import TreeVerified
from training_events.proof.overdue import overdue_leaves
from training_events.proof.verification import Verification
from training_events.reading.opening import open_sources
from training_events.reading.stream_names import stream_of_log
from training_events.reading.verification import against_kept, named_leaves, streams_to_verify, verification_of, whole_tree
from training_events.reading.wording.text import printable
from training_events.reading.wording.verification import describe_finding
from training_events.reading.wording.verification import verdict as verdict_of
from training_events.stores.address import SqliteFile
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.cli.progress import ShowProgress
    from training_events.proof.tree_view import PlacedLeaves, SortedLeaves
    from training_events.reading.opening import Sources
    from training_events.recorder.storage.comparing import FileComparer


_STANDARD_INPUT = "-"


class VerifyDocument(Struct):
    """`sound`: nothing was altered, removed or forged in any of the streams; `complete`: nothing is missing in any of them, and
    the notary does not stand still.

    `findings` are about the tree as a whole: they are about the log, and no single stream.
    """

    streams: list[Verification]
    sound: bool
    complete: bool
    tree: TreeVerified
    findings: list[Finding]
    evidence: EvidenceVerified | None = None
    """What --evidence shows. Then nothing of a log was looked at."""


class _Verdict:
    """The verdict on all the streams together, and the first of them that is not as it should be."""

    def __init__(self) -> None:
        self.sound = self.complete = True
        self.streams = self.covered = self.not_covered = self.overdue = 0
        self.first: Verification | None = None
        self.tree = TreeVerified(checked=False)
        self.findings: list[Finding] = []

    def add(self, verification: Verification) -> Verification:
        self.streams += 1
        self.sound = self.sound and verification.sound
        self.complete = self.complete and verification.complete
        self.covered += verification.tree.covered
        self.not_covered += verification.tree.not_covered
        self.overdue += verification.tree.overdue
        if self.first is None and not (verification.sound and verification.complete):
            self.first = verification
        return verification

    def look_at(self, tree: PlacedLeaves | SortedLeaves | None) -> None:
        """Take in what the tree itself shows."""
        if tree is not None:
            self.tree = tree.verified
            self.add_findings(tree.findings)

    def add_findings(self, findings: list[Finding]) -> None:
        self.findings += findings
        self.sound = self.sound and {finding.kind for finding in findings} <= HARMLESS

    def end(self) -> None:
        """All streams were seen."""
        counts = {"covered": self.covered, "not_covered": self.not_covered, "overdue": self.overdue}
        self.tree = replace(self.tree, **counts) if self.tree.checked else self.tree
        overdue = list(overdue_leaves(self.tree))
        self.add_findings(overdue)
        self.complete = self.complete and not overdue

    def raise_if_broken(self) -> None:
        """Raises NotAsRecorded, with the first that is wrong: of the tree, which is about every stream, else of a stream."""
        for finding in self.findings:
            if finding.kind not in HARMLESS:
                raise NotAsRecorded(f"the tree is broken: {describe_finding(finding)}")
        if self.first is not None:
            first, *_ = (finding for finding in self.first.findings if finding.kind is not Kind.FILE_CHANGED)
            raise NotAsRecorded(f"{self.first.stream} is {verdict_of(self.first)}: {describe_finding(first)}")
        for finding in self.findings:
            if finding.kind is Kind.OVERDUE:
                raise NotAsRecorded(f"the tree is incomplete: {describe_finding(finding)}")

    def to_dict(self) -> dict[str, Any]:
        tree, findings = self.tree, self.findings
        return {"sound": self.sound, "complete": self.complete, "tree": tree, "findings": findings, "evidence": None}


def verify(
    streams: Annotated[
        list[str] | None,
        typer.Argument(
            help="run/<id>, model/<name>, dataset/<name> or group/<name>", metavar="STREAM", autocompletion=completion.streams
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Verify every stream of the log, and the whole tree.")] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Also read every file that an event names with its sha256, and compare it.")
    ] = False,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A checkpoint that was kept elsewhere; - is standard input. The log has to continue it. May be repeated.",
        ),
    ] = None,
    evidence: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file of evidence to check, in place of a log.")
    ] = None,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Check that streams are complete and as recorded.

    It checks the events' digests, the producers' chains, the seals and their locks, the read model, and the leaves that the
    notary took of the events. If something was altered, removed or forged, or is missing, it names the first broken event, and
    the exit code is 1. It reads seals from the bucket that TRAINING_EVENTS_BUCKET names; a SQLite log has its own. It writes
    nothing. Of a model it also says what its runs got since its versions were registered, and whether what was pinned of them
    then is still in the log. docs/design/proof.md says what this proves, and why to keep a checkpoint of the log, the one text
    that stands for all of it, somewhere else.

    With --all it reads the notary's whole tree beside the log: so it finds a stream that is gone altogether. With --against it
    proves that the log continues a checkpoint that `training-events checkpoint` printed at an earlier time.

    With --files it also reads the checkpoints, artifacts, datasets and large fields that the events name. A kept file that is
    gone or altered breaks its stream. A file that was recorded in place is reported once it is another one, and breaks nothing.

    With --evidence it checks a file that `training-events evidence` wrote, and needs no log: it says what check.py says, which
    is in the file. It trusts the key that TRAINING_EVENTS_CHECKPOINT_KEY names; without it, the one that came in the file.

    For example:
      training-events verify run/digits-7
      training-events verify --all --files
      training-events verify --all --against kept/checkpoint
      training-events verify --evidence digits-3.zip
      training-events verify --all --json | jq -r '.streams[] | [.stream, .seals.root] | @tsv'
    """
    if evidence is not None:
        _verify_evidence(evidence, alone=not (streams or everything or files or against), as_json=as_json)
        return
    _require_subject(streams, against, everything=everything)
    kept = [(name, _read_kept(name)) for name in against or ()]
    sources = _open_sources(log, whole=everything)
    named = [stream_of_log(sources.log, stream) for stream in streams or ()]
    verdict = _Verdict()
    in_full: list[Verification] = []
    with progress() as show, _open_tree(sources, show, whole=everything) as tree:
        verdict.look_at(tree)
        forks = list(against_kept(sources, kept))
        verdict.add_findings(forks)
        compare_file = _file_comparer(sources, show) if files else None

        def verified() -> Iterator[Verification]:
            for stream in streams_to_verify(sources, tree) if everything else named:
                show(printable(f"verifying {stream}"))
                yield verdict.add(verification_of(sources, stream, compare_file, tree=tree))
            verdict.end()

        if as_json:
            print_json_document({}, "streams", verified(), verdict.to_dict)
        elif len(named) == 1:
            in_full.extend(verified())
        elif everything or named:
            print_rows(TITLES, WIDTHS, map(verdict_row, verified()), styles=STYLES)
    for verification in in_full:
        print_in_full(verification)
    if everything and not verdict.streams and not as_json:
        print("the log holds no stream yet")
    if not as_json and (verdict.streams > len(in_full) or verdict.findings or kept):
        print_tree(verdict.tree, verdict.findings, [] if forks else [name for name, _ in kept])
    verdict.raise_if_broken()


def _open_sources(log: str, *, whole: bool) -> Sources:
    sources = open_sources(log)
    if whole:
        tell_if_large(sources.log)
    return sources


def _require_subject(streams: list[str] | None, against: list[str] | None, *, everything: bool) -> None:
    if bool(streams) == everything and not (against and not streams):
        raise Misused("name the streams to verify, or give --all")


def _verify_evidence(file: str, *, alone: bool, as_json: bool) -> None:
    if not alone:
        raise Misused("--evidence checks a file: no streams, and neither --all, --files nor --against")
    with progress() as show:
        show(printable(f"checking {file}"))
        verified = verified_evidence(file)
    if as_json:
        nothing = TreeVerified(checked=False)
        print_document(VerifyDocument([], sound=verified.sound, complete=True, tree=nothing, findings=[], evidence=verified))
    else:
        print_evidence(verified)
    if not verified.sound:
        raise NotAsRecorded(f"{file} is not as it was recorded: {verified.problems[0]}")


@contextmanager
def _open_tree(sources: Sources, show: ShowProgress, *, whole: bool) -> Iterator[PlacedLeaves | SortedLeaves | None]:
    if not whole:
        yield named_leaves(sources)
        return
    with whole_tree(sources, lambda done, total: show(f"reading leaf {done:,} of {total:,} of the tree", done / total)) as tree:
        yield tree


def _read_kept(name: str) -> bytes:
    """A checkpoint that was kept. Raises Misused where it cannot be read, or is none."""
    try:
        note = sys.stdin.buffer.read() if name == _STANDARD_INPUT else Path(name).read_bytes()
        read_kept(note, name)
    except OSError as flaw:
        raise Misused(f"{name}: {flaw.strerror or flaw}") from None
    except BadTree as flaw:
        raise Misused(f"{flaw}; allowed: what `training-events checkpoint` prints") from None
    return note


def _file_comparer(sources: Sources, show: ShowProgress) -> FileComparer:
    # imported here: it needs AWS's SDK
    from training_events.recorder.storage.comparing import FileComparer  # noqa: PLC0415
    from training_events.recorder.storage.content_store import ContentStore  # noqa: PLC0415

    read_bytes = 0

    def advance(more_bytes: int) -> None:
        nonlocal read_bytes
        read_bytes += more_bytes
        show(f"{read_bytes / 1e6:,.0f} MB of files read")

    log = sources.log
    beside = ContentStore(SqliteFile(log.database.path).files) if isinstance(log, SqliteLog) else None
    return FileComparer(beside, advance=advance)
