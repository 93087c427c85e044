"""Makes a file of evidence of what is there now: chooses the checkpoint, and gives the file its name once it was checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.errors import NotAsRecorded, NotAttestable, NotCovered
from training_events.evidence.belonging import belonging
from training_events.evidence.check import Check
from training_events.evidence.signing import signed_statement
from training_events.evidence.writing import Contents, Written, write_evidence
from training_events.pages.report.file import whole_file
from training_events.proof.notary.laptop import LaptopNotary
from training_events.recorder.storage.content_store import ContentStore
from training_events.settings import Settings
from training_events.stores.address import SqliteFile
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.evidence.belonging import Belonging
    from training_events.proof.tree.key_chain import SignedCheckpoint
    from training_events.reading.opening import Sources

_NOT_IN_A_NAME = re.compile(r"(?:[^\w.@-]|\.{2,}|^\.)+")
MAX_NAME_BYTES = 200
"""Most file systems take 255, with what comes behind the name."""


def default_name(subject: str) -> str:
    """`digits@3.zip`: a name that every file system takes."""
    name = _NOT_IN_A_NAME.sub("-", subject.partition("/")[2]).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("-")
    return f"{name or 'evidence'}.zip"


def make_evidence(sources: Sources, subject: str, path: Path, *, files: bool, show: Callable[[str], None]) -> Written:
    """Write the file of evidence of `model/digits@3`, whole or not at all; one that is there is replaced.

    Raises NotCovered where no checkpoint covers the subject yet, NotAsRecorded where what would be in the file is not what was
    recorded, BadTree where the tree contradicts itself, Misused for what is no subject, and OSError where it cannot be written.
    """
    about = belonging(sources, subject, show)
    beside = None
    if isinstance(log := sources.log, SqliteLog):
        LaptopNotary(log.database, Settings()).publish()
        beside = ContentStore(SqliteFile(log.database.path).files)
    tree = sources.tree
    signed = None if tree is None else tree.newest_signed()
    if tree is None or signed is None:
        raise NotCovered("the log has no signed checkpoint, which evidence is held against: no notary has signed one")
    missing: list[str] = []
    contents = Contents(_envelope(sources, about, signed, missing), files=files, beside=beside)
    with whole_file(path) as unfinished:
        with unfinished.open("wb") as file:
            written = write_evidence(sources, tree, signed, about, file, contents=contents, show=show)
        show("checking the file")
        if problems := Check(unfinished, signed.key).problems:
            raise NotAsRecorded(f"{about.subject} would not be proved: {problems[0]}")
    written.not_in_it[:0] = missing
    return written


def _envelope(sources: Sources, about: Belonging, signed: SignedCheckpoint, missing: list[str]) -> dict[str, Any] | None:
    if about.version is None:
        return None
    try:
        return signed_statement(sources, about, signed)
    except NotAttestable as reason:
        missing.append(f"no signed provenance: {reason}")
        return None
