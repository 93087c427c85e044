"""The locks are read, and every lock of this project pins every package with its hash."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from security.audit.locks import CHARTS, ENVIRONMENTS, NPM, NPM_LOCKS, PIPFILE, SHIPPED, Package, read_locks
from security.errors import MisuseError
from tests.support.paths import ROOT

HASHED = " \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
UV = f"# uv pip compile\nnumpy==2.4.6 ; python_version >= '3'{HASHED}numpy==2.5.5 ; python_version < '3'{HASHED}"
PIPENV = {
    "default": {"own": {"path": "./lambda"}, "six": {"version": "==1.0", "hashes": ["sha256:aa"]}},
    "develop": {
        "six": {"version": "==1.0", "hashes": ["sha256:aa"]},
        "bare": {"version": "==2.0", "hashes": ["sha256:aa", "sha256:bb"], "markers": "os_name == 'x'"},
    },
}
PACKAGES = {
    "": {"name": "own"},
    "node_modules/a": {"version": "1.0.0", "integrity": "sha512-aa", "license": "MIT"},
    "node_modules/a/node_modules/@scope/b": {"version": "2.0.0", "inBundle": True},
    "node_modules/c-old": {"version": "3.0.0", "name": "c", "integrity": "sha512-aa"},
}
COMPILED = "local/requirements.txt"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    npm = json.dumps({"packages": PACKAGES})
    content = {PIPFILE: json.dumps(PIPENV), NPM: npm, CHARTS: npm}
    for file in (PIPFILE, *ENVIRONMENTS, *NPM_LOCKS):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(content.get(file, UV), encoding="utf-8")
    return tmp_path


def test_every_lock_of_the_repository_is_audited() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "requirements.in", "*/requirements.in"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert {str(Path(file).with_suffix(".txt")) for file in listed} == ENVIRONMENTS.keys()
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "package.json", "*/package.json"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert {str(Path(file).with_name("package-lock.json")) for file in listed} == {*NPM_LOCKS}


def test_every_package_is_locked_with_its_hash() -> None:
    """Otherwise the lock could not be read."""
    assert [*read_locks(ROOT)] == [PIPFILE, *ENVIRONMENTS, *NPM_LOCKS]
    assert all(hash_.startswith("sha256:") for hash_ in _hashes_of_pipfile())
    assert all(entry["integrity"].startswith("sha512-") for entry in _of_npm() if "integrity" in entry)


def _hashes_of_pipfile() -> list[str]:
    content = json.loads((ROOT / PIPFILE).read_text(encoding="utf-8"))
    entries = [*content["default"].values(), *content["develop"].values()]
    return [hash_ for entry in entries for hash_ in entry.get("hashes", [])]


def _of_npm() -> list[dict[str, str]]:
    locks = [json.loads((ROOT / file).read_text(encoding="utf-8")) for file in NPM_LOCKS]
    return [entry for lock in locks for entry in lock["packages"].values()]


def test_a_lock_of_uv_is_read_with_the_packages_for_other_machines(project: Path) -> None:
    assert read_locks(project)[SHIPPED] == [Package("numpy", "2.4.6"), Package("numpy", "2.5.5")]


def test_a_lock_of_pipenv_is_read_without_this_project_and_without_duplicates(project: Path) -> None:
    assert read_locks(project)[PIPFILE] == [Package("six", "1.0"), Package("bare", "2.0")]


def test_a_lock_of_npm_is_read_with_bundled_packages(project: Path) -> None:
    assert read_locks(project)[NPM] == [Package("a", "1.0.0", "MIT"), Package("@scope/b", "2.0.0"), Package("c", "3.0.0")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (PIPFILE, "{"),
        (PIPFILE, "[]"),
        (PIPFILE, '{"default": {}}'),
        (PIPFILE, '{"default": {"six": {"version": "*"}}, "develop": {}}'),
        (PIPFILE, '{"default": {}, "develop": {}}'),
        (COMPILED, "six>=1.0\n"),
        (COMPILED, "six\n"),
        (COMPILED, "-e .\n"),
        (COMPILED, ""),
        (NPM, '{"lockfileVersion": 1}'),
        (NPM, '{"packages": {"node_modules/a": {}}}'),
    ],
)
def test_a_lock_that_makes_no_sense_is_misuse_with_one_line(project: Path, file: str, text: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError) as raised:
        read_locks(project)
    assert str(raised.value).startswith(f"{project / file}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (PIPFILE, '{"default": {"six": {"git": "https://x", "ref": "aa"}}, "develop": {}}', "six"),
        (PIPFILE, '{"default": {"six": {"path": "./six.whl", "hashes": ["sha256:aa"]}}, "develop": {}}', "six"),
        (PIPFILE, '{"default": {"six": {"version": "*", "hashes": ["sha256:aa"]}}, "develop": {}}', "six"),
        (PIPFILE, '{"default": {"six": {"version": "==1.0"}}, "develop": {}}', "six"),
        (PIPFILE, '{"default": {"six": {"version": "==1.*", "hashes": ["sha256:aa"]}}, "develop": {}}', "six==1.*"),
        (COMPILED, "six @ git+https://x\n", "six @ git+https://x"),
        (COMPILED, "six==1.0\n", "six==1.0"),
        (COMPILED, "six==1.* --hash=sha256:aa\n", "six==1.*"),
        (COMPILED, "six==1.0,!=2.0 --hash=sha256:aa\n", "six==1.0,!=2.0"),
        (COMPILED, "six>=1.0 --hash=sha256:aa\n", "six>=1.0"),
        (NPM, '{"packages": {"node_modules/a": {"link": true}}}', "node_modules/a"),
        (NPM, '{"packages": {"node_modules/a": {"integrity": "sha512-aa"}}}', "node_modules/a"),
        (NPM, '{"packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha1-aa"}}}', "node_modules/a"),
        (NPM, '{"packages": {"node_modules/a": {"version": "1.0.0"}}}', "node_modules/a"),
    ],
)
def test_a_package_without_a_pinned_version_or_a_hash_is_named(project: Path, file: str, text: str, named: str) -> None:
    (project / file).write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError) as raised:
        read_locks(project)
    assert re.search(rf"[\"']{re.escape(named)}(?!\w).* is not pinned to a version with a hash", str(raised.value))


def test_a_missing_lock_is_misuse(project: Path) -> None:
    (project / COMPILED).unlink()
    with pytest.raises(MisuseError, match="No such file"):
        read_locks(project)
