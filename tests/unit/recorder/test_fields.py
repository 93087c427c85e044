"""Fields that are too large for an event: stored in the bucket or beside the spool, whoever else stores the same."""

from pathlib import Path
from typing import Any

import pytest
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.delivery.channel import field_store
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.objects import FilesInPlace

CONTENT = b'"much"'


def storing(home: Path, stream: str, objects: Any) -> Any:
    return field_store(home, stream, objects)


class Bucket:
    """Another recorder stores the same field, from beginning to end, while this one's is on its way."""

    def __init__(self, home, others):
        self.home, self.others, self.stored = home, others, []

    def store(self, path, key):
        if self.others:
            self.others -= 1
            storing(self.home, "run/b", self)(CONTENT, "hyperparameters")
        self.stored.append((key, path.read_bytes()))
        return Stored(f"s3://data/{key}")


def test_two_recorders_can_store_the_same_field_at_once(tmp_path):
    bucket = Bucket(tmp_path, 1)
    stored = storing(tmp_path, "run/a", bucket)(CONTENT, "hyperparameters")
    assert stored.uri.startswith("s3://data/fields/run/a/hyperparameters-")
    assert [content for _, content in bucket.stored] == [CONTENT] * 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_a_bucket_a_field_is_stored_once_beside_the_spool(tmp_path):
    store = storing(tmp_path, "run/a", FilesInPlace())
    assert store(CONTENT, "hyperparameters") == store(CONTENT, "hyperparameters")
    [path] = (tmp_path / "fields").iterdir()
    assert path.read_bytes() == CONTENT
    assert store(CONTENT, "hyperparameters").uri == path.as_uri()


def test_a_field_that_cannot_be_stored_leaves_no_file(tmp_path):
    class Denied:
        def store(self, *_):
            raise NotStored("denied")

    with pytest.raises(NotStored):
        storing(tmp_path, "run/a", Denied())(CONTENT, "hyperparameters")
    assert list((tmp_path / "fields").iterdir()) == []


def test_a_field_is_kept_with_the_files_where_those_are_kept(tmp_path):
    stored = storing(tmp_path / "spool", "run/a", ContentStore(tmp_path / "kept"))(CONTENT, "hyperparameters")
    assert Path(stored.uri.removeprefix("file://")).read_bytes() == CONTENT
    assert (stored.is_content_addressed, stored.in_place) == (True, False)
    assert not [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]


def test_a_field_that_the_disk_of_the_files_does_not_take_is_stored_beside_the_spool(tmp_path):
    (tmp_path / "occupied").write_bytes(b"")
    stored = storing(tmp_path, "run/a", ContentStore(tmp_path / "occupied"))(CONTENT, "hyperparameters")
    [path] = (tmp_path / "fields").iterdir()
    assert (stored.uri, path.read_bytes(), stored.in_place) == (path.as_uri(), CONTENT, False)
