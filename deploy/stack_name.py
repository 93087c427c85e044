"""`python -m deploy.stack_name ENVIRONMENT`: prints the name of the environment's stack, `<name_prefix>-<environment>`.

The Makefile asks for it, as cdktf's commands take the name of a stack.
"""

import argparse
import sys

from command_line import run_command
from stacks.settings.file import load


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.stack_name", description=__doc__.split("\n", 1)[0])
    parser.add_argument("environment", help="the name of a file in environments/, without .toml")
    name = parser.parse_args(arguments).environment
    return run_command(lambda: _print(name))


def _print(name: str) -> int:
    print(load(name).stack_name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
