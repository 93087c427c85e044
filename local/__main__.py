"""`python -m local up` and `python -m local down`."""

import argparse
import sys

from command_line import run_command
from local.environment import STATE, down, up

DESCRIPTION = """\
Runs AWS on this machine, without an account and without Docker.

  up    starts two emulators on the loopback address (MiniStack for nearly all of AWS, moto for SageMaker and CloudWatch),
        makes the state bucket, deploys environments/local.toml with the real cdktf and Terraform, and writes .local/env
        (KEY=VALUE lines). The emulators stay running: another `up` uses them, and deploys only what has changed.
  down  stops the emulators, whose data is then gone, and removes .local.
"""
EPILOG = """\
environment variables:
  LOCAL_AWS_PORT, LOCAL_MOTO_PORT   fixed ports for MiniStack and moto (default: free ones)
  TF_CLI_CONFIG_FILE                your own Terraform CLI configuration; without one, `up` uses the provider mirror
                                    that it finds in /opt, /usr/local, /usr/share or the home folder

to use it from a shell:             set -a; . .local/env; set +a
exit codes:                         0 done, 1 something failed, 2 something for you to correct, 130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m local", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["up", "down"])
    command = parser.parse_args(arguments).command
    return run_command(_up if command == "up" else _down)


def _up() -> int:
    deployed, reused = up()
    state = "ran already, and now has the current stack" if reused else "runs"
    print(f"AWS {state}: {deployed.endpoints.aws} (settings for a shell: {STATE / 'env'}; stop it: make local-down)")
    return 0


def _down() -> int:
    print("AWS on this machine is stopped" if down() else "AWS on this machine was not running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
