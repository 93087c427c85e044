"""A file of the spool: one process holds it at a time, and none keeps it by mistake."""

import fcntl
import os
import signal
from contextlib import ExitStack, contextmanager

import pytest
from training_events.recorder.delivery.spool import is_in_use
from training_events.recorder.delivery.spool_file import CHUNK, SpoolFile

from tests.support.full_disk import full_disk
from tests.support.patience import PATIENCE_SECONDS

HEAD = b"{}"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.jsonl"


@contextmanager
def forked():
    """A child that does nothing. What it has inherited it holds until the block ends."""
    (forked_read, forked_write), (end_read, end_write) = os.pipe(), os.pipe()
    if not (child := os.fork()):
        signal.alarm(int(PATIENCE_SECONDS))
        os.write(forked_write, b"forked")
        os.close(end_write)
        os.read(end_read, 1)
        os._exit(0)
    os.read(forked_read, 6)
    yield
    os.close(end_write)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for pipe in (forked_read, forked_write, end_read):
        os.close(pipe)


def test_a_child_holds_no_file_that_its_parent_has_made_or_taken_over(path):
    SpoolFile.create(path, HEAD).close()
    own, taken_over = SpoolFile.create(path.with_stem("b"), HEAD), SpoolFile.take_over(path)
    assert taken_over
    with forked():
        for file in (own, taken_over):
            assert is_in_use(file.path)
            file.close()
            assert not is_in_use(file.path)


def test_a_child_holds_no_file_that_its_parent_was_making(path, monkeypatch):
    lock = fcntl.flock
    with ExitStack() as child:

        def lock_and_fork(file, how):
            lock(file, how)
            child.enter_context(forked())

        with monkeypatch.context() as patch:
            patch.setattr(fcntl, "flock", lock_and_fork)
            file = SpoolFile.create(path, HEAD)
        assert is_in_use(path)
        file.close()
        assert not is_in_use(path)


def test_a_line_that_does_not_fit_leaves_nothing_in_the_file(path):
    file = SpoolFile.create(path, HEAD)
    before = path.read_bytes()
    with full_disk(len(before) + 3), pytest.raises(OSError, match="too large"):
        file.append(b"12345")
    assert path.read_bytes() == before
    file.close()


def test_a_file_that_cannot_be_made_leaves_nothing_in_the_folder(path):
    with full_disk(), pytest.raises(OSError, match="too large"):
        SpoolFile.create(path, HEAD)
    assert not list(path.parent.iterdir())


def test_a_file_that_another_process_has_just_removed_cannot_be_taken_over(path, monkeypatch):
    SpoolFile.create(path, HEAD).close()
    monkeypatch.setattr(fcntl, "flock", lambda *_: path.unlink())
    assert SpoolFile.take_over(path) is None


def test_a_file_that_has_taken_the_name_of_a_deleted_one_is_not_removed(path):
    file = SpoolFile.create(path, HEAD)
    path.unlink()
    path.write_bytes(b"another's")
    assert file.deleted
    file.remove()
    assert path.read_bytes() == b"another's"


@pytest.mark.parametrize("size", [0, CHUNK - 1, CHUNK, CHUNK + 1])
def test_the_events_begin_after_the_head_however_long_it_is(path, size):
    path.write_bytes(b"x" * size + b"\n1\n2\n3")
    file = SpoolFile.take_over(path)
    assert file
    assert (file.count(), file.read(9)) == (2, [b"1", b"2"])
    file.close()
