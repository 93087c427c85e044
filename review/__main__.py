"""`python -m review`: prints the summary of a plan for the reviewer of a pull request."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from command_line import run_command
from review import plan, run_terraform, stack
from review.errors import ReviewError
from review.summary import summary

BUILD = Path(".build/review")
DESCRIPTION = """\
Prints a short Markdown summary of Terraform's plan for the reviewer of a pull request. It starts with the data that would be
lost. Then it shows what is replaced and destroyed, and why; how policies change; and the rest. It hides secrets, and it is
short enough for a comment.

  python -m review dev                  runs `terraform plan` on the stack that `cdktf synth` wrote to cdktf.out, and writes the
                                        summary to .build/review/training-dev.md too
  python -m review --plan plan.json     reads the output of `terraform show -json PLAN`, of any stack; - is standard input
"""
EPILOG = """\
The plan is made without the lock of the state. So a role that may only read is enough, and no deploy has to wait. The plan and
its JSON may hold secrets; both are removed before the command ends.

exit codes, the same as those of `terraform plan -detailed-exitcode`:
  0 nothing changes, 2 something changes, 1 the command failed or did not understand the plan; 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with 1: argparse's own exit code for misuse is 2, which here means that something changes."""
        self.print_usage(sys.stderr)
        self.exit(1, f"error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the summary and return the exit code."""
    parser = _Parser(
        "python -m review", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("environment", nargs="?", help="plan the stack of this environment, of environments/ENVIRONMENT.toml")
    source.add_argument("--plan", metavar="FILE", help="read a plan as JSON instead; - is standard input")
    parser.add_argument(
        "--stack",
        metavar="FOLDER",
        type=Path,
        help="with --plan: the folder of the plan's cdk.tf.json, which has the stack's name and its state's address "
        "(default: the folder of FILE; the current one for -)",
    )
    parser.add_argument(
        "--exit-zero",
        action="store_true",
        help="exit with 0 also if something changes: make treats every other code as a failure",
    )
    options = parser.parse_args(arguments)
    if options.stack and not options.plan:
        parser.error("--stack goes with --plan")
    return run_command(lambda: _review(options))


def _review(options: argparse.Namespace) -> int:
    try:
        if options.plan:
            changes, text = _review_file(options.plan, options.stack)
        else:
            changes, text = _review_environment(options.environment)
    except RecursionError:
        raise ReviewError("the plan is nested too deeply") from None
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever encoding this terminal has
    sys.stdout.flush()
    return 2 if changes and not options.exit_zero else 0


def _review_environment(environment: str) -> tuple[bool, str]:
    from stacks.settings.file import SettingsError, load  # noqa: PLC0415 - a plan in a file is read without any settings

    try:
        name = load(environment).stack_name
    except SettingsError as error:  # its exit code would say that something changes
        raise ReviewError(str(error)) from None
    folder, summary_file = run_terraform.STACKS / name, BUILD / f"{name}.md"
    summary_file.unlink(missing_ok=True)  # if this run fails, nobody must take an older summary for its result
    content = run_terraform.make_plan(folder, run_terraform.DATA / name)
    terraform_plan = plan.read(content, f"the plan of {name}")
    text = summary(terraform_plan, stack.read(folder))
    BUILD.mkdir(parents=True, exist_ok=True)
    summary_file.write_text(text, encoding="utf-8")
    return terraform_plan.changes_anything, text


def _review_file(file: str, stack_folder: Path | None) -> tuple[bool, str]:
    if file == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    else:
        try:
            content, source = Path(file).read_bytes(), file
        except OSError as error:
            raise ReviewError(f"{file}: {error.strerror}") from None
    terraform_plan = plan.read(content, source)
    default_folder = Path() if file == "-" else Path(file).parent
    return terraform_plan.changes_anything, summary(terraform_plan, stack.read(stack_folder or default_folder))


if __name__ == "__main__":
    sys.exit(main())
