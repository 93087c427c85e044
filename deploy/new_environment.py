"""Writes the settings file of a new environment: `python -m deploy.new_environment NAME`.

The file has every setting of `stacks/settings/model.py`, commented out, with its default and its meaning. Account and
region are left empty on purpose: until they are filled in, the settings check names the file and the two keys, and
nothing is synthesized or deployed.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from command_line import UsageError, run_command
from stacks.settings.file import ENVIRONMENTS
from stacks.settings.listing import Setting, settings
from stacks.settings.types import EnvironmentName

_TOP = """\
# The environment {name}. Fill in the first two; everything else has a default, which stands here behind a "#":
# take the "#" away to set something else. All settings are in docs/reference/settings.md.
"""


class NewEnvironmentError(UsageError):
    """The settings file cannot be written; the message is one line."""


def write(name: str, folder: Path) -> Path:
    """The new file `<folder>/<name>.toml`. Raises NewEnvironmentError, and OSError where the folder cannot be written to."""
    try:
        TypeAdapter(EnvironmentName).validate_python(name)
    except ValidationError as error:
        raise NewEnvironmentError(f"{name!r} is no name for an environment: {error.errors()[0]['ctx']['error']}") from None
    file = folder / f"{name}.toml"
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(_TOP.format(name=name) + "".join(f"{line}\n" for line in _lines()))
    except FileExistsError:
        raise NewEnvironmentError(f"{folder.name}/{file.name} is there already: nothing was written") from None
    return file


def _lines() -> Iterator[str]:
    section = None
    for setting in settings():
        of, _, key = setting.key.rpartition(".")
        if of != section:
            section = of
            yield from ("", f"[{of}]") if of else ("",)
        yield f"{_assignment(key, setting)}    # {_meaning(setting)}"


def _assignment(key: str, setting: Setting) -> str:
    if setting.is_required:
        return f'{key} = ""'
    return f"# {key} = {json.dumps(setting.example if setting.otherwise else setting.default)}"  # which is TOML, too


def _meaning(setting: Setting) -> str:
    allowed = f" ({setting.allowed})" if setting.allowed else ""
    otherwise = f"; by default {setting.otherwise}" if setting.otherwise else ""
    return f"{setting.meaning}{allowed}{otherwise}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.new_environment", description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", help="what the environment is called, such as staging")
    name = parser.parse_args().name
    return run_command(lambda: _write(name))


def _write(name: str) -> int:
    file = write(name, ENVIRONMENTS)
    print(
        f"{file.parent.name}/{file.name} is written: fill in account_id and region there, before anything else is synthesized."
    )
    print(f"Then: make bootstrap ENV={name}, make diff ENV={name}, make deploy ENV={name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
