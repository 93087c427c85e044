"""The licences of packages are read, and checked: allowed in general, for a named package, or in what is shipped."""

import csv
import shlex
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
from security.audit.locks import CHARTS, NPM, NPM_LOCKS, PIPFILE, SHIPPED, Locks, Package, read_locks
from security.errors import MisuseError
from tests.support.paths import ROOT

RULES = Rules(
    allowed=["MIT", "BSD-3-Clause"],
    unless_shipped={"MPL-2.0": ["certifi"], "BSD License": ["jinja2"]},
    also_called={"MIT": ["MIT License"], "BSD License": ["BSD"]},
)


def _judged(name: str, licence: str, lock: str = PIPFILE) -> list[str]:
    lines = judge({lock: [Package(name, "1.0", licence)]}, RULES)
    return [line for line in lines if "nothing needs this" not in line]


@pytest.mark.parametrize(
    ("name", "licence"),
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
def test_an_allowed_licence_is_accepted(name: str, licence: str) -> None:
    assert _judged(name, licence) == []


@pytest.mark.parametrize(
    ("name", "licence"),
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
def test_a_licence_that_is_not_allowed_is_reported(name: str, licence: str) -> None:
    assert _judged(name, licence) == [f"Pipfile.lock: {name} 1.0: licences.toml does not allow its licence: {licence!r}"]


def test_a_licence_for_a_named_package_is_not_allowed_if_that_is_shipped() -> None:
    (line,) = _judged("certifi", "MPL-2.0", SHIPPED)
    assert line == f"{SHIPPED}: certifi 1.0: licences.toml does not allow its licence in what is shipped: 'MPL-2.0'"
    assert _judged("six", "MIT", SHIPPED) == []


def test_a_rule_that_no_package_needs_is_reported() -> None:
    packages = [Package("certifi", "1", "MPL-2.0"), Package("jinja2", "1", "BSD License AND BSD-3-Clause")]
    mit = "licences.toml: MIT: nothing needs this any more: remove it"
    assert [*judge({PIPFILE: packages}, RULES)] == [mit]
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
def test_an_expression_is_evaluated_like_the_same_expression_in_python(text: str, allowed: set[str]) -> None:
    """`and` and `or` have the same precedence in Python and in SPDX."""
    python = text.replace("AND", "and").replace("OR", "or")
    for name in NAMES:
        python = python.replace(name, str(name in allowed))
    lines = [line for line in judge({NPM: [Package("a", "1", text)]}, Rules(allowed=sorted(allowed))) if NPM in line]
    assert (not lines) is eval(python)  # noqa: S307 - it consists only of True, False, and, or and brackets


@pytest.mark.parametrize(
    ("text", "message"),
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
def test_rules_that_make_no_sense_are_misuse(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "licences.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match=message) as raised:
        read_rules(file)
    assert "\n" not in str(raised.value)


def _checked(locks: Locks, root: Path) -> tuple[list[str], list[list[str]]]:
    """The lines without those on rules that only other locks need, and the rows of the list."""
    (root / ".build").mkdir(exist_ok=True)
    lines = [line for line in licences.check(locks, root) if "nothing needs this" not in line]
    with (root / ".build" / "licences.csv").open(encoding="utf-8") as file:
        return lines, [*csv.reader(file)]


@pytest.mark.usefixtures("scanners")
@pytest.mark.parametrize("file", [PIPFILE, SHIPPED, NPM, CHARTS, "security/requirements.txt"])
def test_every_licence_in_this_project_is_allowed(tmp_path: Path, file: str) -> None:
    """Only in locks that tests install anyway; `make audit` also installs the others."""
    (tmp_path / ".build").mkdir()
    for folder in ("lambda", "security", ".build/security", ".build/shipped"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    locks = read_locks(ROOT)
    lines, rows = _checked({file: locks[file]}, tmp_path)
    assert lines == []
    listed = {(name, version) for _, name, version, _ in rows}
    assert all(licence for *_, licence in rows)
    if file in NPM_LOCKS:
        assert listed == {package[:2] for package in locks[file]}
        of_each = {NPM: ["cdktf-cli", "0.21.0", "MPL-2.0"], CHARTS: ["uplot", "1.6.32", "MIT"]}
        assert [file, *of_each[file]] in rows
    else:  # of two locked versions of a package, one is for this Python; pywin32 is for Windows
        pins = {(normalize_package_name(name), version) for name, version, _ in locks[file]}
        assert {name for name, _ in pins - listed} <= {"pywin32", *(name for name, _ in pins & listed)}


def test_installed_packages_are_listed_with_the_licences_in_their_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder with a blank in its name."""
    folder = tmp_path / "with blank" / "a-1.dist-info"
    folder.mkdir(parents=True)
    osi = "Classifier: License :: OSI Approved"
    text = f"Metadata-Version: 2.1\nName: A_b\nVersion: 1\n{osi} :: Apache Software License\n{osi} :: MIT License\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")
    python = tmp_path / "python"
    program = f"import json; print(json.dumps(['{folder.parent}']))"
    python.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-c', program])}\n")
    python.chmod(0o755)
    monkeypatch.setattr(licences, "python_of", lambda *_: python)
    lines, rows = _checked({SHIPPED: []}, tmp_path)
    assert lines == []
    assert rows == [[SHIPPED, "a-b", "1", "Apache Software License AND MIT License"]]


def test_packages_that_cannot_be_installed_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise LocalError("MLflow could not be installed: no index")

    monkeypatch.setattr(licences, "python_of", refuse)
    with pytest.raises(LocalError, match="no index"):
        _checked({"benchmarks/requirements.txt": []}, tmp_path)


def test_every_shipped_package_contains_its_licence() -> None:
    """Most licences require that whoever distributes a package distributes its licence too."""
    wheels = [*(ROOT / ".build" / "package").glob("wheels/*/*.whl")]
    texts = {
        package.metadata["Name"].replace("_", "-"): [
            file.name for file in package.files or [] if file.name.startswith("LICENSE")
        ]
        for package in distributions(path=[*map(str, wheels)])
    }
    assert all(texts[package.name] for package in read_locks(ROOT)[SHIPPED])
