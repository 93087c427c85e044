"""Where the program of a run that is done again finds its data, and what says that it cannot."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from training_events.catalogue.run import UsedDataset
from training_events.errors import NotLaunched
from training_events.recorder.pinning.fetched import pin_dataset
from training_events.recorder.storage.files import uri_of
from training_events.reproduction.launch.data import DataPlacer

from tests.support.s3 import BUCKET, data_bucket


class Clone:
    """A checkout whose files were in `original` before."""

    def __init__(self, folder, original):
        self.folder, self.original = folder, original

    def place_of(self, path):
        return self.folder / path.relative_to(self.original) if path.is_relative_to(self.original) else None


@pytest.fixture
def s3():
    with data_bucket() as client:
        yield client


@pytest.fixture
def clone(tmp_path):
    for name in ("code", "original", "packages"):
        (tmp_path / name).mkdir()
    return Clone(tmp_path / "code", tmp_path / "original")


@pytest.fixture
def data(clone, tmp_path):
    return DataPlacer(clone, tmp_path / "packages", tmp_path / "channels")


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def recorded(path, text, role=None):
    return UsedDataset(uri_of(path), sha256=sha256(text.encode()).hexdigest(), bytes=len(text), role=role)


def put(s3, text):
    """The dataset that it is."""
    version = s3.put_object(Bucket=BUCKET, Key="data/a.csv", Body=text.encode())["VersionId"]
    return UsedDataset(f"s3://{BUCKET}/data/a.csv", version, sha256(text.encode()).hexdigest(), len(text), role="train")


def test_a_file_below_the_code_is_put_at_the_same_place_of_the_clone(data, clone):
    original = written(clone.original / "data" / "a.csv", "data")
    data.place(recorded(original, "data"))
    assert (clone.folder / "data" / "a.csv").read_text() == "data"


def test_a_file_that_the_commit_has_otherwise_is_replaced(data, clone):
    written(clone.folder / "a.csv", "as committed")
    data.place(recorded(written(clone.original / "a.csv", "as it was"), "as it was"))
    assert (clone.folder / "a.csv").read_text() == "as it was"


def test_a_file_that_the_commit_has_need_not_be_at_its_old_place_any_more(data, clone):
    written(clone.folder / "data" / "a.csv", "data")
    data.place(recorded(clone.original / "data" / "a.csv", "data"))
    data.place(recorded(Path("/of/another/machine/data/a.csv"), "data"))
    with pytest.raises(NotLaunched, match=r"the data /of/another/machine/data/b.csv cannot be had: there is no such file"):
        data.place(recorded(Path("/of/another/machine/data/b.csv"), "data"))


def test_a_file_of_a_package_is_there_with_its_package_or_comes_from_the_old_environment(data, clone, tmp_path):
    new = written(tmp_path / "packages" / "sklearn" / "digits.csv", "data")
    gone = clone.original / ".venv" / "lib" / "python3.11" / "site-packages"
    data.place(recorded(gone / "sklearn" / "digits.csv", "data"))
    assert new.read_text() == "data"
    data.place(recorded(written(gone / "nltk" / "downloaded.txt", "more"), "more"))
    assert (tmp_path / "packages" / "nltk" / "downloaded.txt").read_text() == "more"


def test_any_other_path_must_have_its_content_still(data, tmp_path):
    data.place(recorded(written(tmp_path / "elsewhere" / "a.csv", "data"), "data"))
    path = written(tmp_path / "elsewhere" / "b.csv", "dota")
    with pytest.raises(NotLaunched, match=f"the data {path} cannot be had: the sha256 recorded is "):
        data.place(recorded(path, "data"))


def test_of_an_object_the_program_reads_the_newest_version_if_that_is_the_recorded_one(data, s3):
    data.place(put(s3, "data"))
    assert data.variables() == {}


def test_an_object_that_has_another_version_now_is_offered_as_a_channel_and_recorded_as_what_it_is(data, s3, tmp_path):
    dataset = put(s3, "data")
    put(s3, "other")
    assert data.place(dataset).endswith("has another version now: the recorded one is in SM_CHANNEL_TRAIN")
    variables = data.variables()
    copy = Path(variables["SM_CHANNEL_TRAIN"]) / "a.csv"
    assert (copy.read_text(), json.loads(variables["SM_CHANNELS"])) == ("data", ["train"])
    pinned = pin_dataset(str(copy), variables)
    assert (pinned.uri, pinned.version_id, pinned.sha256) == (dataset.uri, dataset.version_id, dataset.sha256)


def test_an_object_without_a_role_that_has_another_version_now_cannot_be_had(data, s3):
    dataset = put(s3, "data")
    put(s3, "other")
    nameless = UsedDataset(dataset.uri, dataset.version_id, dataset.sha256, dataset.bytes)
    with pytest.raises(NotLaunched, match="cannot be had by its address: that has another version now than the run read"):
        data.place(nameless)


def test_a_version_that_was_deleted_is_one_line(data, s3):
    dataset = put(s3, "data")
    s3.delete_object(Bucket=BUCKET, Key="data/a.csv", VersionId=dataset.version_id)
    with pytest.raises(
        NotLaunched, match=r"the data s3://data/data/a.csv cannot be fetched: there is no such object"
    ) as raised:
        data.place(dataset)
    assert len(str(raised.value).splitlines()) == 1


def test_a_program_that_a_recipe_started_reads_all_that_has_a_role_from_channels(clone, tmp_path, s3):
    data = DataPlacer(clone, tmp_path / "packages", tmp_path / "channels", reads_channels=True)
    path = written(tmp_path / "elsewhere" / "b.csv", "test data")
    for dataset in (put(s3, "data"), recorded(path, "test data", role="test")):
        data.place(dataset)
    variables = data.variables()
    assert json.loads(variables["SM_CHANNELS"]) == ["test", "train"]
    assert (Path(variables["SM_CHANNEL_TEST"]) / "b.csv").read_text() == "test data"
    assert (Path(variables["SM_CHANNEL_TRAIN"]) / "a.csv").read_text() == "data"


def test_data_that_is_allowed_to_be_another_one_is_read_as_it_is_now(clone, tmp_path, s3):
    data = DataPlacer(clone, tmp_path / "packages", tmp_path / "channels", takes_others=True)
    below = written(clone.original / "a.csv", "as it is now")
    assert data.place(recorded(below, "as it was")) == "a.csv, which is another one now"
    assert (clone.folder / "a.csv").read_text() == "as it is now"
    elsewhere = written(tmp_path / "elsewhere" / "b.csv", "as it is now")
    assert data.place(recorded(elsewhere, "as it was")) == f"{elsewhere}, which is another one now"
    assert data.place(recorded(Path("/no/such"), "as it was")) == "file:///no/such, which cannot be had"
    dataset = put(s3, "as it was")
    put(s3, "as it is now")
    s3.delete_object(Bucket=BUCKET, Key="data/a.csv", VersionId=dataset.version_id)
    assert data.place(dataset) == f"{dataset.uri}, which is another one now"
    assert data.variables() == {}


def test_what_names_no_content_is_said_and_left_as_it_is(data):
    line = data.place(UsedDataset("sklearn:load_digits"))
    assert line == "sklearn:load_digits, of which nothing is recorded that could be checked"
