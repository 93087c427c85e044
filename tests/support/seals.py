"""For tests of proof: a log that can be tampered with, seals in memory, and what honest producers record."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import IO, Any

from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.canonical import canonical_json, digest_of_bytes
from training_events.errors import LogAltered, Overtaken
from training_events.event import Event, Producer, RecordedEvent
from training_events.proof.findings import Kind
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import Lock, next_seal, read_event, read_seal, seal_line
from training_events.proof.seal_store import StoredSeal
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import Verification
from training_events.stores.damage import as_audited
from training_events.stores.event_log import AuditedEvent, Damaged

from tests.support.fakes import InMemoryLog

STREAM = "run/a"
# few, so that clocks often stand still or step back
TIMES = [f"2026-11-22T15:08:39.{microsecond:06d}Z" for microsecond in (0, 1, 2, 3, 4)]


class TamperedLog(InMemoryLog):
    """A log whose store somebody may write to: `records` holds whatever is put there."""

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        for position, record in self._of(stream):
            if isinstance(record, Damaged):
                yield record
            elif record.event.position != position:
                yield Damaged(stream, position, "it is another event")
            else:
                yield as_audited(record)

    def overwrite(
        self, event: Event, *, digest: str | None = None, position: str | None = None, recorded_at: str | None = None
    ) -> None:
        """Put the event in the place of what is there, which keeps its time of recording unless another is given."""
        key = event.stream, position or event.position
        current = self.records[key]
        time = recorded_at or (current.recorded_at if isinstance(current, RecordedEvent) else TIMES[0])
        self.records[key] = RecordedEvent(event, time, digest or event.digest)

    def remove(self, event: Event) -> None:
        del self.records[event.stream, event.position]


class InMemorySeals:
    """Seals that are bytes in a dict."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, int], bytes] = {}

    def streams(self) -> Iterator[str]:
        return iter({stream for stream, _ in self.contents})

    def of(self, stream: str) -> list[StoredSeal]:
        contents = sorted((number, content) for (name, number), content in self.contents.items() if name == stream)
        return [StoredSeal(number, partial(BytesIO, content)) for number, content in contents]

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:  # noqa: ARG002 - as the protocol has it
        return next(reversed(self.of(stream)), None)

    def lock_of(self, sealed_at: str) -> None:  # noqa: ARG002 - as the protocol has it
        return None

    def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:  # noqa: ARG002
        if (stream, number) in self.contents:
            raise Overtaken(f"{stream} has a seal {number}")
        self.contents[stream, number] = content.read()


@dataclass
class Recorder:
    """Numbers and chains its events, as the package's own recorder does. Without a name it is a third party, which does not."""

    name: str | None
    stream: str = STREAM
    sequence: int = 0
    previous: str | None = None

    def event(self, event_id: str, occurred_at: str, **data: Any) -> Event:
        producer = None
        if self.name is not None:
            self.sequence += 1
            producer = Producer(self.name, self.sequence, self.previous)
        event = Event(event_id, self.stream, "Happened", occurred_at, "tests", data, producer=producer)
        self.previous = event.digest
        return event


@st.composite
def histories(draw: st.DrawFn, min_size: int = 0, max_size: int = 12) -> list[Event]:
    """Events of two recorders and a third party, in the order in which they were made. Clocks stand still and step back."""
    recorders = [Recorder("p"), Recorder("q"), Recorder(None)]
    step = st.tuples(st.sampled_from(recorders), st.sampled_from(TIMES))
    steps = draw(st.lists(step, min_size=min_size, max_size=max_size))
    ids = draw(st.permutations(range(len(steps))))
    return [
        recorder.event(f"e{number:02d}", time, loss=number / 8) for (recorder, time), number in zip(steps, ids, strict=True)
    ]


def alter(event: Event, **changes: Any) -> Event:
    """The event as somebody altered it. `producer_…` changes a field of its producer."""
    of_producer = {name.removeprefix("producer_"): changes.pop(name) for name in list(changes) if name.startswith("producer_")}
    if of_producer:
        assert event.producer is not None
        changes["producer"] = replace(event.producer, **of_producer)
    return replace(event, **changes)


NONEMPTY_HISTORIES = histories(min_size=1)


def record(events: Iterable[Event], seal_after: Collection[int] = ()) -> tuple[TamperedLog, InMemorySeals]:
    """A log and its seals. The stream is sealed after each of the events with these numbers (from 0)."""
    log, seals = TamperedLog(), InMemorySeals()
    for number, event in enumerate(events):
        log.append(event)
        if number in seal_after:
            seal_stream(log, seals, STREAM)
    return log, seals


def record_and_seal(data: st.DataObject, history: list[Event]) -> tuple[TamperedLog, InMemorySeals]:
    """A log and its seals: events arrive in any order, the stream is sealed at any moments, and at the end."""
    arrivals = data.draw(st.permutations(history), label="arrivals")
    sealed_after = data.draw(st.sets(st.integers(0, len(history) - 1)), label="sealed after")
    return record(arrivals, sealed_after | {len(history) - 1})


def seal_as_version_0_1_0(log: TamperedLog, seals: InMemorySeals) -> None:
    """Seal what no seal covers yet, as the first version did: without `recorded_at`, and without what tells of it."""
    covered = {
        read_event(line, number).position for (_, number), seal in seals.contents.items() for line in seal.splitlines()[1:]
    }
    new = [record for record in log.read(STREAM) if record.event.position not in covered]
    if not new:
        return
    number = len(seals.contents)
    last = seals.contents.get((STREAM, number))
    before = None if last is None else read_seal(last.splitlines()[0])
    tree = MerkleTree() if before is None else before.tree
    lines = [canonical_json([record.event.position, record.digest]) for record in new]
    for line in lines:
        tree.append(line)
    first, last_position = new[0].event.position, new[-1].event.position
    previous = None if last is None else digest_of_bytes(last)
    seal = next_seal(before, tree, stream=STREAM, sealed_at=TIMES[0], first=first, last=last_position, previous=previous)
    seals.write(STREAM, number + 1, BytesIO(b"".join(line + b"\n" for line in [seal_line(seal), *lines])))


def go_on(log: TamperedLog, seals: InMemorySeals) -> None:
    """An event arrives, and the stream is sealed again, unless sealing finds what is wrong and refuses."""
    log.append(Recorder(None).event("arrives later", TIMES[0]))
    with suppress(LogAltered):
        seal_stream(log, seals, STREAM)


def kinds(verification: Verification) -> set[Kind]:
    return {finding.kind for finding in verification.findings}
