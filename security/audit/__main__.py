"""`python -m security.audit`: known vulnerabilities and licences of everything that is locked."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Column, Table

from command_line import ended
from security.audit import licences, vulnerabilities
from security.audit.locks import Lock, read_locks
from security.audit.part import Part

DESCRIPTION = f"""\
Audits every package that Pipfile.lock, package-lock.json and the requirements.txt files pin, for whatever machine.

vulnerabilities  pip-audit asks PyPI, or the service that PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL name; npm audit
                 asks npm's registry. Each is also asked for an old package that is known to be vulnerable: a service that does
                 not answer, or knows no advisories, counts as not checked and never as nothing found. What is known and stays
                 as it is stands in security/audit/vulnerabilities.toml, with its reason.
licences         as installed packages say them, which asks nobody. What is allowed, and why, stands in
                 security/audit/licences.toml. Every package with its licence is written to {licences.LISTED}.

Environments that other commands install on demand are installed here, too, once; that needs the package index.
"""
EPILOG = """\
exit codes: 0 nothing found, 1 something was found or could not be checked, 2 something for you to put right.
Where the services are out of reach, run it for licences there, and for vulnerabilities where they can be reached.
"""
_PARTS = {"vulnerabilities": vulnerabilities.check, "licences": licences.check}


def main(arguments: list[str] | None = None, root: Path = Path()) -> int:
    """Run the audit; the exit code."""
    parser = argparse.ArgumentParser(
        "python -m security.audit",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="?", choices=[*_PARTS], help="only this part (default: both)")
    part = parser.parse_args(arguments).part
    return ended(lambda: _audit([part] if part else list(_PARTS), root))


def _audit(named: Sequence[str], root: Path) -> int:
    locks = read_locks(root)
    parts = {}
    for name in named:
        with _working(f"{name} of {sum(len(lock.packages) for lock in locks)} packages in {len(locks)} locks"):
            parts[name] = _PARTS[name](locks, root)
    _console().print(_table(locks, parts))
    complaints = [line for lock in locks for line in lock.without_hash()]
    complaints += [line for one in parts.values() for line in one.complaints]
    for complaint in complaints:
        print(complaint)
    print(f"{len(complaints)} to look at" if complaints else "nothing found", file=sys.stderr)
    return 1 if complaints else 0


@contextmanager
def _working(on: str) -> Iterator[None]:
    """A minute may pass: a terminal shows that it goes on."""
    console = _console(stderr=True)
    if not console.is_terminal:
        console.print(f"{on} …")
    with console.status(f"{on} …"):
        yield


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = 128  # a log has no width, and names are not to be cut
    return console


def _table(locks: Sequence[Lock], parts: Mapping[str, Part]) -> Table:
    table = Table(
        Column("lock", no_wrap=True), Column("packages", justify="right"), *parts, box=box.SIMPLE_HEAD, pad_edge=False
    )
    for lock in locks:
        table.add_row(lock.file, str(len(lock.packages)), *(part.of_lock[lock.file] for part in parts.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
