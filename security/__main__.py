"""`python -m security`: parliament and checkov over what was synthesized."""

import argparse
import sys
from pathlib import Path

from command_line import run_command
from local.installation import python_of
from local.terraform import BUILD
from security import checkov_gate, parliament_gate, synthesized, waivers

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
DESCRIPTION = """\
Checks the synthesized Terraform JSON of every environment in a cdktf.out folder, and synthesizes nothing itself. parliament
reads every IAM policy, checkov every resource; what stays as it is stands in security/waivers.toml, with its reason. Each
finding is one line: environment, address, check, what it says. The scanners are installed once, into .build/security; after
that no network is needed.
"""


def main(arguments: list[str] | None = None, waived: Path = waivers.FILE) -> int:
    """Run the gate; the exit code."""
    parser = argparse.ArgumentParser(
        "python -m security",
        description=DESCRIPTION,
        epilog="exit codes: 0 clean, 1 something was found or could not be checked, 2 something for you to put right",
    )
    parser.add_argument("folder", nargs="?", default="cdktf.out", type=Path, help="what cdktf synthesized (default: cdktf.out)")
    folder = parser.parse_args(arguments).folder
    return run_command(lambda: _gate(folder, waived))


def _gate(folder: Path, waived: Path) -> int:
    listed = waivers.read(waived)
    stacks = synthesized.read(folder)
    python = python_of(BUILD / "security", "parliament, checkov and pip-audit", REQUIREMENTS)
    policies, of_policies = parliament_gate.check(python, stacks)
    resources, of_resources = checkov_gate.check(python, stacks)
    found = sorted(of_policies + of_resources)
    left = waivers.not_waived(found, listed)
    complaints = [*map(str, left), *waivers.out_of_date(found, listed, [stack.environment for stack in stacks])]
    for complaint in complaints:
        print(complaint)
    looked = f"{len(stacks)} environments, {policies} policies, {resources} resources"
    verdict = f"{len(complaints)} findings" if complaints else "nothing found"
    print(f"{looked}: {verdict} beyond the {len(found) - len(left)} that {waived.name} waives", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
