"""The command line `training-events`: one file a command, and one place that turns errors into a line and an exit code.

Exit codes: 0 done; 1 the world failed (no table, no credentials, endpoint down); 2 the caller has something to put right;
130 and 141 as every program that Ctrl-C or a closed pipe ends.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

from training_events.errors import Misused, NotUnderstood, TrainingEventsError
from training_events.version import __version__

try:
    import typer
    from botocore.exceptions import BotoCoreError, ClientError

    from training_events.cli.commands.flush import flush
    from training_events.cli.commands.history import history
    from training_events.cli.commands.rebuild import rebuild
    from training_events.cli.commands.reconcile import reconcile
    from training_events.cli.commands.record import record
    from training_events.cli.commands.redrive import redrive
    from training_events.cli.commands.replay import replay
    from training_events.cli.commands.runs import runs
    from training_events.cli.commands.show import show
    from training_events.cli.commands.undelivered import undelivered
    from training_events.cli.commands.verify import verify
    from training_events.cli.output import discard_unwritten, ended_by_closed_pipe, printable
except ModuleNotFoundError as missing:  # one line for who installed the library without its command line
    sys.exit(f"training-events: {missing.name} is not installed: pip install 'training-events[cli]'")
except KeyboardInterrupt:  # importing takes half a second
    sys.exit(130)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# the base of every mistake in the arguments, under a name that is the same in every version of Typer
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="training-events",
    help="What happened to datasets, training runs and models, from the event log.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _help(command: Callable[..., None]) -> str:
    """The command's docstring, in which the lines of the examples stay as they are."""
    return (inspect.getdoc(command) or "").replace("For example:\n", "\b\nFor example:\n")


for command in (runs, show, history, record, flush, verify, rebuild, replay, undelivered, redrive, reconcile):
    app.command(help=_help(command))(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Holds the options of the program itself."""


def main() -> None:
    # what is closed would be None, and the next file opened would take its place
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115, PTH123
    if hasattr(sys.stdout, "reconfigure"):  # JSON is UTF-8, whatever the terminal's language
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = run(sys.argv[1:])
    finally:
        discard_unwritten()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way to end
    """The exit code of one call; every failure is one line on standard error."""
    try:
        _check_text(arguments)
        code = app(arguments or ["--help"], prog_name="training-events", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        return ended_by_closed_pipe()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # of which Typer makes exit code 1
            return ended_by_closed_pipe()
        raise
    except (_UsageError, Misused, NotUnderstood) as error:
        return _failed(2, error)
    except (BotoCoreError, ClientError, TrainingEventsError, OSError) as error:
        return _failed(1, error)
    except Exception as error:  # noqa: BLE001 - people get one line also for what is a mistake of this program
        return _failed(1, f"a mistake in training-events itself: {type(error).__name__}: {error}")


def _check_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise Misused(f"the argument {argument!a} is not UTF-8") from None


def _failed(code: int, error: Exception | str) -> int:
    said = error.format_message().replace(": Value error, ", ": ") if isinstance(error, _UsageError) else str(error)
    print("training-events:", " ".join(printable(said).split()), file=sys.stderr)
    return code
