"""An honest log is never accused, and whatever is done to a sealed log is found."""

import json
from itertools import zip_longest

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.canonical import digest_of_bytes
from training_events.errors import LogAltered
from training_events.event import Event
from training_events.proof.findings import MAX_FINDINGS, Kind
from training_events.proof.sealing import seal_stream
from training_events.proof.verification import Verification, verify
from training_events.stores.event_log import Damaged

from tests.support.seals import (
    NONEMPTY_HISTORIES,
    STREAM,
    TIMES,
    InMemorySeals,
    Recorder,
    TamperedLog,
    alter,
    go_on,
    histories,
    kinds,
    record,
    record_and_seal,
    seal_as_version_0_1_0,
)
from tests.unit.proof.test_merkle import tree_hash


def positions(verification: Verification, kind: Kind) -> list[str | None]:
    return [finding.position for finding in verification.findings if finding.kind is kind]


@given(histories(), st.data())
def test_an_honest_log_is_never_accused(history, data):
    """At any moment: whatever has arrived, in any order and any number of times, sealed at any moments."""
    repeats = data.draw(st.lists(st.sampled_from(history), max_size=4)) if history else []
    log, seals = TamperedLog(), InMemorySeals()
    for event in data.draw(st.permutations(history + repeats)):
        log.append(event)
        if data.draw(st.booleans()):
            seal_stream(log, seals, STREAM)
        verification = verify(log, seals, STREAM)
        assert verification.sound, verification.findings
        assert kinds(verification) <= {Kind.GAP}
        assert verification.events == verification.seals.covered + verification.seals.not_covered == len(log.records)
        assert verify(log, None, STREAM).sound
    verification = verify(log, seals, STREAM)
    assert verification.sound
    assert verification.complete
    assert verification.findings == []
    producers = [event.producer for event in history if event.producer]
    expected = {producer.id: producer.sequence for producer in producers}  # the last number of each
    assert {chain.id: chain.complete_up_to for chain in verification.producers} == expected


@given(NONEMPTY_HISTORIES, st.data())
def test_each_event_is_sealed_once_and_the_root_covers_all_events(history, data):
    log, seals = record_and_seal(data, history)
    assert seal_stream(log, seals, STREAM) is None, "nothing is new"
    leaves, sealed_positions, before = [], [], None
    for (_, number), content in sorted(seals.contents.items()):
        first, *lines = content.splitlines()
        seal = json.loads(first)
        leaves += lines
        sealed_positions += [json.loads(line)[0] for line in lines]
        assert seal["number"] == number
        assert seal["added"] == len(lines)
        assert seal["events"] == len(leaves)
        assert seal["root"] == f"sha256:{tree_hash(leaves).hex()}"
        assert seal.get("previous") == before
        assert lines == sorted(lines)
        before = digest_of_bytes(content)
    assert sorted(sealed_positions) == sorted(event.position for event in history)
    sealed = verify(log, seals, STREAM).seals
    assert (sealed.root, sealed.covered, sealed.not_covered, sealed.count) == (seal["root"], len(history), 0, number)


@given(NONEMPTY_HISTORIES, st.data())
def test_seals_of_the_first_version_stay_valid_and_are_continued(history, data):
    log, seals = TamperedLog(), InMemorySeals()
    versions = data.draw(st.lists(st.sampled_from(["0.1.0", "none"]), max_size=len(history)))
    for event, version in zip_longest(history, versions):
        log.append(event)
        if version == "0.1.0":
            seal_as_version_0_1_0(log, seals)
        elif version is None:
            seal_stream(log, seals, STREAM)
    seal_stream(log, seals, STREAM)
    verification = verify(log, seals, STREAM)
    assert verification.findings == []
    assert verification.seals.covered == len(history)
    victim = data.draw(st.sampled_from(history))
    log.overwrite(alter(victim, data={"loss": -1.0}))
    assert positions(verify(log, seals, STREAM), Kind.ALTERED) == [victim.position]


# What somebody may change in one event. With its digest computed again, the altered event agrees with itself.
ALTERATIONS = [
    {"data": {"loss": -1.0}},
    {"type": "Other"},
    {"source": "elsewhere"},
    {"correlation_id": "c"},
    {"schema_version": 2},
    {"resources": ("arn",)},
    {"extensions": {"x": 1}},
    {"producer": None},
    {"producer_sequence": 40},
    {"producer_id": "r"},
    {"producer_previous": "sha256:00"},
]


@given(NONEMPTY_HISTORIES, st.data(), st.sampled_from(ALTERATIONS), st.booleans())
def test_an_altered_event_is_named_on_a_sealed_stream(history, data, changes, also_digest):
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    assume(victim.producer or not any("producer" in name for name in changes))
    altered = alter(victim, **changes)
    log.overwrite(altered, digest=altered.digest if also_digest else victim.digest)
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert positions(verification, Kind.ALTERED) == [victim.position]
    go_on(log, seals)
    assert positions(verify(log, seals, STREAM), Kind.ALTERED) == [victim.position], "no further seal hides it"


