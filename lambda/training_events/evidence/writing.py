"""Writes a file of evidence: what a log holds of one subject, with all that proves it to somebody who has the public key."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct, structs, to_builtins

from training_events.errors import NotCovered, NotFetched
from training_events.evidence import check
from training_events.evidence.archive import Archive
from training_events.evidence.collecting import Collector
from training_events.evidence.facts import NOT_PROVED, ArtifactFacts, CoveringCheckpoint, Facts, StreamFacts
from training_events.evidence.formats.cyclonedx import bom
from training_events.evidence.formats.ro_crate import FILE_NAME, crate
from training_events.evidence.page import evidence_html
from training_events.folds.model import ModelState
from training_events.proof.tree.keys import public_pem
from training_events.recorder.storage.fetching import fetched
from training_events.recorder.storage.files import CHUNK_BYTES, files_in
from training_events.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.evidence.belonging import Belonging
    from training_events.proof.tree.key_chain import SignedCheckpoint
    from training_events.proof.tree.reader import TreeReader
    from training_events.reading.opening import Sources
    from training_events.recorder.storage.content_store import ContentStore

PROVENANCE = "provenance.dsse.json"


class Contents(Struct, frozen=True):
    """What goes into the file besides what the log and its tree have.

    `envelope` is the signed provenance, where there is one. With `files` the files themselves are fetched, those of a laptop
    from `beside` where they were moved with the log.
    """

    envelope: dict[str, Any] | None = None
    files: bool = False
    beside: ContentStore | None = None


class Written(Struct, frozen=True):
    """What was written, and its size. `not_in_it` says of each file that was wanted, and could not be fetched, why."""

    facts: Facts
    not_in_it: list[str]
    bytes: int


def write_evidence(
    sources: Sources,
    tree: TreeReader,
    signed: SignedCheckpoint,
    about: Belonging,
    file: IO[bytes],
    *,
    contents: Contents,
    show: Callable[[str], None],
) -> Written:
    """Write all that the checkpoint covers of what belongs to the subject. The same log and checkpoint give the same bytes.

    Raises NotCovered where the checkpoint does not cover the subject yet, NotAsRecorded where log and tree disagree, BadTree
    where the tree contradicts itself, and what the stores raise.
    """
    not_in_it: list[str] = []
    envelope = contents.envelope
    with Archive(file) as archive:
        streams, artifacts = _add_events(sources, tree, signed, about, archive=archive, show=show)
        archive.add("checkpoint", signed.note)
        archive.add("key.pem", public_pem(signed.key))
        for number, note in enumerate(signed.handovers, 1):
            archive.add(f"handovers/{number:03d}", note)
        if contents.files:
            artifacts = list(_with_files(archive, artifacts, contents.beside, not_in_it, show))
        archive.add("artifacts.json", _artifacts_json(artifacts))
        facts = Facts(
            subject=about.subject,
            stream=about.stream,
            version=about.version,
            checkpoint=_covering(signed),
            streams=streams,
            artifacts=artifacts,
            not_proved=NOT_PROVED,
            provenance=None if envelope is None else json.loads(b64decode(envelope["payload"])),
            made_by=__version__,
        )
        if envelope is not None:
            archive.add(PROVENANCE, _json(envelope))
        archive.add("bom.cdx.json", _json(bom(facts, attested=envelope is not None)))
        archive.add("index.html", evidence_html(facts).encode())
        archive.add("check.py", Path(check.__file__).read_bytes())
        archive.add(FILE_NAME, _json(crate(facts, {*_names(archive.digests, artifacts), "evidence.json"})))
        archive.add("evidence.json", _json(_manifest(facts, archive.digests)))
    return Written(facts, not_in_it, file.tell())


def _add_events(
    sources: Sources,
    tree: TreeReader,
    signed: SignedCheckpoint,
    about: Belonging,
    *,
    archive: Archive,
    show: Callable[[str], None],
) -> tuple[list[StreamFacts], list[ArtifactFacts]]:
    """The events with their proofs, and the seals. Returns the streams, and the files that the events name."""
    with TemporaryFile() as proofs:
        proofs.write(b'{"proofs":[\n')
        collector = Collector(sources, tree, signed.checkpoint.size, archive=archive, proofs=proofs, show=show)
        streams = [collector.collect(stream, role) for stream, role in about.streams.items()]
        proofs.write(b"\n]}\n")
        state = streams[0].state
        if not streams[0].events or (isinstance(state, ModelState) and about.version not in state.versions):
            raise NotCovered(_not_covered(about.subject, signed))
        proofs.seek(0)
        with archive.writing("proofs.json") as copy:
            shutil.copyfileobj(proofs, copy)
    return streams, collector.artifacts


def _covering(signed: SignedCheckpoint) -> CoveringCheckpoint:
    checkpoint = signed.checkpoint
    key = sha256(signed.key).hexdigest()
    return CoveringCheckpoint(checkpoint.origin, checkpoint.size, checkpoint.root.hex(), checkpoint.at, key)


def _not_covered(subject: str, signed: SignedCheckpoint) -> str:
    newest = f"the newest is of {signed.checkpoint.at}, over {signed.checkpoint.size} events"
    return f"no signed checkpoint covers {subject} yet: {newest}; on AWS the next one comes within minutes"


def _manifest(facts: Facts, digests: dict[str, str]) -> dict[str, Any]:
    streams = [
        {"stream": it.stream, "role": it.role, "events": it.events, "file": it.file, "seals": it.seals} for it in facts.streams
    ]
    return {
        "format": check.FORMAT,
        "subject": facts.subject,
        "made_by": f"training-events {facts.made_by}",
        "checkpoint": to_builtins(facts.checkpoint),
        "handovers": sorted(name for name in digests if name.startswith("handovers/")),
        "streams": streams,
        "not_proved": facts.not_proved,
        "files": dict(sorted(digests.items())),
    }


def _artifacts_json(artifacts: list[ArtifactFacts]) -> bytes:
    lines = [
        json.dumps(
            {
                "uri": it.stored.uri,
                "version_id": it.stored.version_id,
                "sha256": it.stored.sha256,
                "bytes": it.stored.bytes,
                "in_place": it.stored.in_place,
                "kinds": it.kinds,
                "name": it.name,
                "named_by": it.named_by,
                "file": it.file,
            },
            ensure_ascii=False,
        )
        for it in artifacts
    ]
    return ('{"artifacts":[\n' + ",\n".join(lines) + "\n]}\n").encode()


def _with_files(
    archive: Archive,
    artifacts: list[ArtifactFacts],
    beside: ContentStore | None,
    not_in_it: list[str],
    show: Callable[[str], None],
) -> Iterator[ArtifactFacts]:
    """The artifacts, each with where its file is in the archive. A content is in it once, whatever its addresses are."""
    inside: dict[str, str] = {}
    for artifact in artifacts:
        content = str(artifact.stored.sha256)
        if content not in inside:
            show(f"fetching {artifact.stored.uri}")
            with TemporaryDirectory() as folder:
                try:
                    copy = fetched(artifact.stored, Path(folder), beside=beside)
                except NotFetched as reason:
                    not_in_it.append(str(reason))
                else:
                    inside[content] = _add_file(archive, f"files/{content}", copy)
        yield structs.replace(artifact, file=inside.get(content))


def _add_file(archive: Archive, name: str, copy: Path) -> str:
    """Returns the name of the file, or of the folder, in the archive."""
    files = {f"{name}/{inner}": path for inner, path in files_in(copy)} if copy.is_dir() else {name: copy}
    for inner, path in sorted(files.items()):
        with archive.writing(inner, packed=False) as archived, path.open("rb") as file:
            shutil.copyfileobj(file, archived, CHUNK_BYTES)
    return f"{name}/" if copy.is_dir() else name


def _names(digests: dict[str, str], artifacts: list[ArtifactFacts]) -> set[str]:
    """The names in the archive, a folder of an artifact as one."""
    folders = {it.file for it in artifacts if it.file is not None and it.file.endswith("/")}
    inside = {name for name in digests for folder in folders if name.startswith(folder)}
    return (digests.keys() - inside) | folders


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
