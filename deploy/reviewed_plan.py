"""`python -m deploy.reviewed_plan NAME DIGEST`: deploys an environment if its plan is the one that was reviewed.

The summary of a review names the digest of its plan. Here the environment is planned again. If the plan has that digest, this
very plan is applied; otherwise nothing is.
"""

import argparse
import sys

from command_line import CommandError, UsageError, run_command
from review import plan, run_terraform
from stacks.settings.file import load


class DeployError(CommandError):
    """Terraform could not apply the plan, and has said why."""


def main(arguments: list[str] | None = None) -> int:
    """Plan, compare, apply; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.reviewed_plan", description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", help="the name of the environment, such as prod")
    parser.add_argument("digest", help="the digest that the review's summary names: sha256:…")
    options = parser.parse_args(arguments)
    return run_command(lambda: deploy(options.name, options.digest))


def deploy(name: str, digest: str) -> int:
    """Raises UsageError if the plan is another one, DeployError if it cannot be applied, ReviewError if it cannot be made.

    A wrong settings file is a SettingsError.
    """
    stack = load(name).stack_name
    folder, data = run_terraform.STACKS / stack, run_terraform.DATA / stack
    with run_terraform.planned(folder, data) as planned:
        current = plan.read(planned.content, f"the plan of {stack}")
        if not current.changes_anything:
            print(f"{stack}: no changes: it was deployed before, or nothing is left to do")
            return 0
        if current.digest != digest:
            raise UsageError(
                f"{stack}: the plan is now {current.digest}, not {digest}: something changed since the review; nothing was"
                f" deployed. `make review ENV={name}` shows the new one."
            )
        if code := run_terraform.apply(folder, data, planned.file):
            raise DeployError(f"terraform apply of {stack} ended with exit code {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
