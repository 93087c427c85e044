"""Whatever is done to the seals of a stream is verification, and nothing is sealed on top of it."""

import json
from io import BytesIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.canonical import digest_of_bytes
from training_events.proof.findings import Kind
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import event_line, next_seal, read_seal, seal_line
from training_events.proof.verification import verify

from tests.support.seals import NONEMPTY_HISTORIES, STREAM, TIMES, Recorder, go_on, kinds, record, record_and_seal

NOT_JSON = [b"", b"\xff", b'["\xff", "\xff"]', b'["\\ud800", ""]', b"[" * 100_000, b'{"more":' + b"[" * 100_000]
OTHER_VALUES = {str: "sha256:" + 64 * "0", int: 77, list: ["sha256:" + 64 * "0"]}


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def remove_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    del lines[draw(st.integers(0, len(lines) - 1))]
    return joined(lines)


def double_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    index = draw(st.integers(0, len(lines) - 1))
    return joined([*lines[: index + 1], *lines[index:]])


def alter_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    index = draw(st.integers(1, len(lines) - 1))
    position, digest, recorded_at = json.loads(lines[index])
    values: list[Any] = [
        [position, digest[:-1] + "!", recorded_at],
        [position + "!", digest, recorded_at],
        [position, digest, recorded_at + "!"],
        [position, digest],
        [position, digest, recorded_at, recorded_at],
        [position],
        {},
        [1, 2],
        None,
    ]
    lines[index] = draw(st.sampled_from([*(json.dumps(value).encode() for value in values), *NOT_JSON]))
    return joined(lines)


def add_a_line(_: Any, seal: bytes) -> bytes:
    position, *more = json.loads(seal.splitlines()[-1])
    return seal + json.dumps([position + "~", *more]).encode() + b"\n"


def alter_the_first_line(draw: Any, seal: bytes) -> bytes:
    first, *lines = seal.splitlines()
    fields = json.loads(first)
    name = draw(st.sampled_from(sorted(fields.keys() - {"sealed_at"})))
    if draw(st.booleans()):
        del fields[name]
    else:
        fields[name] = OTHER_VALUES[type(fields[name])]
    return joined([json.dumps(fields).encode(), *lines])


def alter_the_time(_: Any, seal: bytes) -> bytes:
    first, rest = seal.split(b"\n", 1)
    return json.dumps(json.loads(first) | {"sealed_at": TIMES[0]}).encode() + b"\n" + rest


def replace_the_first_line(draw: Any, seal: bytes) -> bytes:
    return joined([draw(st.sampled_from(NOT_JSON)), *seal.splitlines()[1:]])


def cut_off(draw: Any, seal: bytes) -> bytes:
    return seal[: draw(st.integers(0, len(seal) - 2))]  # nothing depends on the last byte, a newline


def alter_a_byte(draw: Any, seal: bytes) -> bytes:
    content = bytearray(seal)
    content[draw(st.integers(0, len(seal) - 1))] ^= draw(st.integers(1, 255))
    return bytes(content)


WAYS = [remove_a_line, double_a_line, alter_a_line, add_a_line, alter_the_first_line, replace_the_first_line, cut_off]
WAYS_IF_ANOTHER_SEAL_FOLLOWS = [*WAYS, alter_the_time, alter_a_byte]


@given(NONEMPTY_HISTORIES, st.data())
def test_a_tampered_seal_is_found(history, data):
    log, seals = record_and_seal(data, history)
    number = data.draw(st.integers(1, len(seals.contents)))
    is_last = number == len(seals.contents)
    tamper = data.draw(st.sampled_from(WAYS if is_last else WAYS_IF_ANOTHER_SEAL_FOLLOWS))
    seals.contents[STREAM, number] = tamper(data.draw, seals.contents[STREAM, number])
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert Kind.BROKEN_SEAL in kinds(verification)
    assert {number, number + 1} & {finding.seal for finding in verification.findings}, (
        "the seal itself, or the seal after it, which continues another tree"
    )
    go_on(log, seals)
    verification = verify(log, seals, STREAM)
    assert not verification.sound, "no further seal hides it"
    assert Kind.BROKEN_SEAL in kinds(verification)


