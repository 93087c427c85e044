"""`python -m review`: the summary of a plan for the reviewer of a pull request."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from command_line import run_command
from review import plan, stack, terraform_plan
from review.errors import ReviewError
from review.summary import summary

OUT = Path("cdktf.out/stacks")
BUILD = Path(".build/review")
DESCRIPTION = """\
Turns Terraform's plan into a short Markdown summary for the reviewer of a pull request, and prints it: what would be lost,
what is replaced and destroyed and why, what becomes of policies, then the rest. Secrets are not shown, and it fits into a
comment.

  python -m review dev                  runs `terraform plan` on the stack that `cdktf synth` wrote to cdktf.out, and writes the
                                        summary to .build/review/training-dev.md too
  python -m review --plan plan.json     reads what `terraform show -json PLAN` printed, of any stack; - is standard input
"""
EPILOG = """\
A plan is made without the state's lock: a role that may only read is enough, and no deploy has to wait. Plan and JSON may hold
secrets; they are removed before this ends.

exit codes, those of `terraform plan -detailed-exitcode`:
  0 nothing changes, 2 something does, 1 it failed or was not understood; 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit code 1: argparse's own for misuse is 2, which means changes here."""
        self.print_usage(sys.stderr)
        self.exit(1, f"error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the summary; the exit code."""
    parser = _Parser(
        "python -m review", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("environment", nargs="?", help="plan this environment's stack, training-ENVIRONMENT")
    which.add_argument("--plan", metavar="FILE", help="read a plan as JSON instead; - is standard input")
    parser.add_argument(
        "--stack",
        metavar="FOLDER",
        type=Path,
        help="with --plan: where the plan's cdk.tf.json is, which says the stack's name and where its state is kept "
        "(default: the folder of FILE; the current one for -)",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_true",
        help="exit with 0 also where something changes: make takes every other code for a failure",
    )
    given = parser.parse_args(arguments)
    if given.stack and not given.plan:
        parser.error("--stack goes with --plan")
    return run_command(lambda: _review(given))


def _review(given: argparse.Namespace) -> int:
    try:
        changes, text = _of_file(given.plan, given.stack) if given.plan else _of_environment(given.environment)
    except RecursionError:
        raise ReviewError("the plan is nested too deeply") from None
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever this terminal is set to
    sys.stdout.flush()
    return 2 if changes and not given.exit_zero else 0


def _of_environment(environment: str) -> tuple[bool, str]:
    name = f"training-{environment}"
    folder, written = OUT / name, BUILD / f"{name}.md"
    written.unlink(missing_ok=True)  # where this fails, nobody must take an older summary for this one's
    # The data folder is beside the summaries and not among them: whoever keeps those keeps no 600 MB of provider.
    planned = plan.read(terraform_plan.make(folder, BUILD.with_name("review-terraform") / name), f"the plan of {name}")
    text = summary(planned, stack.read(folder))
    BUILD.mkdir(parents=True, exist_ok=True)
    written.write_text(text, encoding="utf-8")
    return planned.changes_anything, text


def _of_file(file: str, folder: Path | None) -> tuple[bool, str]:
    if file == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    else:
        try:
            content, source = Path(file).read_bytes(), file
        except OSError as error:
            raise ReviewError(f"{file}: {error.strerror}") from None
    planned = plan.read(content, source)
    where = folder or (Path() if file == "-" else Path(file).parent)
    return planned.changes_anything, summary(planned, stack.read(where))


if __name__ == "__main__":
    sys.exit(main())
