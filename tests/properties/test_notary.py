"""Whatever shards deliver, in whatever order, however often, to whichever of two workers: each event has one leaf.

A worker may end before or after each request, and another one may act in the middle of it. An emulator shows one shard.
"""

import copy
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from training_events.errors import Overtaken
from training_events.proof.notary import ledger as ledgers
from training_events.proof.notary.catching_up import begun_catch_up, catch_up
from training_events.proof.notary.ledger import Ledger, in_batches
from training_events.proof.notary.publishing import Publisher
from training_events.proof.tree.leaf import Leaf, read_leaf
from training_events.proof.tree.proofs import check_consistency
from training_events.proof.tree.reader import TreeReader
from training_events.stores.dynamodb.event_log import AuditedPage
from training_events.stores.event_log import AuditedEvent
from training_events.times import later

from tests.support.notary import NotaryTable, memory_ledger
from tests.support.trees import MemoryKey, MemoryTiles, leaf

MOMENT = "2026-11-22T16:00:00.000000Z"
KEYS = [MemoryKey(1), MemoryKey(2)]
SHARDS = 3
BEFORE = 250
"""So many leaves the tree has at first: what follows crosses the end of its first tile."""


class Ended(Exception):  # noqa: N818 - as in tests/support/stream_delivery.py
    """The worker ended: out of time or of memory."""


class Faults:
    """What happens around each request, as an example wants it: nothing, the worker ends, or another worker acts."""

    def __init__(self, choices: list[str]) -> None:
        self._choices = iter(choices)
        self.act: Callable[[], None] = lambda: None
        self._acting = False

    def stop(self) -> None:
        """Everything goes well from now on."""
        self._choices = iter(())

    def __call__(self, when: str = "", operation: str = "") -> None:  # noqa: ARG002 - as NotaryTable calls it
        if self._acting:
            return
        match next(self._choices, "nothing"):
            case "end":
                raise Ended
            case "other":
                self._acting = True
                self.act()
                self._acting = False


class FaultyTiles(MemoryTiles):
    """Tiles at which a worker may end before and after each is written."""

    def __init__(self, files: dict[str, bytes], faults: Faults) -> None:
        super().__init__()
        self.files, self._faults = files, faults

    def write(self, path: str, content: bytes) -> None:
        self._faults()
        super().write(path, content)
        self._faults()


class ALog:
    """The event log, as catching up reads it."""

    def __init__(self, leaves: list[Leaf]) -> None:
        self._leaves = leaves

    def audit_all(self, after: str | None = None) -> Iterator[AuditedPage]:
        """Pages of two records. The token is the number of the next one."""
        for place in range(int(after or 0), len(self._leaves) or 1, 2):
            last = place + 2 >= len(self._leaves)
            yield AuditedPage([_record(leaf) for leaf in self._leaves[place : place + 2]], None if last else str(place + 2))


def _record(leaf: Leaf) -> tuple[str, AuditedEvent]:
    return leaf.stream, AuditedEvent(
        position=leaf.position,
        recorded_at=leaf.recorded_at,
        digest=leaf.digest,
        producer=None,
        alteration=None,
        type="MetricsRecorded",
        schema_version=1,
        data="{}",
        source=leaf.source,
        account=leaf.account,
    )


@cache
def the_beginning() -> tuple[NotaryTable, dict[str, bytes]]:
    """A tree that ends shortly before the end of a tile, with one checkpoint."""
    table, tiles = NotaryTable(), MemoryTiles()
    for batch in in_batches(leaf(number, "run/before") for number in range(BEFORE)):
        memory_ledger(table).take(batch)
    Publisher(memory_ledger(table), tiles, KEYS[:1], lambda: MOMENT).publish()
    return table, tiles.files


