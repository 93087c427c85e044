"""The real pip-audit and npm audit against services on this machine: what is known, what is not, and what was not checked."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from local.errors import LocalError
from security import waivers
from security.audit import npm, pip, vulnerabilities
from security.audit.locks import NPM, Lock, Package
from security.audit.part import Part
from security.audit.tool import answer_of
from security.errors import GateError, MisuseError
from security.finding import Finding
from tests.security.audit.advisory_server import FIXED, advisories

PLANTED = {"pycrypto", "growl"}
MADE = {"version": "1.0.0", "dev": True}
JINJA2, SIX = Package("jinja2", "3.1.6", hashed=True), Package("six", "1.17.0", hashed=True)
PYTHON, ANOTHER = Lock("Pipfile.lock", (JINJA2, SIX)), Lock("local/requirements.txt", (JINJA2,))
NODE = Lock(NPM, (Package("semver", "7.7.2", hashed=True), Package("made-of-semver", "1.0.0", hashed=True)))
LOCKS = [PYTHON, ANOTHER, NODE]
Audit = Callable[..., Part]


@pytest.fixture
def project(tmp_path: Path, scanners: Path) -> Path:
    """A folder with the two files of npm, and the scanners' environment."""
    wanted = {"made-of-semver": "1.0.0"}
    packages = {
        "": {"devDependencies": wanted},
        "node_modules/made-of-semver": MADE | {"dependencies": {"semver": "^7.0.0"}},
        "node_modules/semver": {"version": "7.7.2", "dev": True},
    }
    (tmp_path / "package.json").write_text(json.dumps({"devDependencies": wanted}))
    (tmp_path / NPM).write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "security").symlink_to(scanners.parent.parent)
    return tmp_path


@pytest.fixture
def audit(project: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Ask the services at an address; what a user's own settings say besides must change nothing."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    monkeypatch.setenv("PIP_AUDIT_FORMAT", "columns")
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(project / "elsewhere"))
    monkeypatch.setenv("npm_config_omit", "dev")
    monkeypatch.setenv("npm_config_audit_level", "none")

    def asked(address: str, waived: str = "") -> Part:
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"{address}/v1/query")
        monkeypatch.setenv("npm_config_registry", address)
        file = project / "audit.toml"
        file.write_text(waived, encoding="utf-8")
        return vulnerabilities.check(LOCKS, project, waived=file)

    return asked


def _waiver(check: str, package: str) -> str:
    return f'[[waiver]]\ncheck = "{check}"\nresources = ["{package}"]\nreason = "it is only an example"\n'


def test_what_is_known_is_a_line_for_each_lock_unless_it_is_waived(audit: Audit) -> None:
    with advisories({"jinja2", "six", "semver", *PLANTED}) as address:
        part = audit(address, waived=_waiver("PYSEC-six", "six"))
    jinja2 = f"3.1.6 is vulnerable, fixed in {FIXED}, also CVE-jinja2: https://osv.dev/vulnerability/PYSEC-jinja2"
    semver = f"<{FIXED} is vulnerable, high: Runs what it is given: https://github.com/advisories/GHSA-semver"
    assert part.complaints == [
        f"Pipfile.lock: jinja2: PYSEC-jinja2: {jinja2}",
        f"local/requirements.txt: jinja2: PYSEC-jinja2: {jinja2}",
        f"package-lock.json: semver: GHSA-semver: {semver}",
    ]
    assert part.of_lock == {"Pipfile.lock": "1", "local/requirements.txt": "1", "package-lock.json": "1"}


def test_nothing_known_is_nothing_to_look_at_but_for_a_waiver_in_vain(audit: Audit) -> None:
    with advisories(PLANTED) as address:
        part = audit(address, waived=_waiver("PYSEC-gone", "six"))
    assert part.complaints == ["audit.toml: six: PYSEC-gone: nothing needs this waiver any more: remove it"]
    assert set(part.of_lock.values()) == {"none"}


def test_a_service_that_knows_no_advisories_has_not_checked_anything(audit: Audit) -> None:
    with advisories() as address:
        part = audit(address, waived=_waiver("PYSEC-jinja2", "jinja2"))
    assert set(part.of_lock.values()) == {"not checked"}
    planted = "a planted pycrypto 2.6.1 was not found vulnerable: the service answers, but knows no vulnerabilities"
    of_npm = "a planted growl 1.9.2 was not found vulnerable: the registry answers, but knows no advisories"
    assert part.complaints == [  # and no waiver in vain, as nobody knows
        f"Pipfile.lock: 2 of 2 packages not checked: {planted}",
        f"local/requirements.txt: 1 of 1 packages not checked: {planted}",
        f"package-lock.json: not checked: {of_npm}",
    ]


def test_a_service_that_fails_has_not_checked_anything(audit: Audit) -> None:
    with advisories(broken=True) as address:
        part = audit(address)
    assert set(part.of_lock.values()) == {"not checked"}
    for complaint, lock in zip(part.complaints, LOCKS, strict=True):
        assert complaint.startswith(f"{lock.file}: ")
        assert " not checked: " in complaint
        assert "500" in complaint
        assert "\n" not in complaint


Tool = Callable[[object], Path]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """Stands in for a tool: prints a text, whatever it is told to do."""

    def made(prints: object) -> Path:
        (tmp_path / "prints").write_text(prints if isinstance(prints, str) else json.dumps(prints), encoding="utf-8")
        script = tmp_path / "tool"
        script.write_text(f"#!/bin/sh\ncat {tmp_path}/prints\nexit 1\n")
        script.chmod(0o755)
        return script

    return made


