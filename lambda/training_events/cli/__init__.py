"""The command line `training-events`: one file a command, and one place that turns errors into a line and an exit code.

Exit codes: 0 done; 1 the world failed (no table, no credentials, endpoint down); 2 the caller has something to put right;
130 and 141 as every program that Ctrl-C or a closed pipe ends.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from training_events import __version__
from training_events.errors import Misused, NotRecordable, TrainingEventsError

try:
    import typer
    from botocore.exceptions import BotoCoreError, ClientError

    from training_events.cli.history import history
    from training_events.cli.output import ended_by_closed_pipe
except ModuleNotFoundError as missing:  # one line for who installed the library without its command line
    sys.exit(f"training-events: {missing.name} is not installed: pip install 'training-events[cli]'")

if TYPE_CHECKING:
    from collections.abc import Sequence

# the base of every mistake in the arguments, under a name that is the same in every version of Typer
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="training-events",
    help="What happened to datasets, training runs and models, from the event log.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(history)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - as Typer calls it
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")] = False,  # noqa: FBT002
) -> None:
    """Present so that commands keep their names while there is only one."""


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way to end
    """The exit code of one call; every failure is one line on standard error."""
    try:
        code = app(arguments, prog_name="training-events", standalone_mode=False)
        sys.stdout.flush()
        return code or 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        return ended_by_closed_pipe()
    except _UsageError as error:
        return _failed(2, error.format_message())
    except (Misused, NotRecordable) as error:
        return _failed(2, error)
    except (BotoCoreError, ClientError, TrainingEventsError, OSError) as error:
        return _failed(1, error)
    except Exception as error:  # noqa: BLE001 - people get one line also for what is a mistake of this program
        return _failed(1, f"a mistake in training-events itself: {type(error).__name__}: {error}")


def _failed(code: int, error: Exception | str) -> int:
    print("training-events:", " ".join(str(error).split()), file=sys.stderr)
    return code
