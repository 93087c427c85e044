"""Which columns a list of runs has: what tells these runs apart, and how good they are.

Hyperparameters and tags that are the same for all say nothing here. What a framework counts comes last, because nobody looks at
it first. The terminal decides for how many there is room.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import suppress
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.errors import BadSearch, Misused
from training_events.folds.metric_order import importance, is_counter
from training_events.reading.search.names import read_name
from training_events.reading.search.values import DATASET_FIELDS
from training_events.reading.stream_names import did_you_mean
from training_events.reading.wording.run import status_of_run
from training_events.reading.wording.text import printable, to_json
from training_events.reading.wording.times import duration, minute_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from training_events.cli.commands.runs import ListedRun
    from training_events.folds.headline import Headline
    from training_events.stores.search import Name

_MAX_OF_A_KIND = 40
"""How many hyperparameters, tags and metrics are looked at: no terminal has room for more."""
_MAX_WIDTHS = {"run": 64}
_MAX_WIDTH = 24
"""Of any other column but the last."""


_NAME = re.compile(r"""((?>`[^`]*`|"[^"]*"|[^,])*),""")
"""A name, with the comma behind it. One in backticks or double quotes may have commas in it."""


class Column(NamedTuple):
    """`field` is its name for `--columns`."""

    field: str
    title: str
    text: Callable[[ListedRun], str]


def _text(value: Any) -> str:
    return "-" if value is None else value if isinstance(value, str) else to_json(value)


_ATTRIBUTES: dict[str, tuple[str, Callable[[ListedRun], str]]] = {
    "run": ("run", lambda run: run.stream),
    "id": ("id", lambda run: run.id),
    "name": ("name", lambda run: _text(run.name)),
    "status": ("status", lambda run: status_of_run(run.status, run.silent_seconds)),
    "model": ("model", lambda run: _text(run.model)),
    "group": ("group", lambda run: _text(run.tags.get("group"))),
    "started_at": ("started (UTC)", lambda run: minute_of(run.started_at or run.first_at)),
    "finished_at": ("finished (UTC)", lambda run: minute_of(run.finished_at)),
    "created": ("created (UTC)", lambda run: minute_of(run.first_at)),
    "duration": ("took", lambda run: duration(run.duration_seconds)),
    "attempts": ("attempts", lambda run: str(run.attempts)),
    "events": ("events", lambda run: str(run.events)),
    "checkpoints": ("checkpoints", lambda run: str(run.checkpoints)),
    "requested_by": ("requested by", lambda run: _text(run.requested_by)),
    "repository": ("repository", lambda run: _text(run.repository)),
    "commit": ("commit", lambda run: _text(run.commit)),
    "dirty": ("dirty", lambda run: _text(run.dirty)),
    "seeded": ("seeded", lambda run: _text(run.seeded)),
    "datasets": ("datasets", lambda run: _text(", ".join(it.uri or it.sha256 or "-" for it in run.datasets) or None)),
    "image": ("image", lambda run: _text(run.image)),
    "instance": ("instance", lambda run: _text(run.instance)),
    "error": ("error", lambda run: _text(run.error)),
    "hidden": ("hidden", lambda run: _text(run.hidden)),
}
_KINDS = {"params": "hyperparameter", "metrics": "metric", "tags": "tag"}
_ASPECTS = ("last", "min", "max")


def print_runs(runs: Iterable[ListedRun], columns: Sequence[Column], optional: Sequence[str] = ()) -> int:
    """A table of the runs. Columns whose fields are `optional` are shown where there is room, the last one of them first.

    Returns how many columns there is no room for.
    """
    of_field = {column.field: column.title for column in columns}
    return print_rows(
        tuple(column.title for column in columns),
        tuple(_MAX_WIDTHS.get(column.field, _MAX_WIDTH) for column in columns[:-1]),
        (tuple(column.text(run) for column in columns) for run in runs),
        LOOK_AHEAD_ROWS,
        optional=[of_field[field] for field in optional if field in of_field],
        styles={"status": style_of_status},
    )


def chosen_columns(
    runs: Sequence[ListedRun], wanted: Sequence[str] = (), told: Collection[str] = ()
) -> tuple[list[Column], list[str]]:
    """The columns that suit these runs, and the fields of those that can be left out, the most important ones last.

    `wanted` are the fields by which the runs were selected or sorted. `told` are those that the caller has set to one value.
    """
    params = _differing(run.hyperparameters for run in runs)
    tags = [key for key in _differing(run.tags for run in runs) if key != "group"]
    recorded_by = Counter(name for run in runs for name in run.metrics)
    metrics = sorted(recorded_by, key=lambda name: (importance(name)[0], -recorded_by[name], importance(name)))[:_MAX_OF_A_KIND]
    of_params, of_tags = ([f"{kind}.{name}" for name in names] for kind, names in (("params", params), ("tags", tags)))
    counters = [f"metrics.{name}" for name in metrics if is_counter(name)]
    of_metrics = [f"metrics.{name}" for name in metrics if not is_counter(name)]
    named = ["name"] if any(run.name for run in runs) else []
    grouped = ["group"] if "group" not in told and any("group" in run.tags for run in runs) else []
    models = ["model"] if "model" not in told and any(run.model for run in runs) else []
    same_model = len({run.model for run in runs}) == 1
    alternating = chain.from_iterable(zip_longest(of_metrics[1:], of_params[1:]))
    by_importance = [
        *(field for field in wanted if field not in ("run", "status")),
        *of_metrics[:1],
        *grouped,
        *of_params[:1],
        "started_at",
        *named,
        *([] if same_model else models),
        *filter(None, alternating),
        "duration",
        *models,
        *of_tags,
        *counters,
    ]
    shown = ["run", *named, "status", *models, *grouped, "started_at", "duration", *of_params, *of_tags, *of_metrics, *counters]
    further = [field for field in wanted if field not in shown]
    return _titled([*shown, *further]), list(dict.fromkeys(by_importance))[::-1]


def named_columns(names: str, runs: Sequence[ListedRun]) -> list[Column]:
    """The columns with these names, which have commas between them, behind that of the run. Raises Misused for unknown ones."""
    known = {
        f"{kind}.{name}"
        for run in runs
        for kind, values in (("params", run.hyperparameters), ("metrics", run.metrics), ("tags", run.tags))
        for name in values
    }
    fields = [_known_field(name.strip(), known) for name in _NAME.findall(f"{names},")]
    return _titled(list(dict.fromkeys(["run", *fields])))


def field_of(name: Name) -> str:
    """The field that has what a question names."""
    namespace, _, key = name.key.partition(".")
    if namespace == "attributes":
        return key
    return name.key if name.column == "value" else f"{name.key}.{name.column}"


def _known_field(written: str, known: set[str]) -> str:
    """The field with this name, in all ways in which `--where` takes it."""
    if written in _ATTRIBUTES or written in known:
        return written
    with suppress(BadSearch):
        name = read_name(written)
        field = field_of(name)
        if field in _ATTRIBUTES or name.key in known or name.key.startswith("datasets."):
            return field
    raise Misused(_unknown(written, known))


def _unknown(field: str, known: set[str]) -> str:
    kind, dot, name = field.partition(".")
    if not dot or kind not in _KINDS:
        same = sorted(other for other in known if other.partition(".")[2] == field)
        near = f"; did you mean `{same[0]}`?" if same else did_you_mean(field, [*_ATTRIBUTES, *known])
        allowed = ", ".join((*_ATTRIBUTES, *(f"{kind}.<name>" for kind in _KINDS)))
        return f"there is no column `{field:.80}`{near or f'; allowed: {allowed}'}"
    near = did_you_mean(name, [other.partition(".")[2] for other in sorted(known) if other.startswith(f"{kind}.")])
    return f"no {_KINDS[kind]} `{name:.80}` in these runs{near}"


def _differing(values: Iterable[dict[str, Any]]) -> list[str]:
    """The keys that do not have one value in all rows; first those that most rows have."""
    rows = list(values)
    used_by = Counter(key for row in rows for key in row)
    keys = sorted(used_by, key=lambda key: (-used_by[key], key))
    return [key for key in keys if len({_text(row.get(key)) for row in rows}) > 1][:_MAX_OF_A_KIND]


def _titled(fields: Sequence[str]) -> list[Column]:
    """Each with a title of its own: a hyperparameter and a metric may have one name."""
    columns: dict[str, Column] = {}
    for field in fields:
        short, text = _ATTRIBUTES[field] if field in _ATTRIBUTES else (field.partition(".")[2], _reader(field))
        title = next((form for form in map(printable, (short, field)) if form not in columns), None)
        if title is not None:
            columns[title] = Column(field, title, text)
    return list(columns.values())


def _reader(field: str) -> Callable[[ListedRun], str]:
    kind, _, name = field.partition(".")
    if kind == "params":
        return lambda run: _parameter(run.hyperparameters.get(name))
    if kind == "tags":
        return lambda run: _text(run.tags.get(name))
    if kind == "datasets":
        return lambda run: ", ".join(DATASET_FIELDS[name](used) or "-" for used in run.datasets) or "-"
    base, _, aspect = name.rpartition(".")

    def text(run: ListedRun) -> str:
        if (metric := run.metrics.get(name)) is not None:
            return _number(_best(metric))
        metric = run.metrics.get(base) if aspect in _ASPECTS else None
        return "-" if metric is None else _number(getattr(metric, aspect))

    return text


def _parameter(value: Any) -> str:
    """A terminal has no room for the 17 digits of a learning rate that was drawn by lot; in a pipe nothing is cut."""
    return f"{value:.6g}" if isinstance(value, float) and sys.stdout.isatty() else _text(value)


def _best(metric: Headline) -> float | str:
    """The best value, or the last one of a counter and where none was finite."""
    return metric.last if metric.best is None else metric.best


def _number(value: float | str | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:.4g}"
