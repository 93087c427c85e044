"""Whether the programs' arguments only repeat what else the runs recorded.

A script that is started with `--seed 2` has its seed twice in its record: as a seed, and in its arguments. Where that differs,
one thing differs and not two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from training_events.reading.comparison.data import UsedData

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.reading.comparison.rows import Input

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_NAMED = re.compile(r"(-*\w[\w.-]*)=(.*)", re.DOTALL)


def are_repeated(inputs: Sequence[Input], runs: int) -> bool:
    """Whether each argument that differs among so many runs is the name of its run, or one of the run's other inputs."""
    given = next((row.values for row in inputs if row.path == "arguments"), {})
    if not all(isinstance(arguments, list) for arguments in given.values()):
        return False  # too long for an event: they are stored elsewhere
    parsed = {run: dict(_parsed(arguments)) for run, arguments in given.items()}
    of_all_runs = [*parsed.values(), *({} for _ in range(runs - len(parsed)))]
    return all(
        _is_recorded(name, value, run, inputs)
        for run, arguments in parsed.items()
        for name, value in arguments.items()
        if any(other.get(name) != value for other in of_all_runs)
    )


def _parsed(arguments: list[Any]) -> Iterator[tuple[str, str]]:
    """The value of each option, which is true without one; of other arguments, by their place."""
    rest = [str(argument) for argument in arguments]
    place = 0
    while rest:
        argument = rest.pop(0)
        if found := _NAMED.fullmatch(argument):
            yield found[1], found[2]
        elif not _is_option(argument):
            place += 1
            yield str(place), argument
        elif rest and not _is_option(rest[0]):
            yield argument, rest.pop(0)
        else:
            yield argument, "true"


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and not _NUMBER.fullmatch(argument)


def _is_recorded(option: str, value: str, run: str, inputs: Sequence[Input]) -> bool:
    if value in (run.partition("@")[0], run):
        return True
    name = option.strip("-").replace("-", "_").lower()
    for row in inputs:
        if run not in row.values:
            continue
        recorded, key = row.values[run], row.name.rpartition(".")[2].replace("-", "_").lower()
        if isinstance(recorded, UsedData):
            is_repeated = _last(value) == _last(recorded.uri or "")
        else:
            is_named = key == name if row.part == "hyperparameters" else row.part == "seeds" and "seed" in name
            is_repeated = is_named and _is_same(value, recorded)
        if is_repeated:
            return True
    return False


def _is_same(value: str, recorded: Any) -> bool:
    if isinstance(recorded, (int, float)) and not isinstance(recorded, bool) and _NUMBER.fullmatch(value):
        return value == str(recorded) or float(value) == recorded
    return value.lower() == str(recorded).lower()


def _last(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]
