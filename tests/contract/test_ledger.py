"""The notary's ledger, on DynamoDB (moto) and on the table in memory that properties and benchmarks use."""

from collections.abc import Iterator
from typing import Any

import pytest
from training_events import aws
from training_events.errors import BadTree, Overtaken
from training_events.proof.merkle import MerkleTree
from training_events.proof.notary.items import CatchUp, LedgerState
from training_events.proof.notary.ledger import MAX_EVENTS, Ledger, Taken, in_batches
from training_events.proof.tree.leaf import Leaf, read_leaf

from tests.support.dynamodb import aws_in_this_process
from tests.support.notary import NotaryTable, create_notary_table, memory_ledger
from tests.support.trees import leaf

TABLE = "notary"


@pytest.fixture(params=["dynamodb", "memory"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield NotaryTable()
        return
    with aws_in_this_process():
        create_notary_table(TABLE)
        yield aws.client("dynamodb", validate=False)


@pytest.fixture
def ledger(client: Any) -> Ledger:
    return Ledger(TABLE, client, lambda: "2026-11-22T16:00:00.000000Z", sleep=lambda _: None)


def contents(ledger: Ledger) -> list[Leaf]:
    return [read_leaf(content) for content in ledger.leaves(0, ledger.head().size)]


def test_an_empty_table_has_no_leaves(ledger):
    assert ledger.state() == LedgerState()
    assert contents(ledger) == []
    assert list(ledger.places("run/a")) == []


def test_leaves_are_taken_in_their_order_and_found_by_number_and_by_stream(ledger):
    taken = [leaf(1), leaf(3, "run/b"), leaf(2)]
    assert ledger.take(taken) == Taken(3, 0, [])
    assert ledger.take([leaf(9)._replace(account=None)]) == Taken(1, 0, [])
    assert contents(ledger) == [*taken, leaf(9)._replace(account=None)]
    assert list(ledger.places("run/a")) == [(0, leaf(1)), (2, leaf(2)), (3, leaf(9)._replace(account=None))]
    tree = MerkleTree()
    for content in ledger.leaves(0, 4):
        tree.append(content)
    assert ledger.head() == (4, tree.frontier)


def test_what_is_delivered_again_gets_no_second_leaf(ledger, client):
    ledger.take([leaf(1), leaf(2)])
    assert ledger.take([leaf(2), leaf(3), leaf(3), leaf(1)]) == Taken(1, 2, [])
    other = Ledger(TABLE, client)
    assert other.take([leaf(2)]) == Taken(0, 1, [])
    assert contents(ledger) == [leaf(1), leaf(2), leaf(3)]


def test_another_event_at_the_place_of_one_that_has_its_leaf_gets_none(ledger):
    ledger.take([leaf(1)])
    again = leaf(1)._replace(recorded_at="2026-11-22T17:00:00.000000Z")
    other = leaf(2)._replace(account=None)
    assert ledger.take([leaf(2), other, again]) == Taken(1, 0, [other, again])
    assert contents(ledger) == [leaf(1), leaf(2)]


def test_a_worker_that_another_overtook_puts_its_leaves_behind_those_of_the_other(ledger, client):
    other = Ledger(TABLE, client)
    ledger.take([leaf(1)])
    other.take([leaf(2)])
    ledger.take([leaf(3)])  # it believes that the tree has one leaf
    other.take([leaf(4)])
    assert contents(ledger) == [leaf(number) for number in (1, 2, 3, 4)]


def test_any_part_of_the_leaves_is_read_whatever_batches_they_came_in(ledger):
    numbers = range(2 * MAX_EVENTS + 7)
    for batch in in_batches(leaf(number) for number in numbers):
        ledger.take(batch)
    ledger.take([leaf(1000)])
    for start, end in [(0, 1), (5, 5), (97, 99), (98, 196), (200, 204), (150, 204), (0, 204)]:
        expected = [leaf(number if number < len(numbers) else 1000) for number in range(start, end)]
        assert [read_leaf(content) for content in ledger.leaves(start, end)] == expected
    with pytest.raises(BadTree, match="leaf 204 is not in the batches of the notary's table 'notary'"):
        list(ledger.leaves(0, 205))


def test_it_tells_which_events_lack_a_leaf(ledger):
    ledger.take([leaf(1), leaf(2)])
    changed = leaf(2)._replace(digest="sha256:" + "f" * 64)
    assert ledger.lacking([leaf(1), changed, leaf(3)]) == [changed, leaf(3)]
    assert ledger.lacking([]) == []


def test_what_is_left_to_catch_up_is_noted_beside_the_head(ledger):
    ledger.woken(CatchUp(0))
    ledger.take([leaf(1)])
    assert ledger.state() == LedgerState(1, ledger.head().frontier, "2026-11-22T16:00:00.000000Z", CatchUp(0))
    ledger.note_catch_up(CatchUp(0), CatchUp(0, "a token"))
    ledger.woken(None)
    assert ledger.state().catch_up == CatchUp(0, "a token")
    done = CatchUp(0, None, 1)
    ledger.note_catch_up(CatchUp(0, "a token"), done)
    ledger.woken(CatchUp(0))  # it is begun again
    with pytest.raises(Overtaken):
        ledger.note_catch_up(done, None)
    assert ledger.state().catch_up == CatchUp(0)
    ledger.note_catch_up(CatchUp(0), None)
    assert ledger.state().catch_up is None
    assert ledger.state().size == 1


def test_batches_have_room_in_a_transaction_and_in_an_item():
    long = [leaf(number, f"run/{'x' * 2000}") for number in range(300)]
    for leaves in ([leaf(number) for number in range(200)], long):
        batches = list(in_batches(leaves))
        assert [leaf for batch in batches for leaf in batch] == leaves
        assert max(len(batch) for batch in batches) <= MAX_EVENTS
        assert max(sum(len(leaf.content) for leaf in batch) for batch in batches) <= 300_000


def test_a_table_in_which_somebody_removed_a_batch_is_named():
    table = NotaryTable()
    ledger = memory_ledger(table)
    for number in range(3):
        ledger.take([leaf(number)])
    del table.items["#batch"][f"{1:020d}"]
    with pytest.raises(BadTree, match="leaf 1 is not in the batches"):
        list(ledger.leaves(0, 3))


def test_a_worker_gives_up_where_others_are_faster_again_and_again():
    others = memory_ledger(table := NotaryTable())
    numbers = iter(range(1000))

    def another_is_faster(when: str, operation: str) -> None:
        if (when, operation) == ("before", "TransactWriteItems"):
            table.around = lambda when, operation: None  # noqa: ARG005
            others.take([leaf(next(numbers), "run/other")])
            table.around = another_is_faster

    table.around = another_is_faster
    ledger = memory_ledger(table)
    with pytest.raises(Overtaken, match="notary's table 'notary'"):
        ledger.take([leaf(1)])
    table.around = lambda when, operation: None  # noqa: ARG005
    assert ledger.take([leaf(1)]) == Taken(1, 0, [])
