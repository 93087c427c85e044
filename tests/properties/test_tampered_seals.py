"""Whatever is done to the seals of a stream is found, and nothing is sealed on top of it."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.canonical import digest_of_bytes
from training_events.errors import LogAltered
from training_events.proof.findings import Kind
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import event_line, next_seal, read_seal, seal_line
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import verify

from tests.support.seals import SOME, STREAM, TIMES, Recorder, kinds, recorded, sealed

NO_JSON = [b"", b"\xff", b'["\xff", "\xff"]', b'["\\ud800", ""]', b"[" * 100_000, b'{"more":' + b"[" * 100_000]
OTHER = {str: "sha256:" + 64 * "0", int: 77, list: ["sha256:" + 64 * "0"]}


def seal_of(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def lose_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    del lines[draw(st.integers(0, len(lines) - 1))]
    return seal_of(lines)


def double_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    at = draw(st.integers(0, len(lines) - 1))
    return seal_of([*lines[: at + 1], *lines[at:]])


def alter_a_line(draw: Any, seal: bytes) -> bytes:
    lines = seal.splitlines()
    at = draw(st.integers(1, len(lines) - 1))
    position, digest = json.loads(lines[at])
    said: list[Any] = [[position, digest[:-1] + "!"], [position + "!", digest], [position], {}, [1, 2], None]
    lines[at] = draw(st.sampled_from([*(json.dumps(one).encode() for one in said), *NO_JSON]))
    return seal_of(lines)


def add_a_line(_: Any, seal: bytes) -> bytes:
    position, digest = json.loads(seal.splitlines()[-1])
    return seal + json.dumps([position + "~", digest]).encode() + b"\n"


def alter_the_first_line(draw: Any, seal: bytes) -> bytes:
    first, *lines = seal.splitlines()
    said = json.loads(first)
    name = draw(st.sampled_from(sorted(said.keys() - {"sealed_at"})))
    if draw(st.booleans()):
        del said[name]
    else:
        said[name] = OTHER[type(said[name])]
    return seal_of([json.dumps(said).encode(), *lines])


def alter_when(_: Any, seal: bytes) -> bytes:
    first, rest = seal.split(b"\n", 1)
    return json.dumps(json.loads(first) | {"sealed_at": TIMES[0]}).encode() + b"\n" + rest


def replace_the_first_line(draw: Any, seal: bytes) -> bytes:
    return seal_of([draw(st.sampled_from(NO_JSON)), *seal.splitlines()[1:]])


def cut_off(draw: Any, seal: bytes) -> bytes:
    return seal[: draw(st.integers(0, len(seal) - 2))]  # of the last byte, a newline, nothing depends


def alter_a_byte(draw: Any, seal: bytes) -> bytes:
    content = bytearray(seal)
    content[draw(st.integers(0, len(seal) - 1))] ^= draw(st.integers(1, 255))
    return bytes(content)


WAYS = [lose_a_line, double_a_line, alter_a_line, add_a_line, alter_the_first_line, replace_the_first_line, cut_off]
WAYS_WHEN_ANOTHER_FOLLOWS = [*WAYS, alter_when, alter_a_byte]


@given(SOME, st.data())
def test_a_tampered_seal_is_found(history, data):
    log, seals = sealed(data, history)
    number = data.draw(st.integers(1, len(seals.contents)))
    is_last = number == len(seals.contents)
    tamper = data.draw(st.sampled_from(WAYS if is_last else WAYS_WHEN_ANOTHER_FOLLOWS))
    seals.contents[STREAM, number] = tamper(data.draw, seals.contents[STREAM, number])
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert Kind.BROKEN_SEAL in kinds(found)
    assert {number, number + 1} & {finding.seal for finding in found.findings}, "it, or the one that continues another"
    with pytest.raises(LogAltered):
        seal_stream(log, seals, STREAM)


@given(SOME, st.data())
def test_swapped_seals_are_found(history, data):
    arrivals = data.draw(st.permutations([*history, Recorder(None).event("another", TIMES[0])]))
    log, seals = recorded(arrivals, range(len(arrivals)))
    one, other = data.draw(st.permutations(sorted(seals.contents)))[:2]
    seals.contents[one], seals.contents[other] = seals.contents[other], seals.contents[one]
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert Kind.BROKEN_SEAL in kinds(found)


@given(SOME, st.data())
def test_another_streams_seals_are_found(history, data):
    """The events are there as well, and the same but for their stream."""
    log, seals = sealed(data, history)
    for (_, number), content in list(seals.contents.items()):
        seals.contents["run/b", number] = content
    for event in history:
        log.append(replace(event, stream="run/b"))
    assert Kind.BROKEN_SEAL in kinds(verify(log, seals, "run/b"))


def test_a_position_that_two_seals_cover_is_found():
    """In all other ways the second is as it should be."""
    event = Recorder(None).event("e", TIMES[0])
    log, seals = recorded([event], {0})
    first = seals.contents[STREAM, 1]
    before, line, at = read_seal(first.splitlines()[0]), event_line(event.position, event.digest), event.position
    tree = before.tree
    tree.append(line)
    again = next_seal(before, tree, stream=STREAM, sealed_at=TIMES[0], first=at, last=at, previous=digest_of_bytes(first))
    seals.write(STREAM, 2, BytesIO(seal_of([seal_line(again), line])))
    [finding] = verify(log, seals, STREAM).findings
    assert (finding.kind, finding.position, finding.seal) == (Kind.BROKEN_SEAL, event.position, 2)


def test_lines_out_of_key_order_are_found():
    """The seal is otherwise as it should be: log and seals are merged by that order."""
    said = [Recorder(None).event("e", TIMES[1]), Recorder(None).event("e", TIMES[0])]
    log, seals = recorded(said)
    lines = [event_line(event.position, event.digest) for event in said]
    tree = MerkleTree()
    for line in lines:
        tree.append(line)
    first, last = (event.position for event in said)
    seal = next_seal(None, tree, stream=STREAM, sealed_at=TIMES[0], first=first, last=last, previous=None)
    seals.write(STREAM, 1, BytesIO(seal_of([seal_line(seal), *lines])))
    assert kinds(verify(log, seals, STREAM)) == {Kind.BROKEN_SEAL}


@given(SOME, st.data())
def test_a_removed_seal_is_found_when_another_follows(history, data):
    arrivals = data.draw(st.permutations([*history, Recorder(None).event("another", TIMES[0])]))
    log, seals = recorded(arrivals, range(len(arrivals)))
    number = data.draw(st.integers(1, len(seals.contents) - 1))
    del seals.contents[STREAM, number]
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert [(finding.kind, finding.seal) for finding in found.findings if finding.kind is not Kind.GAP] == [
        (Kind.BROKEN_SEAL, number)
    ]


def test_a_seal_of_nothing_is_found():
    """As consistent as a seal without events can be."""
    log, seals = recorded([])
    nothing = {"stream": STREAM, "number": 1, "sealed_at": TIMES[0], "events": 0, "added": 0, "first": "", "last": ""}
    root = digest_of_bytes(b"")
    seals.write(STREAM, 1, BytesIO(seal_of([json.dumps(nothing | {"root": root, "frontier": []}).encode()])))
    assert [finding.kind for finding in verify(log, seals, STREAM).findings] == [Kind.BROKEN_SEAL]
