"""The command line `training-events`: one file a command, and one place that turns errors into a line and an exit code.

Exit codes: 0 done; 1 something outside the command failed (no table, no credentials, endpoint down); 2 the caller has
something to correct; 130 and 141 as in every program that Ctrl-C or a closed pipe ends.
"""

from __future__ import annotations

import difflib
import os
import sys
from typing import TYPE_CHECKING, Any

from training_events.errors import Misused, NotUnderstood, TrainingEventsError, is_from_aws

try:
    import typer

    from training_events.cli.completion import VARIABLE, prepare_for_shell
    from training_events.cli.program import program
    from training_events.cli.standard_streams import discard_unwritten, end_for_closed_pipe, prepare_standard_streams
except ModuleNotFoundError as missing:  # the library was installed without its command line
    sys.exit(f"training-events: {missing.name} is not installed: pip install 'training-events[cli]'")
except KeyboardInterrupt:  # importing takes a moment
    sys.exit(130)

if TYPE_CHECKING:
    from collections.abc import Sequence

# the base of every mistake in the arguments, under a name that is the same in every version of Typer
_UsageError: Any = typer.BadParameter.__mro__[1]


def main() -> None:
    prepare_standard_streams()
    if VARIABLE in os.environ:
        prepare_for_shell()
    try:
        code = run(sys.argv[1:])
    finally:
        discard_unwritten()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way to end
    """The exit code of one call; every failure is one line on standard error."""
    try:
        _check_text(arguments)
        code = program(arguments or ["--help"], prog_name="training-events", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        return end_for_closed_pipe()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer makes exit code 1 of it
            return end_for_closed_pipe()
        raise
    except (_UsageError, Misused, NotUnderstood) as error:
        return _failed(2, error)
    except (TrainingEventsError, OSError) as error:
        return _failed(1, error)
    except Exception as error:  # noqa: BLE001 - people get one line also for a mistake of this program
        if is_from_aws(error):
            return _failed(1, error)
        return _failed(1, f"a mistake in training-events itself: {type(error).__name__}: {error}")


def _check_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Misused(f"the argument {argument!a} is not UTF-8") from None


def _failed(code: int, error: Exception | str) -> int:
    # imported here: a call that succeeds may do without the room `reading`
    from training_events.reading.wording.text import printable  # noqa: PLC0415

    message = _message(error) if isinstance(error, _UsageError) else str(error)
    print("training-events:", " ".join(printable(message).split()), file=sys.stderr)
    return code


def _message(mistake: Any) -> str:
    """Of the options that are near a wrong one, only the nearest: to the parser `--asof` is near `--json`, by its dashes."""
    if getattr(mistake, "possibilities", None):
        names = [name.lstrip("-") for name in mistake.possibilities]
        nearest = difflib.get_close_matches(mistake.option_name.lstrip("-"), names, n=1)
        mistake.possibilities = [name for name in mistake.possibilities if name.lstrip("-") in nearest]
    return str(mistake.format_message()).replace(": Value error, ", ": ")
