"""The paths of artifacts: what leads out of a folder is refused, and what a run has recorded is listed at a path of its own."""

from pathlib import PurePosixPath, PureWindowsPath
from unicodedata import normalize

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from training_events.interchange.mlflow.address import ArtifactAddress
from training_events.interchange.mlflow.artifact_paths import checked, listed, place_in

pytestmark = pytest.mark.slow  # `import mlflow` takes seconds
LOG = "training-events:///data/runs/log.db"
TABLES = "training-events://log?read_models=models"
NAMES = st.text(st.sampled_from("ab é./\\:\u202e\x00\n%#\ud800\uff21"), max_size=12) | st.text(max_size=300)


@pytest.mark.parametrize("path", ["", "model/MLmodel", "été/a b.txt", "images/loss%step%0.png", "a#b", "...", "~/x", "C.txt"])
def test_a_path_is_any_names_with_slashes_between_them(path):
    assert checked(path) == path


def test_two_ways_to_write_a_letter_are_one_path():
    assert checked("e\u0301te\u0301") == "\u00e9t\u00e9"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "absolute"),
        ("C:/Windows/x", "absolute"),
        ("..", "a . or .."),
        ("a/../../b", "a . or .."),
        ("./a", "a . or .."),
        ("a//b", "empty"),
        ("a/", "empty"),
        ("a\\b", "backslash"),
        ("a\x00b", "do not print"),
        ("a\nb", "do not print"),
        ("gpj\u202e.exe", "do not print"),
        ("a\u200bb", "do not print"),
        ("a\udc80b", "do not print"),
        ("é" * 128, "255 bytes"),
    ],
)
def test_what_leads_out_of_a_folder_or_shows_as_another_name_is_refused_in_one_line(path, why):
    with pytest.raises(MlflowException) as refused:
        checked(path)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert why in refused.value.message
    assert "allowed: names joined by /" in refused.value.message
    assert refused.value.message.isprintable()


@given(NAMES)
def test_any_recorded_name_is_listed_at_an_allowed_path(name):
    assume(name)
    path = listed(name)
    assert checked(path) == path
    assert path
    assert not PurePosixPath(path).is_absolute()
    assert not PureWindowsPath(path).is_absolute()


@given(NAMES, NAMES)
def test_two_names_are_listed_at_two_paths(one, other):
    assume(normalize("NFC", one) != normalize("NFC", other))
    assert listed(one) != listed(other)


@pytest.mark.parametrize("log", [LOG, TABLES])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("1/digits-7/artifacts/model/MLmodel", ("runs", "digits-7", "model/MLmodel")),
        ("1/digits-7/artifacts", ("runs", "digits-7", "")),
        ("1/digits-7/artifacts/", ("runs", "digits-7", "")),
        ("digits-7/artifacts/a", ("runs", "digits-7", "a")),
        ("runs/digits-7/artifacts/a", ("runs", "digits-7", "a")),
        ("1/models/m-1/artifacts/MLmodel", ("models", "m-1", "MLmodel")),
        ("models/m-1/artifacts/MLmodel", ("models", "m-1", "MLmodel")),
        ("a/place/of/its/own/digits-7/artifacts/x/artifacts/y", ("runs", "digits-7", "x/artifacts/y")),
    ],
)
def test_a_servers_path_names_the_run_or_the_model_and_the_path_there(log, path, expected):
    assert place_in(log, path) == ArtifactAddress(log, *expected)


@pytest.mark.parametrize("path", ["", "1", "1/digits-7", "artifacts/x", "1/traces/tr-1", "1//artifacts/x"])
def test_any_other_path_of_a_server_is_refused_in_one_line(path):
    with pytest.raises(MlflowException, match="allowed: <experiment>/<run>/artifacts/…"):
        place_in(LOG, path)


def test_a_servers_path_cannot_leave_the_artifacts():
    with pytest.raises(MlflowException, match=r"a \. or \.\."):
        place_in(LOG, "1/digits-7/artifacts/../../x")


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        (f"{LOG}/runs/r/artifacts", "a/b", ArtifactAddress(LOG, "runs", "r", "a/b")),
        (f"{LOG}/runs/r/artifacts/a", "b", ArtifactAddress(LOG, "runs", "r", "a/b")),
        (f"{LOG}/models/m-1/artifacts", "", ArtifactAddress(LOG, "models", "m-1", "")),
        (f"{LOG}/runs/r", "artifacts", ArtifactAddress(LOG, "runs", "r", "")),
        ("training-events://log/runs/r?read_models=models", "artifacts", ArtifactAddress(TABLES, "runs", "r", "")),
    ],
)
def test_a_repository_of_one_run_or_model_has_its_paths_alone(root, path, expected):
    assert place_in(root, path) == expected
