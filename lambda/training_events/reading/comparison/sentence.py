"""What differs between runs in one sentence, made from the rows and nothing else.

Arguments that only repeat what else differs are left out of it.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from training_events.reading.comparison.arguments import are_repeated
from training_events.reading.comparison.data import UsedData

if TYPE_CHECKING:
    from training_events.reading.comparison.inputs import Part
    from training_events.reading.comparison.rows import Input, Inputs

MAX_NAME_CHARACTERS = 60


class _Words(NamedTuple):
    """For a part as a whole, for one named input of it, and for several."""

    whole: str
    one: str = ""
    several: str = ""


_WORDS: dict[Part, _Words] = {
    "model": _Words("the model"),
    "hyperparameters": _Words("the hyperparameters", "hyperparameter {}", "{} hyperparameters"),
    "seeds": _Words("the seed", several="{} seeds"),
    "datasets": _Words("the data", several="{} datasets"),
    "code": _Words("the code"),
    "image": _Words("the image"),
    "entry_point": _Words("the entry point"),
    "working_folder": _Words("the working folder"),
    "arguments": _Words("the arguments"),
    "resumed_from": _Words("the resumed run"),
    "python": _Words("the version of Python"),
    "packages": _Words("the packages", "package {}", "{} packages"),
    "direct_packages": _Words("the origin of packages", "the origin of package {}", "the origins of {} packages"),
    "machine": _Words("the machine"),
    "instance": _Words("the instance"),
    "environment": _Words("the environment", "environment variable {}", "{} environment variables"),
    "other": _Words("another field", "field {}", "{} other fields"),
}
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def sentence(inputs: Inputs, runs: int) -> str:
    """`only the seed differs`; `same code, another version of dataset digits`; `two hyperparameters and the code differ`."""
    if not inputs.all:
        return "no inputs were recorded"
    differing = inputs.differing
    if not differing:
        return "nothing that was recorded differs"
    if (others := [row for row in differing if row.part != "arguments"]) and len(others) < len(differing):
        differing = others if are_repeated(inputs.all, runs) else differing
    has_code = any(row.part == "code" for row in inputs.all)
    if len(differing) == 1 and has_code and (dataset := _versions_of(differing[0], runs)):
        return f"same code, {'another version' if runs == 2 else 'other versions'} of dataset {_cut(dataset)}"
    *phrases, last = [_phrase(part, list(rows), runs) for part, rows in groupby(differing, attrgetter("part"))]
    if phrases:
        return f"{', '.join(phrase.text for phrase in phrases)} and {last.text} differ"
    return f"only {last.text} {'differ' if last.is_plural else 'differs'}"


class _Phrase(NamedTuple):
    text: str
    is_plural: bool = False


def _phrase(part: Part, rows: list[Input], runs: int) -> _Phrase:
    words = _WORDS[part]
    if len(rows) > 1 and words.several:
        return _Phrase(words.several.format(_number(len(rows))), is_plural=True)
    if dataset := _versions_of(rows[0], runs):
        return _Phrase(f"the version of dataset {_cut(dataset)}")
    if rows[0].name and words.one:
        return _Phrase(words.one.format(_cut(rows[0].name)))
    return _Phrase(words.whole, words.whole.endswith("s"))


def _versions_of(row: Input, runs: int) -> str | None:
    """The registered dataset of which all runs have used some version, if it is one."""
    used = [value for value in row.values.values() if isinstance(value, UsedData)]
    datasets = {data.dataset for data in used}
    if len(used) < runs or None in datasets or len(datasets) > 1:
        return None
    return str(datasets.pop()).partition("/")[2]


def _number(count: int) -> str:
    return _NUMBERS[count - 2] if count < len(_NUMBERS) + 2 else str(count)


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else name[: MAX_NAME_CHARACTERS - 1] + "…"
