"""Reads `environments/<name>.toml` into `Settings`, and reports each mistake in a file in one line.

`python -m stacks.settings.file` checks every file, or that of TRAINING_ENVIRONMENT. The Makefile does this before it starts
anything slower.
"""

import difflib
import os
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
    """A settings file cannot be used. The message has a line for each mistake."""


def load(name: str, folder: Path = ENVIRONMENTS) -> Settings:
    """The settings of the environment `name`. Raises SettingsError."""
    file = folder / f"{name}.toml"
    shown = f"{folder.name}/{file.name}"
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # some editors put a byte order mark at the beginning
    except FileNotFoundError:
        existing = ", ".join(environment_names(folder)) or "none"
        raise SettingsError(f"{shown}: there is no such environment; there are: {existing}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{shown}: cannot be read as TOML: {error}") from None
    if "environment" in values:
        raise SettingsError(f"{shown}: environment = {values['environment']!r}: the file's name says it; remove the key")
    try:
        return Settings(environment=name, **values)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{shown}: {_line(problem)}" for problem in error.errors())) from None


def environment_names(folder: Path = ENVIRONMENTS) -> list[str]:
    """The names of the environments, sorted: each has a file."""
    return sorted(file.stem for file in folder.glob("[!.]*.toml"))


def load_all(folder: Path = ENVIRONMENTS) -> list[Settings]:
    """The settings of every environment. Raises one SettingsError for the mistakes in all files."""
    loaded, mistakes = [], []
    for name in environment_names(folder):
        try:
            loaded.append(load(name, folder))
        except SettingsError as error:
            mistakes.append(str(error))
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return loaded


def load_chosen(folder: Path = ENVIRONMENTS) -> list[Settings]:
    """The settings of the environment that TRAINING_ENVIRONMENT names; without it, those of all. Raises SettingsError.

    The Makefile sets it where a target is about one environment: a mistake in the file of another does not matter there.
    """
    chosen = os.environ.get("TRAINING_ENVIRONMENT")
    return [load(chosen, folder)] if chosen else load_all(folder)


def _line(problem: Any) -> str:
    """A problem that pydantic found, as `key = value: what is allowed`."""
    path, value = problem["loc"], problem["input"]
    key = ".".join(str(part) for part in path if part != "[key]")
    match problem["type"]:
        case "extra_forbidden":
            return f"{key} = {value!r}: unknown key; {_allowed_keys(path)}"
        case "missing":
            return f"{key}: is missing"
        case "value_error" if not path or isinstance(value, BaseModel | dict):
            return ": ".join(filter(None, (key, str(problem["ctx"]["error"]))))
        case "value_error":
            return f"{key} = {value!r}: {problem['ctx']['error']}"
        case kind:
            return f"{key} = {value!r}: {_IN_TOML.get(kind) or problem['msg'][0].lower() + problem['msg'][1:]}"


def _allowed_keys(path: tuple[str | int, ...]) -> str:
    section: Any = Settings
    for part in path[:-1]:
        section = section.model_fields[str(part)].annotation
    keys = [key for key in section.model_fields if key != "environment"]
    close = difflib.get_close_matches(str(path[-1]), keys, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed: {', '.join(keys)}"


def main() -> int:
    load_chosen()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
