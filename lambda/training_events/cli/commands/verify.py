"""`training-events verify`: checks that streams are complete and as they were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from training_events.cli import completion
from training_events.cli.output import print_json_document
from training_events.cli.progress import progress
from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_fields, print_rows
from training_events.cli.workspace import AsJson, LogUrl
from training_events.errors import Misused, NotAsRecorded
from training_events.proof.findings import Kind
from training_events.proof.verification import Verification
from training_events.reading.opening import open_sources
from training_events.reading.stream_names import stream_of_log
from training_events.reading.verification import streams_to_verify, verification_of
from training_events.reading.wording.text import printable
from training_events.reading.wording.verification import describe_finding
from training_events.reading.wording.verification import verdict as verdict_of
from training_events.stores.address import SqliteFile
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.cli.progress import ShowProgress
    from training_events.reading.opening import Sources
    from training_events.recorder.storage.comparing import FileComparer


_STYLES = {"verdict": style_of_status}


class VerifyDocument(Struct):
    """`sound`: nothing was altered, removed or forged in any of the streams; `complete`: nothing is missing in any of them."""

    streams: list[Verification]
    sound: bool
    complete: bool


class _Verdict:
    """The verdict on all the streams together, and the first of them that is not as it should be."""

    def __init__(self) -> None:
        self.sound = self.complete = True
        self.streams = 0
        self.first: Verification | None = None

    def add(self, verification: Verification) -> Verification:
        self.streams += 1
        self.sound = self.sound and verification.sound
        self.complete = self.complete and verification.complete
        if self.first is None and not (verification.sound and verification.complete):
            self.first = verification
        return verification

    def to_dict(self) -> dict[str, bool]:
        return {"sound": self.sound, "complete": self.complete}


def verify(
    streams: Annotated[
        list[str] | None,
        typer.Argument(help="run/<id>, model/<name> or dataset/<name>", metavar="STREAM", autocompletion=completion.streams),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Verify every stream of the log.")] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Also read every file that an event names with its sha256, and compare it.")
    ] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Check that streams are complete and as recorded.

    It checks the events' digests, the producers' chains, the seals and their locks, and the read model. If something was
    altered, removed or forged, or is missing, it names the first broken event, and the exit code is 1. It reads seals from the
    bucket that TRAINING_EVENTS_BUCKET names; a SQLite log has its own. It writes nothing. Of a model it also
    says what its runs got since its versions were registered, and whether what was pinned of them then is still in the log.
    docs/design/proof.md says what this
    proves, and why to keep the root, the one text that stands for all that is sealed, somewhere else.

    With --files it also reads the checkpoints, artifacts, datasets and large fields that the events name. A kept file that is
    gone or altered breaks its stream. A file that was recorded in place is reported once it is another one, and breaks nothing.

    For example:
      training-events verify run/digits-7
      training-events verify --all --files
      training-events verify --all --json | jq -r '.streams[] | [.stream, .seals.root] | @tsv'
    """
    if bool(streams) == everything:
        raise Misused("name the streams to verify, or give --all")
    sources = open_sources(log)
    named = [stream_of_log(sources.log, stream) for stream in streams or ()]
    verdict = _Verdict()
    in_full: list[Verification] = []
    with progress() as show:
        compare_file = _file_comparer(sources, show) if files else None

        def verified() -> Iterator[Verification]:
            for stream in named if streams else streams_to_verify(sources):
                show(printable(f"verifying {stream}"))
                yield verdict.add(verification_of(sources, stream, compare_file))

        if as_json:
            print_json_document({}, "streams", verified(), verdict.to_dict)
        elif streams and len(streams) == 1:
            in_full.extend(verified())
        else:
            titles = ("stream", "verdict", "events", "sealed", "what is wrong")
            print_rows(titles, (40, 10, 8, 8), map(_row, verified()), styles=_STYLES)
    for verification in in_full:
        _print_in_full(verification)
    if everything and not verdict.streams and not as_json:
        print("the log holds no stream yet")
    if verdict.first is not None:
        raise NotAsRecorded(_describe_first(verdict.first))


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


def _print_in_full(verification: Verification) -> None:
    seals, findings = verification.seals, verification.findings
    fields: dict[str, Any] = {"stream": verification.stream, "verdict": verdict_of(verification), "events": verification.events}
    if seals.checked:
        fields["sealed"] = f"{seals.covered} events, by {seals.count} seal(s)"
        fields |= {"root": seals.root, "not sealed yet": seals.first_not_covered and f"{seals.not_covered} events"}
        if seals.locks == "not shown":
            fields["locks"] = "not looked at: it takes the permission s3:GetObjectRetention"
    else:
        fields["sealed"] = "not looked at: TRAINING_EVENTS_BUCKET names no bucket"
    if (files := verification.files).checked:
        fields["files"] = f"{files.kept} kept, {files.not_kept} not kept, {files.elsewhere} elsewhere; {files.differing} differ"
    for producer in verification.producers:
        fields[f"producer {producer.id}"] = f"{producer.events} events, complete up to number {producer.complete_up_to}"
    if verification.findings_total > len(findings):
        fields["findings"] = f"{verification.findings_total}, of which these are the first"
    print_fields(fields, _STYLES)
    if findings:
        print()
        rows = [(finding.kind.value, finding.position or "-", finding.explanation) for finding in findings]
        print_rows(("finding", "at", "explanation"), (12, 60), rows, max(len(rows), LOOK_AHEAD_ROWS))


def _row(verification: Verification) -> tuple[str, ...]:
    sealed = str(verification.seals.covered) if verification.seals.checked else "?"
    wrong = describe_finding(verification.findings[0]) if verification.findings else ""
    return verification.stream, verdict_of(verification), str(verification.events), sealed, wrong


def _describe_first(verification: Verification) -> str:
    first, *_ = (finding for finding in verification.findings if finding.kind is not Kind.FILE_CHANGED)
    return f"{verification.stream} is {verdict_of(verification)}: {describe_finding(first)}"
