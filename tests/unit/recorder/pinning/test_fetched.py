"""A copy that was fetched for the program is recorded as the version that it is a copy of."""

from hashlib import sha256

import pytest
from training_events.catalogue.run import UsedDataset
from training_events.recorder.pinning.fetched import VARIABLE, pin_dataset, write_origins
from training_events.recorder.pinning.spec import pinned_dataset

ORIGIN = UsedDataset("s3://bucket/datasets/digits/digits.csv", "v7", role="train")
CONTENT = b"0,1,2\n"


@pytest.fixture(name="copy")
def _copy(tmp_path):
    (tmp_path / "digits.csv").write_bytes(CONTENT)
    return tmp_path / "digits.csv"


@pytest.fixture(name="environment")
def _environment(tmp_path, copy):
    write_origins(tmp_path / "origins.json", {copy: ORIGIN})
    return {VARIABLE: str(tmp_path / "origins.json")}


def test_a_copy_is_its_origin_with_the_digest_of_what_was_read(copy, environment):
    origin = UsedDataset(ORIGIN.uri, "v7", sha256(CONTENT).hexdigest(), len(CONTENT), role="train")
    assert pin_dataset(copy, environment) == origin
    assert pin_dataset(str(copy), environment) == pin_dataset(copy.as_uri(), environment) == pin_dataset(copy, environment)


def test_its_role_is_that_of_the_channel_unless_the_program_has_another(copy, environment, monkeypatch):
    monkeypatch.setenv(VARIABLE, environment[VARIABLE])
    roles = [(pinned_dataset(copy, role, pin_dataset) or {})["role"] for role in (None, "test")]
    assert roles == ["train", "test"]


def test_a_copy_that_was_changed_since_is_a_file_of_its_own(copy, environment):
    copy.write_bytes(CONTENT * 2)
    assert pin_dataset(copy, environment).uri == copy.as_uri()


def test_any_other_file_is_pinned_where_it_is(tmp_path, copy, environment):
    other = tmp_path / "other.csv"
    other.write_bytes(CONTENT)
    assert pin_dataset(other, environment).uri == other.as_uri()
    assert pin_dataset(copy, {}).uri == copy.as_uri()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_a_list_of_origins_that_cannot_be_read_is_no_list(tmp_path, copy, content):
    (tmp_path / "origins.json").write_text(content)
    assert pin_dataset(copy, {VARIABLE: str(tmp_path / "origins.json")}).uri == copy.as_uri()
    assert pin_dataset(copy, {VARIABLE: str(tmp_path / "nothing")}).uri == copy.as_uri()
