"""The real pip-audit and npm audit, with services on this machine: known, not known, and not checked."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from local.errors import LocalError
from security import waivers
from security.audit import vulnerabilities
from security.audit.locks import NPM, Package
from security.errors import MisuseError
from tests.security.audit.advisory_server import FIXED, advisories

KNOWN = {"pycrypto", "growl"}
JINJA2, SIX = Package("jinja2", "3.1.6"), Package("six", "1.17.0")
LOCKS = {
    "Pipfile.lock": [JINJA2, SIX],
    "local/requirements.txt": [JINJA2],
    NPM: [Package("semver", "7.7.2"), Package("made-of-semver", "1.0.0")],
}
Audit = Callable[..., list[str]]


@pytest.fixture
def project(tmp_path: Path, scanners: Path) -> Path:
    """A folder with npm's lock, and the scanners' environment."""
    packages = {
        "": {"devDependencies": {"made-of-semver": "1.0.0"}},
        "node_modules/made-of-semver": {"version": "1.0.0", "dev": True, "dependencies": {"semver": "^7.0.0"}},
        "node_modules/semver": {"version": "7.7.2", "dev": True},
    }
    (tmp_path / NPM).write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    (tmp_path / ".build").mkdir()
    (tmp_path / ".build" / "security").symlink_to(scanners.parent.parent)
    return tmp_path


@pytest.fixture
def audit(project: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Audit with the services at an address. The user's own settings, which are set here too, must not change anything."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    monkeypatch.setenv("PIP_AUDIT_FORMAT", "columns")
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(project / "elsewhere"))
    monkeypatch.setenv("npm_config_omit", "dev")
    monkeypatch.setenv("npm_config_audit_level", "none")

    def run(address: str, waived: str = "") -> list[str]:
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"{address}/v1/query")
        monkeypatch.setenv("npm_config_registry", address)
        file = project / "audit.toml"
        file.write_text(waived, encoding="utf-8")
        return [*vulnerabilities.check(LOCKS, project, waived=file)]

    return run


def _waiver(check: str, package: str) -> str:
    return f'[[waiver]]\ncheck = "{check}"\nresources = ["{package}"]\nreason = "it is only an example"\n'


def test_a_known_vulnerability_is_a_line_for_each_lock_unless_it_is_waived(audit: Audit) -> None:
    with advisories({"jinja2", "six", "semver", *KNOWN}) as address:
        lines = audit(address, waived=_waiver("PYSEC-six", "six"))
    jinja2 = f"3.1.6 is vulnerable, fixed in {FIXED}: https://osv.dev/vulnerability/PYSEC-jinja2, CVE-jinja2"
    semver = f"<{FIXED} is vulnerable, high: Runs what it is given: https://github.com/advisories/GHSA-semver"
    assert lines == [
        f"Pipfile.lock: jinja2: PYSEC-jinja2: {jinja2}",
        f"local/requirements.txt: jinja2: PYSEC-jinja2: {jinja2}",
        f"package-lock.json: semver: GHSA-semver: {semver}",
    ]


def test_without_a_known_vulnerability_only_an_unneeded_waiver_is_reported(audit: Audit) -> None:
    with advisories(KNOWN) as address:
        assert audit(address) == []
        lines = audit(address, waived=_waiver("PYSEC-gone", "six"))
    assert lines == ["audit.toml: six: PYSEC-gone: nothing needs this waiver any more: remove it"]


def test_with_a_service_without_advisories_nothing_counts_as_checked(audit: Audit) -> None:
    with advisories() as address:
        lines = audit(address, waived=_waiver("PYSEC-jinja2", "jinja2"))
    assert lines == [  # no waiver is reported as unneeded, because nobody knows
        "not checked: pip-audit: the service answers, but knows no vulnerability of pycrypto 2.6.1",
        "not checked: npm audit: the registry answers, but knows no vulnerability of growl 1.9.2",
    ]


def test_the_failure_of_one_service_does_not_hide_the_findings_of_the_other(audit: Audit) -> None:
    with advisories({"semver", "growl"}) as address:
        found, unchecked = audit(address, waived=_waiver("PYSEC-six", "six"))
    assert found.startswith("package-lock.json: semver: GHSA-semver: ")
    assert unchecked.startswith("not checked: pip-audit: ")


def test_with_a_failing_service_nothing_counts_as_checked(audit: Audit) -> None:
    with advisories(broken=True) as address:
        lines = audit(address)
    assert [line.split(": ")[:2] for line in lines] == [["not checked", "pip-audit"], ["not checked", "npm audit"]]
    for line in lines:
        assert "500" in line
        assert "\n" not in line


def test_without_a_connection_nothing_counts_as_checked(audit: Audit) -> None:
    with advisories() as address:
        pass
    lines = audit(address)
    assert [line.split(": ")[:2] for line in lines] == [["not checked", "pip-audit"], ["not checked", "npm audit"]]
    assert all(address.rpartition(":")[2] in line for line in lines)


Tool = Callable[..., list[str]]


@pytest.fixture
def tool(project: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A fake of both tools: it prints a text, whatever its arguments are. Returns the lines on one of the tools."""
    script = project / "npm"
    monkeypatch.setattr(vulnerabilities, "python_of", lambda *_: script)
    monkeypatch.setattr(sys, "executable", str(project / "python"))

    def run(name: str, prints: object, locks: Mapping[str, list[Package]] = LOCKS, to: str = "") -> list[str]:
        (project / "prints").write_text(prints if isinstance(prints, str) else json.dumps(prints), encoding="utf-8")
        script.write_text(f"#!/bin/sh\ncat {project}/prints {to}\nexit 1\n")
        script.chmod(0o755)
        return [line for line in vulnerabilities.check(locks, project) if not line.startswith("not checked: ") or name in line]

    return run


