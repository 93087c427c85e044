"""The tree in the file of a laptop's log: whoever writes numbers its leaves, and its files are those of any other tree."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.errors import BadTree, NoSuchLog
from training_events.proof.tree.leaf import read_leaf
from training_events.proof.tree.store import CHECKPOINT, checkpoint_path
from training_events.proof.tree.tiles import write_tiles
from training_events.stores.sqlite.schema import SCHEMA

from tests.support.laptop import MORNING, Laptop, event, leaf_of
from tests.support.trees import GrowingTree

OLDER = Path(__file__).parents[3] / "older_logs" / "0.1.0" / "log.db"


def test_every_event_has_the_leaf_of_its_arrival(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1, 2)
    laptop.record(1, 0)
    laptop.record(3)
    assert [read_leaf(content) for content in laptop.tree.leaves(0, 9)] == [leaf_of(number) for number in range(4)]
    assert list(laptop.tree.places("run/0")) == [(3, leaf_of(3)), (0, leaf_of(0))]
    assert list(laptop.tree.places("run/none")) == []


def test_a_transaction_that_is_taken_back_leaves_no_gap(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0)
    with pytest.raises(ZeroDivisionError):
        record_and_fail(laptop, 1)
    laptop.record(2)
    assert [read_leaf(content) for content in laptop.tree.leaves(0, 9)] == [leaf_of(0), leaf_of(2)]


def record_and_fail(laptop: Laptop, number: int) -> None:
    with laptop.database.together():
        laptop.record(number)
        raise ZeroDivisionError


def test_what_an_older_version_appends_has_a_leaf_too(tmp_path: Path) -> None:
    """It knows nothing of leaves: a trigger makes them."""
    laptop = Laptop(tmp_path)
    laptop.record(0)
    insert_as_0_1_0(laptop.file, 1)
    laptop.record(2)
    assert [read_leaf(content) for content in laptop.tree.leaves(0, 9)] == [leaf_of(number) for number in range(3)]


def insert_as_0_1_0(file: Path, number: int) -> None:
    of = event(number)
    row = (of.stream, of.position, of.event_id, of.occurred_at, MORNING, of.type, of.source, 1)
    with closing(sqlite3.connect(file)) as connection, connection:
        marks = ", ".join("?" * 14)
        values = (*row, of.canonical_data.decode(), of.digest, None, None, None, None)
        connection.execute(f"INSERT INTO events VALUES ({marks})", values)  # noqa: S608


def test_the_events_of_an_older_file_get_their_leaves_at_its_next_write_in_the_order_of_recording(tmp_path: Path) -> None:
    shutil.copy(OLDER, tmp_path / "log.db")
    laptop = Laptop(tmp_path)
    assert (laptop.tree.size, laptop.tree.newest(), list(laptop.tree.places("run/digits-1"))) == (0, None, [])
    before = [(recorded.recorded_at, stream, recorded.event.position)
              for stream in laptop.log.streams() for recorded in laptop.log.read(stream)]  # fmt: skip
    laptop.record(0)
    leaves = [read_leaf(content) for content in laptop.tree.leaves(0, 99)]
    assert [(leaf.recorded_at, leaf.stream, leaf.position) for leaf in leaves[:-1]] == sorted(before)
    assert leaves[-1] == leaf_of(0)


def test_an_older_version_goes_on_with_the_file_that_got_leaves(tmp_path: Path) -> None:
    """Its statements for an empty temporary copy of every table, which it makes of a file that it can only read."""
    laptop = Laptop(tmp_path)
    laptop.record(0)
    with closing(sqlite3.connect(laptop.file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        tables = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT IN ('events', 'alterations')"
        for name, sql in connection.execute(f"{tables} AND name NOT LIKE 'sqlite!_%' ESCAPE '!'").fetchall():
            connection.execute(sql.replace("CREATE TABLE ", "CREATE TEMPORARY TABLE ", 1))
            connection.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{name}")  # noqa: S608
        assert connection.execute("SELECT count(*) FROM temp.leaves").fetchone() == (1,)
    assert "leaves" not in SCHEMA, "an older file has none"


def test_where_there_is_no_file_there_is_no_tree(tmp_path: Path) -> None:
    with pytest.raises(NoSuchLog):
        Laptop(tmp_path).tree.newest()


@given(st.lists(st.integers(0, 400), min_size=1, max_size=5))
@settings(max_examples=8)
def test_its_files_are_those_of_the_same_tree_in_memory(tmp_path_factory: pytest.TempPathFactory, growth: list[int]) -> None:
    laptop, other = Laptop(tmp_path_factory.mktemp("laptop")), GrowingTree()
    laptop.record(0)
    other.take([leaf_of(0)])
    size = before = 1
    for count in growth:
        laptop.record(*range(size, size + count))
        other.take([leaf_of(number) for number in range(size, size + count)])
        size += count
        laptop.notary.publish()
        write_tiles(other.tiles, before, size, other.index.leaves, partial=True)
        before = size
        assert laptop.tree.head() == other.index.head()
        assert {path: laptop.tree.read(path) for path in other.tiles.files} == other.tiles.files
    assert laptop.checked() == [leaf_of(number) for number in range(size)]


def test_what_is_not_there_yet_is_none(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    for path in ("tile/0/000", "tile/0/000.p/3", "tile/entries/000", "tile/entries/001.p/1", "tile/1/000.p/1", CHECKPOINT,
                 checkpoint_path(2), "checkpoints/2", "tile/0/x", ""):  # fmt: skip
        assert laptop.tree.read(path) is None, path


def test_what_is_written_once_stays(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    laptop.notary.publish()
    newest = laptop.tree.newest()
    assert newest == laptop.tree.read(CHECKPOINT) == laptop.tree.read(checkpoint_path(2))
    for path in ("tile/0/000.p/2", "tile/entries/000.p/1", "tile/0/001", "keys/other.der"):
        content = laptop.tree.read(path) or b"x"
        laptop.tree.write(path, content)
        with pytest.raises(BadTree, match=path.replace(".", r"\.")):
            laptop.tree.write(path, content + b"y")
        assert laptop.tree.read(path) == content
    with pytest.raises(BadTree, match="another checkpoint of 2 leaves"):
        laptop.tree.publish(b"another", 2)
    laptop.tree.publish(b"smaller", 1)
    assert laptop.tree.newest() == newest
    assert [published.note for published in laptop.tree.published()] == [b"smaller", newest]
    assert len(list(laptop.tree.public_keys())) == 2


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE leaves SET digest = 'sha256:00' WHERE number = 2",
        "UPDATE leaves SET recorded_at = CAST(x'ff' AS TEXT) WHERE number = 2",
        "UPDATE leaves SET source = x'00' WHERE number = 300",
        "DELETE FROM leaves WHERE number = 2",
        "DELETE FROM leaves WHERE number = 300",
        "DELETE FROM leaves WHERE number = 301",
        "UPDATE leaves SET number = 900 WHERE number = 2",
        "DELETE FROM tiles WHERE path = 'tile/0/000'",
        "UPDATE tiles SET content = x'00' WHERE path = 'tile/0/000'",
        "UPDATE tiles SET content = zeroblob(256 * 32) WHERE path = 'tile/0/000'",
        "DELETE FROM tiles WHERE path GLOB 'keys/*'",
        "UPDATE log_checkpoints SET note = CAST(note AS TEXT) || 'x'",
    ],
)
def test_a_reader_finds_what_somebody_did_to_it(tmp_path: Path, tamper: str) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(*range(301))
    laptop.notary.publish()
    assert len(laptop.checked()) == 301
    with closing(sqlite3.connect(laptop.file)) as connection, connection:
        assert connection.execute(tamper).rowcount == 1
    with pytest.raises(BadTree):
        laptop.checked()
