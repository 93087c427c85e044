"""Known vulnerabilities of every locked package, but those that vulnerabilities.toml waives."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from local.errors import LocalError
from local.installation import python_of
from local.terraform import BUILD
from security import waivers
from security.audit import npm, pip
from security.audit.locks import NPM, Lock
from security.audit.part import Part
from security.finding import Finding

WAIVED = Path(__file__).with_name("vulnerabilities.toml")
_REQUIREMENTS = Path(__file__).parents[1].joinpath("requirements.txt")


def check(locks: Sequence[Lock], root: Path, waived: Path = WAIVED) -> Part:
    """Ask both services. Raises MisuseError for a list of waivers that makes no sense."""
    listed = waivers.read(waived)
    found, unchecked = _of_python([lock for lock in locks if lock.file != NPM], root)
    for lock in locks:
        if lock.file == NPM:
            more, unchecked_too = npm.check(Path(sys.executable).with_name("npm"), root, lock)
            found, unchecked = found + more, unchecked | unchecked_too
    left = waivers.not_waived(sorted(found), listed)
    counts = Counter(one.environment for one in left)
    of_lock = {lock.file: "not checked" if lock.file in unchecked else str(counts[lock.file] or "none") for lock in locks}
    complaints = [*map(str, left), *(f"{file}: {reason}" for file, reason in unchecked.items())]
    if not unchecked:  # what was not checked may well be what a waiver is for
        complaints += waivers.out_of_date(found, listed, of_lock, waived.name)
    return Part(of_lock, complaints)


def _of_python(locks: Sequence[Lock], root: Path) -> tuple[list[Finding], dict[str, str]]:
    try:
        python = python_of(root / BUILD / "security", "parliament, checkov and pip-audit", _REQUIREMENTS)
    except LocalError as error:
        return [], {lock.file: f"not checked: {error}" for lock in locks}
    return pip.check(python, locks)
