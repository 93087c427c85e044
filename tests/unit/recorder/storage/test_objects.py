"""What is stored in the bucket is what was read, at the recorded version. Anything else is an error that says why."""

import os
import random
import signal
import threading
from base64 import b64decode
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st
from training_events import aws
from training_events.errors import NotStored
from training_events.recorder.storage import upload
from training_events.recorder.storage.files import ContentDigest
from training_events.recorder.storage.objects import FilesInPlace, ObjectStore, pin
from training_events.recorder.storage.upload import MAX_PART_BYTES, MAX_PARTS, PART_BYTES, part_bytes_for

from tests.support.fakes import refuse
from tests.support.patience import PATIENCE_SECONDS
from tests.support.s3 import BUCKET, data_bucket

PART = 5 * 2**20  # S3 takes no smaller part but the last
KEY = "runs/r/checkpoints/7/model.bin"


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - the same bytes every time


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@pytest.fixture
def s3():
    with data_bucket() as client:
        yield client


@pytest.fixture
def objects(s3):
    """Its client is the test's own, which a test can make fail."""
    return ObjectStore(BUCKET, lambda: s3, min_part_bytes=PART)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(noise(100))
    return path


def before(client: Any, operation: str, do: Any) -> None:
    """Call `do` once, right before the first such request is sent."""

    def once(**_: Any) -> None:
        client.meta.events.unregister(f"before-call.s3.{operation}", once)
        do()

    client.meta.events.register(f"before-call.s3.{operation}", once)


def unfinished(client: Any) -> Any:
    return client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 3])
def test_a_stored_file_is_the_file_that_was_read(s3, objects, file, size):
    content = noise(size)
    file.write_bytes(content)
    stored = objects.store(file, KEY)
    assert (stored.uri, stored.sha256, stored.bytes) == (f"s3://{BUCKET}/{KEY}", digest(content), size)
    current = s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=stored.version_id)
    assert (current["Body"].read(), current["Metadata"]) == (content, {"sha256": digest(content)})
    assert pin(stored.uri) == stored


def test_the_checksum_of_parts_is_the_one_that_s3_computes():
    """As S3 answered an upload of 5, 5 and 1 MiB in eu-west-1: github.com/floci-io/floci/issues/3083."""
    parts = [
        "lcKa6Boe7a167tUCN5C4OaFygGSYD8MBnBARTrdL+1w=",
        "gHjhbUT4oo2tSCtSZJdlKi+jeNXJT+VImqdPXsXvkOc=",
        "4l9PQ3zOPZ0oGFvknFX+J4zZwE4WMzO+l3r8XrbWOeM=",
    ]
    content = ContentDigest("", 11 * 2**20, [b64decode(part) for part in parts])
    assert content.checksum == "rVWtNbadtsaKXJAcgWPWjifHzJaXde/iV4jaJAOdivc=-3"


