"""Fields that are too large for an event: kept in the bucket, or beside the spool, whoever else keeps the same."""

from pathlib import Path
from typing import Any

import pytest
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.delivery.channel import field_store
from training_events.recorder.storage.objects import ObjectStore

CONTENT = b'"much"'


def keeping(home: Path, stream: str, objects: Any) -> Any:
    return field_store(home, stream, objects)


class Bucket:
    """Another recorder keeps the same field, from beginning to end, while this one's is on its way."""

    def __init__(self, home, others):
        self.home, self.others, self.kept = home, others, []

    def store(self, path, key):
        if self.others:
            self.others -= 1
            keeping(self.home, "run/b", self)(CONTENT, "hyperparameters")
        self.kept.append((key, path.read_bytes()))
        return Stored(f"s3://data/{key}")


def test_two_recorders_with_the_same_field(tmp_path):
    bucket = Bucket(tmp_path, 1)
    stored = keeping(tmp_path, "run/a", bucket)(CONTENT, "hyperparameters")
    assert stored.uri.startswith("s3://data/fields/run/a/hyperparameters-")
    assert [content for _, content in bucket.kept] == [CONTENT] * 2
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_a_bucket_it_stays_beside_the_spool_once(tmp_path):
    keep = keeping(tmp_path, "run/a", ObjectStore(None))
    assert keep(CONTENT, "hyperparameters") == keep(CONTENT, "hyperparameters")
    [path] = (tmp_path / "fields").iterdir()
    assert path.read_bytes() == CONTENT
    assert keep(CONTENT, "hyperparameters").uri == path.as_uri()


def test_what_cannot_be_stored_leaves_no_file(tmp_path):
    class Denied:
        def store(self, *_):
            raise NotStored("denied")

    with pytest.raises(NotStored):
        keeping(tmp_path, "run/a", Denied())(CONTENT, "hyperparameters")
    assert list((tmp_path / "fields").iterdir()) == []
