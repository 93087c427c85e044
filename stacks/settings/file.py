"""Reads `environments/<name>.toml` into `Settings`, and reports each mistake in a file in one line.

`python -m stacks.settings.file` checks every file, or that of TRAINING_ENVIRONMENT. The Makefile does this before it starts
anything slower.
"""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from command_line import UsageError, run_command
from stacks.settings import Settings
from stacks.settings.folders import APP
from stacks.settings.listing import is_section, named_section, settings

ENVIRONMENTS = APP / "environments"
_IN_TOML = {
    "bool_type": "must be true or false, without quotes",
    "dict_type": "must be a table",
    "int_type": "must be a whole number, without quotes",
    "model_type": "must be a table",
    "string_type": "must be text, in quotes",
    "tuple_type": "must be a list",
}
"""What pydantic says of types, in the words of TOML."""
_BOUNDS = {"greater_than_equal", "int_type", "less_than_equal"}
_VALUE_WITHOUT_QUOTES = re.compile(r"""\s*[\w."'-]+\s*=\s*[^\s"'\[{#]""")


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
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{shown}: cannot be read as TOML: {error}{_hint(file, error)}") from None
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
    _refuse_equal_names(loaded, folder)
    _refuse_a_shared_bucket(loaded, folder)
    return loaded


def _refuse_equal_names(environments: Sequence[Settings], folder: Path) -> None:
    """`a` with the environment `b-c` and `a-b` with `c` would be the same stack, with the same resources."""
    first: dict[str, str] = {}
    for environment in environments:
        name, stack = environment.environment, environment.stack_name
        if (other := first.setdefault(stack, name)) != name:
            raise SettingsError(
                f"{folder.name}/{name}.toml: name_prefix = {environment.name_prefix!r}: the stack would be named"
                f" {stack}, like that of {folder.name}/{other}.toml"
            )


def _refuse_a_shared_bucket(environments: Sequence[Settings], folder: Path) -> None:
    """Seals, checkpoints and datasets have the same prefixes in every environment."""
    first: dict[str, str] = {}
    for environment in environments:
        name, bucket = environment.environment, environment.data_bucket_name
        if (other := first.setdefault(bucket, name)) != name:
            raise SettingsError(
                f"{folder.name}/{name}.toml: data_bucket.existing_name = {bucket!r} is the data bucket of"
                f" {folder.name}/{other}.toml: each environment needs one of its own"
            )


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
    if problem["type"] == "missing":
        return f"{key}: is missing"
    if problem["type"] == "value_error" and (not path or isinstance(value, BaseModel | dict)):
        return ": ".join(filter(None, (key, str(problem["ctx"]["error"]))))
    return f"{key} = {_shown(value)}: {_allowed(problem)}"


def _allowed(problem: Any) -> str:
    path, value = problem["loc"], problem["input"]
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key; {_allowed_keys(path)}"
        case "value_error":
            return str(problem["ctx"]["error"])
        case "too_long":
            return f"must have at most {problem['ctx']['max_length']} entries"
        case "string_type" if not isinstance(value, list | dict):
            return f'{_IN_TOML["string_type"]}: "{_shown(value)}"'
        case kind:
            bounds = _bounds(path) if kind in _BOUNDS else ""
            if kind in _IN_TOML:
                return ", ".join(filter(None, (_IN_TOML[kind], f"from {bounds}" if " to " in bounds else bounds)))
            return f"must be {bounds}" if bounds else problem["msg"][0].lower() + problem["msg"][1:]


def _bounds(path: tuple[str | int, ...]) -> str:
    """Both bounds of a number, such as `128 to 10240`, or the only one, such as `at least 1`."""
    key = ".".join(part for part in path if isinstance(part, str))
    return next((setting.allowed for setting in settings() if setting.key == key), "")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, date | time) else repr(value)


def _hint(file: Path, error: tomllib.TOMLDecodeError) -> str:
    """For a line whose value is text without quotes, or a number that begins with a zero."""
    found = re.search(r"at line (\d+)", str(error))
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    return "; text must be in quotes" if _VALUE_WITHOUT_QUOTES.match(line) else ""


def _allowed_keys(path: tuple[str | int, ...]) -> str:
    section: Any = Settings
    for part in path[:-1]:
        section = section.model_fields[str(part)].annotation if is_section(section) else named_section(section)
    keys = [key for key in section.model_fields if key != "environment"]
    close = difflib.get_close_matches(str(path[-1]), keys, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed: {', '.join(keys)}"


def main() -> int:
    load_chosen()
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main))
