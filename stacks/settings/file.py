"""Reads `environments/<name>.toml` into `Settings`, and says in one line each what is wrong with a file.

`python -m stacks.settings.file` checks every file; the Makefile does so before it starts anything slower.
"""

import difflib
import sys
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from command_line import UsageError, run_command
from stacks.settings import Settings

ENVIRONMENTS = Path(__file__).resolve().parents[2] / "environments"
_IN_TOML = {"tuple_type": "must be a list", "model_type": "must be a table", "dict_type": "must be a table"}


class SettingsError(UsageError):
    """A settings file cannot be used; the message has one line for each thing that is wrong."""


def load(name: str, folder: Path = ENVIRONMENTS) -> Settings:
    """The settings of the environment `name`. Raises SettingsError."""
    file = folder / f"{name}.toml"
    shown = f"{folder.name}/{file.name}"
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except FileNotFoundError:
        there = ", ".join(environment_names(folder)) or "none"
        raise SettingsError(f"{shown}: there is no such environment; there are: {there}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{shown}: cannot be read as TOML: {error}") from None
    if "environment" in values:
        raise SettingsError(f"{shown}: environment = {values['environment']!r}: the file's name says it; remove the key")
    try:
        return Settings(environment=name, **values)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{shown}: {_line(problem)}" for problem in error.errors())) from None


def environment_names(folder: Path = ENVIRONMENTS) -> list[str]:
    """The environments that have a file, sorted."""
    return sorted(file.stem for file in folder.glob("[!.]*.toml"))


def load_all(folder: Path = ENVIRONMENTS) -> list[Settings]:
    """Every environment's settings. Raises one SettingsError for all files that are wrong."""
    found, wrong = [], []
    for name in environment_names(folder):
        try:
            found.append(load(name, folder))
        except SettingsError as error:
            wrong.append(str(error))
    if wrong:
        raise SettingsError("\n".join(wrong))
    return found


def _line(problem: Any) -> str:
    """One pydantic problem as `key = value: what is allowed`."""
    place, value = problem["loc"], problem["input"]
    key = ".".join(str(part) for part in place if part != "[key]")
    match problem["type"]:
        case "extra_forbidden":
            return f"{key} = {value!r}: unknown key; {_allowed_keys(place)}"
        case "missing":
            return f"{key}: is missing"
        case "value_error" if not place or isinstance(value, BaseModel | dict):
            return ": ".join(filter(None, (key, str(problem["ctx"]["error"]))))
        case "value_error":
            return f"{key} = {value!r}: {problem['ctx']['error']}"
        case kind:
            return f"{key} = {value!r}: {_IN_TOML.get(kind) or problem['msg'][0].lower() + problem['msg'][1:]}"


def _allowed_keys(place: tuple[str | int, ...]) -> str:
    section: Any = Settings
    for part in place[:-1]:
        section = section.model_fields[str(part)].annotation
    keys = [key for key in section.model_fields if key != "environment"]
    meant = difflib.get_close_matches(str(place[-1]), keys, n=1)
    return f"did you mean {meant[0]}?" if meant else f"allowed: {', '.join(keys)}"


def main() -> int:
    load_all()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
