"""An honest log is never accused by its tree, however slow its notary is; whatever a checkpoint covers is found."""

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from training_events.event import Event
from training_events.proof.findings import Kind
from training_events.proof.tree.leaf import read_leaf
from training_events.times import hours_after

from tests.support.attested_log import STREAMS, AttestedLog

STREAM = st.sampled_from(STREAMS)
STEPS = st.one_of(
    st.tuples(st.just("record"), STREAM),
    st.tuples(st.just("record"), STREAM),
    st.tuples(st.just("take"), STREAM, st.integers(1, 3)),
    st.tuples(st.just("publish")),
    st.tuples(st.just("project"), STREAM),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.5, 3, 12, 23, 30, 60])),
    st.tuples(st.just("be_down"), st.sampled_from([1, 21, 30, 72])),
    st.tuples(st.just("catch_up"), st.integers(1, 3)),
    st.tuples(st.just("look")),
)
RUN, MODEL, DATASET = STREAMS
ONE_SHARD_IS_BEHIND = [
    ("record", RUN), ("wait", 23), ("record", MODEL), ("take", MODEL, 1), ("publish",), ("look",), ("take", RUN, 1),
    ("publish",),
]  # fmt: skip
DOWN_FOR_DAYS = [
    ("record", RUN), ("record", MODEL), ("be_down", 72), ("record", DATASET), ("take", DATASET, 1), ("publish",), ("look",),
    ("catch_up", 1), ("look",), ("record", DATASET), ("take", DATASET, 1), ("publish",), ("look",), ("catch_up", 3),
    ("wait", 60), ("record", DATASET), ("take", DATASET, 1), ("publish",),
]  # fmt: skip


@given(st.lists(STEPS, max_size=25), st.lists(STREAM, max_size=3))
@example(ONE_SHARD_IS_BEHIND, [])
@example(DOWN_FOR_DAYS, [])
@example([("catch_up", 3), ("wait", 30)], [RUN, MODEL])
def test_an_honest_log_is_never_accused(steps, before):
    """Also one that is older than its tree: `before` names the streams of what was there."""
    attested = AttestedLog(before)
    for name, *arguments in [*steps, ("look",)]:
        if name == "look":
            look_at(attested)
        else:
            getattr(attested, name)(*arguments)


def look_at(attested):
    verified, of_tree = attested.all_verified()
    assert of_tree == []
    a_day_ago = hours_after(attested.time, -25)
    is_signed = attested.tree.reader().newest() is not None
    for stream, verification in verified.items():
        alone = attested.verified(stream)
        assert verification.findings == alone.findings == []
        of_all = {"caught_up": verification.tree.caught_up, "catching_up": verification.tree.catching_up}
        assert verification.tree == replace(alone.tree, **of_all), "what only all checkpoints together tell"
        assert verification.tree.checked == is_signed
        if is_signed:
            assert verification.tree.covered + verification.tree.not_covered == verification.events
            tree = verification.tree
            recorded = [event.recorded_at for (name, _), event in attested.log.records.items() if name == stream]
            assert tree.overdue <= min(tree.not_covered, sum(at < a_day_ago for at in recorded))


def remove(attested, victim):
    del attested.log.records[victim.event.stream, victim.event.position]


def put_instead(attested, victim, **changes):
    """Another record in the place of an event, which agrees with itself."""
    attested.log.records[victim.event.stream, victim.event.position] = replace(victim, **changes)


def other_content(attested, victim):
    event = replace(victim.event, data={"number": -1})
    put_instead(attested, victim, event=event, digest=event.digest)


TAMPERINGS = {
    "removed": (remove, Kind.MISSING),
    "content and digest": (other_content, Kind.ALTERED),
    "recorded_at": (lambda attested, victim: put_instead(attested, victim, recorded_at=attested.time), Kind.ALTERED),
    "account": (lambda attested, victim: put_instead(attested, victim, account=None), Kind.ALTERED),
    "stream": (lambda attested, victim: attested.remove_stream(victim.event.stream), Kind.STREAM_GONE),
}


@given(st.lists(STEPS, max_size=12), st.data(), st.sampled_from(sorted(TAMPERINGS)))
def test_what_a_checkpoint_covers_is_found(steps, data, name):
    attested = AttestedLog()
    attested.record(RUN)
    for step, *arguments in steps:
        if step != "look":
            getattr(attested, step)(*arguments)
    attested.take_all()
    attested.wait(0.1)
    attested.catch_up()
    attested.publish()
    leaf = read_leaf(data.draw(st.sampled_from(attested.tree.index.contents)))
    victim = attested.log.records[leaf.stream, leaf.position]
    tamper, kind = TAMPERINGS[name]
    tamper(attested, victim)
    verified, of_tree = attested.all_verified()
    assert of_tree == []
    found = verified[leaf.stream]
    assert not found.sound
    assert kind in {finding.kind for finding in found.findings}
    assert all(other.sound for stream, other in verified.items() if stream != leaf.stream)
    if kind is not Kind.STREAM_GONE:
        assert leaf.position in {finding.position for finding in found.findings if finding.kind is kind}
    assert attested.verified(leaf.stream).findings == found.findings


@given(STREAM, st.booleans())
def test_seals_that_are_gone_are_found_once_no_delay_explains_it(stream, is_sealed_again):
    attested = AttestedLog()
    attested.record(stream)
    attested.take_all()
    attested.wait(26)
    attested.publish()
    if is_sealed_again:
        attested.record(stream)
        attested.wait(26)
    attested.remove_seals(stream)
    kinds = {finding.kind for finding in attested.verified(stream).findings}
    assert kinds == {Kind.BROKEN_SEAL}


def test_an_event_that_is_put_there_with_an_earlier_time_is_named():
    attested = AttestedLog()
    early = attested.time
    attested.record(RUN)
    attested.wait(60)
    attested.record(MODEL)
    attested.take_all()
    attested.publish()
    late, attested.time = attested.time, early
    forged = attested.record(RUN)
    attested.time = late
    attested.take_all()
    attested.publish()
    verified, _ = attested.all_verified()
    assert [(finding.kind, finding.position) for finding in verified[RUN].findings] == [(Kind.NO_LEAF, forged.position)]
    assert verified[MODEL].findings == []


def test_an_event_past_the_notary_is_named_once_it_must_have_a_leaf():
    attested = AttestedLog()
    forged = Event("forged", RUN, "Happened", attested.time, "tests", {})
    attested.log.append(forged)
    attested.project(RUN)
    attested.record(MODEL)
    attested.take_all()
    attested.publish()
    assert attested.verified(RUN).findings == []
    attested.wait(60)
    attested.record(MODEL)
    attested.take_all()
    attested.publish()
    for verification in (attested.verified(RUN), attested.all_verified()[0][RUN]):
        kinds = [(finding.kind, finding.position) for finding in verification.findings if finding.kind is Kind.NO_LEAF]
        assert kinds == [(Kind.NO_LEAF, forged.position)]
