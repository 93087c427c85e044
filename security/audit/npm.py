"""npm audit over package-lock.json: what the npm registry's advisories say of each package that is pinned there."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from security.audit.locks import NPM, Lock
from security.audit.tool import answer_of
from security.errors import GateError, MisuseError
from security.finding import Finding

# --include=dev: all of it is for development, and a user's own setting may leave that out.
_OPTIONS = ["--json", "--package-lock-only", "--include=dev", "--fetch-timeout=20000", "--fetch-retries=1"]
# An old version of what nobody needs any more. It must be found: a registry in between may well answer, and know no advisories.
_PLANTED, _PLANTED_VERSION = "growl", "1.9.2"


def check(npm: Path, root: Path, lock: Lock) -> tuple[list[Finding], dict[str, str]]:
    """What is known of the lock's packages, and if it could not be checked: why. Raises MisuseError."""
    with tempfile.TemporaryDirectory() as folder:
        _plant(root, Path(folder))
        try:
            report = answer_of([str(npm), "audit", *_OPTIONS], Path(folder))
            found = list(_found(report, len(lock.packages) + 1))
        except GateError as error:
            return [], {NPM: f"not checked: {error}"}
    return [one for one in found if one.address != _PLANTED], {}


def _plant(root: Path, folder: Path) -> None:
    """The project's two files, with one package more. Raises MisuseError where they make no sense."""
    try:
        manifest, lock = (json.loads((root / file).read_text(encoding="utf-8")) for file in ("package.json", NPM))
        for package in (manifest, lock["packages"][""]):
            package["devDependencies"][_PLANTED] = _PLANTED_VERSION
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MisuseError(f"{root / 'package.json'} or its lock cannot be read: {error!r}") from None
    lock["packages"][f"node_modules/{_PLANTED}"] = {"version": _PLANTED_VERSION, "dev": True}
    for file, content in (("package.json", manifest), (NPM, lock)):
        (folder / file).write_text(json.dumps(content), encoding="utf-8")


def _found(report: Any, packages: int) -> Iterator[Finding]:
    """Of npm's report in version 2. Raises GateError where it is none, or not of all packages."""
    try:
        looked = report["metadata"]["dependencies"]["total"]
        advisories = [(name, via) for name, one in report["vulnerabilities"].items() for via in one["via"]]
        # What is vulnerable only through another package has that one's name here and no advisory.
        of_itself = [(name, via) for name, via in advisories if isinstance(via, dict)]
        findings = [Finding(NPM, name, via["url"].rpartition("/")[2], _says(via)) for name, via in of_itself]
    except (KeyError, TypeError, AttributeError):
        raise GateError(f"npm audit did not answer as it should: {_message(report):.200}") from None
    if looked != packages:
        raise GateError(f"npm audit looked at {looked} of {packages} packages")
    if not any(finding.address == _PLANTED for finding in findings):
        raise GateError(
            f"a planted {_PLANTED} {_PLANTED_VERSION} was not found vulnerable: the registry answers, but knows no advisories"
        )
    yield from findings


def _says(via: dict[str, Any]) -> str:
    return f"{via['range']} is vulnerable, {via['severity']}: {via['title']}: {via['url']}"


def _message(report: Any) -> str:
    return str(report.get("message", report) if isinstance(report, dict) else report)