@given(st.integers(0, 2 * MAX_PARTS * PART_BYTES) | st.integers(0, MAX_PARTS * MAX_PART_BYTES))
def test_parts_are_neither_too_many_nor_too_large(size):
    part_bytes = part_bytes_for(size)
    if part_bytes is None:
        assert size < PART_BYTES
    else:
        assert -(-size // part_bytes) <= MAX_PARTS
        assert part_bytes == PART_BYTES or size > MAX_PARTS * part_bytes // 2
        assert part_bytes <= MAX_PART_BYTES


def test_a_file_that_is_too_large_for_s3_is_not_even_read(objects, file, monkeypatch):
    monkeypatch.setattr(upload, "size_of", lambda _: MAX_PARTS * MAX_PART_BYTES + 1)
    monkeypatch.setattr(upload, "digest_of_file", pytest.fail)
    with pytest.raises(NotStored, match=r"model\.bin is too large for S3: at most 10000 parts of 5368709120 bytes"):
        objects.store(file, KEY)


@pytest.mark.parametrize("name", ["best model #1.bin", "größe 模型.bin", "a?b&c=d%20+.bin", "?versionId=x", "two\nlines"])
def test_the_uri_has_any_name_as_it_is(objects, file, name):
    named = file.rename(file.parent / name)
    stored = objects.store(named, f"runs/ü ber/{name}")
    assert stored.uri == f"s3://{BUCKET}/runs/ü ber/{name}"
    assert pin(f"{stored.uri}?versionId={stored.version_id}") == stored


def test_storing_again_makes_another_version_and_each_can_be_pinned(objects, file):
    first = objects.store(file, KEY)
    file.write_bytes(noise(50))
    second = objects.store(file, KEY)
    third = objects.store(file, KEY)
    assert len({first.version_id, second.version_id, third.version_id}) == 3
    for stored in (first, second, third):
        assert pin(f"{stored.uri}?versionId={stored.version_id}") == stored


def test_a_link_is_stored_as_the_file_it_leads_to(objects, file):
    link = file.with_name("latest.bin")
    link.symlink_to(file)
    assert objects.store(link, KEY).sha256 == digest(file.read_bytes())


@pytest.mark.parametrize(("size", "operation"), [(1000, "PutObject"), (2 * PART, "CreateMultipartUpload")])
def test_a_file_that_changes_while_it_is_uploaded_is_not_recorded(s3, objects, file, size, operation):
    file.write_bytes(noise(size))

    def overwrite() -> None:
        with file.open("r+b") as content:
            content.seek(size - 9)
            content.write(b"otherwise")

    before(s3, operation, overwrite)
    with pytest.raises(NotStored, match="changed during the upload"):
        objects.store(file, KEY)


def test_a_file_that_changes_while_it_is_read_is_not_recorded(objects, file, monkeypatch):
    real = os.fstat

    def fstat(number: int) -> Any:
        seen = real(number)
        os.utime(file, ns=(0, seen.st_mtime_ns + 1))
        return seen

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(NotStored, match="changed while it was read"):
        objects.store(file, KEY)


@pytest.mark.parametrize("size", [1000, 2 * PART])
def test_an_object_that_another_program_puts_there_is_not_taken_for_ours(s3, objects, file, size):
    file.write_bytes(noise(size))
    other = aws.client("s3")
    before(s3, "HeadObject", lambda: other.put_object(Bucket=BUCKET, Key=KEY, Body=b"another's"))
    stored = objects.store(file, KEY)
    assert s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=stored.version_id)["Body"].read() == noise(size)


def test_without_versions_an_object_of_another_program_is_an_error(file):
    with data_bucket(versions=False) as s3:
        objects = ObjectStore(BUCKET, lambda: s3)
        assert objects.store(file, KEY).version_id is None
        other = aws.client("s3")
        before(
            s3, "HeadObject", lambda: other.put_object(Bucket=BUCKET, Key=KEY, Body=b"another's", ChecksumAlgorithm="SHA256")
        )
        with pytest.raises(NotStored, match="changed during the upload"):
            objects.store(file, KEY)


def test_a_store_that_returns_no_checksum_is_not_trusted(s3, objects, file):
    s3.meta.events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.pop("ChecksumSHA256"))
    with pytest.raises(NotStored, match="returns no SHA-256"):
        objects.store(file, KEY)


def assert_one_line(error: pytest.ExceptionInfo[NotStored], *words: str) -> None:
    message = str(error.value)
    assert "\n" not in message
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("operation", "size"), [("PutObject", 9), ("CreateMultipartUpload", PART), ("UploadPart", 2 * PART)])
def test_a_refusal_names_what_where_and_why_and_leaves_no_parts(s3, objects, file, operation, size):
    file.write_bytes(noise(size))
    refuse(s3, operation, float("inf"), "AccessDenied")
    with pytest.raises(NotStored) as error:
        objects.store(file, KEY)
    assert_one_line(error, "model.bin", f"s3://{BUCKET}/{KEY}", "AccessDenied")
    assert unfinished(aws.client("s3")) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_raised_on_and_leaves_no_parts(s3, objects, file, error):
    file.write_bytes(noise(6 * PART))
    interrupted = threading.Event()

    def interrupt() -> None:
        """Interrupt the thread that waits for the upload, and not one that sends."""
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        assert interrupted.wait(PATIENCE_SECONDS)

    def stop(*_: Any) -> None:
        interrupted.set()
        raise error

    before(s3, "UploadPart", interrupt)
    handler = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(error):
            objects.store(file, KEY)
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert unfinished(aws.client("s3")) == []


