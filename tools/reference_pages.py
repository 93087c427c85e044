"""`python -m tools.reference_pages FOLDER`: writes pages of docs/reference from the code: settings, commands, tables.

`make schemas` updates those in docs/reference/; a test compares them with the code.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from training_events.cli.program import program
from training_events.interchange.exports.parquet.tables import TABLES, TableShape

from stacks.settings.listing import Setting, settings

_SETTINGS = """\
# Settings

Each environment has one TOML file, `environments/<name>.toml`. It only names what differs from the default. A mistake
is one line that names file, key, value and what is allowed, before anything is synthesized. `make new-environment
NAME=staging` writes a file with every setting in it, commented out.

| key | default | allowed | meaning |
|---|---|---|---|
{rows}
`make schemas` writes this page from `stacks/settings/`.
"""
_COMMANDS = """\
# Commands

Every command takes `--json`: [what they print](cli/README.md), with the exit codes. An error is one line. Pages of their own
tell [what `verify` proves](../design/proof.md) and [what to do about undelivered events](../operate/undelivered.md).

| command | does |
|---|---|
{rows}
`make schemas` writes this page from the commands' own help.
{sections}"""
_PARQUET = """\
# Tables in Parquet

[`training-events export --to parquet FOLDER`](../guides/exporting.md#tables-in-parquet) writes these tables. Times are in UTC
with microseconds; what is not known is null. Each column's meaning is in its files too, as the field's `description`.
{sections}
`make schemas` writes this page from `interchange/exports/parquet/tables.py`.
"""
_COLUMNS = 100
"""The width of the help, the same on every terminal."""


def pages() -> dict[str, str]:
    """The text of each page, by its file name."""
    return {"settings.md": _settings_page(), "commands.md": _commands_page(), "parquet.md": _parquet_page()}


def _settings_page() -> str:
    return _SETTINGS.format(rows="".join(map(_setting_row, settings())))


def _setting_row(setting: Setting) -> str:
    default = "required" if setting.is_required else setting.otherwise or f"`{json.dumps(setting.default)}`"
    return f"| `{setting.key}` | {default} | {setting.allowed} | {_with_links(setting.meaning)} |\n"


def _commands_page() -> str:
    context = program.make_context(
        "training-events", [], resilient_parsing=True, max_content_width=_COLUMNS, terminal_width=_COLUMNS
    )
    commands = [command for name in program.list_commands(context) if (command := program.resolve_command(context, [name])[1])]
    rows, sections = "", ""
    for command in commands:
        name = str(command.name)
        help_text = command.get_help(command.make_context(name, [], parent=context, resilient_parsing=True))
        rows += f"| [`{name}`](#{name}) | {command.get_short_help_str(_COLUMNS)} |\n"
        sections += f"\n## {name}\n\n```\n{help_text}\n```\n"
    return _COMMANDS.format(rows=rows, sections=sections)


def _parquet_page() -> str:
    return _PARQUET.format(sections="".join(map(_table_section, TABLES)))


def _table_section(shape: TableShape) -> str:
    kind = f" The folder `{shape.name}/kind=run` has those of runs; readers show `kind` as a column." if shape.by_kind else ""
    rows = "".join(f"| `{column.name}` | `{column.type}` | {column.meaning} |\n" for column in shape.columns)
    return f"\n## {shape.name}\n\nA row is {shape.row}.{kind}\n\n| column | type | meaning |\n|---|---|---|\n{rows}"


def _with_links(text: str) -> str:
    return re.sub(r"docs/([a-z]+/([a-z-]+)\.md)", r"[\2](../\1)", text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.reference_pages", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="the folder to write the pages into")
    folder: Path = parser.parse_args().folder
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