@given(NONEMPTY_HISTORIES, st.data())
def test_swapped_seals_are_found(history, data):
    arrivals = data.draw(st.permutations([*history, Recorder(None).event("another", TIMES[0])]))
    log, seals = record(arrivals, range(len(arrivals)))
    first, second, *_ = data.draw(st.permutations(sorted(seals.contents)))
    seals.contents[first], seals.contents[second] = seals.contents[second], seals.contents[first]
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert Kind.BROKEN_SEAL in kinds(verification)


@given(NONEMPTY_HISTORIES, st.data())
def test_another_streams_seals_are_found(history, data):
    """The other stream has the same events, but for their stream."""
    log, seals = record_and_seal(data, history)
    for (_, number), content in list(seals.contents.items()):
        seals.contents["run/b", number] = content
    for event in history:
        log.append(replace(event, stream="run/b"))
    assert Kind.BROKEN_SEAL in kinds(verify(log, seals, "run/b"))


def test_a_position_that_two_seals_cover_is_found():
    """Apart from that, the second seal is valid."""
    event = Recorder(None).event("e", TIMES[0])
    log, seals = record([event], {0})
    first = seals.contents[STREAM, 1]
    before, line = read_seal(first.splitlines()[0]), first.splitlines()[1]
    *_, recorded_at = json.loads(line)
    tree = before.tree
    tree.append(line)
    second = next_seal(
        before,
        tree,
        stream=STREAM,
        sealed_at=TIMES[0],
        first=event.position,
        last=event.position,
        previous=digest_of_bytes(first),
        recorded_after=recorded_at,
    )
    seals.write(STREAM, 2, BytesIO(joined([seal_line(second), line])))
    [finding] = verify(log, seals, STREAM).findings
    assert (finding.kind, finding.position, finding.seal) == (Kind.BROKEN_SEAL, event.position, 2)


def test_lines_out_of_key_order_are_found():
    """Apart from that, the seal is valid. Log and seals are merged in key order."""
    events = [Recorder(None).event("e", TIMES[1]), Recorder(None).event("e", TIMES[0])]
    log, seals = record(events)
    recorded_at = {record.event.position: record.recorded_at for record in log.read(STREAM)}
    lines = [event_line(event.position, event.digest, recorded_at[event.position]) for event in events]
    tree = MerkleTree()
    for line in lines:
        tree.append(line)
    first, last = (event.position for event in events)
    seal = next_seal(None, tree, stream=STREAM, sealed_at=TIMES[0], first=first, last=last, previous=None)
    seals.write(STREAM, 1, BytesIO(joined([seal_line(seal), *lines])))
    assert kinds(verify(log, seals, STREAM)) == {Kind.BROKEN_SEAL}


@given(NONEMPTY_HISTORIES, st.data())
def test_a_removed_seal_is_found_when_another_follows(history, data):
    arrivals = data.draw(st.permutations([*history, Recorder(None).event("another", TIMES[0])]))
    log, seals = record(arrivals, range(len(arrivals)))
    number = data.draw(st.integers(1, len(seals.contents) - 1))
    del seals.contents[STREAM, number]
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert [(finding.kind, finding.seal) for finding in verification.findings if finding.kind is not Kind.GAP] == [
        (Kind.BROKEN_SEAL, number)
    ]


def test_a_seal_of_nothing_is_found():
    """Its fields are as consistent as those of a seal without events can be."""
    log, seals = record([])
    nothing = {"stream": STREAM, "number": 1, "sealed_at": TIMES[0], "events": 0, "added": 0, "first": "", "last": ""}
    root = digest_of_bytes(b"")
    seals.write(STREAM, 1, BytesIO(joined([json.dumps(nothing | {"root": root, "frontier": []}).encode()])))
    assert [finding.kind for finding in verify(log, seals, STREAM).findings] == [Kind.BROKEN_SEAL]
