"""What is kept by its content stays what was read, whatever becomes of the original, of the disk and of the program."""

import os
import shutil
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.storage.content_store import ContentStore, reflink
from training_events.recorder.storage.files import digest_of, local_path
from training_events.recorder.storage.objects import pin

from tests.support.full_disk import full_disk


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "log.db-files")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"first")
    return path


def kept_path(stored: Stored) -> Path:
    return local_path(stored.uri)


def kept_files(store: ContentStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def overwrite(path: Path, content: bytes) -> None:
    """Without a new file: a hard link would show it."""
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


def shares_blocks_by_copying(source: int, copy: int) -> bool:
    """What FICLONE does, as far as a reader can tell."""
    os.write(copy, os.pread(source, 2**20, 0))
    return True


@pytest.mark.parametrize("share_blocks", [reflink, shares_blocks_by_copying, lambda *_: False])
@pytest.mark.parametrize("change", [overwrite, Path.write_bytes, lambda path, _: path.unlink()])
def test_no_later_change_of_the_original_reaches_what_is_kept(tmp_path, file, share_blocks, change):
    store = ContentStore(tmp_path / "kept", share_blocks)
    stored = store.store(file, "any key")
    assert stored == Stored(kept_path(stored).as_uri(), None, sha256(b"first").hexdigest(), 5)
    change(file, b"second")
    assert kept_path(stored).read_bytes() == b"first"
    assert (stored.in_place, stored.is_content_addressed) == (False, True)


@given(contents=st.lists(st.binary(max_size=4), min_size=1, max_size=12))
def test_every_content_is_kept_once_and_under_its_digest(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("any")
    store, file = ContentStore(folder / "kept"), folder / "file"
    stored = []
    for content in contents:
        file.write_bytes(content)
        stored.append(store.store(file, "key"))
    assert sorted(path.name for path in kept_files(store)) == sorted({sha256(content).hexdigest() for content in contents})
    assert [kept_path(each).read_bytes() for each in stored] == contents
    assert [digest_of(kept_path(each)).sha256 for each in stored] == [each.sha256 for each in stored]


def test_a_folder_is_kept_whole_and_once(store, tmp_path):
    folder = tmp_path / "checkpoint 500"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "weights.bin").write_bytes(b"1")
    (folder / "größe").write_bytes(b"22")
    first = store.store(folder, "key")
    pinned = digest_of(folder)
    assert (first.sha256, first.bytes, first.in_place) == (pinned.sha256, 3, False)
    assert str(first.uri).endswith(f"/{first.sha256}/")
    assert store.store(folder, "another key") == first
    overwrite(folder / "a" / "weights.bin", b"2")
    second = store.store(folder, "key")
    assert (kept_path(first) / "a" / "weights.bin").read_bytes() == b"1"
    assert (kept_path(second) / "a" / "weights.bin").read_bytes() == b"2"
    assert [digest_of(kept_path(each)).sha256 for each in (first, second)] == [first.sha256, second.sha256]


def test_what_is_kept_can_be_named_again_and_is_still_kept(store, file):
    for source in (file, file.parent):
        stored = store.store(source, "key")
        assert pin(str(stored.uri)) == stored


def test_a_folder_that_holds_the_kept_files_is_kept_without_them(tmp_path, file):
    store = ContentStore(tmp_path / "log.db-files")
    store.store(file, "key")
    first = store.store(tmp_path, "key")
    assert [path.name for path in kept_path(first).rglob("*")] == ["model.bin"]
    assert store.store(tmp_path, "key") == first
    with pytest.raises(NotStored, match="holds no file"):
        store.store(store.folder, "key")


def test_what_somebody_did_to_a_kept_file_is_undone_when_its_content_comes_again(store, file, tmp_path):
    folder = tmp_path / "folder"
    shutil.copytree(file.parent, folder, ignore=lambda *_: ["folder"])
    for original, inside in ((file, ""), (folder, "model.bin")):
        stored = store.store(original, "key")
        victim = kept_path(stored) / inside if inside else kept_path(stored)
        victim.chmod(0o600)
        victim.write_bytes(b"altered")
        assert store.store(original, "key") == stored
        assert digest_of(kept_path(stored)).sha256 == stored.sha256


def test_a_kept_file_lets_nobody_read_more_than_the_original_and_nobody_write(store, file):
    for mode, expected in ((0o600, 0o400), (0o644, 0o444), (0o755, 0o555)):
        file.chmod(mode)
        kept = kept_path(store.store(file, "key"))
        assert stat.S_IMODE(kept.stat().st_mode) == expected


@pytest.mark.parametrize("make", ["file", "folder"])
def test_with_a_full_disk_a_file_is_recorded_where_it_is_and_a_warning_says_so(store, tmp_path, make, caplog):
    source = tmp_path / "big"
    if make == "folder":
        source.mkdir()
    inner = source / "x" if make == "folder" else source
    inner.write_bytes(b"x" * 5000)
    with full_disk(1000):
        stored = store.store(source, "key")
    assert stored.in_place
    assert local_path(stored.uri) == source
    assert stored.sha256 == digest_of(source).sha256
    [message] = caplog.messages
    assert "is not kept in" in message
    assert "File too large" in message
    assert kept_files(store) == []


def test_where_no_folder_can_be_made_a_file_is_recorded_where_it_is(tmp_path, file, caplog):
    (tmp_path / "occupied").write_bytes(b"")
    assert ContentStore(tmp_path / "occupied").store(file, "key").in_place
    assert len(caplog.messages) == 1


def test_an_interruption_leaves_no_half_file(store, file):
    def interrupt(*_: Any) -> bool:
        raise KeyboardInterrupt

    interrupted = ContentStore(store.folder, interrupt)
    for source in (file, file.parent):
        with pytest.raises(KeyboardInterrupt):
            interrupted.store(source, "key")
        assert kept_files(store) == []
        assert list((store.folder / "incoming").iterdir()) == []


def test_what_a_killed_program_left_half_made_is_removed_a_day_later(store, file):
    incoming = store.folder / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "yesterday").mkdir()
    (incoming / "yesterday" / "half").write_bytes(b"")
    (incoming / "now").write_bytes(b"")
    long_ago = time.time() - 25 * 3600
    os.utime(incoming / "yesterday", (long_ago, long_ago))
    store.store(file, "key")
    assert [path.name for path in incoming.iterdir()] == ["now"]


