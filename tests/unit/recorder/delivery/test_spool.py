"""The spool: whatever disk, network and kills do, it gives an event out until that is acknowledged."""

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from training_events.recorder.delivery import spool as module
from training_events.recorder.delivery.destination import Destination, Unsent
from training_events.recorder.delivery.flush import spool_files
from training_events.recorder.delivery.spool import OrphanedSpool, Spool, is_in_use, orphaned_spools, spool_folder
from training_events.settings import Settings

from tests.support.full_disk import full_disk

HERE = Destination("bus", "training", "eu-central-1")
ELSEWHERE = Destination("bus", "training", "us-east-1")


def send_all(spool):
    """Acknowledges every event. Returns them all."""
    sent = []
    while lines := spool.next_batch():
        sent += lines
        spool.acknowledge([])
    return sent


class AnyHistory(RuleBasedStateMachine):
    """One producer's events in the files of its spool: written, sent in parts, and taken over once the producer is gone."""

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.spool: Spool = Spool(self.home, HERE, "producer")
        self.owned = True
        self.number = 0
        self.on_disk: set[bytes] = set()  # recorded, and not known to be sent
        self.in_memory: set[bytes] = set()

    @initialize()
    def _there_is_no_file_before_the_first_event(self):
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

    @rule(unsent=st.sets(st.integers(0, 9)))
    def send(self, unsent):
        lines = self.spool.next_batch()
        assert lines == self.spool.next_batch(), "the same ones until they are acknowledged"
        assert len(set(lines)) == len(lines) <= module.MAX_BATCH_LINES
        assert set(lines) <= self.on_disk | self.in_memory, "what was sent is not given out again"
        assert bool(lines) == bool(self.on_disk | self.in_memory)
        self.spool.acknowledge([line for number, line in enumerate(lines) if number in unsent])
        sent = {line for number, line in enumerate(lines) if number not in unsent}
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
        self.spool.release()  # and that is all that a kill does to the file
        if torn and path.exists():
            with path.open("ab") as file:
                file.write(torn)
        self.in_memory = set()
        self.take_over()

    def take_over(self):
        if orphans := list(orphaned_spools(self.home, HERE)):
            [self.spool] = orphans
            # an event that arrived in one batch with others that did not is sent again
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
    def everything_recorded_and_not_sent_is_pending(self):
        assert self.spool.pending == len(self.on_disk) + len(self.in_memory)
        assert self.spool.lost == 0
        if self.on_disk:
            assert self.on_disk <= set(self.lines_in_file()), "a kill at this moment would lose it"

    def teardown(self):
        expected = self.on_disk | self.in_memory
        assert set(send_all(self.spool)) == expected
        self.spool.close()
        assert list(orphaned_spools(self.home, HERE)) == []
        assert not list(self.home.rglob("*.*")), "no file is left"
        shutil.rmtree(self.home)


TestAnyHistory = AnyHistory.TestCase


@pytest.fixture
def kept(tmp_path):
    """A spool with three events, whose producer lives."""
    spool = Spool(tmp_path, HERE, "a")
    for line in (b"1", b"2", b"3"):
        spool.append(line)
    yield spool
    spool.close()


def test_a_file_belongs_to_its_producer_as_long_as_that_lives(kept, tmp_path):
    assert list(orphaned_spools(tmp_path, HERE)) == []
    assert is_in_use(kept.path)
    kept.release()
    assert not is_in_use(kept.path)
    [orphan] = orphaned_spools(tmp_path, HERE)
    assert list(orphaned_spools(tmp_path, HERE)) == [], "and then to the process that took it over"
    assert send_all(orphan) == [b"1", b"2", b"3"]
    orphan.close()
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_files_for_other_destinations_are_not_touched(kept, tmp_path):
    kept.release()
    assert list(orphaned_spools(tmp_path, ELSEWHERE)) == []
    assert kept.path.exists()


def test_a_spool_that_is_all_sent_leaves_nothing_to_take_over(kept, tmp_path):
    send_all(kept)
    opened = os.open(kept.path, os.O_RDWR)  # another process has looked at the folder before the file was removed
    kept.close()
    os.close(opened)
    assert list(orphaned_spools(tmp_path, HERE)) == []


def test_only_the_user_can_read_a_file(kept, tmp_path):
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_is_cut_when_all_is_sent(kept):
    before = kept.path.stat().st_size
    send_all(kept)
    assert kept.path.stat().st_size < before
    kept.append(b"4")
    assert send_all(kept) == [b"4"]


def test_events_that_neither_disk_nor_memory_takes_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_MEMORY_BYTES", 10)
    spool = Spool(tmp_path, HERE, "a")
    with full_disk():
        for _ in range(3):
            spool.append(b"x" * 5)
        spool.append(b"x" * 11)
        assert (spool.pending, spool.lost) == (2, 2)
        spool.close()
    assert spool.lost == 4


