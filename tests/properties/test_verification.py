"""Proof: honest logs are never accused, and whatever is done to a sealed one is found."""

import json

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
    SOME,
    STREAM,
    TIMES,
    InMemorySeals,
    Recorder,
    TamperedLog,
    histories,
    kinds,
    recorded,
    retold,
    sealed,
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
        found = verify(log, seals, STREAM)
        assert found.sound, found.findings
        assert kinds(found) <= {Kind.GAP}
        assert found.events == found.seals.covered + found.seals.not_covered == len(log.records)
        assert verify(log, None, STREAM).sound
    found = verify(log, seals, STREAM)
    assert found.sound
    assert found.complete
    assert found.findings == []
    numbered = [event.producer for event in history if event.producer]
    assert {chain.id: chain.complete_up_to for chain in found.producers} == {said.id: said.sequence for said in numbered}


@given(SOME, st.data())
def test_a_seal_covers_what_is_new_once_and_its_root_is_that_of_all(history, data):
    log, seals = sealed(data, history)
    assert seal_stream(log, seals, STREAM) is None, "nothing is new"
    leaves, positions, before = [], [], None
    for (_, number), content in sorted(seals.contents.items()):
        first, *lines = content.splitlines()
        said = json.loads(first)
        leaves += lines
        positions += [json.loads(line)[0] for line in lines]
        assert said["number"] == number
        assert said["added"] == len(lines)
        assert said["events"] == len(leaves)
        assert said["root"] == f"sha256:{tree_hash(leaves).hex()}"
        assert said.get("previous") == before
        assert lines == sorted(lines)
        before = digest_of_bytes(content)
    assert sorted(positions) == sorted(event.position for event in history)
    found = verify(log, seals, STREAM).seals
    assert (found.root, found.covered, found.not_covered, found.count) == (said["root"], len(history), 0, number)


# What may be done to one event, as changes to it. With its digest made anew the alteration agrees with itself.
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


@given(SOME, st.data(), st.sampled_from(ALTERATIONS), st.booleans())
def test_an_altered_event_is_named_on_a_sealed_stream(history, data, changes, digest_too):
    log, seals = sealed(data, history)
    victim = data.draw(st.sampled_from(history))
    assume(victim.producer or not any("producer" in name for name in changes))
    altered = retold(victim, **changes)
    log.holds(altered, digest=altered.digest if digest_too else victim.digest)
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert positions(found, Kind.ALTERED) == [victim.position]
    with pytest.raises(LogAltered, match="digest"):
        seal_stream(log, seals, STREAM)


@given(SOME, st.data())
def test_an_altered_digest_is_named_with_seals_and_without(history, data):
    log, seals = sealed(data, history)
    victim = data.draw(st.sampled_from(history))
    log.holds(victim, digest="sha256:" + 64 * "0")
    for given_seals in (seals, None):
        found = verify(log, given_seals, STREAM)
        assert positions(found, Kind.ALTERED) == [victim.position]
        assert not found.sound


@given(SOME, st.data())
def test_a_removed_event_is_named_on_a_sealed_stream(history, data):
    """Any of them: the last one, the only one, one that no producer numbered, several."""
    log, seals = sealed(data, history)
    removed = data.draw(st.sets(st.sampled_from(range(len(history))), min_size=1))
    for number in removed:
        log.loses(history[number])
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert not found.complete
    gone = sorted(history[number].position for number in removed)
    assert positions(found, Kind.MISSING) == gone
    assert found.findings[0].position == gone[0], "the first broken event comes first"
    with pytest.raises(LogAltered, match="the log has none"):
        seal_stream(log, seals, STREAM)


@given(histories(min_size=2), st.data(), st.sampled_from(["keys", "contents", "contents and digests"]))
def test_swapped_events_are_found_on_a_sealed_stream(history, data, what):
    log, seals = sealed(data, history)
    one, other = data.draw(st.sampled_from(history)), data.draw(st.sampled_from(history))
    assume(one is not other)
    for mine, theirs in ((one, other), (other, one)):
        if what == "keys":
            log.holds(theirs, at=mine.position)
        else:
            said = replace(theirs, event_id=mine.event_id, occurred_at=mine.occurred_at)
            log.holds(said, digest=mine.digest if what == "contents" else said.digest)
    found = verify(log, seals, STREAM)
    assert not found.sound
    named = positions(found, Kind.DAMAGED if what == "keys" else Kind.ALTERED)
    assert named == sorted([one.position, other.position])


@given(SOME, st.data())
def test_a_replaced_event_is_found_on_a_sealed_stream(history, data):
    """Removed, and another put in its place: under another key, with its number and its `previous`."""
    log, seals = sealed(data, history)
    victim = data.draw(st.sampled_from(history))
    log.loses(victim)
    log.append(retold(victim, event_id="another", occurred_at=data.draw(st.sampled_from(TIMES)), data={"loss": 0.0}))
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert positions(found, Kind.MISSING) == [victim.position]
    assert found.seals.not_covered == 1


