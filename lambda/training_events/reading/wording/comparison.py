"""What the values of a comparison look like: short, and never alike where they differ."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.reading.comparison.data import UsedData
from training_events.reading.wording.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.reading.comparison.code import CodeChange
    from training_events.reading.comparison.inputs import Part
    from training_events.reading.comparison.metrics import ComparedMetric, ComparedValue
    from training_events.reading.comparison.rows import Input

ABSENT = "absent"
COMMIT_CHARACTERS = _DIGEST_CHARACTERS = 12
"""What is enough of an id to tell it from others."""
_MAX_OTHER_DIGEST = 40
"""The same of a digest with its algorithm before it."""
_ONE_OF: dict[Part, str] = {
    "seeds": "seed",
    "datasets": "data",
    "entry_point": "entry point",
    "working_folder": "working folder",
    "direct_packages": "origin of package",
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


def input_forms(row: Input, runs: Sequence[str], *, rounded: bool = False) -> list[list[str]]:
    """The value of each run, in several forms, the longest first. What differs looks different in the first form at least.

    It is JSON if it must be, as for the text "1" and 1. With `rounded`, six digits of a number are enough if they tell apart.
    """
    if row.part == "datasets":
        return [[_data(row.values.get(run), form) for run in runs] for form in range(_FORMS)]
    texts = {
        form: [form(row.values[run]) if run in row.values else ABSENT for run in runs]
        for form in (*((_rounded,) if rounded else ()), _text, to_json)
    }
    forms = [next(of_form for of_form in texts.values() if len(set(of_form)) == len(set(texts[to_json])))]
    if row.path == "code.commit":
        forms.append([text[:COMMIT_CHARACTERS] for text in forms[0]])
    return forms


def metric_text(value: ComparedValue | None, *, with_step: bool) -> str:
    """`0.97 @ 40`: the value and its step."""
    if value is None:
        return "-"
    text = value.value if isinstance(value.value, str) else f"{value.value:.6g}"
    return f"{text} @ {value.step}" if with_step and value.step is not None else text


def difference_text(value: ComparedValue | None) -> str:
    """`+0.01`: by how much the value is more than that of the first run."""
    return f"{value.difference:+.3g}" if value is not None and value.difference else ""


def addresses(row: Input, runs: Sequence[str]) -> list[str]:
    """What the same input is called, each name once."""
    return list(dict.fromkeys(_address(row.values[run]) for run in runs if run in row.values))


class MetricRow(NamedTuple):
    """One line on a metric: `best`, `last` or `step 40`. With `own_steps`, each value has a step of its own."""

    what: str
    values: dict[str, ComparedValue]
    own_steps: bool = True


def metric_rows(metric: ComparedMetric) -> Iterator[MetricRow]:
    """What is shown of a metric. Where nothing differs, or it only counts, its best and last values are enough."""
    if metric.best == metric.last:
        yield MetricRow("best, last", metric.best)
    else:
        yield from (MetricRow("best", metric.best), MetricRow("last", metric.last))[not metric.best :]
    if metric.differs and not metric.is_counter:
        for place in metric.equal:
            yield MetricRow(f"{metric.axis} {place.at}", place.values, own_steps=False)


def better_runs(metric: ComparedMetric, values: dict[str, ComparedValue]) -> set[str]:
    """The runs whose value is the best one by the metric's goal. None where all that have one are as good."""
    finite = {run: it.value for run, it in values.items() if not isinstance(it.value, str)}
    if metric.is_counter or len(values) < 2 or not finite:
        return set()
    best = (min if metric.goal == "minimize" else max)(finite.values())
    better = {run for run, value in finite.items() if value == best}
    return better if len(better) < len(values) else set()


def change_title(change: CodeChange) -> str:
    """`code from 9a76a5d09a11 to 3fb2c81e3f00`."""
    return f"code from {change.before[:COMMIT_CHARACTERS]} to {change.after[:COMMIT_CHARACTERS]}"


def change_size(change: CodeChange) -> str:
    """`3 commits, and 1 commit the other way, 12 files`."""
    behind = f", and {counted(change.behind, 'commit')} the other way" if change.behind else ""
    return f"{counted(change.ahead, 'commit')}{behind}, {counted(change.changed_files, 'file')}"


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _address(value: Any) -> str:
    if isinstance(value, (UsedData, dict)):
        uri, version_id = (
            (value.uri, value.version_id) if isinstance(value, UsedData) else map(value.get, ("uri", "version_id"))
        )
        return printable(f"{uri or '-'}{f' (version id {version_id})' if version_id else ''}")
    return _text(value)


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
    elif data.digest:
        content = f"digest {data.digest[:_MAX_OTHER_DIGEST]}"
    elif data.version_id:
        content = f"version id {data.version_id}"
    if data.dataset is None:
        parts = (content, data.uri) if form == 0 else (content or data.uri,)
        return printable(", ".join(filter(None, parts)) or "-")
    forms = (f"version {data.version} of {data.dataset} ({content})", f"version {data.version} of {data.dataset}")
    return printable((*forms, f"version {data.version}")[form])
