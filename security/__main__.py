"""`python -m security`: runs parliament and checkov on the synthesized JSON."""

import argparse
import sys
from pathlib import Path

from command_line import run_command
from local.installation import python_of
from local.terraform import BUILD
from security import checkov_gate, parliament_gate, synthesized, waivers

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
DESCRIPTION = """\
Checks the synthesized Terraform JSON of every environment in a cdktf.out folder; it does not synthesize. parliament checks
every IAM policy, and checkov every resource. security/waivers.toml lists the findings that are accepted, with the reasons.
Each other finding is one line: environment, address, check, description. The scanners are installed into .build/security at
the first run; after that it needs no network.
"""


def main(arguments: list[str] | None = None, waived: Path = waivers.FILE) -> int:
    """Run the gate and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m security",
        description=DESCRIPTION,
        epilog="exit codes: 0 clean, 1 something was found or could not be checked, 2 something for you to correct",
    )
    parser.add_argument("folder", nargs="?", default="cdktf.out", type=Path, help="cdktf's output folder (default: cdktf.out)")
    folder = parser.parse_args(arguments).folder
    return run_command(lambda: _gate(folder, waived))


def _gate(folder: Path, waived: Path) -> int:
    accepted = waivers.read(waived)
    stacks = synthesized.read(folder)
    python = python_of(BUILD / "security", "parliament, checkov and pip-audit", REQUIREMENTS)
    policies, policy_findings = parliament_gate.check(python, stacks)
    resources, resource_findings = checkov_gate.check(python, stacks)
    findings = sorted(policy_findings + resource_findings)
    not_waived = waivers.not_waived(findings, accepted)
    lines = [*map(str, not_waived), *waivers.out_of_date(findings, accepted, [stack.environment for stack in stacks])]
    for line in lines:
        print(line)
    checked = f"{len(stacks)} environments, {policies} policies, {resources} resources"
    verdict = f"{len(lines)} findings" if lines else "nothing found"
    print(f"{checked}: {verdict} beyond the {len(findings) - len(not_waived)} that {waived.name} waives", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
