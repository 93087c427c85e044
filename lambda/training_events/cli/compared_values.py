"""What the values of a comparison look like: short, and never alike where they differ."""

from __future__ import annotations

import shlex
import sys
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from training_events.cli.table import cut_middle
from training_events.reading.comparison.data import UsedData
from training_events.reading.wording.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.reading.comparison.inputs import Part
    from training_events.reading.comparison.metrics import ComparedValue
    from training_events.reading.comparison.rows import Input

ABSENT = "absent"
COMMIT_CHARACTERS = _DIGEST_CHARACTERS = 12
"""What is enough of an id to tell it from others."""
_CONTEXT_CHARACTERS = 8
"""What stays of a common beginning where that is cut."""
_ONE_OF: dict[Part, str] = {
    "seeds": "seed",
    "datasets": "data",
    "entry_point": "entry point",
    "resumed_from": "resumed from",
    "packages": "package",
    "environment": "variable",
    "other": "field",
}


def input_name(row: Input) -> str:
    """`params.C`, as searches name it; `code commit`, `image`."""
    if row.part == "hyperparameters" and row.name:
        return printable(f"params.{row.name}")
    return printable(f"{_ONE_OF.get(row.part, row.part)} {row.name}".rstrip())


def input_texts(row: Input, runs: Sequence[str], width: int) -> list[str]:
    """The value of each run, in so many columns. What differs looks different: as JSON if it must, as the text "1" and 1."""
    if row.part == "datasets":
        return _fullest([[_data(row.values.get(run), form) for run in runs] for form in range(_FORMS)], width)
    texts = {
        form: [form(row.values[run]) if run in row.values else ABSENT for run in runs]
        for form in (*((_rounded,) if sys.stdout.isatty() else ()), _text, to_json)
    }
    told_apart = (of_form for of_form in texts.values() if len(set(of_form)) == len(set(texts[to_json])))
    forms = [next(told_apart)]
    if row.path == "code.commit":
        forms.append([text[:COMMIT_CHARACTERS] for text in forms[0]])
    return _fullest(forms, width)


def _fullest(forms: Sequence[list[str]], width: int) -> list[str]:
    """The first of these forms that fits and tells apart what the first one does; else the first one, cut."""
    apart = len(set(forms[0]))
    fitting = (texts for texts in forms if max(map(cell_len, texts)) <= width and len(set(texts)) == apart)
    return next(fitting, None) or fitted(forms[0], width)


def metric_text(value: ComparedValue | None, *, with_step: bool) -> str:
    """`0.97 @ 40`: the value and its step."""
    if value is None:
        return "-"
    text = value.value if isinstance(value.value, str) else f"{value.value:.6g}"
    return f"{text} @ {value.step}" if with_step and value.step is not None else text


def difference_text(value: ComparedValue | None) -> str:
    """`+0.01`: by how much the value is more than that of the first run."""
    return f"{value.difference:+.3g}" if value is not None and value.difference else ""


def address_text(value: Any) -> str:
    """What something is called, of which the content is the same."""
    if isinstance(value, (UsedData, dict)):
        uri, version_id = (
            (value.uri, value.version_id) if isinstance(value, UsedData) else map(value.get, ("uri", "version_id"))
        )
        return printable(f"{uri or '-'}{f' (version id {version_id})' if version_id else ''}")
    return _text(value)


def fitted(texts: Sequence[str], width: int) -> list[str]:
    """The texts in cells of this width. Of long ones a common beginning is cut, and then the middle."""
    if max(map(cell_len, texts)) <= width:
        return list(texts)
    common = len(commonprefix(list(texts))) - _CONTEXT_CHARACTERS if len(set(texts)) > 1 else 0  # noqa: RUF071 - of texts
    return [cut_middle(f"…{text[common:]}" if common > 1 else text, width) for text in texts]


def _rounded(value: Any) -> str:
    """A terminal has no room for the 17 digits of a learning rate that was drawn by lot."""
    return f"{value:.6g}" if isinstance(value, float) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("sha256"), str):
        return printable(f"sha256 {value['sha256'][:_DIGEST_CHARACTERS]}")
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return printable(shlex.join(value))
    return printable(value) if isinstance(value, str) and value else to_json(value)


_FORMS = 3


def _data(data: UsedData | None, form: int) -> str:
    """`version 3 of dataset/digits`, or else the content, or else only the address. Each further form is shorter."""
    if data is None:
        return ABSENT
    content = ""
    if data.sha256:
        content = f"sha256 {data.sha256[:_DIGEST_CHARACTERS]}"
    elif data.version_id:
        content = f"version id {data.version_id}"
    if data.dataset is None:
        parts = (content, data.uri) if form == 0 else (content or data.uri,)
        return printable(", ".join(filter(None, parts)) or "-")
    forms = (f"version {data.version} of {data.dataset} ({content})", f"version {data.version} of {data.dataset}")
    return printable((*forms, f"version {data.version}")[form])