def test_a_bucket_that_cannot_be_reached_is_an_error_that_says_why(file, monkeypatch):
    def error_of(bucket: str, client: Any) -> pytest.ExceptionInfo[NotStored]:
        with pytest.raises(NotStored) as error:
            ObjectStore(bucket, client).store(file, KEY)
        return error

    with data_bucket():
        assert_one_line(error_of("nowhere", lambda: aws.client("s3")), "model.bin", "s3://nowhere/", "no such bucket")
        assert_one_line(error_of("No Bucket!", lambda: aws.client("s3")), "model.bin", "No Bucket!")
        for no_bucket in ("file:relative", "file://relative/folder", "s3://data"):
            assert_one_line(
                error_of(no_bucket, lambda: aws.client("s3")), "model.bin", no_bucket, "allowed: the name of a bucket"
            )
        monkeypatch.setenv("AWS_REGION", "no region")
        assert_one_line(error_of(BUCKET, lambda: aws.client("s3")), "model.bin", "no region")

    def unreachable() -> Any:
        one_attempt = Config(retries={"total_max_attempts": 1})
        keys: Any = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        return aws.session().create_client("s3", "eu-central-1", endpoint_url="http://127.0.0.1:9", config=one_attempt, **keys)

    assert_one_line(error_of(BUCKET, unreachable), "model.bin", "Could not connect")


def no_such_file(folder: Path) -> Path:
    return folder / "no\nfile"


def broken_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "gone")
    return folder / "link"


def empty_folder(folder: Path) -> Path:
    (folder / "empty" / "inside").mkdir(parents=True)
    return folder / "empty"


def pipe(folder: Path) -> Path:
    """Reading it never ends."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def folder_with_a_pipe(folder: Path) -> Path:
    (folder / "deep").mkdir()
    pipe(folder / "deep")
    return folder


def round_trip(folder: Path) -> Path:
    """Two links lead back to it: there are more paths through it than anybody could follow."""
    (folder / "round").symlink_to(folder)
    (folder / "again").symlink_to(folder)
    return folder


UNREADABLE: list[Any] = [no_such_file, broken_link, empty_folder, pipe, folder_with_a_pipe, round_trip]


@pytest.mark.parametrize("make", UNREADABLE)
def test_what_cannot_be_read_is_an_error(s3, objects, tmp_path, make):
    path = make(tmp_path)
    stores = (objects, FilesInPlace())
    for attempt in (*(partial(store.store, path, KEY) for store in stores), lambda: pin(path), lambda: pin(str(path))):
        with pytest.raises(NotStored) as error:
            attempt()
        assert_one_line(error)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("named", ["", None, 7, "a\0b", "file://", "s3://", "s3://bucket", "\ud800"])
def test_a_name_of_nothing_is_an_error(s3, named: Any):
    with pytest.raises(NotStored) as error:
        pin(named)
    assert_one_line(error)


@pytest.mark.parametrize("key", ["", "a/", "a/../b", ".", "a\ud800"])
def test_a_text_that_is_no_key_is_an_error(objects, file, key):
    with pytest.raises(NotStored, match="is no name for an object"):
        objects.store(file, key)


def test_a_file_that_is_recorded_in_place_says_so(file, monkeypatch):
    named = file.rename(file.with_name("größe 1.bin"))
    monkeypatch.chdir(named.parent)
    stored = FilesInPlace().store("größe 1.bin", KEY)
    assert (stored.uri, stored.version_id, stored.in_place) == (named.as_uri(), None, True)
    assert (stored.sha256, stored.bytes) == (digest(noise(100)), 100)
    assert pin(str(stored.uri)) == pin("größe 1.bin") == pin(named) == stored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sorted by whole paths, `a-b` comes before `a/b`."""
    root = tmp_path / "checkpoint 500"
    for name in ("a/b.bin", "a-b.bin", "größe/x y.bin", "Z"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    (root / "linked").symlink_to(root / "a")
    return root


def test_a_folder_is_stored_file_by_file(s3, objects, folder):
    stored = objects.store(folder, "runs/r/checkpoint 500")
    names = sorted(["a/b.bin", "a-b.bin", "größe/x y.bin", "Z", "linked/b.bin"], key=str.encode)
    contents = [(folder / name).read_bytes() for name in names]
    lines = "".join(f"{digest(content)}  {name}\n" for name, content in zip(names, contents, strict=True))
    assert (stored.uri, stored.version_id) == (f"s3://{BUCKET}/runs/r/checkpoint 500/", None)
    assert (stored.sha256, stored.bytes) == (digest(lines.encode()), sum(map(len, contents)))
    for name, content in zip(names, contents, strict=True):
        current = s3.get_object(Bucket=BUCKET, Key=f"runs/r/checkpoint 500/{name}")
        assert (current["Body"].read(), current["Metadata"]["sha256"]) == (content, digest(content))
    local = pin(folder)
    assert (local.sha256, local.bytes) == (stored.sha256, stored.bytes)
    assert local.uri == folder.as_uri() + "/"
    assert pin(str(local.uri)) == FilesInPlace().store(folder, KEY) == local


def test_nothing_is_stored_of_a_folder_that_cannot_be_stored_whole(s3, objects, folder):
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(NotStored, match="no UTF-8 form"):
        objects.store(folder, KEY)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)
    assert pin(folder).bytes


