"""Which licences are read of packages, and which are allowed: in general, for a named package, in what is shipped."""

import csv
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from piplicenses_lib import normalize_package_name

from local.errors import LocalError
from security.audit import licences
from security.audit.licences import Rules, judge, read_rules
from security.audit.locks import NPM, PIPFILE, SHIPPED, Locks, Package, read_locks
from security.errors import MisuseError
from tests.support.paths import ROOT

RULES = Rules(
    allowed=["MIT", "BSD-3-Clause"],
    unless_shipped={"MPL-2.0": ["certifi"], "BSD License": ["jinja2"]},
    also_called={"MIT": ["MIT License"], "BSD License": ["BSD"]},
)


def _judged(name: str, says: str, lock: str = PIPFILE) -> list[str]:
    lines = judge({lock: [Package(name, "1.0", says)]}, RULES)
    return [line for line in lines if "nothing needs this" not in line]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("six", "MIT"),
        ("six", "mit"),
        ("six", "MIT License"),
        ("case", "(MIT OR GPL-3.0-or-later)"),
        ("certifi", "MPL-2.0"),
        ("certifi", "MPL-2.0 AND (Apache-2.0 OR MIT)"),
        ("jinja2", "BSD License"),
        ("jinja2", "BSD AND MIT License"),
        ("node", "MIT License\n\nPermission is hereby granted, free of charge"),
    ],
)
def test_what_is_allowed_is_nothing_to_look_at(name: str, says: str) -> None:
    assert _judged(name, says) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("readline", "GPL-3.0-only"),
        ("both", "MIT AND GPL-3.0-only"),
        ("tqdm", "MPL-2.0"),
        ("jinja2", "Apache-2.0"),
        ("llvm", "MIT WITH LLVM-exception"),
        # what is not known is not allowed
        ("six", "BSD License"),
        ("jinja2", "New BSD"),
        ("six", "MIT OR"),
        ("six", "MIT Licence, and more (a lot)"),
        ("six", "UNKNOWN"),
        ("six", ""),
    ],
)
def test_a_licence_that_is_not_allowed_is_found(name: str, says: str) -> None:
    assert _judged(name, says) == [f"Pipfile.lock: {name} 1.0: licences.toml does not allow its licence: {says!r}"]


def test_what_is_allowed_for_one_package_is_not_allowed_in_what_is_shipped() -> None:
    (line,) = _judged("certifi", "MPL-2.0", SHIPPED)
    assert line == f"{SHIPPED}: certifi 1.0: licences.toml does not allow its licence in what is shipped: 'MPL-2.0'"
    assert _judged("six", "MIT", SHIPPED) == []


def test_a_rule_that_nothing_needs_is_told() -> None:
    found = [Package("certifi", "1", "MPL-2.0"), Package("jinja2", "1", "BSD License AND BSD-3-Clause")]
    mit = "licences.toml: MIT: nothing needs this any more: remove it"
    assert [*judge({PIPFILE: found}, RULES)] == [mit]
    assert [*judge({}, RULES)] == [
        "licences.toml: BSD-3-Clause: nothing needs this any more: remove it",
        mit,
        "licences.toml: MPL-2.0 of certifi: nothing needs this any more: remove it",
        "licences.toml: BSD License of jinja2: nothing needs this any more: remove it",
    ]


