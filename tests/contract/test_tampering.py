"""What somebody may do to a log where it is stored, and what `verify` finds of it. docs/design/proof.md has the same tables.

Each row is a tampering with one event. Each column is a kind of stream: one that is sealed, an open one whose producer numbers
and chains its events, and a plain one, of which nothing but digests is known. A None says that it is not found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from training_events.event import Event
from training_events.proof.findings import Kind
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import verify

from tests.support.dynamodb import dynamodb_log
from tests.support.seals import Recorder, alter
from tests.support.tampering import TamperedFile, TamperedStore, TamperedTable

STREAM = "model/m"
OTHER_TIME = "2026-11-22T15:08:39.500000Z"


class Tampering(NamedTuple):
    do: Callable[[TamperedStore, Event], None]
    sealed: Kind | None
    open: Kind | None
    plain: Kind | None
    noted: Kind = Kind.ALTERED
    """What is found where SQLite's triggers have noted it."""


def everywhere(kind: Kind, do: Callable[[TamperedStore, Event], None]) -> Tampering:
    return Tampering(do, kind, kind, kind)


def text(name: str, value: str) -> Tampering:
    """Another text under this name, and nothing else."""
    return everywhere(Kind.ALTERED, lambda store, victim: store.set_text(STREAM, victim.position, name, value))


def data(old: str, new: str) -> Tampering:
    """A part of the data's text, and nothing else."""

    def do(store: TamperedStore, victim: Event) -> None:
        recorded = victim.canonical_data.decode()
        assert old in recorded
        store.set_text(STREAM, victim.position, "data", recorded.replace(old, new))

    return everywhere(Kind.ALTERED, do)


def event(**changes: object) -> Tampering:
    """Other content, beside the digest of what was recorded."""
    return everywhere(
        Kind.ALTERED, lambda store, victim: store.rewrite(replace(victim, **changes), victim.position, victim.digest)
    )


def event_and_digest(store: TamperedStore, victim: Event) -> None:
    altered = replace(victim, data={**victim.data, "version": 7})
    store.rewrite(altered, victim.position, altered.digest)


def producer(store: TamperedStore, victim: Event) -> None:
    altered = alter(victim, producer_sequence=7) if victim.producer else replace(victim, correlation_id="c")
    store.rewrite(altered, victim.position, victim.digest)


def moved(store: TamperedStore, victim: Event) -> None:
    """The same event at another position, as the log sorts it."""
    store.set_text(STREAM, victim.position, "position", f"{OTHER_TIME}#{victim.event_id}")


def moved_altogether(store: TamperedStore, victim: Event) -> None:
    altered = replace(victim, occurred_at=OTHER_TIME)
    store.remove(STREAM, victim.position)
    store.log.append(altered)


TAMPERINGS: dict[str, Tampering] = {
    "content: another number": data('"version":1', '"version":2'),
    "content: the same number, written 1.0": data('"version":1', '"version":1.0'),
    "content: the same number, written 1e0": data('"version":1', '"version":1e0'),
    "content: -0.0 for 0": data('"zero":0', '"zero":-0.0'),
    "content: a blank": data('"version":1', '"version": 1'),
    "content: a blank at the end": data('"zero":0}', '"zero":0} '),
    "content: keys in another order": data('"version":1,"zero":0', '"zero":0,"version":1'),
    "content: an escaped character": data("é", "\\u00e9"),
    "content: a key twice": data('"version":1', '"version":2,"version":1'),
    "content: what is no JSON": everywhere(
        Kind.DAMAGED, lambda store, victim: store.set_text(STREAM, victim.position, "data", '{"version":')
    ),
    "content: its type": event(type="ModelRetired"),
    "content: its source": event(source="elsewhere"),
    "content: its schema version": event(schema_version=2),
    "content: its correlation id": event(correlation_id="c"),
    "content: its resources": event(resources=("arn",)),
    "content: its extensions": event(extensions={"x": 1}),
    "content and digest": Tampering(event_and_digest, Kind.ALTERED, Kind.BROKEN_CHAIN, None),
    "digest": text("digest", "sha256:" + "0" * 64),
    "the time at which the log took it: none": text("recorded_at", "yesterday"),
    "the time at which the log took it: not of UTC": text("recorded_at", "2026-11-22T15:08:40.000000+01:00"),
    "recorded_at": Tampering(
        lambda store, victim: store.set_text(STREAM, victim.position, "recorded_at", "2026-11-22T15:08:41.000000Z"),
        Kind.ALTERED,
        None,
        None,
    ),
    "position": Tampering(moved, Kind.DAMAGED, Kind.DAMAGED, Kind.DAMAGED, Kind.MISSING),
    "position and time, appended again": Tampering(moved_altogether, Kind.MISSING, Kind.BROKEN_CHAIN, None, Kind.MISSING),
    "producer": everywhere(Kind.ALTERED, producer),
    "foreign attribute": everywhere(Kind.ALTERED, lambda store, victim: store.add_foreign(STREAM, victim.position)),
    "removed": Tampering(
        lambda store, victim: store.remove(STREAM, victim.position), Kind.MISSING, Kind.GAP, None, Kind.MISSING
    ),
}


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[TamperedStore]:
    if kind == "DynamoDB":
        with dynamodb_log() as log:
            yield TamperedTable(log)
    else:
        yield TamperedFile(folder / "log.db", notes=kind == "SQLite with its notes")


@pytest.mark.parametrize("store", ["SQLite with its notes", "SQLite without them", "DynamoDB"])
@pytest.mark.parametrize("kind", ["sealed", "open", "plain"])
@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampering_is_found_or_known_not_to_be(tmp_path, store, kind, name):
    tampering = TAMPERINGS[name]
    with store_of(store, tmp_path) as tampered:
        recorder = Recorder(None if kind == "plain" else "p", STREAM)
        events = [
            recorder.event(f"e-{number}", f"2026-11-22T15:08:39.{number:06d}Z", version=1, zero=0, text="é")
            for number in range(4)
        ]
        for each in events:
            tampered.log.append(each)
        if kind == "sealed":
            seal_stream(tampered.log, tampered.seals, STREAM)
        assert verify(tampered.log, tampered.seals, STREAM).findings == []

        tampering.do(tampered, events[1])

        verification = verify(tampered.log, tampered.seals, STREAM)
        found = {finding.kind for finding in verification.findings}
        expected = getattr(tampering, kind)
        assert expected in found if expected else not found or store == "SQLite with its notes"
        if store == "SQLite with its notes":
            assert tampering.noted in found
        assert verification.sound == (found <= {Kind.GAP})
