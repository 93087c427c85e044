"""`python -m security.audit`: known vulnerabilities and licences of everything that is locked."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

from command_line import run_command
from security.audit import licences, vulnerabilities
from security.audit.locks import read_locks

DESCRIPTION = """\
Audits every package that Pipfile.lock, package-lock.json and the requirements.txt files pin.

vulnerabilities  pip-audit asks PyPI, or the service that PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL name; npm audit
                 asks npm's registry. Those that stay are waived in security/audit/vulnerabilities.toml.
licences         as packages say them, against security/audit/licences.toml. All are listed in .build/licences.csv.
"""
EPILOG = "exit codes: 0 nothing found, 1 something was found or could not be checked, 2 something for you to put right."
PARTS = {"vulnerabilities": vulnerabilities.check, "licences": licences.check}


def main(arguments: list[str] | None = None, root: Path = Path()) -> int:
    """Run the audit; the exit code."""
    parser = ArgumentParser(
        "python -m security.audit", description=DESCRIPTION, epilog=EPILOG, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=[*PARTS], help="only this part (default: both)")
    part = parser.parse_args(arguments).part
    return run_command(lambda: _audit([part] if part else [*PARTS], root))


def _audit(parts: list[str], root: Path) -> int:
    locks = read_locks(root)
    complaints = 0
    for part in parts:
        print(f"{part} of {sum(map(len, locks.values()))} packages in {len(locks)} locks …", file=sys.stderr, flush=True)
        for line in PARTS[part](locks, root):
            print(line)
            complaints += 1
    print(f"{complaints} to look at" if complaints else "nothing found", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
