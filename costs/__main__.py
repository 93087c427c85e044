"""`python -m costs ENVIRONMENT`: what the environment costs at rest, in use, and for each million events."""

import argparse
import json
import sys
from pathlib import Path

from command_line import UsageError, run_command
from costs import prices
from costs.answer import Answer
from costs.assumptions import Assumptions
from costs.stack import Stack
from costs.text import text
from release import synthesized
from stacks.settings.file import load

DESCRIPTION = """\
Reads what `cdktf synth` wrote to cdktf.out, and reckons with the list prices in costs/prices.toml: what the environment costs
in a month at rest, what use adds, and what a million events cost on their way and in each month in which they are kept. A
resource that the table does not know is named.
"""
MAX_EVENT_BYTES = 256 * 1024
"""Of an entry: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""


def main(arguments: list[str] | None = None, out: Path = Path("cdktf.out")) -> int:
    """Print the answer and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m costs",
        description=DESCRIPTION,
        epilog="exit codes: 0 everything is priced, 1 something is not, or could not be read, 2 something for you to correct",
    )
    parser.add_argument("environment", help="a file in environments/, without .toml")
    parser.add_argument("--json", action="store_true", help="one JSON document, with every line and its price")
    parser.add_argument("--region", help="reckon with the prices of another region than the environment's")
    parser.add_argument(
        "--event-bytes", type=int, default=Assumptions.event_bytes, help="the size of an event (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    return run_command(lambda: _costs(options, out))


def _costs(options: argparse.Namespace, out: Path) -> int:
    if not 1 <= options.event_bytes <= MAX_EVENT_BYTES:
        raise UsageError(f"--event-bytes {options.event_bytes}: allowed are 1 to {MAX_EVENT_BYTES}, EventBridge's limit")
    name = load(options.environment).stack_name
    stack = Stack.of(name, synthesized.read(out, name).content)
    answer = Answer.of(stack, prices.read(options.region or stack.region), Assumptions(event_bytes=options.event_bytes))
    print(json.dumps(answer.to_dict(), indent=2) if options.json else text(answer))
    for each in answer.unpriced:
        print(f"not priced: {each}", file=sys.stderr)
    return 1 if answer.unpriced else 0


if __name__ == "__main__":
    sys.exit(main())
