"""Checkpoints of the notary: each continues the one before, is signed by the right key, and nothing altered is signed."""

from collections.abc import Callable

import pytest
from training_events.errors import BadTree, MissingSetting, Overtaken
from training_events.proof.notary.items import CatchUp
from training_events.proof.notary.ledger import Ledger
from training_events.proof.notary.publishing import MAX_LEAVES, Publisher
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.store import CHECKPOINT

from tests.support.notary import NotaryTable, memory_ledger
from tests.support.trees import MemoryKey, MemoryTiles, leaf

MOMENT = "2026-11-22T16:00:00.000000Z"
OLD, NEW = MemoryKey(1), MemoryKey(2)


class CountingKey(MemoryKey):
    """A key that counts what it signs."""

    signed = 0

    def sign(self, message: bytes) -> bytes:
        self.signed += 1
        return super().sign(message)


class Notary:
    """A ledger and the tiles of its tree."""

    def __init__(self) -> None:
        self.table, self.tiles = NotaryTable(), MemoryTiles()
        self.ledger: Ledger = memory_ledger(self.table)

    def take(self, *numbers: int) -> None:
        for start in range(0, len(numbers), 98):
            self.ledger.take(leaf(number) for number in numbers[start : start + 98])

    def publish(self, *keys: MemoryKey, has_time: Callable[[], bool] = lambda: True) -> int:
        return Publisher(memory_ledger(self.table), self.tiles, keys or (OLD,), lambda: MOMENT).publish(has_time)

    def newest(self, trusted: MemoryKey = OLD) -> LogCheckpoint:
        newest = self.reader(trusted).newest()
        assert newest is not None
        return newest

    def reader(self, trusted: MemoryKey = OLD) -> TreeReader:
        return TreeReader(self.tiles, self.ledger, trusted.public_key)


@pytest.fixture
def notary() -> Notary:
    return Notary()


def test_a_checkpoint_is_published_when_something_was_recorded_since_the_last(notary: Notary) -> None:
    assert notary.publish() == 0
    notary.take(*range(300))
    assert notary.publish() == 1
    assert notary.publish() == 0
    notary.take(*range(300, 700))
    assert notary.publish() == 1
    reader = notary.reader()
    assert [(checkpoint.size, checkpoint.at) for checkpoint in reader.checkpoints()] == [(300, MOMENT), (700, MOMENT)]
    assert list(reader.leaves(0, 700)) == [leaf(number) for number in range(700)]
    assert reader.check_leaves(700) == notary.newest().root
    assert [number for number, _ in reader.places("run/a")] == list(range(700))


def test_a_checkpoint_takes_one_signature(notary: Notary) -> None:
    key = CountingKey()
    notary.take(1)
    notary.publish(key)
    notary.take(2)
    notary.publish(key)
    notary.publish(key)
    assert key.signed == 2


def test_many_new_leaves_are_published_in_parts_and_whoever_is_stopped_goes_on(notary: Notary) -> None:
    notary.take(*range(MAX_LEAVES + 10))
    times = iter([True, False])
    assert notary.publish(has_time=lambda: next(times)) == 1
    assert notary.newest().size == MAX_LEAVES
    assert notary.publish() == 1
    assert notary.newest().size == MAX_LEAVES + 10


def test_the_old_keys_last_checkpoint_names_the_new_key(notary: Notary) -> None:
    notary.take(1)
    notary.publish(OLD)
    notary.publish(OLD, NEW)  # nothing was recorded: nothing to sign
    assert notary.newest().next_key is None
    notary.take(2)
    assert notary.publish(OLD, NEW) == 1
    assert notary.newest().next_key == NEW.public_key
    notary.take(3)
    assert notary.publish(OLD, NEW) == 1
    assert notary.newest() == notary.newest(NEW)
    assert [checkpoint.next_key for checkpoint in notary.reader().checkpoints()] == [None, NEW.public_key, None]
    notary.take(4)
    notary.publish(NEW)  # the old one may go now
    assert notary.newest().size == 4


def test_a_handover_that_was_begun_is_finished(notary: Notary) -> None:
    notary.take(1)
    notary.publish(OLD)
    notary.take(2)
    notary.publish(OLD, NEW)
    begun = notary.tiles.files
    del begun[CHECKPOINT], begun[f"checkpoints/{2:020d}"]
    begun[CHECKPOINT] = begun[f"checkpoints/{1:020d}"]
    assert notary.publish(OLD, NEW) == 0
    assert notary.newest().next_key == NEW.public_key
    notary.take(3)
    notary.publish(OLD, NEW)
    assert notary.newest(NEW).size == 3