@given(NONEMPTY_HISTORIES, st.data(), st.sampled_from(["2026-01-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z"]))
def test_an_altered_time_of_recording_is_named_on_a_sealed_stream(history, data, time):
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    log.overwrite(victim, recorded_at=time)
    assert positions(verify(log, seals, STREAM), Kind.ALTERED) == [victim.position]
    go_on(log, seals)
    assert positions(verify(log, seals, STREAM), Kind.ALTERED) == [victim.position]


@given(NONEMPTY_HISTORIES, st.data())
def test_an_altered_event_that_no_seal_covers_is_never_sealed(history, data):
    log, seals = record(history, data.draw(st.sets(st.integers(0, len(history) - 2))) if len(history) > 1 else ())
    sealed = verify(log, seals, STREAM).seals.covered
    assume(sealed < len(history))
    victim = data.draw(st.sampled_from(history[sealed:]))
    log.overwrite(alter(victim, data={"loss": -1.0}), digest=victim.digest)
    with pytest.raises(LogAltered, match="digest"):
        seal_stream(log, seals, STREAM)
    assert verify(log, seals, STREAM).seals.covered == sealed


@given(NONEMPTY_HISTORIES, st.data())
def test_an_altered_digest_is_named_with_seals_and_without(history, data):
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    log.overwrite(victim, digest="sha256:" + 64 * "0")
    for given_seals in (seals, None):
        verification = verify(log, given_seals, STREAM)
        assert positions(verification, Kind.ALTERED) == [victim.position]
        assert not verification.sound


@given(NONEMPTY_HISTORIES, st.data())
def test_a_removed_event_is_named_on_a_sealed_stream(history, data):
    """Any event: the last, the only one, one that no producer numbered, or several."""
    log, seals = record_and_seal(data, history)
    removed = data.draw(st.sets(st.sampled_from(range(len(history))), min_size=1))
    for number in removed:
        log.remove(history[number])
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert not verification.complete
    gone = sorted(history[number].position for number in removed)
    assert positions(verification, Kind.MISSING) == gone
    assert verification.findings[0].position == gone[0], "the first broken event comes first"
    with pytest.raises(LogAltered, match="the log has none"):
        seal_stream(log, seals, STREAM)


@given(histories(min_size=2), st.data(), st.sampled_from(["keys", "contents", "contents and digests"]))
def test_swapped_events_are_found_on_a_sealed_stream(history, data, what):
    log, seals = record_and_seal(data, history)
    first, second = data.draw(st.sampled_from(history)), data.draw(st.sampled_from(history))
    assume(first is not second)
    for victim, replacement in ((first, second), (second, first)):
        if what == "keys":
            log.overwrite(replacement, position=victim.position)
        else:
            altered = replace(replacement, event_id=victim.event_id, occurred_at=victim.occurred_at)
            log.overwrite(altered, digest=victim.digest if what == "contents" else altered.digest)
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    named = positions(verification, Kind.DAMAGED if what == "keys" else Kind.ALTERED)
    assert named == sorted([first.position, second.position])


@given(NONEMPTY_HISTORIES, st.data())
def test_a_replaced_event_is_found_on_a_sealed_stream(history, data):
    """Removed, and another put in its place: under another key, with its number and its `previous`."""
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    log.remove(victim)
    log.append(alter(victim, event_id="another", occurred_at=data.draw(st.sampled_from(TIMES)), data={"loss": 0.0}))
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert positions(verification, Kind.MISSING) == [victim.position]
    assert verification.seals.not_covered == 1


@given(NONEMPTY_HISTORIES, st.data())
def test_an_event_that_cannot_be_read_is_named(history, data):
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    log.records[STREAM, victim.position] = Damaged(STREAM, victim.position, "no JSON")
    for given_seals in (seals, None):
        verification = verify(log, given_seals, STREAM)
        assert not verification.sound
        assert positions(verification, Kind.DAMAGED) == [victim.position]
    with pytest.raises(LogAltered, match="no JSON"):
        seal_stream(log, InMemorySeals(), STREAM)


@given(NONEMPTY_HISTORIES, st.data())
def test_a_rewritten_history_is_found_on_a_sealed_stream(history, data):
    """One event was altered, and all that follow in its chain were chained and digested again: nothing contradicts itself."""
    log, seals = record_and_seal(data, history)
    victim = data.draw(st.sampled_from(history))
    altered = alter(victim, data={"loss": -1.0})
    log.overwrite(altered)
    if victim.producer:
        for event in history[history.index(victim) + 1 :]:
            if event.producer and event.producer.id == victim.producer.id:
                altered = alter(event, producer_previous=altered.digest)
                log.overwrite(altered)
    assert verify(log, None, STREAM).sound, "by itself it is a history like any other"
    verification = verify(log, seals, STREAM)
    assert not verification.sound
    assert victim.position in positions(verification, Kind.ALTERED)


