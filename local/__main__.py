"""`python -m local up` and `python -m local down`."""

import argparse
import sys

from command_line import run_command
from local.environment import STATE, down, up

DESCRIPTION = """\
AWS on this machine, without an account and without Docker.

  up    starts two emulators on the loopback address (MiniStack for nearly all of AWS, moto for SageMaker and CloudWatch),
        makes the state bucket, deploys the stack training-local with the real cdktf and Terraform, writes .local/env
        (KEY=VALUE lines) and leaves it running. Run again, it takes the emulators that run and deploys what has changed.
  down  ends the emulators with all that is in them, and removes .local.
"""
EPILOG = """\
environment variables:
  LOCAL_AWS_PORT, LOCAL_MOTO_PORT   fixed ports for MiniStack and moto (default: free ones)
  TF_CLI_CONFIG_FILE                a Terraform CLI configuration of your own; without one, a provider mirror in
                                    /opt, /usr/local, /usr/share or the home folder is found and used

to use it from a shell:             set -a; . .local/env; set +a
exit codes:                         0 done, 1 it failed, 2 something for you to put right, 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(
        "python -m local", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["up", "down"])
    command = parser.parse_args(arguments).command
    return run_command(_up if command == "up" else _down)


def _up() -> int:
    deployed, reused = up()
    began = "ran already and has the stack as it is now" if reused else "runs"
    print(f"AWS {began}: {deployed.endpoints.aws} (settings for a shell: {STATE / 'env'}; end it: make local-down)")
    return 0


def _down() -> int:
    print("AWS on this machine is stopped" if down() else "AWS on this machine was not running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
