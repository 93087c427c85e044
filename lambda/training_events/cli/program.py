"""The program: its own options, and its commands, of which only the one that is called is imported.

A command imports what it works with: AWS's SDK, the recorder, what reads times in words. No call waits for what another needs.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

from training_events.cli.commands import COMMANDS, GROUPS
from training_events.cli.conversion import QuickCommand, QuickGroup
from training_events.version import __version__

_PLAIN: dict[str, Any] = {"pretty_exceptions_enable": False, "rich_markup_mode": None}


class _LazyCommands(QuickGroup):
    """Knows the commands by name and line, for the list of them and to suggest near names. Imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, line in COMMANDS.items():
            self.add_command(TyperCommand(name, short_help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, _imported(name) if name else None, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        width = max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), line) for name, line in group.items()])


def _imported(name: str) -> Any:
    """The command, from its module. One that is called like a keyword of Python has an underscore there."""
    plain = f"{name}_" if iskeyword(name) else name
    function = getattr(import_module(f"training_events.cli.commands.{plain}"), plain)
    # \b keeps the lines of the examples as they are
    docstring = (inspect.getdoc(function) or "").replace("For example:\n", "\b\nFor example:\n")
    app = typer.Typer(add_completion=False, **_PLAIN)
    app.command(name, cls=QuickCommand, help=docstring)(function)
    return get_command(app)


_HELP = """\
What happened to datasets, training runs and models, from the event log.

\b
For example:
  training-events runs --where "metrics.loss < 0.1"
  training-events show run/digits-7
  training-events runs -h
"""

_app = typer.Typer(
    name="training-events",
    help=_HELP,
    cls=_LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"]},
    **_PLAIN,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@_app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Holds the options of the program itself."""


program: Any = get_command(_app)