def chained(history: list[Event]) -> list[tuple[Event, Event]]:
    """Each numbered event with the next of its producer."""
    return [
        (event, later)
        for event in history
        for later in history
        if event.producer and later.producer
        and (event.producer.id, event.producer.sequence + 1) == (later.producer.id, later.producer.sequence)
    ]  # fmt: skip


@given(histories(min_size=3), st.data())
def test_on_an_open_stream_the_chain_names_what_was_removed(history, data):
    pairs = chained(history)
    assume(pairs)
    victim, successor = data.draw(st.sampled_from(pairs))
    log, _ = record(history)
    log.remove(victim)
    verification = verify(log, None, STREAM)
    assert not verification.complete
    [gap] = verification.findings
    assert gap.kind is Kind.GAP
    assert (gap.producer, gap.sequence, gap.position) == (victim.producer.id, victim.producer.sequence, successor.position)
    [chain] = [chain for chain in verification.producers if chain.id == victim.producer.id]
    assert chain.complete_up_to == victim.producer.sequence - 1


@given(histories(min_size=3), st.data(), st.sampled_from([{"data": {}}, {"type": "Other"}, {"extensions": {"x": 1}}]))
def test_on_an_open_stream_the_chain_shows_an_alteration_that_agrees_with_itself(history, data, changes):
    pairs = chained(history)
    assume(pairs)
    victim, successor = data.draw(st.sampled_from(pairs))
    log, _ = record(history)
    log.overwrite(alter(victim, **changes))
    verification = verify(log, None, STREAM)
    assert not verification.sound
    [broken] = verification.findings
    assert (broken.kind, broken.position) == (Kind.BROKEN_CHAIN, successor.position)
    assert victim.position in broken.explanation


FORGERIES = [
    ("a number twice", lambda producer: {"producer_sequence": producer.sequence}, {Kind.FORGED}),
    ("a wrong previous", lambda producer: {"producer_sequence": producer.sequence + 1, "producer_previous": "sha256:00"},
     {Kind.BROKEN_CHAIN}),
    ("no previous", lambda producer: {"producer_sequence": producer.sequence + 1, "producer_previous": None},
     {Kind.BROKEN_CHAIN}),
    ("a first with a previous", lambda _: {"producer_id": "r", "producer_sequence": 1, "producer_previous": "sha256:00"},
     {Kind.BROKEN_CHAIN}),
    ("a second without", lambda _: {"producer_id": "r", "producer_sequence": 2, "producer_previous": None},
     {Kind.BROKEN_CHAIN, Kind.GAP}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "shown"), [forgery[1:] for forgery in FORGERIES], ids=[forgery[0] for forgery in FORGERIES]
)
@given(history=NONEMPTY_HISTORIES, data=st.data())
def test_an_appended_forgery_is_found_when_it_does_not_fit_the_chain(changes, shown, history, data):
    log, seals = record_and_seal(data, history)
    numbered = [event for event in history if event.producer]
    assume(numbered)
    last = max((event for event in numbered), key=lambda event: event.producer.sequence)
    forged = alter(last, event_id="forged", occurred_at=data.draw(st.sampled_from(TIMES)), **changes(last.producer))
    log.append(forged)
    for given_seals in (seals, None):
        verification = verify(log, given_seals, STREAM)
        assert not verification.sound
        assert kinds(verification) == shown
        assert {finding.position for finding in verification.findings} <= {forged.position, last.position}


@given(NONEMPTY_HISTORIES)
def test_a_stream_without_seals_cannot_show_that_its_newest_event_was_removed(history):
    """docs/design/proof.md lists what remains hidden: newest events cut off, and events that no producer numbered."""
    log, _ = record(history)
    last = history[-1]
    log.remove(last)
    verification = verify(log, None, STREAM)
    assert verification.sound
    assert verification.complete


def test_findings_are_bounded_and_counted():
    events = [Recorder(None).event(f"e{number:04d}", TIMES[0]) for number in range(2 * MAX_FINDINGS)]
    log, seals = record(events, {len(events) - 1})
    for event in events:
        log.remove(event)
    seals.contents[STREAM, 1] += b"nonsense\n"
    verification = verify(log, seals, STREAM)
    assert verification.findings_total == 2 * MAX_FINDINGS + 1
    assert [finding.position for finding in verification.findings] == [event.position for event in events[:MAX_FINDINGS]] + [
        None
    ]
