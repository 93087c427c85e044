"""`training-events verify`: whether streams are complete and as they were recorded."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct
from rich.progress import SpinnerColumn, TextColumn

from training_events.cli.output import print_json_document, printable, progress
from training_events.cli.table import LOOK_AHEAD_ROWS, print_fields, print_rows
from training_events.cli.workspace import AsJson, LogUrl, open_workspace
from training_events.errors import Misused, NoSuchStream, NotAsRecorded
from training_events.event import check_stream
from training_events.proof.verification import Verification
from training_events.proof.verification import verify as verify_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.cli.workspace import Workspace
    from training_events.proof.findings import Finding


class VerifyDocument(Struct):
    """`sound`: nothing was altered, removed or forged in any of the streams; `complete`: nothing is missing in any of them."""

    streams: list[Verification]
    sound: bool
    complete: bool


class _Verdict:
    """What all the streams together come to, and the first of them that is not as it should be."""

    def __init__(self) -> None:
        self.sound = self.complete = True
        self.streams = 0
        self.first: Verification | None = None

    def add(self, one: Verification) -> Verification:
        self.streams += 1
        self.sound, self.complete = self.sound and one.sound, self.complete and one.complete
        if not (one.sound and one.complete):
            self.first = self.first or one
        return one

    def as_dict(self) -> dict[str, bool]:
        return {"sound": self.sound, "complete": self.complete}


def verify(
    streams: Annotated[
        list[str] | None, typer.Argument(help="run/<id>, model/<name> or dataset/<name>", metavar="STREAM")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every stream of the log.")] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Check that streams are complete and as recorded.

    By the events' digests, the producers' chains and the seals. Exit code 1, with the first broken event named, when
    something was altered, removed or forged, or is missing. Seals are looked at where TRAINING_EVENTS_BUCKET names their
    bucket; a SQLite log has its own. Nothing is written. docs/design/proof.md says what this proves, and why to keep the root,
    the one text that stands for all that is sealed, somewhere else.

    For example:
      training-events verify run/digits-7
      training-events verify --all --json | jq -r '.streams[] | [.stream, .seals.root] | @tsv'
    """
    if bool(streams) == everything:
        raise Misused("say which streams to verify, or --all")
    for stream in streams or ():
        check_stream(stream)
    store = open_workspace(log)
    verdict = _Verdict()
    with progress(SpinnerColumn(), TextColumn("{task.description}", markup=False)) as line:
        task = line.add_task("", total=None)

        def verified() -> Iterator[Verification]:
            for stream in streams or _all_streams(store):
                line.update(task, description=printable(f"verifying {stream}"))
                yield verdict.add(_verified(store, stream))

        if as_json:
            print_json_document({}, "streams", verified(), verdict.as_dict)
        elif streams and len(streams) == 1:
            [one] = verified()
            line.stop()
            _print(one)
        else:
            print_rows(("stream", "verdict", "events", "sealed", "what is wrong"), (40, 10, 8, 8), map(_row, verified()))
    if everything and not verdict.streams and not as_json:
        print("the log holds no stream yet")
    if verdict.first is not None:
        raise NotAsRecorded(_named(verdict.first))


def _all_streams(store: Workspace) -> Iterator[str]:
    """Also those of which the log has lost everything."""
    seen: set[str] = set()
    known = (one.stream for one in store.log.alterations())
    for stream in chain(store.log.streams(), known, store.seals.streams() if store.seals else ()):
        if stream not in seen:
            seen.add(stream)
            yield stream


def _verified(store: Workspace, stream: str) -> Verification:
    found = verify_stream(store.log, store.seals, stream)
    if not found.events and not found.findings:
        raise NoSuchStream(f"the log has no event of {stream}")
    return found


def _print(one: Verification) -> None:
    """One stream in full."""
    fields: dict[str, Any] = {"stream": one.stream, "verdict": _verdict(one), "events": one.events}
    if one.seals.checked:
        fields["sealed"] = f"{one.seals.covered} events, by {one.seals.count} seal(s)"
        fields |= {"root": one.seals.root, "not sealed yet": one.seals.first_not_covered and f"{one.seals.not_covered} events"}
    else:
        fields["sealed"] = "not looked at: TRAINING_EVENTS_BUCKET is not set"
    for producer in one.producers:
        fields[f"producer {producer.id}"] = f"{producer.events} events, complete up to number {producer.complete_up_to}"
    if one.findings_total > len(one.findings):
        fields["findings"] = f"{one.findings_total}, of which these are the first"
    print_fields(fields)
    if one.findings:
        print()
        rows = [(finding.kind.value, finding.position or "-", finding.explanation) for finding in one.findings]
        print_rows(("finding", "at", "explanation"), (12, 60), rows, max(len(rows), LOOK_AHEAD_ROWS))


def _row(one: Verification) -> tuple[str, ...]:
    sealed = str(one.seals.covered) if one.seals.checked else "?"
    return one.stream, _verdict(one), str(one.events), sealed, _described(one.findings[0]) if one.findings else ""


def _verdict(one: Verification) -> str:
    return "broken" if not one.sound else "incomplete" if not one.complete else "sound"


def _named(one: Verification) -> str:
    return f"{one.stream} is {_verdict(one)}: {_described(one.findings[0])}"


def _described(finding: Finding) -> str:
    where = "" if finding.position is None else f" at {finding.position}"
    return f"{finding.kind.value}{where}: {finding.explanation}"
