"""What differs between the inputs of two runs, in words: `the seed: 7 → 8`, `packages: numpy 2.1 → 2.3`.

The rows are those of a comparison. What differs by itself where a run is done again, and decides no result, is left out: the
recorder, the folders from which packages of this machine were installed, and arguments that only repeat what else is recorded.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from urllib.parse import quote

from training_events.notebook.text import shown
from training_events.reading.comparison.arguments import are_repeated
from training_events.reading.comparison.data import UsedData
from training_events.reading.wording.comparison import input_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.reading.comparison import Comparison
    from training_events.reading.comparison.inputs import Part
    from training_events.reading.comparison.rows import Input

_RECORDER = "packages.training-events"
_LOCAL = re.compile(r"(?P<how>.*)file://.*", re.DOTALL)
"""A package that was installed from a folder or a file of the machine."""
MAX_NAMED = 3
"""So many inputs of one kind, or files, are named. The others are counted."""
MAX_VALUE_CHARACTERS = 60

_TITLES: dict[Part, str] = {
    "model": "the model",
    "seeds": "the seed",
    "datasets": "data",
    "image": "the image",
    "entry_point": "the entry point",
    "working_folder": "the working folder",
    "arguments": "the arguments",
    "resumed_from": "the resumed run",
    "python": "Python",
    "direct_packages": "origins of packages",
    "machine": "the machine",
    "instance": "the instance",
    "environment": "environment variables",
    "other": "other inputs",
}


def differing_inputs(comparison: Comparison) -> list[Input]:
    """Those of the two runs that may be why results differ. The comparison is one of all inputs."""
    differing = [row for row in comparison.inputs if row.differs and row.path != _RECORDER and not _has_moved(row)]
    others = [row for row in differing if row.part != "arguments"]
    return others if others and are_repeated(comparison.inputs, len(comparison.runs)) else differing


def without_data_in_code(differing: list[Input], changed_files: list[str]) -> tuple[list[Input], list[str]]:
    """The same without the data that git tracks beside the code. Where it changed, one thing differs and not two."""
    used = [value for row in differing for value in row.values.values() if isinstance(value, UsedData)]
    addresses = [data.uri for data in used if data.uri is not None]
    code = [path for path in changed_files if not any(address.endswith(f"/{quote(path)}") for address in addresses)]
    if changed_files and not code:
        differing = [row for row in differing if row.part != "code"]
    return differing, code


def _has_moved(row: Input) -> bool:
    """Whether it is a folder outside of the code that each run had elsewhere. What is in there, nothing recorded.

    Such is a folder that a package was installed from, or a working folder.
    """
    if row.part == "working_folder":  # one inside of the code is relative to it
        return len(row.values) > 1 and all(isinstance(value, str) and value.startswith("/") for value in row.values.values())
    if row.part != "direct_packages" or len(row.values) < 2:
        return False
    found = [_LOCAL.fullmatch(value) for value in row.values.values() if isinstance(value, str)]
    return None not in found and len({place["how"] for place in found if place}) == 1


def causes(differing: Sequence[Input], runs: Sequence[str], changed_files: Sequence[str]) -> str:
    """`code: train.py changed; the seed: 7 → 8`. `changed_files` are those of the code, where anything knows them."""
    return "; ".join(_cause(part, list(rows), runs, changed_files) for part, rows in groupby(differing, attrgetter("part")))


def _cause(part: Part, rows: list[Input], runs: Sequence[str], changed_files: Sequence[str]) -> str:
    if part == "code" and changed_files:
        return f"code: {named(changed_files, 'file')} changed"
    if part == "code":
        rows = [row for row in rows if row.name == "commit"] or rows
    changes = [f"{shown(row.name, MAX_VALUE_CHARACTERS)} {_change(row, runs)}".lstrip() for row in rows]
    if part == "datasets" and len(rows) == 1:
        return f"data {shown(rows[0].name, MAX_VALUE_CHARACTERS)}: {_change(rows[0], runs)}"
    return f"{_TITLES.get(part, part)}: {named(changes, 'other')}"


def _change(row: Input, runs: Sequence[str]) -> str:
    used = [value for value in row.values.values() if isinstance(value, UsedData)]
    if len(used) == len(runs) and (None in (one.dataset for one in used) or len({one.dataset for one in used}) > 1):
        return "another content"
    texts = [shown(text, MAX_VALUE_CHARACTERS) for text in input_forms(row, runs)[-1]]
    return " → ".join(texts) if len(set(texts)) == len(runs) else "another value"


def named(names: Sequence[str], what: str) -> str:
    """`a`; `a and b`; `a, b, c and 4 more files`."""
    texts = [shown(name, 4 * MAX_VALUE_CHARACTERS) for name in names]
    if len(texts) > MAX_NAMED + 1:
        more = len(texts) - MAX_NAMED
        texts = [*texts[:MAX_NAMED], f"{more} {'more' if what == 'other' else f'more {what}s'}"]
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