@given(SOME, st.data())
def test_what_cannot_be_read_is_named(history, data):
    log, seals = sealed(data, history)
    victim = data.draw(st.sampled_from(history))
    log.records[STREAM, victim.position] = Damaged(STREAM, victim.position, "no JSON")
    for given_seals in (seals, None):
        found = verify(log, given_seals, STREAM)
        assert not found.sound
        assert positions(found, Kind.DAMAGED) == [victim.position]
    with pytest.raises(LogAltered, match="no JSON"):
        seal_stream(log, InMemorySeals(), STREAM)


@given(SOME, st.data())
def test_a_history_told_anew_is_found_on_a_sealed_stream(history, data):
    """One event altered, and all that follow in its chain numbered, chained and digested anew: nothing contradicts itself."""
    log, seals = sealed(data, history)
    victim = data.draw(st.sampled_from(history))
    told = retold(victim, data={"loss": -1.0})
    log.holds(told)
    if victim.producer:
        for event in history[history.index(victim) + 1 :]:
            if event.producer and event.producer.id == victim.producer.id:
                told = retold(event, producer_previous=told.digest)
                log.holds(told)
    assert verify(log, None, STREAM).sound, "by itself it is a history like any other"
    found = verify(log, seals, STREAM)
    assert not found.sound
    assert victim.position in positions(found, Kind.ALTERED)


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
    victim, behind = data.draw(st.sampled_from(pairs))
    log, _ = recorded(history)
    log.loses(victim)
    found = verify(log, None, STREAM)
    assert not found.complete
    [gap] = found.findings
    assert gap.kind is Kind.GAP
    assert (gap.producer, gap.sequence, gap.position) == (victim.producer.id, victim.producer.sequence, behind.position)
    [chain] = [chain for chain in found.producers if chain.id == victim.producer.id]
    assert chain.complete_up_to == victim.producer.sequence - 1


@given(histories(min_size=3), st.data(), st.sampled_from([{"data": {}}, {"type": "Other"}, {"extensions": {"x": 1}}]))
def test_on_an_open_stream_the_chain_shows_an_alteration_that_agrees_with_itself(history, data, changes):
    pairs = chained(history)
    assume(pairs)
    victim, behind = data.draw(st.sampled_from(pairs))
    log, _ = recorded(history)
    log.holds(retold(victim, **changes))
    found = verify(log, None, STREAM)
    assert not found.sound
    [broken] = found.findings
    assert (broken.kind, broken.position) == (Kind.BROKEN_CHAIN, behind.position)
    assert victim.position in broken.explanation


FORGERIES = [
    ("a number twice", lambda said: {"producer_sequence": said.sequence}, {Kind.FORGED}),
    ("a wrong previous", lambda said: {"producer_sequence": said.sequence + 1, "producer_previous": "sha256:00"},
     {Kind.BROKEN_CHAIN}),
    ("no previous", lambda said: {"producer_sequence": said.sequence + 1, "producer_previous": None}, {Kind.BROKEN_CHAIN}),
    ("a first with a previous", lambda _: {"producer_id": "r", "producer_sequence": 1, "producer_previous": "sha256:00"},
     {Kind.BROKEN_CHAIN}),
    ("a second without", lambda _: {"producer_id": "r", "producer_sequence": 2, "producer_previous": None},
     {Kind.BROKEN_CHAIN, Kind.GAP}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "shown"), [forgery[1:] for forgery in FORGERIES], ids=[forgery[0] for forgery in FORGERIES]
)
@given(history=SOME, data=st.data())
def test_an_appended_forgery_is_found_when_it_does_not_fit_the_chain(changes, shown, history, data):
    log, seals = sealed(data, history)
    numbered = [event for event in history if event.producer]
    assume(numbered)
    last = max((event for event in numbered), key=lambda event: event.producer.sequence)
    forged = retold(last, event_id="forged", occurred_at=data.draw(st.sampled_from(TIMES)), **changes(last.producer))
    log.append(forged)
    for given_seals in (seals, None):
        found = verify(log, given_seals, STREAM)
        assert not found.sound
        assert kinds(found) == shown
        assert {finding.position for finding in found.findings} <= {forged.position, last.position}


@given(SOME)
def test_what_an_open_stream_cannot_show(history):
    """docs/design/proof.md says so: its newest events cut off, and events that no producer numbered."""
    log, _ = recorded(history)
    last = history[-1]
    log.loses(last)
    found = verify(log, None, STREAM)
    assert found.sound
    assert found.complete


def test_findings_are_bounded_and_counted():
    events = [Recorder(None).event(f"e{number:04d}", TIMES[0]) for number in range(2 * MAX_FINDINGS)]
    log, seals = recorded(events, {len(events) - 1})
    for event in events:
        log.loses(event)
    seals.contents[STREAM, 1] += b"nonsense\n"
    found = verify(log, seals, STREAM)
    assert found.findings_total == 2 * MAX_FINDINGS + 1
    assert [finding.position for finding in found.findings] == [event.position for event in events[:MAX_FINDINGS]] + [None]