def test_a_file_that_changes_while_it_is_copied_is_not_recorded(store, file, monkeypatch):
    real = os.fstat

    def fstat(number: int) -> Any:
        seen = real(number)
        os.utime(file, ns=(0, seen.st_mtime_ns + 1))
        return seen

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(NotStored, match="changed while it was read"):
        store.store(file, "key")
    assert kept_files(store) == []


def test_many_writers_keep_the_same_contents_at_once(tmp_path):
    for number in range(4):
        (tmp_path / f"folder {number % 2}" / f"{number}").mkdir(parents=True)
        (tmp_path / f"folder {number % 2}" / f"{number}" / "file").write_bytes(bytes([number]) * 100_000)
    together = threading.Barrier(8)

    def keep(number: int) -> list[Stored]:
        together.wait()
        own = ContentStore(tmp_path / "kept")
        return [own.store(tmp_path / f"folder {number % 2}", "key"), own.store(tmp_path / "folder 0" / "0" / "file", "key")]

    with ThreadPoolExecutor(8) as pool:
        stored = [each for pair in pool.map(keep, range(8)) for each in pair]
    assert len(set(stored)) == 3
    assert [digest_of(kept_path(each)).sha256 for each in stored] == [each.sha256 for each in stored]
    assert [path.name for path in (tmp_path / "kept" / "folders").iterdir() if ".altered" in path.name] == []


@pytest.mark.parametrize("make", [Path.mkdir, lambda _: None, os.mkfifo])
def test_what_cannot_be_read_is_an_error_and_leaves_nothing(store, tmp_path, make):
    make(tmp_path / "it")
    with pytest.raises(NotStored):
        store.store(tmp_path / "it", "key")
    assert not store.folder.exists() or kept_files(store) == []
