"""What is read of locks, and that every one of this project pins every package with its hash."""

import json
import subprocess
from pathlib import Path

import pytest

from security.audit.locks import COMPILED, NPM, PIPFILE, Package, read_locks
from security.errors import MisuseError
from tests.support.paths import ROOT

HASHED = " \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
UV = f"# uv pip compile\nnumpy==2.4.6 ; python_version >= '3'{HASHED}numpy==2.5.5 ; python_version < '3'{HASHED}Six==1.0\n"
PIPENV = {
    "default": {"own": {"path": "./lambda"}, "six": {"version": "==1.0", "hashes": ["sha256:aa"]}},
    "develop": {
        "six": {"version": "==1.0", "hashes": ["sha256:aa"]},
        "bare": {"version": "==2.0", "markers": "os_name == 'x'"},
    },
}
PACKAGES = {
    "": {"name": "own"},
    "node_modules/a": {"version": "1.0.0", "integrity": "sha512-aa", "license": "MIT"},
    "node_modules/a/node_modules/@scope/b": {"version": "2.0.0", "inBundle": True},
    "node_modules/c-old": {"version": "3.0.0", "name": "c", "integrity": "sha1-aa"},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    content = {PIPFILE: json.dumps(PIPENV), NPM: json.dumps({"packages": PACKAGES})}
    for file in (PIPFILE, *COMPILED, NPM):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(content.get(file, UV), encoding="utf-8")
    return tmp_path


def test_every_lock_of_the_tree_is_audited() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "requirements.in", "*/requirements.in"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert {str(Path(file).with_suffix(".txt")) for file in listed} == set(COMPILED)


def test_everything_locked_is_locked_with_its_hash() -> None:
    locks = read_locks(ROOT)
    assert [lock.file for lock in locks] == [PIPFILE, *COMPILED, NPM]
    assert [line for lock in locks for line in lock.without_hash()] == []
    assert all(hash_.startswith("sha256:") for hash_ in _hashes_of_pipfile())
    assert all(one["integrity"].startswith("sha512-") for one in _of_npm() if "integrity" in one)


def _hashes_of_pipfile() -> list[str]:
    content = json.loads((ROOT / PIPFILE).read_text(encoding="utf-8"))
    entries = [*content["default"].values(), *content["develop"].values()]
    return [hash_ for entry in entries for hash_ in entry.get("hashes", [])]


def _of_npm() -> list[dict[str, str]]:
    return [*json.loads((ROOT / NPM).read_text(encoding="utf-8"))["packages"].values()]


def test_a_lock_of_uv_is_read_with_its_markers(project: Path) -> None:
    lock = read_locks(project)[1]
    assert lock.packages == (
        Package("numpy", "2.4.6", hashed=True),
        Package("numpy", "2.5.5", hashed=True, is_for_here=False),
        Package("six", "1.0", hashed=False),
    )


def test_a_lock_of_pipenv_is_read_without_this_project_and_each_package_once(project: Path) -> None:
    lock = read_locks(project)[0]
    assert lock.packages == (Package("six", "1.0", hashed=True), Package("bare", "2.0", hashed=False, is_for_here=False))


def test_a_lock_of_npm_is_read_and_what_is_bundled_has_the_hash_of_its_bundle(project: Path) -> None:
    lock = read_locks(project)[-1]
    assert lock.packages == (
        Package("a", "1.0.0", hashed=True, licence="MIT"),
        Package("@scope/b", "2.0.0", hashed=True),
        Package("c", "3.0.0", hashed=False),
    )


def test_what_has_no_hash_is_a_line(project: Path) -> None:
    lines = [line for lock in read_locks(project) for line in lock.without_hash()]
    assert lines[0] == "Pipfile.lock: bare 2.0 is locked without a hash"
    assert lines[1:] == [
        *(f"{file}: six 1.0 is locked without a hash" for file in COMPILED),
        "package-lock.json: c 3.0.0 is locked without a hash",
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (PIPFILE, "{"),
        (PIPFILE, "[]"),
        (PIPFILE, '{"default": {}}'),
        (PIPFILE, '{"default": {"six": {"version": "*"}}, "develop": {}}'),
        (PIPFILE, '{"default": {}, "develop": {}}'),
        (COMPILED[1], "six>=1.0\n"),
        (COMPILED[1], "six\n"),
        (COMPILED[1], "-e .\n"),
        (COMPILED[1], ""),
        (NPM, '{"lockfileVersion": 1}'),
        (NPM, '{"packages": {"node_modules/a": {}}}'),
    ],
)
def test_a_lock_that_makes_no_sense_is_misuse_and_one_line(project: Path, file: str, text: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError) as raised:
        read_locks(project)
    assert str(raised.value).startswith(f"{project / file}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (PIPFILE, '{"default": {"six": {"git": "https://x", "ref": "aa"}}, "develop": {}}', "six"),
        (PIPFILE, '{"default": {"six": {"path": "./six.whl"}}, "develop": {}}', "six"),
        (COMPILED[1], "six @ git+https://x\n", "six@ git+https://x"),
        (NPM, '{"packages": {"node_modules/a": {"link": true}}}', "node_modules/a"),
    ],
)
def test_what_is_of_no_index_is_named(project: Path, file: str, text: str, named: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError) as raised:
        read_locks(project)
    assert f"{named} is not pinned to one version of an index" in str(raised.value).replace("six @", "six@")


def test_a_lock_that_is_missing_is_misuse(project: Path) -> None:
    (project / COMPILED[2]).unlink()
    with pytest.raises(MisuseError, match="No such file"):
        read_locks(project)
