"""`training-events evidence model/<name>@<version>`: writes one file that proves what the log holds of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events.cli import completion
from training_events.cli.output import print_document
from training_events.cli.progress import progress_after
from training_events.cli.workspace import AsJson, LogUrl, bring_up_to_date
from training_events.errors import Misused
from training_events.evidence.facts import CoveringCheckpoint, Role
from training_events.pages.extra import require_extra
from training_events.pages.report.file import check_writable
from training_events.reading.opening import open_sources
from training_events.reading.wording.comparison import counted
from training_events.reading.wording.quantities import size_text
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from training_events.evidence.writing import Written


class EvidenceStream(Struct):
    """A stream in the file, and how many of its events. `later` counts those that the log took after the checkpoint."""

    stream: str
    role: Role
    events: int
    later: int


class EvidenceDocument(Struct):
    """The file that was written, its size in bytes, what it is about, and the checkpoint that covers it.

    `provenance` is whether it has the signed statement. `not_in_it` says what of the wanted is missing, and why.
    """

    path: str
    bytes: int
    subject: str
    checkpoint: CoveringCheckpoint
    streams: list[EvidenceStream]
    artifacts: int
    files: int
    provenance: bool
    not_in_it: list[str]


def evidence(
    subject: Annotated[
        str,
        typer.Argument(
            help="model/<name>@<version>, run/<id> or dataset/<name>", metavar="SUBJECT", autocompletion=completion.subjects
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The file to write. Default: the subject's name, as .zip.")
    ] = "",
    with_files: Annotated[
        bool, typer.Option("--with-files", help="Also put in the files that the events name: weights, checkpoints, data.")
    ] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Write one file that proves what the log holds of something.

    For somebody without an account: the events of a version of a model, of its run and of the datasets that this read, as they
    were recorded; for each a proof that it is in the log's tree; the signed checkpoint of the tree; seals; digests of files;
    a page to read; provenance, a bill of materials and a crate for other tools. A program of 300 lines in it, check.py, checks
    all of it with the public key, and needs nothing but Python. What the file does not prove stands in it.

    What the log took after its newest checkpoint is left out. On a laptop a checkpoint is published first. The file is checked
    before it gets its name: a log that is not as it was recorded gives none.

    For example:
      training-events evidence model/digits@3
      training-events evidence model/digits@3 --with-files -o digits-3.zip
      python check.py digits-3.zip --key key.pem
    """
    require_extra("jinja2")
    # imported here: the help needs none of it
    from training_events.evidence.making import default_name, make_evidence  # noqa: PLC0415

    sources = open_sources(log)
    if output == "-":
        raise Misused("-o - is no file; allowed: the name of one, or /dev/stdout")
    path = Path(output or default_name(subject))
    check_writable(path)
    bring_up_to_date(sources)
    with progress_after() as show:
        written = make_evidence(sources, subject, path, files=with_files, show=lambda text: show(printable(text)))
    for reason in written.not_in_it:
        print(printable(reason), file=sys.stderr)
    document = _document(path, written)
    if as_json:
        print_document(document)
        return
    events = counted(sum(stream.events for stream in document.streams), "event")
    streams = counted(len(document.streams), "stream")
    print(f"{printable(str(path))} ({size_text(document.bytes)})")
    print(f"{events} of {streams}, covered by the checkpoint of {document.checkpoint.at}")
    print(f"the key that signed it: SHA-256 {document.checkpoint.key}")


def _document(path: Path, written: Written) -> EvidenceDocument:
    facts = written.facts
    return EvidenceDocument(
        path=str(path),
        bytes=written.bytes,
        subject=facts.subject,
        checkpoint=facts.checkpoint,
        streams=[EvidenceStream(it.stream, it.role, it.events, it.later) for it in facts.streams],
        artifacts=len(facts.artifacts),
        files=sum(it.file is not None for it in facts.artifacts),
        provenance=facts.provenance is not None,
        not_in_it=written.not_in_it,
    )
