"""The licence of every locked package, held against what licences.toml allows."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from local.errors import LocalError
from local.terraform import BUILD
from security.audit import metadata, spdx
from security.audit.locks import NPM, SHIPPED, Lock
from security.audit.metadata import Said
from security.audit.part import Part
from security.audit.rules import FILE, Rules, read_rules
from security.finding import Finding

LISTED = BUILD / "licences.csv"
"""Every package with its licence, for who wants to know it all."""
_NAMED = 3
"""How many licences of a lock the table names."""


@dataclass(frozen=True, order=True)
class Licensed:
    """A package of a lock, what it says of its licence, and what that is as an SPDX expression: empty where it is not known."""

    lock: str
    name: str
    version: str
    says: str
    licence: str


def check(locks: Sequence[Lock], root: Path) -> Part:
    """Read and judge them all, and write the list. Raises MisuseError for rules that make no sense."""
    rules = read_rules()
    found: list[Licensed] = []
    of_lock: dict[str, str] = {}
    unread: list[str] = []
    for lock in locks:
        try:
            said = metadata.said(lock, root)
        except LocalError as error:
            of_lock[lock.file] = "not read"
            unread.append(f"{lock.file}: licences not read: {error}")
            continue
        of_this = licensed(lock, said, rules)
        found += of_this
        of_lock[lock.file] = _summary(lock, of_this)
        unread += [
            f"{lock.file}: {missing}: not installed, so that its licence was not read" for missing in not_installed(lock, said)
        ]
    _write(found, root / LISTED)
    complaints = [*map(str, not_allowed(found, rules)), *unread]
    return Part(of_lock, complaints if unread else [*complaints, *not_needed(found, rules)])


def _summary(lock: Lock, of_this: Sequence[Licensed]) -> str:
    """The most common licences, how many packages have others, and which are installed on machines of another kind only."""
    counts = Counter(one.licence or "unknown" for one in of_this).most_common()
    parts = [f"{licence} {count}" for licence, count in counts[:_NAMED]]
    if others := sum(count for _, count in counts[_NAMED:]):
        parts.append(f"others {others}")
    if elsewhere := [f"{one.name} {one.version}" for one in lock.packages if not one.is_for_here]:
        parts.append(f"not for this machine and so not read: {', '.join(elsewhere)}")
    return ", ".join(parts)


def _write(found: Sequence[Licensed], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(field.name for field in fields(Licensed))
        table.writerows(map(astuple, found))


def licensed(lock: Lock, said: Said, rules: Rules) -> list[Licensed]:
    """Every package of a lock that is installed here, once."""
    read = {(entry.says, name): entry.licence for entry in rules.unclear for name in entry.packages}
    packages = {(one.name, one.version) for one in lock.packages} & said.keys()
    return [
        Licensed(lock.file, name, version, says, spdx.expression(says) or read.get((says, name), ""))
        for name, version in sorted(packages)
        for says in [said[name, version]]
    ]


def not_installed(lock: Lock, said: Said) -> list[str]:
    """Those that this machine should have and has not: their licence cannot be read here."""
    return [f"{one.name} {one.version}" for one in lock.packages if one.is_for_here and (one.name, one.version) not in said]


def not_allowed(found: Sequence[Licensed], rules: Rules) -> Iterator[Finding]:
    """Each package whose licence is not known, or not allowed."""
    for one in found:
        if not one.licence:
            says = f"says {one.says[:60]!r}" if one.says else "says nothing"
            told = f"{one.version} {says} of its licence: read it at {_page(one)} and name it in {FILE.name}"
            yield Finding(one.lock, one.name, "unknown licence", told)
        elif not spdx.permits(one.licence, _allowed(one, rules)):
            shipped = " in what is shipped" if one.lock == SHIPPED else ""
            yield Finding(
                one.lock, one.name, one.licence, f"{one.version} has a licence that {FILE.name} does not allow{shipped}"
            )


def not_needed(found: Sequence[Licensed], rules: Rules) -> Iterator[str]:
    """One line for each licence and package of the rules that is there in vain, if `found` is everything that is locked."""
    has = {(licence, one.name) for one in found for licence in spdx.licences(one.licence)}
    says = {(one.says, one.name) for one in found}
    vain = [
        *(one for entry in rules.allowed for one in entry.licences if not any(one == licence for licence, _ in has)),
        *(
            f"{' or '.join(entry.licences)} for {name}"
            for entry in rules.allowed
            for name in entry.packages
            if not any((licence, name) in has for licence in entry.licences)
        ),
        *(f"{entry.says!r} of {name}" for entry in rules.unclear for name in entry.packages if (entry.says, name) not in says),
    ]
    yield from (f"{FILE.name}: {one}: nothing needs this any more: remove it" for one in vain)


def _allowed(one: Licensed, rules: Rules) -> set[str]:
    entries = [entry for entry in rules.allowed if not entry.packages or (one.name in entry.packages and one.lock != SHIPPED)]
    return {licence for entry in entries for licence in entry.licences}


def _page(one: Licensed) -> str:
    if one.lock == NPM:
        return f"https://www.npmjs.com/package/{one.name}/v/{one.version}"
    return f"https://pypi.org/project/{one.name}/{one.version}/"