@pytest.mark.parametrize("uri", ["sklearn:load_digits", "https://example.com/x.npz", "hf://datasets/d", "s3://b/prefix/"])
def test_an_address_elsewhere_is_recorded_as_given(uri):
    stored = pin(uri)
    assert (stored.uri, stored.version_id, stored.sha256, stored.bytes) == (uri, None, None, None)


def test_a_password_in_an_address_is_not_recorded():
    assert pin("https://ada:secret@example.com/x.npz").uri == "https://example.com/x.npz"


def test_a_file_may_have_the_name_of_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run:7.csv").write_bytes(b"7")
    assert pin("run:7.csv").sha256 == digest(b"7")


def test_s3_knows_the_digest_of_some_objects_that_others_stored(s3):
    def put(**more: Any) -> Any:
        s3.put_object(Bucket=BUCKET, Key="datasets/d/x", Body=b"x", **more)
        return pin(f"s3://{BUCKET}/datasets/d/x")

    assert put(ChecksumAlgorithm="CRC32").sha256 is None
    assert put(ChecksumAlgorithm="SHA256").sha256 == digest(b"x")
    assert put(Metadata={"sha256": digest(b"x").upper()}).sha256 == digest(b"x")
    assert put(Metadata={"sha256": "unknown"}).sha256 is None
    both = put(ChecksumAlgorithm="SHA256", Metadata={"sha256": "0" * 64})
    assert both.sha256 == digest(b"x"), "S3's own checksum counts"
    assert (both.bytes, bool(both.version_id)) == (1, True)


def test_the_checksum_of_an_upload_in_parts_is_not_taken_for_a_digest_of_the_whole(s3, objects, file):
    file.write_bytes(noise(PART))
    objects.store(file, KEY)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/{KEY}", MetadataDirective="REPLACE")
    assert "-1" in s3.head_object(Bucket=BUCKET, Key="copy", ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert pin(f"s3://{BUCKET}/copy").sha256 is None


def test_an_object_without_a_version_is_recorded_in_place():
    """Whoever owns it may put another one there."""
    with data_bucket(versions=False) as s3:
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")
        assert pin(f"s3://{BUCKET}/x").in_place
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")
        assert not pin(f"s3://{BUCKET}/x").in_place


@pytest.mark.parametrize(
    "uri", ["s3://nowhere/x", f"s3://{BUCKET}/x", f"s3://{BUCKET}/x?versionId=none", f"s3://{BUCKET}/gone"]
)
def test_an_object_that_does_not_exist_is_an_error(s3, uri):
    s3.put_object(Bucket=BUCKET, Key="gone", Body=b"")
    s3.delete_object(Bucket=BUCKET, Key="gone")
    with pytest.raises(NotStored) as error:
        pin(uri)
    assert_one_line(error, uri.split("?")[0])
