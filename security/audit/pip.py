"""pip-audit over every Python lock: what PyPI's advisories say of each package that is pinned there.

It gets the pins alone, each once and for whatever machine: in the locks it would skip what markers leave out here, and stop at
a package that is locked in two versions.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from security.audit.locks import Lock
from security.audit.tool import answer_of
from security.errors import GateError
from security.finding import Finding

_OPTIONS = [
    "--no-deps",
    "--disable-pip",
    "--format=json",
    "--output=stdout",
    "--desc=off",
    "--aliases=on",
    "--progress-spinner=off",
]
# Given up in 2013, so that its vulnerabilities stay. It must be found in each answer: a mirror of PyPI may well answer, and
# leave the vulnerabilities out.
_PLANTED, _PLANTED_VERSION = "pycrypto", "2.6.1"

_Pin = tuple[str, str]
_Answer = dict[str, Any]


def check(python: Path, locks: Sequence[Lock]) -> tuple[list[Finding], dict[str, str]]:
    """What is known of the locks' packages, and of each lock that could not be checked wholly: why."""
    answers: dict[_Pin, _Answer] = {}
    for pins in _rounds(sorted({(package.name, package.version) for lock in locks for package in lock.packages})):
        try:
            answers |= _asked(python, pins)
        except GateError as error:
            answers |= {pin: {"skip_reason": str(error)} for pin in pins.items()}
    found, unchecked = [], {}
    for lock in locks:
        said = {(one.name, one.version): answers[one.name, one.version] for one in lock.packages}
        found += [_finding(lock, pin, known) for pin, answer in said.items() for known in answer.get("vulns", [])]
        reasons = [answer["skip_reason"] for answer in said.values() if "vulns" not in answer]
        if reasons:
            unchecked[lock.file] = f"{len(reasons)} of {len(said)} packages not checked: {reasons[0]}"
    return found, unchecked


def _rounds(pins: Sequence[_Pin]) -> list[dict[str, str]]:
    """As few mappings of name to version as hold all pins."""
    rounds: list[dict[str, str]] = []
    for name, version in pins:
        free = next((pinned for pinned in rounds if name not in pinned), None)
        if free is None:
            rounds.append(free := {})
        free[name] = version
    return rounds


def _asked(python: Path, pins: Mapping[str, str]) -> dict[_Pin, _Answer]:
    """pip-audit's answer to each pin. Raises GateError where it has none."""
    asked = {**pins, _PLANTED: _PLANTED_VERSION}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{name}=={version}\n" for name, version in asked.items()), encoding="utf-8")
        report = answer_of([str(python), "-m", "pip_audit", *_OPTIONS, f"--requirement={file}"], Path(folder))
    try:
        answers = {name: one for one in report["dependencies"] if (name := one["name"]) and _is_answer(one)}
    except (KeyError, TypeError):
        raise GateError(f"pip-audit answered something else: {report!s:.80}") from None
    if not answers.keys() >= asked.keys():
        raise GateError(f"pip-audit says nothing of {min(asked.keys() - answers.keys())}")
    planted = answers[_PLANTED]
    if not planted.get("vulns"):
        reason = planted.get("skip_reason", "the service answers, but knows no vulnerabilities")
        raise GateError(f"a planted {_PLANTED} {_PLANTED_VERSION} was not found vulnerable: {reason}")
    return {(name, version): answers[name] for name, version in pins.items()}


def _is_answer(one: _Answer) -> bool:
    return isinstance(one.get("vulns"), list) or isinstance(one.get("skip_reason"), str)


def _finding(lock: Lock, pin: _Pin, known: Mapping[str, Any]) -> Finding:
    name, version = pin
    fixed = f"fixed in {', '.join(known['fix_versions'])}" if known["fix_versions"] else "no fix yet"
    also = f", also {', '.join(sorted(known['aliases']))}" if known["aliases"] else ""
    says = f"{version} is vulnerable, {fixed}{also}: https://osv.dev/vulnerability/{known['id']}"
    return Finding(lock.file, name, known["id"], says)
