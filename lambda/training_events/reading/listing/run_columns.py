"""Which columns a list of runs has: what tells these runs apart, and how good they are.

Hyperparameters and tags that are the same for all say nothing here, and neither do the tags that MLflow keeps for itself. What
a framework counts comes last, because nobody looks at it first. Whoever shows the list decides for how many there is room.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from training_events.errors import BadSearch, Misused
from training_events.folds.metric_order import importance, is_counter
from training_events.reading.search.names import read_name
from training_events.reading.search.values import ATTRIBUTES, DATASET_FIELDS
from training_events.reading.stream_names import did_you_mean
from training_events.reading.wording.run import status_of_run
from training_events.reading.wording.text import printable, to_json
from training_events.stores.search import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from training_events.folds.headline import Headline
    from training_events.reading.listing.listed_run import ListedRun

_MAX_OF_A_KIND = 40
"""How many hyperparameters, tags and metrics are looked at: nobody has room for more."""

_TAGS_OF_MLFLOW = "mlflow."
"""How the tags begin that MLflow sets and reads itself: addresses, commits, ids. Nearly all of them differ from run to run."""

_NAME = re.compile(r"""((?>`[^`]*`|"[^"]*"|[^,])*),""")
"""A name, with the comma behind it. One in backticks or double quotes may have commas in it."""

Kind = Literal["run", "text", "status", "time", "duration", "metric", "parameter"]
"""What a column's values are."""


class Column(NamedTuple):
    """`field` is its name for `--columns`. `value` gives what the run has there, or None."""

    field: str
    title: str
    kind: Kind
    value: Callable[[ListedRun], Any]


_ATTRIBUTES: dict[str, tuple[str, Kind, Callable[[ListedRun], Any]]] = {
    "run": ("run", "run", lambda run: run.stream),
    "id": ("id", "text", lambda run: run.id),
    "name": ("name", "text", lambda run: run.name),
    "status": ("status", "status", lambda run: status_of_run(run.status, run.silent_seconds)),
    "model": ("model", "text", lambda run: run.model),
    "group": ("group", "text", lambda run: run.tags.get("group")),
    "started_at": ("started (UTC)", "time", lambda run: run.started_at or run.first_at),
    "finished_at": ("finished (UTC)", "time", lambda run: run.finished_at),
    "created": ("created (UTC)", "time", lambda run: run.first_at),
    "duration": ("took", "duration", lambda run: run.duration_seconds),
    "attempts": ("attempts", "text", lambda run: run.attempts),
    "events": ("events", "text", lambda run: run.events),
    "checkpoints": ("checkpoints", "text", lambda run: run.checkpoints),
    "requested_by": ("requested by", "text", lambda run: run.requested_by),
    "repository": ("repository", "text", lambda run: run.repository),
    "commit": ("commit", "text", lambda run: run.commit),
    "dirty": ("dirty", "text", lambda run: run.dirty),
    "seeded": ("seeded", "text", lambda run: run.seeded),
    "datasets": (
        "datasets",
        "text",
        lambda run: ", ".join(it.name or it.uri or it.sha256 or it.digest or "-" for it in run.datasets) or None,
    ),
    "image": ("image", "text", lambda run: run.image),
    "instance": ("instance", "text", lambda run: run.instance),
    "recipe": ("recipe", "text", lambda run: run.recipe),
    "reproduces": ("reproduces", "text", lambda run: run.reproduces),
    "error": ("error", "text", lambda run: run.error),
    "hidden": ("hidden", "text", lambda run: run.hidden),
}
_KINDS = {"params": "hyperparameter", "metrics": "metric", "tags": "tag"}
_ASPECTS = ("last", "min", "max", "latest")


def chosen_columns(
    runs: Sequence[ListedRun], wanted: Sequence[str] = (), told: Collection[str] = ()
) -> tuple[list[Column], list[str]]:
    """The columns that suit these runs, and the fields of those that can be left out, the most important ones last.

    `wanted` are the fields by which the runs were selected or sorted. `told` are those that the caller has set to one value.
    """
    params = _differing(run.hyperparameters for run in runs)
    tags = [key for key in _differing(run.tags for run in runs) if key != "group" and not key.startswith(_TAGS_OF_MLFLOW)]
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


def columns_of(fields: Iterable[str]) -> list[Column]:
    """The columns of these fields behind that of the run, whatever runs have there. Raises Misused for what no run can have."""
    for field in fields:
        kind, _, name = field.partition(".")
        if field not in _ATTRIBUTES and not (name and (kind in _KINDS or (kind == "datasets" and name in DATASET_FIELDS))):
            raise Misused(_unknown(field, set()))
    return _titled(list(dict.fromkeys(["run", *fields])))


def offered_fields(runs: Iterable[ListedRun]) -> dict[str, list[str]]:
    """The fields of all columns that these runs can have, under what they are."""
    rows = list(runs)
    metrics = {name for run in rows for name in run.metrics}
    return {
        "run": [field for field in _ATTRIBUTES if field != "run"],
        "metrics": [f"metrics.{name}" for name in sorted(metrics, key=importance)],
        "hyperparameters": sorted({f"params.{name}" for run in rows for name in run.hyperparameters}),
        "tags": sorted({f"tags.{name}" for run in rows for name in run.tags}),
    }


def name_of(field: str, runs: Iterable[ListedRun]) -> Name | None:
    """What a search calls the field of a column of these runs; None for what no order is by."""
    if field in _ATTRIBUTES:
        attribute = "id" if field == "run" else field
        return Name(f"attributes.{attribute}") if attribute in ATTRIBUTES else None
    kind, _, name = field.partition(".")
    base, _, aspect = name.rpartition(".")
    if kind == "metrics" and aspect in _ASPECTS and not any(name in run.metrics for run in runs):
        return Name(f"metrics.{base}", aspect)  # type: ignore[arg-type]  # one of _ASPECTS
    return Name(field) if kind in _KINDS else None


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
    return [key for key in keys if len({_comparable(row.get(key)) for row in rows}) > 1][:_MAX_OF_A_KIND]


def _comparable(value: Any) -> Any:
    """As lists show it: the number 1 and the text "1" are the same there."""
    return value if value is None or isinstance(value, str) else to_json(value)


def _titled(fields: Sequence[str]) -> list[Column]:
    """Each with a title of its own: a hyperparameter and a metric may have one name."""
    columns: dict[str, Column] = {}
    for field in fields:
        short, kind, value = _ATTRIBUTES.get(field) or (field.partition(".")[2], *_reader(field))
        title = next((form for form in map(printable, (short, field)) if form not in columns), None)
        if title is not None:
            columns[title] = Column(field, title, kind, value)
    return list(columns.values())


def _reader(field: str) -> tuple[Kind, Callable[[ListedRun], Any]]:
    kind, _, name = field.partition(".")
    if kind == "params":
        return "parameter", lambda run: run.hyperparameters.get(name)
    if kind == "tags":
        return "text", lambda run: run.tags.get(name)
    if kind == "datasets":
        return "text", lambda run: ", ".join(DATASET_FIELDS[name](used) or "-" for used in run.datasets) or None
    base, _, aspect = name.rpartition(".")

    def value(run: ListedRun) -> float | str | None:
        if (metric := run.metrics.get(name)) is not None:
            return _best(metric)
        metric = run.metrics.get(base) if aspect in _ASPECTS else None
        return None if metric is None else getattr(metric, aspect)

    return "metric", value


def _best(metric: Headline) -> float | str:
    """The best value, or the last one of a counter and where none was finite."""
    return metric.last if metric.best is None else metric.best
