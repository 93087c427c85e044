"""How the commands of this project end: with an exit code and, where something went wrong, one clear line on standard error."""

import signal
import sys
from collections.abc import Callable
from types import FrameType


class CommandError(Exception):
    """The world did not play along."""

    exit_code = 1


class UsageError(CommandError):
    """The caller can put it right."""

    exit_code = 2


def run_command(command: Callable[[], int]) -> int:
    """Run the command; its exit code, or that of what ended it."""
    signal.signal(signal.SIGTERM, _unwind)
    try:
        return command()
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except OSError as error:  # a full disk, a folder that may not be written, a reader that went away
        print(f"error: {error}", file=sys.stderr)
        return 1


def _unwind(number: int, _frame: FrameType | None) -> None:
    """Leave by the way of every `finally`, as on Ctrl-C."""
    raise SystemExit(128 + number)
