"""Which licences are read of packages, and which are allowed: in general, for a named package, in what is shipped."""

import csv
from importlib.metadata import distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.errors import LocalError
from security.audit import licences, metadata, spdx
from security.audit.licences import Licensed, licensed, not_allowed, not_installed, not_needed
from security.audit.locks import NPM, PIPFILE, SHIPPED, Lock, Package, read_locks
from security.audit.metadata import licence_of
from security.audit.rules import Allowed, Rules, Unclear, read_rules
from security.errors import MisuseError
from tests.support.paths import ROOT

WHY = "it is only an example"
GENERAL = Allowed(licences=["MIT", "BSD-3-Clause"], reason=WHY)
FOR_ONE = Allowed(licences=["MPL-2.0"], packages=["certifi"], reason=WHY)
READ = Unclear(says="BSD License", licence="BSD-3-Clause", packages=["jinja2"], reason=WHY)
RULES = Rules(allowed=[GENERAL, FOR_ONE], unclear=[READ])


def _judged(name: str, says: str, lock: str = PIPFILE) -> list[str]:
    packages = (Package(name, "1.0", hashed=True),)
    return [*map(str, not_allowed(licensed(Lock(lock, packages), {(name, "1.0"): says}, RULES), RULES))]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("six", "MIT"),
        ("case", "(MIT OR GPL-3.0-or-later)"),
        ("certifi", "MPL-2.0"),
        ("certifi", "MPL-2.0 AND (Apache-2.0 OR MIT)"),
        ("jinja2", "BSD License"),
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
    ],
)
def test_a_licence_that_is_not_allowed_is_found(name: str, says: str) -> None:
    assert _judged(name, says) == [f"Pipfile.lock: {name}: {says}: 1.0 has a licence that licences.toml does not allow"]


def test_what_is_allowed_for_one_package_is_not_allowed_in_what_is_shipped() -> None:
    (line,) = _judged("certifi", "MPL-2.0", SHIPPED)
    assert line.endswith("1.0 has a licence that licences.toml does not allow in what is shipped")
    assert _judged("six", "MIT", SHIPPED) == []


@pytest.mark.parametrize(
    ("name", "says", "lock", "told"),
    [
        ("six", "BSD License", PIPFILE, "says 'BSD License' of its licence: read it at https://pypi.org/project/six/1.0/"),
        ("jinja2", "BSD", PIPFILE, "says 'BSD' of its licence: read it at https://pypi.org/project/jinja2/1.0/"),
        ("@a/b", "", NPM, "says nothing of its licence: read it at https://www.npmjs.com/package/@a/b/v/1.0"),
    ],
)
def test_a_licence_that_is_not_known_is_found_and_where_to_look(name: str, says: str, lock: str, told: str) -> None:
    assert _judged(name, says, lock) == [f"{lock}: {name}: unknown licence: 1.0 {told} and name it in licences.toml"]


def test_a_rule_that_nothing_needs_is_told() -> None:
    found = [
        Licensed(PIPFILE, "certifi", "1", "MPL-2.0", "MPL-2.0"),
        Licensed(PIPFILE, "jinja2", "1", "BSD License", "BSD-3-Clause"),
    ]
    mit = "licences.toml: MIT: nothing needs this any more: remove it"
    assert [*not_needed(found, RULES)] == [mit]
    assert [*not_needed([], RULES)] == [
        mit,
        "licences.toml: BSD-3-Clause: nothing needs this any more: remove it",
        "licences.toml: MPL-2.0: nothing needs this any more: remove it",
        "licences.toml: MPL-2.0 for certifi: nothing needs this any more: remove it",
        "licences.toml: 'BSD License' of jinja2: nothing needs this any more: remove it",
    ]


def test_what_should_be_installed_here_and_is_not_is_told() -> None:
    packages = (
        Package("a", "1", hashed=True),
        Package("b", "1", hashed=True),
        Package("c", "1", hashed=True, is_for_here=False),
    )
    assert not_installed(Lock(PIPFILE, packages), {("a", "1"): "MIT", ("b", "2"): "MIT"}) == ["b 1"]


