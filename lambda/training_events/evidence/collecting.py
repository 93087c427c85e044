"""Collects what the checkpoint covers of each stream: its events as they were recorded, their proofs, seals, and files."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct, structs

from training_events import folds
from training_events.canonical import canonical_json, digest_of_bytes
from training_events.catalogue.stored import Stored
from training_events.errors import NotAsRecorded
from training_events.evidence.check import files_named
from training_events.evidence.facts import MAX_SHOWN_EVENTS, ArtifactFacts, ShownEvent, StreamFacts
from training_events.folds.run_state import RunState
from training_events.folds.standing import is_known, standing_metrics
from training_events.proof.seal_format import FLAWS, read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from training_events.event import Event, LogEntry, RecordedEvent
    from training_events.evidence.archive import Archive
    from training_events.evidence.facts import Role
    from training_events.proof.tree.leaf import Leaf
    from training_events.proof.tree.reader import TreeReader
    from training_events.reading.opening import Sources

MAX_NAME_BYTES = 150
"""Of a stream's name in the name of a file: whoever unpacks the file has to be able to write it."""
_SHOWN_EVERY = 500
_KINDS = {
    "ArtifactSaved": "artifact",
    "CheckpointSaved": "checkpoint",
    "DatasetRegistered": "dataset",
    "DatasetUsed": "dataset",
    "ModelRegistered": "model",
    "TrainingStarted": "input",
    "TrainingRequested": "input",
}
"""What the events of a type call the files that they name."""


class Collector:
    """Writes streams into the archive, one after the other, and the proofs of their events into another file."""

    def __init__(
        self, sources: Sources, tree: TreeReader, size: int, *, archive: Archive, proofs: IO[bytes], show: Callable[[str], None]
    ) -> None:
        self._sources, self._tree, self._size = sources, tree, size
        self._archive, self._proofs, self._show = archive, proofs, show
        self._named: dict[tuple[Any, ...], ArtifactFacts] = {}
        self._events = 0

    @property
    def artifacts(self) -> list[ArtifactFacts]:
        """The files that the events so far name."""
        return list(self._named.values())

    def collect(self, stream: str, role: Role) -> StreamFacts:
        """Raises NotAsRecorded where log and tree disagree, and BadTree where the tree contradicts itself."""
        places = {leaf.position: (number, leaf) for number, leaf in self._tree.places(stream) if number < self._size}
        name = file_name(stream)
        collected = _Stream(f"events/{name}.jsonl")

        def covered() -> Iterator[LogEntry]:
            for recorded in self._sources.log.read(stream):
                if (place := places.get(recorded.event.position)) is None:
                    collected.later += 1
                    continue
                file.write(self._line(recorded, *place, collected))
                yield recorded.entry

        with self._archive.writing(collected.file) as file:
            state = folds.fold(folds.empty(stream), covered())
        if collected.lines < len(places):
            raise NotAsRecorded(f"the log lacks {len(places) - collected.lines} events of {stream}, which its tree has")
        if isinstance(state, RunState) and not is_known(state):
            state.metrics = standing_metrics(stream, partial(self._covered_entries, stream, places))
        seals = list(self._seals(stream, name, places))
        return StreamFacts(stream, role, state, collected.lines, collected.later, collected.shown, collected.file, seals)

    def _line(self, recorded: RecordedEvent, number: int, leaf: Leaf, collected: _Stream) -> bytes:
        """The event's line, after its proof was written."""
        event, text = recorded.event, recorded.event.canonical
        noted = (digest_of_bytes(text), recorded.recorded_at, recorded.account, event.source)
        if noted != (leaf.digest, leaf.recorded_at, leaf.account, leaf.source):
            raise NotAsRecorded(
                f"{event.stream}: the event at {event.position} is not the one of leaf {number} of the log's tree"
            )
        proof = [node.hex() for node in self._tree.inclusion_proof(number, self._size)]
        separator = b",\n" if self._events else b""
        self._proofs.write(separator + canonical_json({"index": number, "leaf": list(leaf), "proof": proof}))
        self._events += 1
        if self._events % _SHOWN_EVERY == 0:
            self._show(f"{self._events:,} events collected")
        collected.lines += 1
        if event.type != "MetricsRecorded" and len(collected.shown) < MAX_SHOWN_EVENTS:
            shown = (event.position, event.type, leaf.recorded_at, leaf.account, leaf.source, leaf.digest, number)
            collected.shown.append(ShownEvent(*shown, collected.lines))
        self._name_files(event, text)
        return text + b"\n"

    def _name_files(self, event: Event, text: bytes) -> None:
        kind, name = _KINDS.get(event.type, "file"), event.data.get("name") if event.type == "ArtifactSaved" else None
        for named in files_named(json.loads(text)["data"]):  # read as whoever checks it reads it
            uri, version_id, sha256, size, in_place = named
            stored = Stored(uri, version_id, sha256, size, in_place)
            artifact = self._named.setdefault(named, ArtifactFacts(stored, [], None, [], None))
            artifact.named_by.append(f"{event.stream} {event.position}")
            if kind not in artifact.kinds:
                artifact.kinds.append(kind)
            if artifact.name is None and isinstance(name, str):
                self._named[named] = structs.replace(artifact, name=name)

    def _covered_entries(self, stream: str, places: Collection[str]) -> Iterator[LogEntry]:
        return (entry for entry in self._sources.log.entries(stream) if entry.position in places)

    def _seals(self, stream: str, name: str, places: Collection[str]) -> Iterator[str]:
        """The names of the seals' files, up to the first seal that covers what the checkpoint does not."""
        for seal in () if self._sources.seals is None else self._sources.seals.of(stream):
            lines = list(seal.lines())
            if not all(position in places for position in _positions(lines)):
                return
            file = f"seals/{name}/{seal.number:06d}.jsonl"
            self._archive.add(file, b"".join(lines))
            yield file


class _Stream(Struct):
    """What was collected of a stream so far."""

    file: str
    lines: int = 0
    later: int = 0
    shown: list[ShownEvent] = []


def _positions(seal: list[bytes]) -> Iterator[str]:
    """Those of the events that it covers. A line that is none is left to whoever checks the seal."""
    for line in seal[1:]:
        with suppress(*FLAWS):
            yield read_event(line, 0).position


def file_name(stream: str) -> str:
    """A name for files of this stream, which every file system takes: `run/digits-7`. Two streams never share one."""
    kind, _, name = stream.partition("/")
    quoted = quote(name, safe="@+,()")
    if len(quoted) > MAX_NAME_BYTES:
        return f"{kind}/sha256={sha256(name.encode()).hexdigest()}"  # no other name has a =
    return f"{kind}/{quoted.replace('.', '%2E') if not quoted.strip('.') else quoted}"
