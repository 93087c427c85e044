"""Which events must have a leaf, as the checkpoints of a tree tell it, whatever its notary says."""

from training_events.proof.merkle import MerkleTree
from training_events.proof.signing_history import SigningHistory
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.times import hours_after

BEGIN = "2026-11-01T00:00:00.000000Z"
EARLY = hours_after(BEGIN, -1)
"""When an event was recorded that gets no leaf."""


def history(*signed, written=None):
    """Of checkpoints that cover an event recorded as they were signed: how many hours after BEGIN, and whether one says that
    the notary still catches up."""
    published = []
    for size, (hours, catches_up) in enumerate(signed, 1):
        at, caught_up = hours_after(BEGIN, hours), (0, size) if catches_up else None
        checkpoint = LogCheckpoint(origin="o", size=size, root=MerkleTree().root, at=at, caught_up=caught_up)
        published.append((checkpoint, None if written is None else hours_after(BEGIN, written[size - 1])))
    recorded = {
        checkpoint.size: hours_after(BEGIN, hours) for (checkpoint, _), (hours, _) in zip(published, signed, strict=True)
    }
    return SigningHistory(published, lambda checkpoint: recorded[checkpoint.size])


def every(hours, count, *, catches_up):
    return [(number * hours, catches_up) for number in range(count)]


def test_a_notary_that_follows_the_log_has_a_day_for_each_event():
    assert history((23, False)).passed_by(EARLY, None) is None
    assert history((25, False)).passed_by(EARLY, None).size == 1


def test_a_notary_may_say_for_a_week_that_it_catches_up_with_the_log():
    assert history(*every(12, 14, catches_up=True)).passed_by(EARLY, None) is None
    assert history(*every(12, 15, catches_up=True)).passed_by(EARLY, None).size == 15
    begun_again = [*every(12, 10, catches_up=True), (120, False), *((120 + 12 * number, True) for number in range(1, 10))]
    assert history(*begun_again).passed_by(EARLY, None).size == 11, "the walk had ended, and the event had no leaf"


def test_the_time_in_which_a_notary_was_down_counts_a_day():
    assert history((0, True), (24 * 30, True), (24 * 30 + 100, True)).passed_by(EARLY, None) is None
    assert history(*every(24 * 30, 8, catches_up=True)).passed_by(EARLY, None).size == 8


def test_what_a_notary_says_of_the_time_is_not_believed_where_the_store_knows_it():
    stopped = [(0, True)] * 3
    assert history(*stopped).passed_by(EARLY, None) is None
    honest = history((0, False), (200, False), written=[0, 200])
    assert honest.passed_by(EARLY, None).size == 2
    checkpoint = LogCheckpoint(origin="o", size=1, root=MerkleTree().root, at=None)
    for at in (None, BEGIN):
        old = LogCheckpoint(origin="o", size=1, root=checkpoint.root, at=at)
        told = SigningHistory([(old, hours_after(BEGIN, 200))], lambda _: hours_after(BEGIN, 199))
        passed = told.passed_by(EARLY, None)
        assert passed is not None
        assert passed.at == hours_after(BEGIN, 200)


def test_a_leaf_of_a_time_to_come_accuses_nobody():
    told = SigningHistory(
        [(LogCheckpoint(origin="o", size=1, root=MerkleTree().root, at=BEGIN), BEGIN)], lambda _: hours_after(BEGIN, 900)
    )
    assert told.passed_by(EARLY, None) is None


def test_nothing_excuses_a_notary_that_stands_still_for_longer_than_a_week():
    told = history((0, False), (1, True))
    assert told.is_catching_up(hours_after(BEGIN, 168))
    assert not told.is_catching_up(hours_after(BEGIN, 169))
    assert not history((0, True), (1, False)).is_catching_up(hours_after(BEGIN, 1))
