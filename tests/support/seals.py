"""For tests of proof: a log that can be tampered with, seals in memory, and what honest producers record."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import IO, Any

from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.errors import Overtaken
from training_events.event import Event, Producer, RecordedEvent
from training_events.proof.findings import Kind
from training_events.proof.seal_store import StoredSeal
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import Verification
from training_events.stores.event_log import Damaged

from tests.support.fakes import InMemoryLog

STREAM = "run/a"
# few, so that clocks often stand still or step back
TIMES = [f"2026-11-22T15:08:39.{microsecond:06d}Z" for microsecond in (0, 1, 2, 3, 4)]


class TamperedLog(InMemoryLog):
    """A log for one who may write to its store: `records` holds whatever is put there."""

    def audit(self, stream: str) -> Iterator[RecordedEvent | Damaged]:
        for position, record in self._of(stream):
            stays = isinstance(record, Damaged) or record.event.position == position
            yield record if stays else Damaged(stream, position, "it is another event")

    def holds(self, event: Event, digest: str | None = None, at: str | None = None) -> None:
        key = event.stream, at or event.position
        self.records[key] = RecordedEvent(event, "2026-11-22T15:08:40.000000Z", digest or event.digest)

    def loses(self, event: Event) -> None:
        del self.records[event.stream, event.position]


class InMemorySeals:
    """Seals that are bytes in a dict."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, int], bytes] = {}

    def streams(self) -> Iterator[str]:
        return iter({stream for stream, _ in self.contents})

    def of(self, stream: str) -> list[StoredSeal]:
        mine = sorted((number, content) for (name, number), content in self.contents.items() if name == stream)
        return [StoredSeal(number, partial(BytesIO, content)) for number, content in mine]

    def write(self, stream: str, number: int, content: IO[bytes]) -> None:
        if self.contents.setdefault((stream, number), written := content.read()) is not written:
            raise Overtaken(f"{stream} has a seal {number}")


@dataclass
class Recorder:
    """Numbers and chains its events, as the package's own recorder does. Without a name it is a third party, and does not."""

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
    """What some recorders and a third party said, in the order they said it, by clocks that stand still and step back."""
    recorders = [Recorder("p"), Recorder("q"), Recorder(None)]
    said = st.tuples(st.sampled_from(recorders), st.sampled_from(TIMES))
    steps = draw(st.lists(said, min_size=min_size, max_size=max_size))
    ids = draw(st.permutations(range(len(steps))))
    return [by.event(f"e{name:02d}", time, loss=name / 8) for (by, time), name in zip(steps, ids, strict=True)]


def retold(event: Event, **changes: Any) -> Event:
    """The event as somebody altered it; `producer_…` changes what it says of its producer."""
    of_producer = {name.removeprefix("producer_"): changes.pop(name) for name in list(changes) if name.startswith("producer_")}
    if of_producer:
        assert event.producer is not None
        changes["producer"] = replace(event.producer, **of_producer)
    return replace(event, **changes)


SOME = histories(min_size=1)


def recorded(events: Iterable[Event], seal_behind: Collection[int] = ()) -> tuple[TamperedLog, InMemorySeals]:
    """A log and its seals, sealed each time the event of one of these numbers has arrived."""
    log, seals = TamperedLog(), InMemorySeals()
    for number, event in enumerate(events):
        log.append(event)
        if number in seal_behind:
            seal_stream(log, seals, STREAM)
    return log, seals


def sealed(data: st.DataObject, history: list[Event]) -> tuple[TamperedLog, InMemorySeals]:
    """Recorded in any order, with seals at any moments and a last one over all."""
    arrivals = data.draw(st.permutations(history), label="arrivals")
    moments = data.draw(st.sets(st.integers(0, len(history) - 1)), label="sealed behind")
    return recorded(arrivals, moments | {len(history) - 1})


def kinds(verification: Verification) -> set[Kind]:
    return {finding.kind for finding in verification.findings}
