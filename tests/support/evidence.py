"""Logs with a tree, the files of evidence that are made of them, and what somebody may do to such a file."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs
from training_events.event import Event, Producer
from training_events.evidence.belonging import belonging
from training_events.evidence.check import Check
from training_events.evidence.writing import Contents, Written, write_evidence
from training_events.proof.attestation import signed_provenance
from training_events.proof.sealing import seal_stream
from training_events.proof.tree.leaf import Leaf, read_leaf
from training_events.reading.opening import Sources

from tests.support.asking import asked_log
from tests.support.seals import InMemorySeals
from tests.support.trees import GrowingTree

DATASET, RUN, MODEL = "dataset/digits", "run/digits-1", "model/digits"
SUBJECT = f"{MODEL}@3"
AT = "2026-11-22T16:00:00.000000Z"
DATA, WEIGHTS = b"label,pixel\n1,2\n", b"weights"


class Evident(NamedTuple):
    """A log whose events are in a tree; `folder` has the files that they name."""

    sources: Sources
    tree: GrowingTree
    folder: Path

    def append(self, *events: Event) -> None:
        for event in events:
            self.sources.log.append(event)
            if self.sources.projector is not None:
                self.sources.projector.refold(event.stream)

    def seal(self, stream: str) -> None:
        assert self.sources.seals is not None
        seal_stream(self.sources.log, self.sources.seals, stream)

    def cover(self, at: str = AT, next_key: bytes | None = None) -> None:
        """Publish a checkpoint over all events so far, as a notary does."""
        known = {(leaf.stream, leaf.position) for leaf in map(read_leaf, self.tree.index.contents)}
        leaves = [leaf for stream in sorted(self.sources.log.streams()) for leaf in self.leaves(stream)]
        self.tree.take(leaf for leaf in leaves if (leaf.stream, leaf.position) not in known)
        self.tree.checkpoint(at, next_key=next_key)

    def leaves(self, stream: str) -> Iterator[Leaf]:
        for it in self.sources.log.read(stream):
            yield Leaf(stream, it.event.position, it.digest, it.recorded_at, it.account, it.event.source)

    def evidence(self, subject: str = SUBJECT, *, files: bool = False, key: bytes | None = None) -> tuple[bytes, Written]:
        """The bytes of a file of evidence, and what is in it."""
        tree = self.tree.reader(key)
        signed = tree.newest_signed()
        assert signed is not None
        about = belonging(self.sources, subject, print)
        envelope = None
        if about.version is not None:
            asked = {"stream": about.stream, "version": about.version}
            envelope = signed_provenance(self.sources.log, asked, self.tree.signer)
        file = io.BytesIO()
        contents = Contents(envelope, files=files)
        written = write_evidence(self.sources, tree, signed, about, file, contents=contents, show=print)
        return file.getvalue(), written

    def stored(self, name: str, content: bytes) -> dict[str, Any]:
        """A file, as an event names it."""
        path = self.folder / name
        path.write_bytes(content)
        return {"uri": path.as_uri(), "sha256": sha256(content).hexdigest(), "bytes": len(content), "in_place": True}


@contextmanager
def evident_log(kind: str, folder: Path) -> Iterator[Evident]:
    """A dataset, a run that read it, and three versions of a model: sealed, and covered by a checkpoint."""
    with asked_log(kind, folder) as asked:
        sources = asked.sources if kind == "sqlite" else structs.replace(asked.sources, seals=InMemorySeals())
        evident = Evident(sources, GrowingTree(), folder)
        evident.append(Event("d1", DATASET, "DatasetRegistered", at(0), "tests", evident.stored("digits.csv", DATA)))
        evident.append(*a_run(evident))
        for version in (1, 2, 3):
            evident.append(registration(evident, version))
        for stream in (DATASET, RUN, MODEL):
            evident.seal(stream)
        evident.append(Event("t1", MODEL, "Tagged", at(30), "tests", {"tags": {"note": "after the seal"}}))
        evident.cover()
        yield evident


def a_run(evident: Evident, stream: str = RUN) -> Iterator[Event]:
    """A training that numbers and chains its events."""
    facts: list[tuple[str, dict[str, Any]]] = [
        ("TrainingStarted", {"hyperparameters": {"C": 1e-7}, "datasets": [evident.stored("digits.csv", DATA)]}),
        *(("MetricsRecorded", {"points": [{"name": "loss", "value": 1 / step, "step": step}]}) for step in (1, 2, 3)),
        ("ArtifactSaved", {"name": "weights", **evident.stored("weights.bin", WEIGHTS)}),
        ("TrainingCompleted", {}),
    ]
    previous = None
    for number, (type_, data) in enumerate(facts, 1):
        event = Event(f"{stream}-{number}", stream, type_, at(number), "tests", data, producer=Producer("p", number, previous))
        previous = event.digest
        yield event


def registration(evident: Evident, version: int) -> Event:
    *_, last = evident.sources.log.read(RUN)
    head = {"events": 6, "position": last.event.position, "digest": last.digest}
    artifact = evident.stored("weights.bin", WEIGHTS)
    data = {"version": version, "run": RUN, "artifact": artifact, "run_head": head}
    return Event(f"m{version}", MODEL, "ModelRegistered", at(20 + version), "tests", data)


def at(second: int) -> str:
    return f"2026-11-22T15:00:{second:02d}.000000Z"


def files_of(evidence: bytes) -> dict[str, bytes]:
    """The files in it, by name."""
    with zipfile.ZipFile(io.BytesIO(evidence)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes], *, consistent: bool = True) -> bytes:
    """A file of evidence with these files. `consistent` gives evidence.json the digests that they have now."""
    files = dict(files)
    if consistent:
        manifest = json.loads(files["evidence.json"])
        manifest["files"] = {name: sha256(content).hexdigest() for name, content in files.items() if name != "evidence.json"}
        files["evidence.json"] = json.dumps(manifest).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def problems(evidence: bytes, key: bytes | None = None) -> list[str]:
    return Check(io.BytesIO(evidence), key).problems
