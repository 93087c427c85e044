"""A release contains the files that the JSON names, and works in any folder; anything that would not is refused."""

import json
import shutil
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from release.errors import ReleaseError
from release.synthesized import ROOT, read
from tests.release.conftest import PACKAGE, content, synthesize


def test_only_the_json_and_the_files_that_it_names_are_released(tmp_path: Path) -> None:
    stack = synthesize(tmp_path, content())
    assert read(tmp_path, "training-dev").files == {
        "cdk.tf.json": (stack / "cdk.tf.json").read_bytes(),
        PACKAGE: b"the package",
    }


def test_the_real_stacks_name_all_of_their_files(cdktf_out: Path) -> None:
    for stack in (cdktf_out / "stacks").iterdir():
        files = read(cdktf_out, stack.name).files
        assert sorted(files) == sorted(file.relative_to(stack).as_posix() for file in stack.rglob("*") if file.is_file())
        assert len(files) == 5, "the JSON, the package, the wheel, the notebook and a recipe"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"terraform": {}}'])
def test_what_is_not_a_stack_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    (synthesize(tmp_path, content()) / "cdk.tf.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"cdk\.tf\.json: [^\n]+$"):
        read(tmp_path, "training-dev")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname",
        "../training-prod/cdk.tf.json",
        "assets/../../secrets.zip",
        "~/training-events.zip",
        "${path.module}/training-events.zip",
        "./assets/package/0A/training-events.zip",
        "",
    ],
)
@pytest.mark.parametrize("where", ["argument", "expression", "file of an object"])
def test_a_path_to_another_folder_is_refused(path: str, where: str, tmp_path: Path) -> None:
    planted = {
        "argument": content(path),
        "expression": content(etag=f'x${{filemd5("{path}")}}'),
        "file of an object": content() | {"resource": {"aws_s3_object": {"client": {"source": path, "key": "client"}}}},
    }[where]
    synthesize(tmp_path, planted)
    with pytest.raises(ReleaseError, match="a release can only contain files in its own folder, by their plain paths"):
        read(tmp_path, "training-dev")


@pytest.mark.parametrize("name", [PACKAGE, "assets/package", "assets"])
def test_a_link_is_refused_whatever_its_target(name: str, tmp_path: Path) -> None:
    stack = synthesize(tmp_path / "out", content())
    shutil.move(stack / name, tmp_path / "elsewhere")
    (stack / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseError, match="a link, or in a folder that is one"):
        read(tmp_path / "out", "training-dev")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    synthesize(tmp_path, content("assets/package/0B/training-events.zip"))
    with pytest.raises(ReleaseError, match=r"names 'assets/package/0B/training-events\.zip', which does not exist"):
        read(tmp_path, "training-dev")


@pytest.mark.parametrize("folder", ["the project", "the output"])
def test_a_folder_of_this_machine_is_refused_anywhere_in_the_json(folder: str, tmp_path: Path) -> None:
    named = ROOT if folder == "the project" else tmp_path
    synthesize(tmp_path, content(description=f"made in {named}/somewhere"))
    with pytest.raises(ReleaseError, match="a folder of this machine"):
        read(tmp_path, "training-dev")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(path=st.lists(st.sampled_from(["..", ".", "", "a", "b", "~", "/"]), min_size=1, max_size=5).map("/".join))
@example(path="a/b")
def test_no_path_reads_a_file_outside_of_the_folder(path: str, tmp_path: Path) -> None:
    stack = tmp_path / "stacks" / "training-dev"
    (stack / "a").mkdir(parents=True, exist_ok=True)
    (stack / "a" / "b").write_bytes(b"inside")
    for outside in (tmp_path, tmp_path / "stacks"):
        (outside / "b").write_bytes(b"outside")
    (stack / "cdk.tf.json").write_text(json.dumps(content(path)), encoding="utf-8")
    try:
        files = read(tmp_path, "training-dev").files
    except ReleaseError:
        assert path != "a/b"
    else:
        assert files[path] == b"inside"
        assert PurePosixPath(path) == PurePosixPath("a/b")