def test_an_event_that_is_refused_for_good_is_set_aside_with_its_reason(kept, tmp_path):
    lines = kept.next_batch()
    refused = [Unsent(line, "it is too large", final=True) for line in lines]
    with full_disk():
        assert not kept.set_aside(refused), "then they stay in the spool"
    assert kept.set_aside(refused)
    kept.acknowledge([])
    kept.close()
    assert kept.refused_path.read_bytes().count(b"it is too large") == 3
    assert list(orphaned_spools(tmp_path, HERE)) == [], "they are not sent again"


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b'{"to":{}}', b'{"to":{}}\n', b"\0" * 700_000])
def test_a_file_without_events_has_nothing_pending(tmp_path, content):
    path = Spool(tmp_path, HERE, "a").path
    path.parent.mkdir()
    path.write_bytes(content)
    [orphan] = orphaned_spools(tmp_path, HERE)
    assert isinstance(orphan, OrphanedSpool)
    assert (orphan.pending, orphan.next_batch()) == (0, [])
    orphan.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TRAINING_EVENTS_SPOOL": "/a/b", "XDG_STATE_HOME": "/c"}, "/a/b"),
        ({"XDG_STATE_HOME": "/c"}, "/c/training-events/spool"),
        ({"XDG_STATE_HOME": ""}, "~/.local/state/training-events/spool"),
    ],
)
def test_the_spool_is_where_the_environment_says(environment, expected):
    assert spool_folder(Settings(environment)) == Path(expected).expanduser()


def test_a_file_that_was_never_finished_is_removed_after_an_hour(tmp_path):
    folder = tmp_path / HERE.folder_name
    folder.mkdir()
    stale, being_made = folder / "a.new", folder / "b.new"
    for file in (stale, being_made):
        file.write_bytes(b"")
    os.utime(stale, (0, 0))
    assert list(orphaned_spools(tmp_path, HERE)) == []
    assert list(folder.iterdir()) == [being_made]


def test_an_event_that_the_disk_did_not_take_is_written_with_the_next_one(tmp_path):
    spool = Spool(tmp_path, HERE, "producer")
    with full_disk():
        spool.append(b"first")
    spool.append(b"second")
    spool.release()  # killed
    [orphan] = orphaned_spools(tmp_path, HERE)
    assert send_all(orphan) == [b"first", b"second"]
    orphan.close()


def test_events_that_can_no_longer_be_read_are_counted_once_as_lost(kept):
    os.truncate(kept.path, 0)
    assert (kept.next_batch(), kept.pending, kept.lost) == ([], 0, 3)
    kept.append(b"4")
    assert kept.pending == 1


def test_a_file_with_events_is_never_overwritten(kept, tmp_path):
    kept.close()  # as a sender that gives up does
    kept.append(b"4")
    kept.close()
    assert {line for orphan in orphaned_spools(tmp_path, HERE) for line in send_all(orphan)} == {b"1", b"2", b"3", b"4"}


def delete(spool):
    shutil.rmtree(spool.path.parent.parent)


@pytest.mark.parametrize("more", [[], [b"4"]])
def test_the_events_of_a_deleted_file_are_copied_into_a_new_one(kept, tmp_path, more):
    kept.next_batch()
    kept.acknowledge([b"2", b"3"])
    delete(kept)
    for line in more:
        kept.append(line)
        assert is_in_use(kept.path)
    kept.close()
    [orphan] = orphaned_spools(tmp_path, HERE)
    assert set(send_all(orphan)) - {b"1"} == {b"2", b"3", *more}
    orphan.close()
    assert not list(tmp_path.rglob("*.*"))


def test_a_deleted_file_is_used_on_where_no_new_one_can_be_made(kept, tmp_path):
    delete(kept)
    tmp_path.write_bytes(b"")  # it is no folder any more
    kept.append(b"4")
    assert send_all(kept) == [b"1", b"2", b"3", b"4"]
    tmp_path.unlink()


def test_an_event_after_unreadable_ones_goes_into_a_whole_file(kept, tmp_path):
    os.truncate(kept.path, 0)
    assert kept.next_batch() == []
    kept.append(b"4")
    assert kept.next_batch() == [b"4"]
    kept.release()  # killed
    assert sorted(send_all(orphan) for orphan in orphaned_spools(tmp_path, HERE)) == [[], [b"4"]]


def test_an_unreadable_file_does_not_hold_up_the_others(tmp_path, monkeypatch, caplog):
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
        orphans = list(orphaned_spools(tmp_path, HERE))
        assert sorted(send_all(orphan) for orphan in orphans) == [[b"a"], [b"c"]]
    for orphan in orphans:
        orphan.close()
    assert not is_in_use(flawed)
    assert "b.jsonl cannot be read: [Errno 5]" in caplog.text


STRANGE = {
    "fifo": os.mkfifo,
    "folder": os.mkdir,
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to(f"{path}.gone"),
    "link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_holds_nothing_up(kind, kept, tmp_path, monkeypatch):
    kept.release()
    monkeypatch.chdir(kept.path.parent)  # the name of a socket is short
    for name in ("0.jsonl", "0.new", "z.jsonl"):
        STRANGE[kind](Path(name))
    [orphan] = orphaned_spools(tmp_path, HERE)
    assert send_all(orphan) == [b"1", b"2", b"3"]
    assert [file.file for file in spool_files(tmp_path)] == []
    orphan.close()


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_a_place_of_another_kind_takes_no_refused_events_and_holds_nothing_up(kind, kept):
    STRANGE[kind](kept.refused_path)
    assert not kept.set_aside([Unsent(b"1", "it is too large", final=True)])


@pytest.mark.parametrize("kind", STRANGE)
def test_there_are_no_events_in_what_is_no_folder(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    STRANGE[kind](Path(HERE.folder_name))
    assert list(orphaned_spools(tmp_path, HERE)) == []


def test_files_are_taken_up_one_by_one(tmp_path):
    """There may be thousands, and the program may be about to end."""
    for number in range(20):
        spool = Spool(tmp_path, HERE, f"producer-{number}")
        spool.append(b"1")
        spool.close()
    orphans = orphaned_spools(tmp_path, HERE)
    first = next(orphans)
    assert [path.name for path in first.path.parent.iterdir() if is_in_use(path)] == [first.path.name]
    first.close()