OSI = "Classifier: License :: OSI Approved"
TWO = f"{OSI} :: Python Software Foundation License\n{OSI} :: Apache Software License\n"


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ("License-Expression: mit or apache-2.0\nLicense: ISC\n", "MIT OR Apache-2.0"),
        (f"License: BSD-3-Clause\n{OSI} :: BSD License\n", "BSD-3-Clause"),
        (f"License: Apache License 2.0\n{OSI} :: Apache Software License\n", "Apache-2.0"),
        (TWO, "Apache-2.0 AND PSF-2.0"),
        (f"{OSI} :: BSD License\n{OSI} :: MIT License\n", "BSD License, MIT License"),
        (f"License: MPL-2.0\n{OSI}\n", "MPL-2.0"),
        (f"License: Copyright somebody\n        All rights reserved\n{OSI}\n", "Copyright somebody"),
        ("Classifier: Topic :: Utilities\n", ""),
    ],
)
def test_what_metadata_say_is_an_expression_where_it_is_clear(tmp_path: Path, metadata: str, says: str) -> None:
    folder = tmp_path / "a-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: a\nVersion: 1\n{metadata}\n", encoding="utf-8")
    (distribution,) = distributions(path=[str(tmp_path)])
    assert licence_of(distribution.metadata) == says


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
    canonical = spdx.expression(text)
    assert canonical is not None
    assert spdx.permits(canonical, allowed) is eval(python)  # noqa: S307 - it is made of nothing else


@pytest.mark.parametrize("text", ["", "BSD", "MIT License", "MIT OR", "UNKNOWN", "Copyright 2023"])
def test_what_spdx_does_not_know_is_no_expression(text: str) -> None:
    assert spdx.expression(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[allowed]\n", "TOML"),
        ("", "allowed"),
        ("[[allowed]]\nlicences = ['MIT']\n", "reason"),
        ("[[allowed]]\nlicences = ['MIT']\nreason = 'because'\n", "reason"),
        ("[[allowed]]\nlicences = []\nreason = 'it is only an example'\n", "licences"),
        ("[[allowed]]\nlicences = ['mit']\nreason = 'it is only an example'\n", "SPDX"),
        ("[[allowed]]\nlicences = ['BSD']\nreason = 'it is only an example'\n", "SPDX"),
        ("[[allowed]]\nlicences = ['MIT']\nreason = 'it is only an example'\nuntil = 'never'\n", "until"),
        ("[[alowed]]\nlicences = ['MIT']\n", "allowed"),
    ],
)
def test_rules_that_make_no_sense_are_misuse(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "licences.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MisuseError, match=said) as raised:
        read_rules(file)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("file", [PIPFILE, SHIPPED, NPM, "security/requirements.txt"])
def test_everything_of_this_project_is_allowed(scanners: Path, file: str) -> None:
    """Of what is installed by now; `make audit` installs the rest, too."""
    rules = read_rules()
    (lock,) = [lock for lock in read_locks(ROOT) if lock.file == file]
    said = metadata.said(lock, ROOT)
    found = licensed(lock, said, rules)
    assert not_installed(lock, said) == []
    assert [*map(str, not_allowed(found, rules))] == []
    assert len(found) == len({(one.name, one.version) for one in lock.packages if one.is_for_here})


def test_what_cannot_be_installed_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise LocalError("MLflow could not be installed: no index")

    monkeypatch.setattr(metadata, "python_of", refuse)
    lock = Lock("benchmarks/requirements.txt", (Package("six", "1", hashed=True),))
    part = licences.check([lock], tmp_path)
    assert part.of_lock == {lock.file: "not read"}
    # and no rule that nothing needs, as nobody knows
    assert part.complaints == [f"{lock.file}: licences not read: MLflow could not be installed: no index"]


def test_the_list_has_every_package_and_the_table_the_most_common_licences(tmp_path: Path) -> None:
    locks = [lock for lock in read_locks(ROOT) if lock.file == NPM]
    part = licences.check(locks, tmp_path)
    assert part.of_lock[NPM].startswith("MIT ")
    with (tmp_path / licences.LISTED).open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    assert {(row["name"], row["version"]) for row in rows} == {(one.name, one.version) for one in locks[0].packages}
    assert {row["licence"] for row in rows if row["name"] == "cdktf-cli"} == {"MPL-2.0"}
    # Python's packages were not asked about: what only they need is told to be needed by nobody.
    assert "licences.toml: MPL-2.0 for certifi: nothing needs this any more: remove it" in part.complaints
    assert all("nothing needs this" in line for line in part.complaints)


def test_every_package_of_what_is_shipped_brings_its_licence_along() -> None:
    """Most licences ask for that of who passes a package on."""
    (lock,) = [lock for lock in read_locks(ROOT) if lock.file == SHIPPED]
    wheels = [*(ROOT / ".build" / "package").glob("wheels/*/*.whl")]
    texts = {
        one.metadata["Name"].replace("_", "-"): [file.name for file in one.files or [] if file.name.startswith("LICENSE")]
        for one in distributions(path=[*map(str, wheels)])
    }
    assert all(texts[package.name] for package in lock.packages)
