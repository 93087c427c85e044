"""Sealing and verifying hold neither the stream nor its seals in memory."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote

from training_events.event import RecordedEvent
from training_events.proof import sealing
from training_events.proof.findings import Kind
from training_events.proof.seal_format import Lock
from training_events.proof.seal_store import StoredSeal
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import Verification, verify
from training_events.stores.damage import as_audited
from training_events.stores.event_log import AuditedEvent

from tests.support.memory import peak
from tests.support.seals import STREAM, TIMES, Recorder, TamperedLog


class LongLog(TamperedLog):
    """Makes its events as they are read. The clock steps back between every two events, and number 5 is missing."""

    def __init__(self, events: int) -> None:
        super().__init__()
        self.length = events

    def audit(self, stream: str) -> Iterator[AuditedEvent]:
        recorder = Recorder("p", stream)
        for number in range(0, self.length, 2):
            later, earlier = recorder.event(f"{number + 1:08d}", TIMES[0]), recorder.event(f"{number:08d}", TIMES[0])
            for event in (earlier, later):
                if event.producer and event.producer.sequence != 5:
                    yield as_audited(RecordedEvent(event, TIMES[1], event.digest))


def lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        yield from content


class FileSeals:
    """Seals in files. They are never held in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def streams(self) -> Iterator[str]:
        return iter(())  # not called here

    def of(self, stream: str) -> list[StoredSeal]:
        files = enumerate(sorted(self.folder.glob(f"{quote(stream, '')}-*")), 1)
        return [StoredSeal(number, partial(lines, file)) for number, file in files]

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:  # noqa: ARG002 - as the protocol has it
        return next(reversed(self.of(stream)), None)

    def lock_of(self, sealed_at: str) -> None:  # noqa: ARG002 - as the protocol has it
        return None

    def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:  # noqa: ARG002
        with (self.folder / f"{quote(stream, '')}-{number}").open("wb") as file:
            shutil.copyfileobj(content, file)


def seal(folder: Path, events: int) -> None:
    sealing.SPOOL_BYTES = 2**12  # in a process of its own; or the shorter seal would stay in memory
    seal_stream(LongLog(events), FileSeals(folder), STREAM)


def verified(folder: Path, events: int) -> Verification:
    return verify(LongLog(events), FileSeals(folder), STREAM)


def test_sealing_and_verifying_a_longer_stream_takes_no_more_memory(tmp_path):
    peaks = {}
    for events in (2_000, 20_000):
        folder = tmp_path / str(events)
        folder.mkdir()
        sealing_bytes, _ = peak(seal, folder, events)
        verifying_bytes, verification = peak(verified, folder, events)
        assert verification.sound
        assert verification.seals.covered == verification.events == events - 1
        assert [(gap.kind, gap.sequence) for gap in verification.findings] == [(Kind.GAP, 5)]
        peaks[events] = sealing_bytes, verifying_bytes
    for short, long in zip(*peaks.values(), strict=True):
        assert long < short + 50_000, "at most three bytes for each further event"