VULNERABLE = {"id": "GHSA-1", "fix_versions": [], "aliases": []}
FOUND = {"name": "pycrypto", "version": "2.6.1", "vulns": [VULNERABLE]}
CLEAN_JINJA2: dict[str, object] = {"name": "jinja2", "version": "3.1.6", "vulns": []}


@pytest.mark.parametrize(
    ("prints", "reason"),
    [
        ("", "ended with 1 and no report"),
        ("No known vulnerabilities found", "ended with 1 and no report"),
        ([], "indices"),
        ({}, "dependencies"),
        ({"dependencies": [FOUND, {"vulns": []}]}, "name"),
        ({"dependencies": [FOUND, CLEAN_JINJA2]}, "six"),
        ({"dependencies": [FOUND, CLEAN_JINJA2, {"name": "six", "version": "1.17.0"}]}, "vulns"),
        ({"dependencies": [CLEAN_JINJA2, CLEAN_JINJA2 | {"name": "six", "version": "1.17.0"}]}, "pycrypto"),
    ],
)
def test_with_an_incomplete_report_of_pip_audit_nothing_counts_as_checked(tool: Tool, prints: object, reason: str) -> None:
    (line,) = tool("pip-audit", prints)
    assert line.startswith("not checked: pip-audit: ")
    assert reason in line
    assert "\n" not in line


def test_a_package_in_two_versions_without_a_fix_is_two_lines(tool: Tool) -> None:
    answers = [FOUND, *(CLEAN_JINJA2 | {"version": version, "vulns": [VULNERABLE]} for version in ("3.1.6", "2.0"))]
    lines = tool("pip-audit", {"dependencies": answers}, {"Pipfile.lock": [JINJA2, Package("jinja2", "2.0")]})
    text = "is vulnerable, no fix yet: https://osv.dev/vulnerability/GHSA-1"
    assert lines == [f"Pipfile.lock: jinja2: GHSA-1: {version} {text}" for version in ("2.0", "3.1.6")]


TRACEBACK = "requests.HTTPError: 500 Server Error: x\n\nThe above …\n  raise ServiceError from http_error\nServiceError\n"


@pytest.mark.parametrize(
    ("prints", "reason"),
    [
        (TRACEBACK, "500 Server Error: x"),
        ("WARNING:a:b\nERROR:pip_audit._cli:Could not connect\n", "Could not connect"),
        ("ERROR:pip_audit._cli:six: Dependency not found on PyPI\n", "six: Dependency not found on PyPI"),
        ("npm warn audit 500 Internal Server Error\nnpm error audit endpoint\n", "500 Internal Server Error"),
        ("Segmentation fault\n", "ended with 1 and no report"),
    ],
)
def test_the_reason_of_a_failed_tool_is_one_line(tool: Tool, prints: str, reason: str) -> None:
    assert tool("pip-audit", prints, to=">&2") == [f"not checked: pip-audit: {reason}"]


def _of_npm(**vulnerable: object) -> dict[str, object]:
    return {"vulnerabilities": vulnerable}


@pytest.mark.parametrize(
    ("prints", "reason"),
    [
        ("", "ended with 1 and no report"),
        ([], "indices"),
        ({"message": "405 Method Not Allowed", "error": {}}, "vulnerabilities"),
        (_of_npm(growl={"via": [{"url": "x/1"}]}, semver={"via": [{"url": "x/1"}]}), "range"),
        (_of_npm(), "knows no vulnerability of growl 1.9.2"),
        (_of_npm(growl={"via": ["semver"]}), "knows no vulnerability of growl 1.9.2"),
    ],
)
def test_with_an_incomplete_report_of_npm_audit_nothing_counts_as_checked(tool: Tool, prints: object, reason: str) -> None:
    (line,) = tool("npm audit", prints)
    assert line.startswith("not checked: npm audit: ")
    assert reason in line


def test_with_a_missing_tool_nothing_counts_as_checked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vulnerabilities, "python_of", lambda *_: project / "none")
    monkeypatch.setattr(sys, "executable", str(project / "python"))
    lines = [*vulnerabilities.check(LOCKS, project)]
    assert [line.split(": ")[:2] for line in lines] == [["not checked", "pip-audit"], ["not checked", "npm audit"]]
    assert all("No such file" in line for line in lines)


def test_without_pip_audit_nothing_counts_as_checked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Path:
        raise LocalError("pip-audit could not be installed: no index")

    monkeypatch.setattr(vulnerabilities, "python_of", refuse)
    monkeypatch.setattr(sys, "executable", str(project / "python"))
    lines = [*vulnerabilities.check(LOCKS, project)]
    assert lines[0] == "not checked: pip-audit: pip-audit could not be installed: no index"


def test_a_list_of_waivers_that_cannot_be_read_is_misuse(project: Path) -> None:
    with pytest.raises(MisuseError, match=r"none\.toml"):
        [*vulnerabilities.check(LOCKS, project, waived=project / "none.toml")]


def test_the_list_of_waivers_of_this_project_is_valid() -> None:
    assert isinstance(waivers.read(vulnerabilities.WAIVED), list)