VULNERABLE = {"id": "GHSA-1", "fix_versions": [], "aliases": []}
FOUND = {"name": "pycrypto", "version": "2.6.1", "vulns": [VULNERABLE]}
CLEAN_JINJA2: dict[str, object] = {"name": "jinja2", "vulns": []}
CLEAN_SIX: dict[str, object] = {"name": "six", "vulns": []}


@pytest.mark.parametrize(
    ("prints", "said"),
    [
        ("", "tool ended with 1"),
        ("No known vulnerabilities found", "tool ended with 1"),
        ([], "answered something else"),
        ({"dependencies": [FOUND, {"vulns": []}]}, "answered something else"),
        ({"dependencies": [FOUND, CLEAN_JINJA2]}, "says nothing of six"),
        ({"dependencies": [FOUND, CLEAN_JINJA2, {"name": "six"}]}, "says nothing of six"),
        ({"dependencies": [CLEAN_JINJA2, CLEAN_SIX]}, "says nothing of pycrypto"),
    ],
)
def test_a_pip_audit_that_did_not_look_has_not_checked_anything(tool: Tool, prints: object, said: str) -> None:
    found, unchecked = pip.check(tool(prints), [PYTHON])
    assert found == []
    assert unchecked[PYTHON.file].startswith("2 of 2 packages not checked: ")
    assert said in unchecked[PYTHON.file]


def test_a_package_that_the_service_does_not_know_was_not_checked(tool: Tool) -> None:
    skipped = {"name": "six", "skip_reason": "not found on PyPI"}
    jinja2 = {"name": "jinja2", "vulns": [VULNERABLE]}
    found, unchecked = pip.check(tool({"dependencies": [FOUND, jinja2, skipped]}), [PYTHON])
    says = "3.1.6 is vulnerable, no fix yet: https://osv.dev/vulnerability/GHSA-1"
    assert found == [Finding("Pipfile.lock", "jinja2", "GHSA-1", says)]
    assert unchecked == {"Pipfile.lock": "1 of 2 packages not checked: not found on PyPI"}


def test_a_package_that_is_locked_in_two_versions_is_asked_for_twice(tool: Tool) -> None:
    lock = Lock("Pipfile.lock", (JINJA2, Package("jinja2", "2.0", hashed=True)))
    found, unchecked = pip.check(tool({"dependencies": [FOUND, {"name": "jinja2", "vulns": [VULNERABLE]}]}), [lock])
    assert [one.says.split()[0] for one in found] == ["3.1.6", "2.0"]
    assert unchecked == {}


TRACEBACK = "requests.HTTPError: 500 Server Error: x\n\nThe above …\n  raise ServiceError from http_error\nServiceError\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (TRACEBACK, "500 Server Error: x"),
        ("WARNING:a:b\nERROR:pip_audit._cli:Could not connect\n", "Could not connect"),
        ("Segmentation fault\n", "Segmentation fault"),
        ("", "tool ended with 1"),
    ],
)
def test_a_tool_that_fails_says_why_in_one_line(tool: Tool, said: str, told: str) -> None:
    script = tool(said)
    script.write_text(f"#!/bin/sh\ncat {script.with_name('prints')} >&2\nexit 1\n")
    with pytest.raises(GateError) as raised:
        answer_of([str(script)], script.parent)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("prints", "said"),
    [
        ("", "tool ended with 1"),
        ([], "did not answer as it should"),
        ({"message": "405 Method Not Allowed", "error": {}}, "405 Method Not Allowed"),
        (
            {"vulnerabilities": {"growl": {"via": [{"url": "x/1"}]}}, "metadata": {"dependencies": {"total": 3}}},
            "did not answer",
        ),
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 3}}}, "planted growl 1.9.2 was not found vulnerable"),
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 2}}}, "looked at 2 of 3 packages"),
    ],
)
def test_an_npm_audit_that_did_not_look_has_not_checked_anything(project: Path, tool: Tool, prints: object, said: str) -> None:
    found, unchecked = npm.check(tool(prints), project, NODE)
    assert found == []
    assert said in unchecked[NPM]


@pytest.mark.parametrize("manifest", ["{", "{}", "[]"])
def test_a_package_json_that_makes_no_sense_is_misuse(project: Path, manifest: str) -> None:
    (project / "package.json").write_text(manifest)
    with pytest.raises(MisuseError, match=r"package\.json"):
        npm.check(project / "none", project, NODE)


def test_a_tool_that_is_missing_has_not_checked_anything(project: Path) -> None:
    assert "cannot be run" in npm.check(project / "none", project, NODE)[1][NPM]


def test_without_pip_audit_python_was_not_checked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise LocalError("pip-audit could not be installed: no index")

    monkeypatch.setattr(vulnerabilities, "python_of", refuse)
    part = vulnerabilities.check([PYTHON, ANOTHER], project)
    assert part.complaints == [
        f"{lock.file}: not checked: pip-audit could not be installed: no index" for lock in (PYTHON, ANOTHER)
    ]


def test_a_list_of_what_stays_that_cannot_be_read_is_misuse(project: Path) -> None:
    with pytest.raises(MisuseError, match=r"none\.toml"):
        vulnerabilities.check(LOCKS, project, waived=project / "none.toml")


def test_the_list_of_what_stays_makes_sense() -> None:
    assert isinstance(waivers.read(vulnerabilities.WAIVED), list)
