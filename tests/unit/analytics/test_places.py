import pytest
from training_events import aws
from training_events.analytics.places import place_at
from training_events.errors import Misused

from tests.support.dynamodb import aws_in_this_process


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    if request.param == "folder":
        yield place_at(str(tmp_path / "tables"))
        return
    with aws_in_this_process():
        aws.client("s3").create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield place_at("s3://data/analytics/tables/")


def test_a_file_is_written_and_read(place, tmp_path):
    place.write("a/b.json", b"{}")
    file = tmp_path / "file"
    file.write_bytes(b"rows")
    place.put("a/c", file)
    place.write("a/b.json", b"[]")
    assert place.read("a/b.json") == b"[]"
    assert place.read("a/c") == b"rows"


def test_names_are_those_that_begin_so(place):
    for name in ("a/1", "a/2", "b/1"):
        place.write(name, b"")
    assert sorted(place.names("a/")) == ["a/1", "a/2"]
    assert sorted(place.names("")) == ["a/1", "a/2", "b/1"]


def test_what_is_removed_is_gone_and_may_be_removed_again(place):
    for name in ("a/1", "a/2"):
        place.write(name, b"")
    place.remove(["a/1", "a/2"])
    place.remove(["a/1"])
    assert not list(place.names(""))


def test_a_file_that_is_not_there_is_said_to_be_missing(place):
    with pytest.raises(FileNotFoundError):
        place.read("a")


@pytest.mark.parametrize("address", ["https://example.com/a", "s3://", "s3:///a"])
def test_what_is_no_place_is_refused(address):
    with pytest.raises(Misused, match="is no place; allowed: a folder, or s3://<bucket>/<prefix>"):
        place_at(address)
