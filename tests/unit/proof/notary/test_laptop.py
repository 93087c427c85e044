"""A laptop's notary: checkpoints of what the file has recorded, signed by a key of the user's."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from training_events.errors import BadTree, MissingSetting
from training_events.proof.findings import Kind
from training_events.proof.notary import laptop as laptop_module
from training_events.proof.tree.keys import LaptopKey
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree_view import sorted_leaves
from training_events.reading.opening import open_current_sources, open_sources
from training_events.reading.verification import whole_tree

from tests.support.laptop import MORNING, Laptop, leaf_of
from tests.support.write_protection import public_folder, write_protected

OLDER = Path(__file__).parents[3] / "older_logs" / "0.1.0" / "log.db"


def sizes(laptop: Laptop) -> list[int]:
    return [checkpoint.size for checkpoint in laptop.reader().checkpoints()]


def test_a_checkpoint_covers_all_that_was_recorded_and_continues_those_before(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record()
    laptop.notary.publish()
    assert laptop.reader().newest() is None, "nothing was recorded"
    laptop.record(0, 1)
    laptop.notary.publish()
    laptop.notary.publish()
    laptop.record(2)
    laptop.notary.publish()
    assert sizes(laptop) == [2, 3]
    assert laptop.checked() == [leaf_of(number) for number in range(3)]
    newest = laptop.reader().newest()
    assert newest is not None
    assert (newest.origin, newest.at, newest.caught_up) == (f"training-events/{laptop.database.identity}", MORNING, None)


def test_one_that_nobody_asked_for_is_published_if_the_newest_is_older_than_five_minutes(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    for number, (time, published) in enumerate({
        "08:00:00.000000": [1], "08:04:59.999999": [1], "08:05:00.000000": [1, 3], "07:59:00.000000": [1, 3, 4],
    }.items()):  # fmt: skip
        laptop.record(number)
        laptop.time = f"2026-11-22T{time}Z"
        laptop.notary.publish_if_due()
        assert sizes(laptop) == published, time


def test_a_command_that_brings_the_log_up_to_date_publishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(tmp_path / "key.pem"))
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    tree = open_current_sources(f"sqlite:///{laptop.file}").tree
    assert tree is not None
    newest = tree.newest()
    assert newest is not None
    assert (newest.size, tree.key_is_given) == (2, True)
    assert [leaf._replace(recorded_at=MORNING) for leaf in tree.leaves(0, 2)] == [leaf_of(0), leaf_of(1)]


@pytest.mark.parametrize("content", ["", "no key"])
def test_a_command_works_where_the_key_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (tmp_path / "key.pem").write_text(content)
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(tmp_path / "key.pem"))
    laptop = Laptop(tmp_path)
    laptop.record(0)
    sources = open_current_sources(f"sqlite:///{laptop.file}")
    assert [stream for stream in sources.log.streams()] == ["run/0"]  # noqa: C416
    with pytest.raises(MissingSetting):
        laptop.notary.publish()
    assert laptop.tree.newest() is None


def test_the_first_checkpoint_of_an_older_file_says_which_leaves_were_taken_from_the_log(tmp_path: Path) -> None:
    shutil.copy(OLDER, tmp_path / "log.db")
    laptop = Laptop(tmp_path)
    with closing(sqlite3.connect(laptop.file)) as connection:
        [(events,)] = connection.execute("SELECT count(*) FROM events")
    laptop.notary.publish()
    laptop.record(0)
    laptop.notary.publish()
    assert [(checkpoint.size, checkpoint.caught_up) for checkpoint in laptop.reader().checkpoints()] == [
        (events, (0, events)),
        (events + 1, None),
    ]


def note_caught_up(laptop: Laptop, value: object) -> None:
    with closing(sqlite3.connect(laptop.file)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO notes VALUES ('leaves caught up', ?)", (value,))


@pytest.mark.parametrize("value", [3, 0, -1, b"many"])
def test_a_note_of_leaves_caught_up_that_cannot_be_true_is_not_signed(tmp_path: Path, value: object) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    note_caught_up(laptop, value)
    with pytest.raises(BadTree, match=r"leaves were caught up; allowed: 1 to 2"):
        laptop.notary.publish()
    assert laptop.tree.newest() is None


def test_a_forged_note_of_leaves_caught_up_is_told(tmp_path: Path) -> None:
    """Before the first checkpoint it gets into that, which `verify` counts. After it, it is a row that nobody reads."""
    folders = [tmp_path / name for name in ("before", "after")]
    for folder in folders:
        folder.mkdir()
    before, after = map(Laptop, folders)
    for laptop in (before, after):
        laptop.record(0, 1)
    note_caught_up(before, 2)
    before.notary.publish()
    after.notary.publish()
    note_caught_up(after, 2)
    with sorted_leaves(before.reader()) as told, sorted_leaves(after.reader()) as stray:
        assert (told.verified.caught_up, told.findings) == (2, [])
        assert stray.verified.caught_up == 0
        assert [(finding.kind, finding.explanation.partition(" is ")[0]) for finding in stray.findings] == [
            (Kind.STRAY, "the note that 2 leaves were caught up")
        ]


def test_checkpoints_go_on_with_the_key_that_they_began_with(tmp_path: Path) -> None:
    mine = Laptop(tmp_path)
    mine.record(0)
    mine.notary.publish()
    other = Laptop(tmp_path, "other.pem")
    other.record(1)
    with pytest.raises(MissingSetting, match=r"signed by another key than .*other\.pem"):
        other.notary.publish()
    assert not (tmp_path / "other.pem").exists(), "no key is made that could not be used"
    LaptopKey("another", tmp_path / "other.pem")
    with pytest.raises(MissingSetting, match=r"signed by another key than .*other\.pem"):
        other.notary.publish()
    mine.notary.publish()
    assert sizes(mine) == [1, 2]


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE leaves SET digest = 'sha256:00' WHERE number = 2",
        "DELETE FROM leaves WHERE number > 1",
        "DELETE FROM leaves WHERE number = 1",
        "DROP TABLE leaves",
    ],
)
def test_what_does_not_continue_the_last_checkpoint_is_never_signed(tmp_path: Path, tamper: str) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(1, 0)
    laptop.notary.publish()
    laptop.database.close()
    with closing(sqlite3.connect(laptop.file)) as connection, connection:
        connection.execute(tamper)
        connection.execute("UPDATE events SET recorded_at = '2026-11-22T07:00:00.000000Z' WHERE stream = 'run/0'")
    again = Laptop(tmp_path)
    again.record(3, 4, 5)
    with pytest.raises(BadTree):
        again.notary.publish()
    assert len(list(again.tree.published())) == 1


def test_a_file_that_can_only_be_read_shows_its_tree_and_gets_no_checkpoint(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    laptop.notary.publish()
    laptop.record(2)
    laptop.database.close()
    with public_folder() as folder:
        copy = Path(shutil.copy(laptop.file, folder))
        with write_protected(copy, folder):
            sources = open_current_sources(f"sqlite:///{copy}")
            tree = sources.tree
            assert tree is not None
            newest = tree.newest()
            assert newest is not None
            assert newest.size == 2
            assert list(tree.leaves(0, 2)) == [leaf_of(0), leaf_of(1)]
            assert [len(list(tree.places(f"run/{number}"))) for number in range(3)] == [1, 1, 0]
            sources.log.close()


def test_many_at_once_publish_one_checkpoint_and_make_one_key(tmp_path: Path) -> None:
    Laptop(tmp_path).record(0, 1, 2)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: Laptop(tmp_path).notary.publish(), range(8)))
    assert sizes(Laptop(tmp_path)) == [3]


def test_a_long_log_is_taken_in_parts_so_that_others_can_write_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laptop_module, "LEAVES_AT_ONCE", 256)
    laptop, other = Laptop(tmp_path), Laptop(tmp_path)
    laptop.record(*range(700))
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        other.record(1000 + len(told))

    laptop.notary.publish(tell)
    assert [done for done, _ in told] == [256, 512]
    assert sizes(laptop) == [702]
    assert laptop.checked()[-1] == leaf_of(1002)


LEAF = "INSERT INTO leaves SELECT {number}, stream, position, digest, recorded_at, {source} FROM leaves WHERE number = 1"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (LEAF.format(number=9, source="source"), "leaf 2 is not in the file any more"),
        (LEAF.format(number=2**63 - 1, source="source"), "leaf 2 is not in the file any more"),
        (LEAF.format(number=0, source="source"), "has the number 0, which no append gives"),
        ("UPDATE notes SET value = 'another' WHERE name = 'log identity'", "'training-events/another'"),
    ],
)
def test_whatever_keeps_the_next_checkpoint_from_being_signed_is_found(tmp_path: Path, statement: str, message: str) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    laptop.notary.publish()
    assert found_in_tree(laptop) == []
    with closing(sqlite3.connect(laptop.file)) as connection, connection:
        connection.execute(statement)
    laptop = Laptop(tmp_path)  # another program: this one would notice another log
    laptop.record(2)
    [found] = found_in_tree(laptop)
    assert message in found
    with pytest.raises(BadTree, match=message):
        laptop.notary.publish()
    assert read_log_checkpoint(read_note(laptop.tree.newest() or b"").text).size == 2


def test_a_leaf_that_no_file_of_entries_takes_is_found(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.record(0, 1)
    with closing(sqlite3.connect(laptop.file)) as connection, connection:
        connection.execute(LEAF.format(number=3, source="printf('%.70000c', 'x')"))
    laptop.notary.publish()
    assert found_in_tree(laptop) == ["a leaf has more than 65535 bytes"]


def found_in_tree(laptop: Laptop) -> list[str]:
    """What `verify --all` says of the tree as a whole."""
    with whole_tree(open_sources(f"sqlite:///{laptop.file}"), lambda *_: None) as leaves:
        assert leaves is not None
        return [finding.explanation for finding in leaves.findings]