def test_a_key_that_has_to_sign_and_is_not_named_is_asked_for(notary: Notary) -> None:
    notary.take(1)
    notary.publish(OLD)
    notary.take(2)
    with pytest.raises(MissingSetting, match="does not name the key that signed the newest checkpoint"):
        notary.publish(NEW)
    notary.publish(OLD, NEW)
    with pytest.raises(MissingSetting, match="does not name the key that follows the key before"):
        notary.publish(OLD)
    notary.take(3)
    with pytest.raises(MissingSetting, match="ends with a key that another one followed"):
        notary.publish(NEW, OLD)


def test_what_was_caught_up_from_the_log_is_told_until_a_checkpoint_has_all_of_it(notary: Notary) -> None:
    notary.take(1)
    notary.publish()
    notary.ledger.woken(CatchUp(1))
    notary.publish()
    notary.take(2, 3)
    notary.publish()
    assert notary.newest().caught_up == (1, 3)
    notary.take(4)
    notary.ledger.note_catch_up(CatchUp(1), CatchUp(1, None, 4))
    notary.take(5)
    notary.publish()
    assert notary.newest().caught_up == (1, 4)
    assert notary.ledger.state().catch_up is None
    notary.take(6)
    notary.publish()
    assert notary.newest().caught_up is None


def test_a_checkpoint_that_a_worker_wrote_before_it_ended_becomes_the_newest(notary: Notary) -> None:
    notary.take(1)
    notary.publish()
    files = notary.tiles.files
    before = files[CHECKPOINT]
    notary.take(2)
    notary.publish()
    written, files[CHECKPOINT] = files[CHECKPOINT], before  # as it was when the worker ended
    key = CountingKey()
    notary.publish(key)
    assert files[CHECKPOINT] == written
    assert key.signed == 0


def test_two_workers_that_begin_a_handover_at_once_make_one(notary: Notary) -> None:
    notary.take(1)
    notary.publish(OLD)
    notary.take(2)

    class Slow(CountingKey):
        def sign(self, message: bytes) -> bytes:
            notary.take(3)
            notary.publish(OLD, NEW)  # another worker, meanwhile
            return super().sign(message)

    with pytest.raises(Overtaken, match="last checkpoint of the key"):
        notary.publish(Slow(), NEW)
    notary.take(4)
    notary.publish(OLD, NEW)
    assert [checkpoint.size for checkpoint in notary.reader().checkpoints()] == [1, 3, 4]
    assert notary.newest(NEW).size == 4


def alter_a_batch(notary: Notary) -> None:
    batch = notary.table.items["#batch"][f"{2:020d}"]
    batch["leaves"]["B"] = batch["leaves"]["B"].replace(leaf(3).digest.encode(), leaf(9).digest.encode())


def alter_a_batch_that_is_covered(notary: Notary) -> None:
    batch = notary.table.items["#batch"][f"{0:020d}"]
    batch["leaves"]["B"] = batch["leaves"]["B"].replace(leaf(1).digest.encode(), leaf(9).digest.encode())


def alter_the_head(notary: Notary) -> None:
    notary.table.items["#head"]["#"]["frontier"] = {"L": [{"B": b"\0" * 32}, {"B": b"\0" * 32}]}


def roll_the_table_back(notary: Notary) -> None:
    notary.table.items["#head"]["#"]["size"] = {"N": "1"}


def alter_a_tile(notary: Notary) -> None:
    notary.tiles.files["tile/0/000.p/2"] = b"\0" * 64


def remove_a_tile(notary: Notary) -> None:
    del notary.tiles.files["tile/0/000.p/2"]


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (alter_a_batch, "the head of the notary's table is not that of its 4 leaves"),
        (alter_a_batch_that_is_covered, "leaf 1 in the notary's table is not the one that its tiles have"),
        (alter_the_head, "the head of the notary's table is not that of its 4 leaves"),
        (roll_the_table_back, "the newest checkpoint covers 2 leaves, the notary's table has 1"),
        (alter_a_tile, "do not have its root"),
        (remove_a_tile, "tile/0/000.p/2 is not there"),
    ],
)
def test_nothing_is_signed_where_table_and_tiles_contradict_each_other(
    notary: Notary, alter: Callable[[Notary], None], message: str
) -> None:
    notary.take(0, 1)
    notary.publish()
    notary.take(2, 3)
    published = list(notary.tiles.published())
    alter(notary)
    key = CountingKey()
    with pytest.raises(BadTree, match=message):
        notary.publish(key)
    assert key.signed == 0
    assert list(notary.tiles.published()) == published


def test_the_checkpoints_of_another_log_are_not_continued(notary: Notary) -> None:
    notary.take(1)
    notary.publish(MemoryKey(1, "training-events/111122223333/eu-central-1/other-log"))
    notary.take(2)
    with pytest.raises(BadTree, match="other-log', not of 'training-events"):
        notary.publish(OLD)
