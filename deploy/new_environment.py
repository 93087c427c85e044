"""Writes the settings file of a new environment: `python -m deploy.new_environment NAME`.

The file has every setting of `stacks/settings/`, commented out, with its default and its meaning. Account and
region are left empty on purpose: until they are filled in, the settings check names the file and the two keys, and
nothing of it is synthesized or deployed. An environment whose name begins with prod must say who gets its alarms, so its
file has a placeholder, which `make deploy` refuses.
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
# The environment {name}. Fill in the first two settings. All others have a default, which is shown here behind a "#":
# remove the "#" to set another value. docs/reference/settings.md lists all settings.
"""


class NewEnvironmentError(UsageError):
    """The settings file cannot be written; the message is one line."""


def write(name: str, folder: Path) -> Path:
    """Write `<folder>/<name>.toml` and return its path.

    Raises NewEnvironmentError, and OSError if the folder is not writable.
    """
    try:
        TypeAdapter(EnvironmentName).validate_python(name)
    except ValidationError as error:
        raise NewEnvironmentError(f"{name!r} is not a name for an environment: {error.errors()[0]['ctx']['error']}") from None
    file = folder / f"{name}.toml"
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(_TOP.format(name=name) + "".join(f"{line}\n" for line in _lines(name)))
    except FileExistsError:
        raise NewEnvironmentError(f"{folder.name}/{file.name} exists already: nothing was written") from None
    return file


def _lines(name: str) -> Iterator[str]:
    needed = {"observability.alarm_email"} if name.startswith("prod") else set()
    section = None
    for setting in settings():
        in_section, _, key = setting.key.rpartition(".")
        if in_section != section:
            section = in_section
            sign = "# " if "<" in section else ""
            yield from ("", f"{sign}[{section}]") if section else ("",)
        yield f"{_assignment(key, setting, is_needed=setting.key in needed)}    # {_meaning(setting)}"


def _assignment(key: str, setting: Setting, *, is_needed: bool) -> str:
    if setting.is_required:
        return f'{key} = ""'
    sign = "" if is_needed else "# "
    return f"{sign}{key} = {json.dumps(setting.example if setting.otherwise else setting.default)}"  # this JSON is TOML too


def _meaning(setting: Setting) -> str:
    allowed = f" ({setting.allowed})" if setting.allowed else ""
    otherwise = f"; by default {setting.otherwise}" if setting.otherwise else ""
    return f"{setting.meaning}{allowed}{otherwise}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.new_environment", description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", help="the name of the environment, such as staging")
    name = parser.parse_args().name
    return run_command(lambda: _write(name))


def _write(name: str) -> int:
    file = write(name, ENVIRONMENTS)
    print(f"Wrote {file.parent.name}/{file.name}: fill in account_id and region there before the next synth.")
    print(f"Then: make bootstrap ENV={name}, make diff ENV={name}, make deploy ENV={name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