NAMES = ["MIT", "ISC", "GPL-3.0-only", "Apache-2.0 WITH LLVM-exception"]
OPERATORS = st.sampled_from(["AND", "OR"])
EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: (
        st.builds("({} {} {})".format, inner, OPERATORS, inner) | st.builds("{} {} {}".format, inner, OPERATORS, inner)
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.sets(st.sampled_from(NAMES)))
def test_an_expression_means_what_python_makes_of_it(text: str, allowed: set[str]) -> None:
    """`and` and `or` of Python bind as SPDX's do."""
    python = text.replace("AND", "and").replace("OR", "or")
    for name in NAMES:
        python = python.replace(name, str(name in allowed))
    lines = [line for line in judge({NPM: [Package("a", "1", text)]}, Rules(allowed=sorted(allowed))) if NPM in line]
    assert (not lines) is eval(python)  # noqa: S307 - it is made of nothing else


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("allowed = [\n", "TOML"),
        ("", "allowed"),
        ("allowed = 'MIT'\n", "allowed"),
        ("allowed = ['MIT', 1]\n", "allowed"),
        ("allowed = ['MIT']\nunless_shipped = ['MPL-2.0']\n", "unless_shipped"),
        ("allowed = ['MIT']\n[unless_shipped]\nMPL = 'certifi'\n", "unless_shipped"),
        ("allowed = ['MIT']\nuntil = 'never'\n", "until"),
        ("alowed = ['MIT']\n", "allowed"),
    ],
)
def test_rules_that_make_no_sense_are_misuse(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "licences.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match=told) as raised:
        read_rules(file)
    assert "\n" not in str(raised.value)


def _checked(locks: Locks, root: Path) -> tuple[list[str], list[list[str]]]:
    """What is told but for rules that other locks need, and the list."""
    (root / ".build").mkdir(exist_ok=True)
    lines = [line for line in licences.check(locks, root) if "nothing needs this" not in line]
    with (root / ".build" / "licences.csv").open(encoding="utf-8") as file:
        return lines, [*csv.reader(file)]


@pytest.mark.usefixtures("scanners")
@pytest.mark.parametrize("file", [PIPFILE, SHIPPED, NPM, "security/requirements.txt"])
def test_everything_of_this_project_is_allowed(tmp_path: Path, file: str) -> None:
    """Of what tests install anyway; `make audit` installs the rest, too."""
    (tmp_path / ".build").mkdir()
    for folder in ("lambda", "security", ".build/security", ".build/shipped"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    locks = read_locks(ROOT)
    lines, rows = _checked({file: locks[file]}, tmp_path)
    assert lines == []
    listed = {(name, version) for _, name, version, _ in rows}
    assert all(licence for *_, licence in rows)
    if file == NPM:
        assert listed == {one[:2] for one in locks[file]}
        assert ["package-lock.json", "cdktf-cli", "0.21.0", "MPL-2.0"] in rows
    else:  # of what is locked in two versions, one is for this Python; and pywin32 is for Windows
        pins = {(normalize_package_name(name), version) for name, version, _ in locks[file]}
        assert {name for name, _ in pins - listed} <= {"pywin32", *(name for name, _ in pins & listed)}


def test_what_is_installed_is_listed_with_what_its_metadata_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with a blank in its name."""
    folder = tmp_path / "with blank" / "a-1.dist-info"
    folder.mkdir(parents=True)
    osi = "Classifier: License :: OSI Approved"
    text = f"Metadata-Version: 2.1\nName: A_b\nVersion: 1\n{osi} :: Apache Software License\n{osi} :: MIT License\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -c \"import json; print(json.dumps(['{folder.parent}']))\"\n")
    python.chmod(0o755)
    monkeypatch.setattr(licences, "python_of", lambda *_: python)
    lines, rows = _checked({SHIPPED: []}, tmp_path)
    assert lines == []
    assert rows == [[SHIPPED, "a-b", "1", "Apache Software License AND MIT License"]]


def test_what_cannot_be_installed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise LocalError("MLflow could not be installed: no index")

    monkeypatch.setattr(licences, "python_of", refuse)
    with pytest.raises(LocalError, match="no index"):
        _checked({"benchmarks/requirements.txt": []}, tmp_path)


def test_every_package_of_what_is_shipped_brings_its_licence_along() -> None:
    """Most licences ask for that of who passes a package on."""
    wheels = [*(ROOT / ".build" / "package").glob("wheels/*/*.whl")]
    texts = {
        one.metadata["Name"].replace("_", "-"): [file.name for file in one.files or [] if file.name.startswith("LICENSE")]
        for one in distributions(path=[*map(str, wheels)])
    }
    assert all(texts[package.name] for package in read_locks(ROOT)[SHIPPED])
