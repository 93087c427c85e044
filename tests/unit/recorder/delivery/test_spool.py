"""The spool: whatever disk, network and kills do, an event is given out until it is said to be sent."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from training_events.recorder.delivery import spool as module
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.recorder.delivery.spool import OrphanedSpool, Spool, is_in_use, orphaned_spools, spool_folder
from training_events.settings import Settings

from tests.support.full_disk import full_disk

HERE = Destination("bus", "training", "eu-central-1")
ELSEWHERE = Destination("bus", "training", "us-east-1")


def taken_all(spool):
    """Everything that waits, sent."""
    taken = []
    while lines := spool.next_batch():
        taken += lines
        spool.acknowledge([])
    return taken


class AnyHistory(RuleBasedStateMachine):
    """One producer's events over its spool's files: written, sent in parts, and taken over when their owner is gone."""

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.spool: Spool = Spool(self.home, HERE, "producer")
        self.owned = True
        self.number = 0
        self.on_disk: set[bytes] = set()  # said, and not known to be sent
        self.in_memory: set[bytes] = set()

    @initialize()
    def _nothing_is_made_before_the_first_event(self):
        assert not list(self.home.iterdir())

    def line(self, size):
        self.number += 1
        return b'{"number":%d,"filling":"%s"}' % (self.number, b"x" * size)

    @precondition(lambda self: self.owned)
    @rule(size=st.sampled_from([0, 10, 5000, 700_000]))
    def append(self, size):
        line = self.line(size)
        self.spool.append(line)
        self.on_disk.add(line)

    @precondition(lambda self: self.owned)
    @rule(size=st.sampled_from([10, 5000]), room=st.integers(0, 9))
    def append_to_a_full_disk(self, size, room):
        line = self.line(size)
        with full_disk(self.file_bytes() + room):
            self.spool.append(line)
        self.in_memory.add(line)

    @rule(left=st.sets(st.integers(0, 9)))
    def send(self, left):
        lines = self.spool.next_batch()
        assert lines == self.spool.next_batch(), "the same until they are sent"
        assert len(set(lines)) == len(lines) <= module.MAX_BATCH_LINES
        assert set(lines) <= self.on_disk | self.in_memory, "what was sent is not given out again"
        assert bool(lines) == bool(self.on_disk | self.in_memory)
        self.spool.acknowledge([line for number, line in enumerate(lines) if number in left])
        sent = {line for number, line in enumerate(lines) if number not in left}
        self.on_disk -= sent
        self.in_memory -= sent

    @rule()
    def end(self):
        self.spool.close()
        self.on_disk |= self.in_memory
        self.in_memory = set()
        self.take_over()

    @rule(torn=st.sampled_from([b"", b'{"numb', b'{"number":0}']))
    def be_killed(self, torn):
        path = self.spool.path
        self.spool.release()  # lets go of the file, and that is all that a kill does to it
        if torn and path.exists():
            with path.open("ab") as file:
                file.write(torn)
        self.in_memory = set()
        self.take_over()

    def take_over(self):
        if found := list(orphaned_spools(self.home, HERE)):
            [self.spool] = found
            # what was given out with others that had not arrived comes again
            self.on_disk = set(self.lines_in_file())
            self.owned = False
        else:
            assert not self.on_disk
            self.spool = Spool(self.home, HERE, f"producer-{self.number}")
            self.owned = True

    def lines_in_file(self):
        return self.spool.path.read_bytes().rpartition(b"\n")[0].split(b"\n")[1:]

    def file_bytes(self):
        return self.spool.path.stat().st_size if self.spool.path.exists() else 0

    @invariant()
    def all_that_was_said_and_not_sent_waits(self):
        assert self.spool.pending == len(self.on_disk) + len(self.in_memory)
        assert self.spool.lost == 0
        if self.on_disk:
            assert self.on_disk <= set(self.lines_in_file()), "a kill at this moment would lose it"

    def teardown(self):
        expected = self.on_disk | self.in_memory
        assert set(taken_all(self.spool)) == expected
        self.spool.close()
        assert list(orphaned_spools(self.home, HERE)) == []
        assert not list(self.home.rglob("*.*")), "no file is left"
        shutil.rmtree(self.home)


TestAnyHistory = AnyHistory.TestCase


@pytest.fixture
def kept(tmp_path):
    """A spool with three events and an owner."""
    spool = Spool(tmp_path, HERE, "a")
    for line in (b"1", b"2", b"3"):
        spool.append(line)
    yield spool
    spool.close()


def test_a_file_belongs_to_its_owner_as_long_as_he_lives(kept, tmp_path):
    assert list(orphaned_spools(tmp_path, HERE)) == []
    assert is_in_use(kept.path)
    kept.release()
    assert not is_in_use(kept.path)
    [found] = orphaned_spools(tmp_path, HERE)
    assert list(orphaned_spools(tmp_path, HERE)) == [], "and then to the one that took it"
    assert taken_all(found) == [b"1", b"2", b"3"]
    found.close()
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_files_for_other_destinations_are_not_touched(kept, tmp_path):
    kept.release()
    assert list(orphaned_spools(tmp_path, ELSEWHERE)) == []
    assert kept.path.exists()


def test_who_comes_when_all_is_sent_finds_nothing(kept, tmp_path):
    taken_all(kept)
    opened = os.open(kept.path, os.O_RDWR)  # another has looked at the folder before the file was removed
    kept.close()
    os.close(opened)
    assert list(orphaned_spools(tmp_path, HERE)) == []


def test_only_its_user_can_read_it(kept, tmp_path):
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_room_is_given_back_when_all_is_sent(kept):
    before = kept.path.stat().st_size
    taken_all(kept)
    assert kept.path.stat().st_size < before
    kept.append(b"4")
    assert taken_all(kept) == [b"4"]


def test_what_neither_disk_nor_memory_takes_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_MEMORY_BYTES", 10)
    spool = Spool(tmp_path, HERE, "a")
    with full_disk():
        for _ in range(3):
            spool.append(b"x" * 5)
        spool.append(b"x" * 11)
        assert (spool.pending, spool.lost) == (2, 2)
        spool.close()
    assert spool.lost == 4


def test_what_is_refused_for_good_is_kept_beside_with_its_reason(kept, tmp_path):
    lines = kept.next_batch()
    refused = [Unsent(line, "it is too large", final=True) for line in lines]
    with full_disk():
        assert not kept.set_aside(refused), "then they stay where they are"
    assert kept.set_aside(refused)
    kept.acknowledge([])
    kept.close()
    assert kept.refused_path.read_bytes().count(b"it is too large") == 3
    assert list(orphaned_spools(tmp_path, HERE)) == [], "and not sent again"


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b'{"to":{}}', b'{"to":{}}\n', b"\0" * 700_000])
def test_a_file_with_nothing_in_it(tmp_path, content):
    path = Spool(tmp_path, HERE, "a").path
    path.parent.mkdir()
    path.write_bytes(content)
    [found] = orphaned_spools(tmp_path, HERE)
    assert isinstance(found, OrphanedSpool)
    assert (found.pending, found.next_batch()) == (0, [])
    found.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TRAINING_EVENTS_SPOOL": "/a/b", "XDG_STATE_HOME": "/c"}, "/a/b"),
        ({"XDG_STATE_HOME": "/c"}, "/c/training-events/spool"),
        ({"XDG_STATE_HOME": ""}, "~/.local/state/training-events/spool"),
    ],
)
def test_where_it_is(environment, expected):
    assert spool_folder(Settings(environment)) == Path(expected).expanduser()


def test_a_kill_before_the_first_event_leaves_nothing_for_long(tmp_path):
    place = tmp_path / HERE.folder_name
    place.mkdir()
    left, being_made = place / "a.new", place / "b.new"
    for file in (left, being_made):
        file.write_bytes(b"")
    os.utime(left, (0, 0))
    assert list(orphaned_spools(tmp_path, HERE)) == []
    assert list(place.iterdir()) == [being_made]


def test_what_a_disk_did_not_take_is_written_with_what_it_takes_next(tmp_path):
    spool = Spool(tmp_path, HERE, "producer")
    with full_disk():
        spool.append(b"first")
    spool.append(b"second")
    spool.release()  # killed
    [found] = orphaned_spools(tmp_path, HERE)
    assert taken_all(found) == [b"first", b"second"]
    found.close()


def test_what_can_no_longer_be_read_is_counted_and_asked_for_once(kept):
    os.truncate(kept.path, 0)
    assert (kept.next_batch(), kept.pending, kept.lost) == ([], 0, 3)
    kept.append(b"4")
    assert kept.pending == 1


def test_a_file_with_events_is_never_written_over(kept, tmp_path):
    kept.close()  # as a sender does that gives up
    kept.append(b"4")
    kept.close()
    assert {line for found in orphaned_spools(tmp_path, HERE) for line in taken_all(found)} == {b"1", b"2", b"3", b"4"}


def delete(spool):
    shutil.rmtree(spool.path.parent.parent)


@pytest.mark.parametrize("more", [[], [b"4"]])
def test_what_waits_in_a_file_that_somebody_deleted_is_kept_in_a_new_one(kept, tmp_path, more):
    kept.next_batch()
    kept.acknowledge([b"2", b"3"])
    delete(kept)
    for line in more:
        kept.append(line)
        assert is_in_use(kept.path)
    kept.close()
    [found] = orphaned_spools(tmp_path, HERE)
    assert set(taken_all(found)) - {b"1"} == {b"2", b"3", *more}
    found.close()
    assert not list(tmp_path.rglob("*.*"))


def test_a_deleted_file_has_to_do_where_no_new_one_can_be(kept, tmp_path):
    delete(kept)
    tmp_path.write_bytes(b"")  # no folder any more
    kept.append(b"4")
    assert taken_all(kept) == [b"1", b"2", b"3", b"4"]
    tmp_path.unlink()


def test_what_comes_behind_what_can_no_longer_be_read_is_whole(kept, tmp_path):
    os.truncate(kept.path, 0)
    assert kept.next_batch() == []
    kept.append(b"4")
    assert kept.next_batch() == [b"4"]
    kept.release()  # killed
    assert sorted(taken_all(found) for found in orphaned_spools(tmp_path, HERE)) == [[], [b"4"]]


def test_a_file_that_cannot_be_read_is_in_the_way_of_no_other(tmp_path, monkeypatch, caplog):
    for producer in ("a", "b", "c"):
        spool = Spool(tmp_path, HERE, producer)
        spool.append(producer.encode())
        spool.close()
    flawed = tmp_path / HERE.folder_name / "b.jsonl"
    read = os.pread

    def pread(file, size, place):
        if os.fstat(file).st_ino == flawed.stat().st_ino:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(file, size, place)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", pread)
        found = list(orphaned_spools(tmp_path, HERE))
        assert [taken_all(one) for one in found] == [[b"a"], [b"c"]]
    for one in found:
        one.close()
    assert not is_in_use(flawed)
    assert "b.jsonl cannot be read: [Errno 5]" in caplog.text
