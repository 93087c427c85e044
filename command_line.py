"""How this project's commands end: with an exit code and, if something went wrong, one clear line on standard error."""

import signal
import sys
from collections.abc import Callable
from types import FrameType


class CommandError(Exception):
    """Something outside the command failed."""

    exit_code = 1


class UsageError(CommandError):
    """The caller made a mistake, and can correct it."""

    exit_code = 2


def run_command(command: Callable[[], int]) -> int:
    """Run the command and return its exit code, or the exit code of the error that ended it."""
    signal.signal(signal.SIGTERM, _exit)
    try:
        return command()
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except OSError as error:  # the disk is full, a folder is not writable, the reader of a pipe has ended
        print(f"error: {error}", file=sys.stderr)
        return 1


def _exit(number: int, _frame: FrameType | None) -> None:
    """Exit so that every `finally` runs, as it does on Ctrl-C."""
    raise SystemExit(128 + number)