class Notary:
    """Two workers, the shards that deliver to them, and what both write to."""

    def __init__(self, shards: list[list[Leaf]], choices: list[str]) -> None:
        table, files = the_beginning()
        self.faults = Faults(choices)
        self.table = NotaryTable(self.faults)
        self.table.items = copy.deepcopy(table.items)
        self.tiles = FaultyTiles(dict(files), self.faults)
        self.workers = [self._new_worker() for _ in range(2)]
        self.recorded = [leaf for shard in shards for leaf in shard]
        self.shards = [list(shard) for shard in shards]
        self.delivered: list[list[Leaf]] = [[] for _ in shards]
        self.keys = KEYS[:1]
        self.lost: set[tuple[str, str]] = set()

    def _new_worker(self) -> Ledger:
        return memory_ledger(self.table, lambda: MOMENT)

    def do(self, worker: int, action: str, shard: int, count: int) -> None:
        """One call of the function. One that fails or ends is no news: Lambda or the schedule calls it again."""
        try:
            match action:
                case "deliver":
                    self._deliver(worker, shard, count)
                case "again":
                    for batch in in_batches(self.delivered[shard][-count:]):
                        self.workers[worker].take(batch)
                case "publish":
                    Publisher(self.workers[worker], self.tiles, self.keys, lambda: MOMENT).publish()
                case "key":
                    self.keys = KEYS
                case "lose":
                    places = [(leaf.stream, leaf.position) for leaf in self.shards[shard]]
                    # a worker may have ended after it took an event, which is then delivered again
                    self.lost |= {place for place in places if place[1] not in self.table.items.get(place[0], {})}
                    self.shards[shard].clear()
                    self._come_back(worker)
                case "catch up":
                    self._catch_up(worker, lambda: False)
        except Overtaken:
            pass
        except Ended:
            self.workers[worker] = self._new_worker()

    def _deliver(self, worker: int, shard: int, count: int) -> None:
        for batch in in_batches(self.shards[shard][:count]):
            self.workers[worker].take(batch)
            self.delivered[shard] += batch
            self.shards[shard] = [leaf for leaf in self.shards[shard] if leaf not in batch]

    def _come_back(self, worker: int) -> None:
        """The schedule calls for the first time since the change stream has lost events."""
        self.workers[worker].woken(begun_catch_up(self.workers[worker].state(), later(MOMENT, 24 * 3600)))

    def _catch_up(self, worker: int, has_time: Callable[[], bool]) -> None:
        log: Any = ALog(self.recorded)
        catch_up(log, self.workers[worker], has_time, lambda flaw: None)  # noqa: ARG005

    def finish(self) -> None:
        """Everything that was delivered, lost or begun is done to its end."""
        self.faults.stop()
        ledger = self._new_worker()
        self.workers = [ledger, ledger]
        for shard in range(SHARDS):
            self._deliver(0, shard, len(self.shards[shard]))
        if self.lost:
            self._come_back(0)
        self._catch_up(0, lambda: True)
        Publisher(ledger, self.tiles, self.keys, lambda: MOMENT).publish()


actions = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["deliver", "deliver", "deliver", "again", "publish", "publish", "key", "lose", "catch up", "catch up"]),
    st.integers(0, SHARDS - 1),
    st.integers(1, 8),
)
choices = st.lists(st.sampled_from(["nothing"] * 4 + ["end", "other"]), max_size=80)


@given(
    st.lists(st.integers(0, SHARDS - 1), max_size=20), st.lists(actions, max_size=20), choices, st.lists(actions, max_size=6)
)
def test_every_event_gets_one_leaf_and_every_checkpoint_is_proved_to_every_later_one(
    shard_of: list[int], calls: list[tuple[int, str, int, int]], choices: list[str], others: list[tuple[int, str, int, int]]
) -> None:
    shards: list[list[Leaf]] = [[] for _ in range(SHARDS)]
    for number, shard in enumerate(shard_of):
        shards[shard].append(leaf(number, f"run/{shard}-{number % 2}"))
    with patch.object(ledgers, "MAX_EVENTS", 3):
        notary = Notary(shards, choices)
        meanwhile = iter(others)
        notary.faults.act = lambda: notary.do(*next(meanwhile, (1, "publish", 0, 1)))
        for call in calls:
            notary.do(*call)
        notary.finish()
    _check(notary)


def _check(notary: Notary) -> None:
    ledger = memory_ledger(notary.table)
    size = ledger.head().size
    taken = [read_leaf(content) for content in ledger.leaves(0, size)][BEFORE:]
    assert sorted(taken) == sorted(notary.recorded)
    reader = TreeReader(notary.tiles, ledger, KEYS[0].public_key)
    assert [*reader.leaves(BEFORE, size)] == taken
    for stream in {taken_leaf.stream for taken_leaf in taken}:
        assert dict(reader.places(stream)) == {
            number: of_stream for number, of_stream in enumerate(taken, BEFORE) if of_stream.stream == stream
        }
    checkpoints = list(reader.checkpoints())
    assert checkpoints[-1].size == size
    assert list(reader.strays(checkpoint.size for checkpoint in checkpoints)) == []
    assert reader.check_leaves(size) == checkpoints[-1].root
    for old, new in combinations(checkpoints, 2):
        check_consistency(old.size, old.root, new.size, new.root, reader.consistency_proof(old.size, new.size))
    told = {number for checkpoint in checkpoints if checkpoint.caught_up for number in range(*checkpoint.caught_up)}
    assert {number for number, lost in enumerate(taken, BEFORE) if (lost.stream, lost.position) in notary.lost} <= told
