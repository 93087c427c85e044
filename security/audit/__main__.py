"""`python -m security.audit`: audits the known vulnerabilities and the licences of every locked package."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from command_line import run_command
from security.audit import licences, vulnerabilities
from security.audit.locks import read_locks

DESCRIPTION = """\
Audits every package that Pipfile.lock, package-lock.json and the requirements.txt files pin.

vulnerabilities  pip-audit asks PyPI, or the service that PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL name; npm audit
                 asks npm's registry. security/audit/vulnerabilities.toml lists those that are accepted.
licences         compares the licence in each package's metadata with security/audit/licences.toml, and writes a list of all
                 licences to .build/licences.csv.
"""
EPILOG = "exit codes: 0 nothing found, 1 something was found or could not be checked, 2 something for you to correct."
PARTS = {"vulnerabilities": vulnerabilities.check, "licences": licences.check}


def main(arguments: list[str] | None = None, root: Path = Path()) -> int:
    """Run the audit and return the exit code."""
    parser = ArgumentParser(
        "python -m security.audit", description=DESCRIPTION, epilog=EPILOG, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=[*PARTS], help="only this part (default: both)")
    part = parser.parse_args(arguments).part
    return run_command(lambda: _audit([part] if part else [*PARTS], root))


def _audit(parts: list[str], root: Path) -> int:
    locks = read_locks(root)
    count = 0
    for part in parts:
        print(f"{part} of {sum(map(len, locks.values()))} packages in {len(locks)} locks …", file=sys.stderr, flush=True)
        for line in PARTS[part](locks, root):
            print(line)
            count += 1
    print(f"{count} to look at" if count else "nothing found", file=sys.stderr)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
