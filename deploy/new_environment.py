"""Writes the settings file of a new environment: `python -m deploy.new_environment NAME`.

The file has every setting, commented out, with its default and its meaning. Account and region are left empty on purpose: until
they are filled in, the settings check names the file and the two keys, and nothing is synthesized or deployed.
"""

import argparse
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from command_line import UsageError, ended
from stacks.settings.file import ENVIRONMENTS
from stacks.settings.types import EnvironmentName

_TEMPLATE = Path(__file__).with_suffix(".toml")


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
            new.write(_TEMPLATE.read_text(encoding="utf-8").replace("@NAME@", name))
    except FileExistsError:
        raise NewEnvironmentError(f"{folder.name}/{file.name} is there already: nothing was written") from None
    return file


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.new_environment", description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", help="what the environment is called, such as staging")
    name = parser.parse_args().name
    return ended(lambda: _write(name))


def _write(name: str) -> int:
    file = write(name, ENVIRONMENTS)
    print(
        f"{file.parent.name}/{file.name} is written: fill in account_id and region there, before anything else is synthesized."
    )
    print(f"Then: make bootstrap ENV={name}, make diff ENV={name}, make deploy ENV={name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
