"""A file is compared by what is there now: on disk by reading it, in S3 by the version that was recorded."""

import os
import random
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from msgspec import structs
from training_events.catalogue.stored import Stored
from training_events.proof.files import FileState
from training_events.recorder.storage.comparing import MAX_UNSAID_BYTES, FileComparer
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.objects import FilesInPlace, ObjectStore

from tests.support.fakes import refuse
from tests.support.s3 import BUCKET, data_bucket

PART = 5 * 2**20
KEY = "runs/r/model.bin"


@pytest.fixture
def s3():
    with data_bucket() as client:
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"first")
    return path


def state(stored: Stored | None, **options: Any) -> FileState:
    assert stored is not None
    return FileComparer(**options)(stored).state


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("store", [lambda path: ContentStore(path / "kept"), lambda _: FilesInPlace()])
def test_a_file_on_this_machine_is_read(tmp_path, folder, store):
    source = tmp_path / "source"
    inner = source / "a" / "x" if folder else source
    inner.parent.mkdir(parents=True, exist_ok=True)
    inner.write_bytes(b"first")
    stored = store(tmp_path).store(source, "key")
    place = Path(str(stored.uri).removeprefix("file://"))
    assert state(stored) is FileState.SAME
    victim = place / "a" / "x" if folder else place
    victim.chmod(0o600)
    victim.write_bytes(b"other")
    assert state(stored) is FileState.ALTERED
    shutil.rmtree(place) if folder else place.unlink()
    assert state(stored) is FileState.MISSING


def test_a_file_that_was_added_to_a_kept_folder_is_found(tmp_path, file):
    (tmp_path / "source").mkdir()
    file.rename(tmp_path / "source" / "model.bin")
    stored = ContentStore(tmp_path / "kept").store(tmp_path / "source", "key")
    (Path(str(stored.uri).removeprefix("file://")) / "more").write_bytes(b"")
    assert state(stored) is FileState.ALTERED


def test_a_folder_in_the_place_of_a_file_is_not_that_file(tmp_path, file):
    stored = ContentStore(tmp_path / "kept").store(file, "key")
    place = Path(str(stored.uri).removeprefix("file://"))
    place.unlink()
    place.mkdir()
    assert state(stored) is FileState.ALTERED
    assert state(structs.replace(stored, bytes=None)) is FileState.UNREADABLE


def unsaid(uri: str) -> Stored:
    """As an event of somebody else may name a file: without its size, or with none."""
    return Stored(uri, None, "0" * 64)


@pytest.mark.parametrize("bytes_", [None, 0])
def test_what_is_no_file_is_not_read(tmp_path, bytes_):
    """Reading a pipe or a device may take for ever, and so may opening one."""
    os.mkfifo(tmp_path / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path / "link", tmp_path / "socket", Path("/dev/zero"), Path("/dev/tty")):
        stored = structs.replace(unsaid(place.as_uri()), bytes=bytes_)
        assert state(stored) is FileState.UNREADABLE, place
    server.close()


@pytest.mark.parametrize("bytes_", [None, 0])
def test_of_a_file_that_has_more_to_read_than_its_size_says_the_rest_is_not_read(bytes_):
    read: list[int] = []
    stored = structs.replace(unsaid("file:///proc/self/smaps"), bytes=bytes_)
    assert state(stored, advance=read.append) is FileState.UNREADABLE
    assert len(read) <= 1


def test_a_pipe_that_takes_the_place_of_a_file_before_it_is_opened_is_not_waited_for(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_bytes(b"first")
    os.mkfifo(tmp_path / "pipe")
    stored = unsaid(file.as_uri())
    path_open = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: path_open(tmp_path / "pipe" if path == str(file) else path, flags))
    assert state(stored) is FileState.UNREADABLE


def test_holes_of_a_terabyte_are_not_read_where_the_event_does_not_say_that_it_was_so_large(tmp_path):
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(MAX_UNSAID_BYTES + 1)
    read: list[int] = []
    assert state(unsaid(sparse.as_uri()), advance=read.append) is FileState.UNREADABLE
    small = tmp_path / "small"
    small.write_bytes(b"first")
    assert state(unsaid(small.as_uri())) is FileState.ALTERED
    assert not read


def test_files_that_moved_with_their_log_are_found_beside_it(tmp_path, file):
    stored = ContentStore(tmp_path / "kept").store(file, "key")
    moved = (tmp_path / "kept").rename(tmp_path / "moved")
    assert state(stored) is FileState.MISSING
    assert state(stored, beside=ContentStore(moved)) is FileState.SAME
    in_place = FilesInPlace().store(file, "key")
    file.unlink()
    assert state(in_place, beside=ContentStore(moved)) is FileState.MISSING


