"""What every seal store must do. A new store is added to the fixture `seals`."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from training_events import aws
from training_events.errors import Overtaken
from training_events.event import RecordedEvent
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.seal_store import SealStore
from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import verify
from training_events.stores.sqlite.database import Database

from tests.support.dynamodb import aws_in_this_process
from tests.support.seals import STREAM, TIMES, InMemorySeals, Recorder, TamperedLog

BUCKET = "data"


@pytest.fixture(params=["memory", "s3", "sqlite"])
def seals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SealStore]:
    if request.param == "memory":
        yield InMemorySeals()
    elif request.param == "sqlite":
        database = Database(str(tmp_path / "log.db"))
        with database.transaction():  # creates the file, as the first event does
            pass
        yield SqliteSealStore(database)
    else:
        with aws_in_this_process():
            s3 = aws.client("s3")
            location = {"LocationConstraint": "eu-central-1"}
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
            yield S3SealStore(BUCKET, s3, mode="GOVERNANCE", days=1)


def lines_by_number(seals: SealStore, stream: str) -> dict[int, list[bytes]]:
    stored = seals.of(stream)
    assert [seal.disturbance for seal in stored] == [None] * len(stored)
    assert [seal.number for seal in stored] == sorted(seal.number for seal in stored)
    return {seal.number: list(seal.lines()) for seal in stored}


def test_an_unknown_stream_has_no_seals(seals: SealStore):
    assert seals.of("run/never") == []


def test_seals_are_read_line_by_line_in_the_order_of_their_numbers(seals: SealStore):
    for number in (1, 2, 10, 9):
        seals.write("run/a", number, BytesIO(b'{"n":%d}\n["a","b"]\n' % number))
    assert lines_by_number(seals, "run/a") == {number: [b'{"n":%d}\n' % number, b'["a","b"]\n'] for number in (1, 2, 9, 10)}


def test_the_last_seal_is_found_from_any_number_that_the_stream_is_said_to_have(seals: SealStore):
    assert seals.last("run/a") is None
    assert seals.last("run/a", known=3) is None
    for number in range(1, 13):
        seals.write("run/a", number, BytesIO(b"%d\n" % number))
        seals.write("run/ab", number + 1, BytesIO(b"of another stream\n"))
    for known in (0, 1, 2, 11, 12, 13, 999, 10**9):
        last = seals.last("run/a", known)
        assert last
        assert (last.number, list(last.lines())) == (12, [b"12\n"])


def test_a_number_can_be_written_only_once(seals: SealStore):
    seals.write("run/a", 1, BytesIO(b"first\n"))
    with pytest.raises(Overtaken):
        seals.write("run/a", 1, BytesIO(b"second\n"))
    assert lines_by_number(seals, "run/a") == {1: [b"first\n"]}


def test_a_seal_can_be_read_by_several_readers_at_once(seals: SealStore):
    seals.write("run/a", 1, BytesIO(b"a\nb\n"))
    [seal] = seals.of("run/a")
    first, second = seal.lines(), seal.lines()
    assert [next(first), next(second), *first, *second] == [b"a\n", b"a\n", b"b\n", b"b\n"]


def test_a_long_seal_is_read_whole(seals: SealStore):
    lines = [b'["2026-11-22T15:08:39.000000Z#%08d","sha256:%064d"]\n' % (number, number) for number in range(15_000)]
    seals.write("run/a", 1, BytesIO(b"".join(lines)))
    assert lines_by_number(seals, "run/a") == {1: lines}


NAMES = [
    "run/a", "model/a", "run/A", "run/a/b", "run/a/000001.jsonl", "run/a%2Fb", "run/a%", "run/a b", "run/a+b",
    "run/\u00e9", "run/e\u0301",
    "run/.", "run/..", "run/...", "run/a?b#c&d", "run/a\\b", "run/'\"", "run/😀", "run/sha256=00", "run//a", "run/a/",
    "run/" + "x" * 2044, "run/" + "x" * 2043 + "y", "run/" + "é" * 1000,
]  # fmt: skip


def test_streams_of_any_name_do_not_share_seals(seals: SealStore):
    for name in NAMES:
        seals.write(name, 1, BytesIO(name.encode() + b"\n"))
    for name in NAMES:
        assert lines_by_number(seals, name) == {1: [name.encode() + b"\n"]}


def test_every_sealed_stream_is_listed(seals: SealStore):
    assert list(seals.streams()) == []
    for name in NAMES:
        log, event = TamperedLog(), Recorder(None, name).event("e", TIMES[0])
        log.records[name, event.position] = RecordedEvent(event, TIMES[1], event.digest)  # version 0.1.0 took any name
        seal_stream(log, seals, name)
    assert sorted(seals.streams()) == sorted(NAMES)


def test_sealing_and_verifying_work_with_this_store(seals: SealStore):
    log, recorder = TamperedLog(), Recorder("p")
    events = [recorder.event(f"e{number}", time) for number, time in enumerate(reversed(TIMES))]
    for event in events[:3]:
        log.append(event)
    first = seal_stream(log, seals, STREAM)
    assert first
    assert (first.number, first.events, first.added, first.previous) == (1, 3, 3, None)
    assert seal_stream(log, seals, STREAM) is None
    for event in events[3:]:
        log.append(event)
    assert verify(log, seals, STREAM).seals.not_covered == 2
    second = seal_stream(log, seals, STREAM)
    assert second
    assert (second.number, second.events, second.added) == (2, 5, 2)
    verification = verify(log, seals, STREAM)
    assert verification.sound
    assert verification.complete
    assert (verification.seals.count, verification.seals.covered, verification.seals.root) == (2, 5, second.root)
    log.remove(events[4])
    assert [finding.position for finding in verify(log, seals, STREAM).findings] == [events[4].position]
