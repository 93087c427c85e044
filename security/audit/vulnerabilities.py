"""Reports known vulnerabilities of every locked package, by pip-audit and npm audit, except those in vulnerabilities.toml.

Both tools also get a package that is known to be vulnerable. An index or a registry in between may answer and have no
advisories. Then nothing was checked, and the result must not be "nothing found".
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from command_line import CommandError
from local.installation import python_of
from local.terraform import BUILD
from security import waivers
from security.audit.locks import NPM_LOCKS, Locks, Package
from security.errors import GateError
from security.scanner import Finding

WAIVED = Path(__file__).with_name("vulnerabilities.toml")
# Nobody maintains these two any more, so their vulnerabilities stay.
_PYCRYPTO, _GROWL = Package("pycrypto", "2.6.1"), Package("growl", "1.9.2")
# All options are given, so that no setting of the user changes what is audited or how it is printed.
_PIP_AUDIT = [
    "--locked",
    "--strict",
    "--format=json",
    "--output=stdout",
    "--desc=off",
    "--aliases=on",
    "--progress-spinner=off",
]
_NPM_AUDIT = ["--json", "--package-lock-only", "--include=dev", "--fetch-timeout=20000", "--fetch-retries=1"]
_REASON = re.compile(r"(?:Error: |ERROR:[\w.]+:|npm warn audit )(.+)")


def check(locks: Locks, root: Path, waived: Path = WAIVED) -> Iterator[str]:
    """A line for each vulnerability, and for each tool that did not check. Raises MisuseError for a wrong list of waivers."""
    accepted = waivers.read(waived)
    findings: list[Finding] = []
    unchecked = []
    for tool, audit in (("pip-audit", _of_python), ("npm audit", _of_npm)):
        try:
            findings += audit(locks, root)
        except (CommandError, OSError, KeyError, TypeError) as error:  # KeyError, TypeError: the report has another form
            unchecked.append(f"not checked: {tool}: {error!s:.200}")
    yield from map(str, waivers.not_waived(sorted({*findings}), accepted))
    yield from unchecked or waivers.out_of_date(findings, accepted, locks, waived.name)


def _of_python(locks: Locks, root: Path) -> Iterator[Finding]:
    """pip-audit gets a lock as in https://peps.python.org/pep-0751/: from others it would leave out other platforms."""
    python = python_of(root / BUILD / "security", "parliament, checkov and pip-audit", WAIVED.parents[1] / "requirements.txt")
    by_lock = [(file, package) for file, packages in locks.items() if file not in NPM_LOCKS for package in packages]
    pins = sorted({_PYCRYPTO, *(package for _, package in by_lock)})
    lock = ['lock-version = "1.0"', *(f'[[packages]]\nname = "{pin.name}"\nversion = "{pin.version}"' for pin in pins)]
    report = _report([str(python), "-m", "pip_audit", *_PIP_AUDIT, "."], {"pylock.toml": "\n".join(lock)})
    known = {Package(each["name"], each["version"]): each["vulns"] for each in report["dependencies"]}
    if not known[_PYCRYPTO]:
        raise GateError("the service answers, but knows no vulnerability of pycrypto 2.6.1")
    for file, package in by_lock:
        for advisory in known[package]:
            fixed = f"fixed in {', '.join(advisory['fix_versions'])}" if advisory["fix_versions"] else "no fix yet"
            names = ", ".join([f"https://osv.dev/vulnerability/{advisory['id']}", *sorted(advisory["aliases"])])
            yield Finding(file, package.name, advisory["id"], f"{package.version} is vulnerable, {fixed}: {names}")


def _of_npm(locks: Locks, root: Path) -> Iterator[Finding]:
    for file in NPM_LOCKS:
        if file in locks:
            yield from _of_npm_lock(file, json.loads((root / file).read_text(encoding="utf-8")))


def _of_npm_lock(file: str, lock: Any) -> Iterator[Finding]:
    own = lock["packages"][""]  # the same as package.json
    own["devDependencies"] = own.get("devDependencies", {}) | {_GROWL.name: _GROWL.version}
    lock["packages"][f"node_modules/{_GROWL.name}"] = {"version": _GROWL.version, "dev": True}
    npm = Path(sys.executable).with_name("npm")
    report = _report([str(npm), "audit", *_NPM_AUDIT], {"package-lock.json": json.dumps(lock), "package.json": json.dumps(own)})
    # For a package that is vulnerable only through another one, `via` has the name of that one instead of an advisory.
    vias = [
        (name, via) for name, entry in report["vulnerabilities"].items() for via in entry["via"] if not isinstance(via, str)
    ]
    if _GROWL.name not in dict(vias):
        raise GateError("the registry answers, but knows no vulnerability of growl 1.9.2")
    for name, via in vias:
        if name != _GROWL.name:
            says = f"{via['range']} is vulnerable, {via['severity']}: {via['title']}: {via['url']}"
            yield Finding(file, name, via["url"].rpartition("/")[2], says)


def _report(command: Sequence[str], files: Mapping[str, str]) -> Any:
    """The JSON that a tool prints, run in a folder with these files. Raises GateError.

    Both tools end with 1 if they find something, so the exit code does not show a failure.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_text(content, encoding="utf-8")
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if reasons := _REASON.findall(done.stderr):
        raise GateError(reasons[-1])
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise GateError(f"ended with {done.returncode} and no report") from None