@pytest.mark.parametrize("size", [5, 2 * PART + 3])
def test_an_object_is_compared_in_the_version_that_was_recorded(s3, file, size):
    """An object that was sent in parts has no checksum of the whole in S3: it is read."""
    file.write_bytes(random.Random(size).randbytes(size))  # noqa: S311 - the same bytes every time
    stored = ObjectStore(BUCKET, lambda: s3, min_part_bytes=PART).store(file, KEY)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"a newer version")
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    read: list[int] = []
    assert state(stored, client=lambda: s3, advance=read.append) is FileState.SAME
    assert sum(read) == (0 if size == 5 else size)
    s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=stored.version_id)
    assert state(stored, client=lambda: s3) is FileState.MISSING


@pytest.mark.parametrize("checksum", ["SHA256", "CRC32"])
def test_another_object_in_its_place_is_found(file, checksum):
    with data_bucket(versions=False) as s3:
        stored = ObjectStore(BUCKET, lambda: s3).store(file, KEY)
        # whoever replaces an object can also claim any digest in its metadata
        s3.put_object(
            Bucket=BUCKET, Key=KEY, Body=b"other", ChecksumAlgorithm=checksum, Metadata={"sha256": stored.sha256 or ""}
        )
        assert state(stored, client=lambda: s3) is FileState.ALTERED


def test_a_folder_in_s3_is_compared_file_by_file(s3, tmp_path):
    (tmp_path / "folder" / "a").mkdir(parents=True)
    (tmp_path / "folder" / "a" / "x").write_bytes(b"1")
    (tmp_path / "folder" / "y").write_bytes(b"2")
    stored = ObjectStore(BUCKET, lambda: s3).store(tmp_path / "folder", "runs/r/folder")
    assert state(stored, client=lambda: s3) is FileState.SAME
    s3.put_object(Bucket=BUCKET, Key="runs/r/folder/y", Body=b"3")
    assert state(stored, client=lambda: s3) is FileState.ALTERED
    for key in ("a/x", "y"):
        s3.delete_object(Bucket=BUCKET, Key=f"runs/r/folder/{key}")
    assert state(stored, client=lambda: s3) is FileState.MISSING


def test_an_object_that_may_not_be_read_cannot_be_compared(s3, file):
    stored = ObjectStore(BUCKET, lambda: s3).store(file, KEY)
    refuse(s3, "HeadObject", float("inf"), "AccessDenied")
    compared = FileComparer(client=lambda: s3)(stored)
    assert compared.state is FileState.UNREADABLE
    assert "AccessDenied" in compared.why


@pytest.mark.parametrize("uri", [
    "s3://b/k", "s3://No Bucket!/k", "s3://", "s3:///", "s3://data/", "file://", "file:///", "file:///dev/zero",
    "file:///proc/self/mem", "file:///a%00b", "file:///" + "x" * 5000, "file://another-machine/x",
])  # fmt: skip
@pytest.mark.parametrize("more", [{"bytes": 7}, {}])
def test_no_address_that_somebody_chose_stops_the_verification_of_others(s3, uri, more):
    assert state(Stored(uri, None, "0" * 64, **more), client=lambda: s3) in (
        FileState.ALTERED,
        FileState.MISSING,
        FileState.UNREADABLE,
    )


def test_nothing_is_read_of_a_file_of_another_size(tmp_path, file, s3):
    stored = [FilesInPlace().store(file, "key"), ObjectStore(BUCKET, lambda: s3).store(file, KEY)]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_bytes(b"x")
    stored.append(FilesInPlace().store(tmp_path / "folder", "key"))
    for place in (file, tmp_path / "folder" / "more"):
        place.write_bytes(b"much more")
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"much more")
    comparer = FileComparer(client=lambda: s3, advance=lambda _: pytest.fail("it was read"))
    for each in stored:
        compared = comparer(structs.replace(each, version_id=None))
        assert compared.state is FileState.ALTERED
        assert "bytes when it was recorded" in compared.why


def test_each_file_is_read_once(file):
    stored = FilesInPlace().store(file, "key")
    read: list[int] = []
    comparer = FileComparer(advance=read.append)
    assert [comparer(stored).state for _ in range(3)] == [FileState.SAME] * 3
    assert read == [5]


def test_what_is_neither_on_this_machine_nor_in_s3_is_not_looked_at():
    comparer = FileComparer(client=lambda: pytest.fail("nothing is to be asked"))
    assert comparer(Stored("https://example.org/x", None, "0" * 64)).state is FileState.ELSEWHERE


@pytest.mark.parametrize("failure", [NoCredentialsError(), EndpointConnectionError(endpoint_url="https://s3")])
def test_without_credentials_or_a_network_a_file_is_unreadable_and_the_next_one_is_read(file, failure):
    def no_client() -> Any:
        raise failure

    comparer = FileComparer(client=no_client)
    assert comparer(Stored(uri="s3://bucket/key", sha256="ab" * 32, bytes=5)).state is FileState.UNREADABLE
    stored = FilesInPlace().store(file, "key")
    assert comparer(stored).state is FileState.SAME
