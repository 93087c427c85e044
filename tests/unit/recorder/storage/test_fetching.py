"""What is fetched is what was recorded, or one line says why it is not."""

from hashlib import sha256
from pathlib import Path

import pytest
from training_events.catalogue.stored import Stored
from training_events.errors import NotFetched
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.fetching import fetched
from training_events.recorder.storage.objects import ObjectStore, pin

from tests.support.s3 import BUCKET, data_bucket


@pytest.fixture
def s3():
    with data_bucket() as client:
        yield client


def digest(text):
    return sha256(text.encode()).hexdigest()


def put(s3, key, text):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())["VersionId"]


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in Path(folder).rglob("*") if path.is_file()}


def test_an_object_is_fetched_by_its_version_whatever_came_after_it(s3, tmp_path):
    first = put(s3, "data/a.csv", "first")
    put(s3, "data/a.csv", "second")
    s3.delete_object(Bucket=BUCKET, Key="data/a.csv")
    recorded = Stored(f"s3://{BUCKET}/data/a.csv", first, digest("first"))
    assert fetched(recorded, tmp_path / "new") == tmp_path / "new" / "a.csv"
    assert contents(tmp_path / "new") == {"a.csv": "first"}


def test_a_version_that_was_deleted_is_one_line(s3, tmp_path):
    version = put(s3, "data/a.csv", "first")
    s3.delete_object(Bucket=BUCKET, Key="data/a.csv", VersionId=version)
    uri = f"s3://{BUCKET}/data/a.csv"
    with pytest.raises(NotFetched, match=f"{uri} cannot be fetched: there is no such object") as raised:
        fetched(Stored(uri, version, digest("first")), tmp_path)
    assert len(str(raised.value).splitlines()) == 1
    assert contents(tmp_path) == {}


def test_an_object_without_versions_must_have_the_recorded_digest(s3, tmp_path):
    put(s3, "data/a.csv", "second")
    with pytest.raises(NotFetched, match=f"is not what was recorded: its sha256 was {digest('first')}, and now it is"):
        fetched(Stored(f"s3://{BUCKET}/data/a.csv", None, digest("first")), tmp_path)


def test_a_folder_comes_with_all_of_its_files(s3, tmp_path):
    for name in ("a.csv", "below/b.csv"):
        (tmp_path / "original" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "original" / name).write_text(name)
    in_s3 = ObjectStore(BUCKET, lambda: s3).store(tmp_path / "original", "datasets/d")
    for recorded in (in_s3, pin(tmp_path / "original"), ContentStore(tmp_path / "kept").store(tmp_path / "original", "")):
        copy = fetched(recorded, tmp_path / f"copy of {recorded.uri}".replace("/", "-"))
        assert contents(copy) == {"a.csv": "a.csv", "below/b.csv": "below/b.csv"}
    put(s3, "datasets/d/c.csv", "one more")
    with pytest.raises(NotFetched, match="is not what was recorded"):
        fetched(in_s3, tmp_path / "again")


@pytest.mark.parametrize("key", ["d/../../a.csv", "d//a.csv", "d/./a.csv"])
def test_no_name_in_a_bucket_leads_out_of_the_folder(s3, tmp_path, key):
    put(s3, key, "text")
    with pytest.raises(NotFetched, match="is no name for a file"):
        fetched(Stored(f"s3://{BUCKET}/d/", None, digest("text")), tmp_path / "folder")
    assert contents(tmp_path) == {}


def test_a_file_of_this_machine_is_copied_and_never_handed_on_itself(tmp_path):
    (tmp_path / "a.csv").write_text("first")
    recorded = pin(tmp_path / "a.csv")
    copy = fetched(recorded, tmp_path / "new")
    copy.write_text("changed by the program")
    assert (tmp_path / "a.csv").read_text() == "first"
    with pytest.raises(NotFetched, match="is there already"):
        fetched(recorded, tmp_path / "new")
    (tmp_path / "a.csv").write_text("other")
    with pytest.raises(NotFetched, match="is not what was recorded"):
        fetched(recorded, tmp_path / "newer")
    (tmp_path / "a.csv").unlink()
    with pytest.raises(NotFetched, match="cannot be read: No such file or directory"):
        fetched(recorded, tmp_path / "newest")


def test_a_log_that_was_moved_with_its_files_has_them_beside_it(tmp_path):
    (tmp_path / "a.patch").write_text("changes")
    store = ContentStore(tmp_path / "log.db-files")
    kept = store.store(tmp_path / "a.patch", "")
    moved = store.folder.rename(tmp_path / "moved.db-files")
    with pytest.raises(NotFetched):
        fetched(kept, tmp_path / "first")
    assert fetched(kept, tmp_path / "second", beside=ContentStore(moved)).read_text() == "changes"


@pytest.mark.parametrize(
    ("recorded", "why"),
    [
        (Stored("sklearn:load_digits", None, "0" * 64), "allowed: an address of s3:// or file://"),
        (Stored(None, None, "0" * 64), "what has no address cannot be fetched"),
        (Stored("file:///etc/hostname"), "neither its digest nor its version in S3 was recorded"),
        (Stored("file:///", None, "0" * 64), "it names no file"),
        (Stored("s3://data/..", None, "0" * 64), "it names no file"),
    ],
)
def test_what_names_nothing_that_could_be_fetched_is_one_line(tmp_path, recorded, why):
    with pytest.raises(NotFetched, match=why):
        fetched(recorded, tmp_path)
