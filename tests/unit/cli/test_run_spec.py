"""The pinned spec of a run as people read it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.cli.run_spec import spec_fields

from tests.support.histories import DATA

SHA256 = "5e" * 32


def test_what_identifies_an_input_has_a_line_of_its_own():
    shown = spec_fields(
        {
            "model": "digits",
            "code": {"commit": "9a76a5d", "dirty": True, "repository": "https://host/r"},
            "datasets": [{"uri": "s3://b/d", "version_id": "v1", "sha256": SHA256}, "sklearn:load_digits", {"sha256": SHA256}],
            "entry_point": "train.py",
            "seeds": {"split": 7},
            "hyperparameters": {"C": 1.0, "kernel": "rbf", "optimizer": {"lr": 0.1, "name": "a b"}},
        }
    )
    assert shown == {
        "code": "commit      9a76a5d\ndirty       true\nrepository  https://host/r",
        "datasets": "\n".join(
            ["s3://b/d", "  version id  v1", f"  sha256      {SHA256}", "sklearn:load_digits", "-", f"  sha256  {SHA256}"]
        ),
        "entry point": "train.py",
        "seeds": "split=7",
        "hyperparameters": "C=1.0, kernel=rbf, optimizer.lr=0.1, optimizer.name=a b",
    }


def test_a_kept_patch_has_a_line_for_each_thing_that_is_known_of_it():
    patch = {"bytes": 428, "sha256": SHA256, "uri": "file:///kept"}
    shown = spec_fields({"code": {"commit": "9a76a5d", "diff": patch, "not_kept": {"my_keys.py": "a credential"}}})
    assert shown["code"].splitlines() == [
        "commit    9a76a5d",
        "diff      bytes   428",
        f"          sha256  {SHA256}",
        "          uri     file:///kept",
        "not kept  my_keys.py  a credential",
    ]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True), st.from_regex(r"[0-9]\.[0-9]{1,20}", fullmatch=True)
    )
)
def test_every_package_stands_on_one_line_with_its_version(packages):
    packages.pop("sha256", None)
    shown = spec_fields({"packages": packages})["packages"]
    lines = shown.splitlines() if packages else []
    listed = [package for line in lines for package in re.split(", ?", line) if package]
    assert [tuple(package.split(" ")) for package in listed] == list(packages.items())
    assert all(len(line) <= 100 for line in lines)


def test_what_was_too_large_for_the_event_is_shown_by_its_place():
    stored = {"uri": "s3://b/k", "version_id": "v", "sha256": SHA256, "bytes": 9}
    lines = ["uri         s3://b/k", "version id  v", f"sha256      {SHA256}", "bytes       9"]
    assert spec_fields({"packages": stored, "datasets": stored}) == {"packages": "\n".join(lines), "datasets": "\n".join(lines)}


@pytest.mark.parametrize("name", ["code", "datasets", "packages", "hyperparameters", "seeds"])
@pytest.mark.parametrize("value", [None, [], {}, "", 1, [1, None], {"a": []}, {"a\n": "b\n"}, "\ud800", {"\ud800": ["\ud800"]}])
def test_a_value_of_any_shape_is_shown(name, value):
    """A fold keeps a spec as it was recorded, and an altered read model may hold anything."""
    shown = spec_fields({name: value})[name]
    assert shown == value or isinstance(shown, str)
    if isinstance(value, dict) and value:
        assert len(shown.splitlines()) == 1, "a line break in a value makes no line of its own"


@given(DATA["run"]["TrainingStarted"])
def test_any_valid_spec_is_shown(spec):
    assert spec_fields(spec).keys() == {name.replace("_", " ") for name in spec.keys() - {"model"}}
