"""What can be searched: the values of a run by their names, from its summary."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from training_events.stores.search import Name, SearchedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from training_events.folds.headline import Headline
    from training_events.folds.summary import RunSummary, UsedVersion

Kind = Literal["text", "number", "time", "boolean"]
Value: TypeAlias = str | int | float
"""A value as it is compared. A boolean is the text `true` or `false`, also where a producer has recorded it as a text."""

_MAX_INTEGER = 2**63
"""SQLite has no larger integers. Larger ones are compared as floating-point numbers."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
NOT_FINITE = re.compile(r"([+-]?)(nan|inf(?:inity)?)", re.IGNORECASE)
_MAX_DIGITS = 300
"""A text with more digits is no number that anybody compares, and Python takes long to read one of thousands."""


class Attribute(NamedTuple):
    """What a run has beside its metrics, hyperparameters, tags and datasets."""

    kind: Kind
    read: Callable[[RunSummary], Any]


ATTRIBUTES: dict[str, Attribute] = {
    "id": Attribute("text", lambda run: run.id),
    "name": Attribute("text", lambda run: run.name or run.id),
    "status": Attribute("text", lambda run: run.status),
    "model": Attribute("text", lambda run: run.model),
    "group": Attribute("text", lambda run: _group(run.tags.get("group"))),
    "created": Attribute("time", lambda run: run.first_at),
    "started_at": Attribute("time", lambda run: run.started_at),
    "finished_at": Attribute("time", lambda run: run.finished_at),
    "duration": Attribute("number", lambda run: run.duration_seconds),
    "attempts": Attribute("number", lambda run: run.attempts),
    "events": Attribute("number", lambda run: run.events),
    "checkpoints": Attribute("number", lambda run: run.checkpoints),
    "commit": Attribute("text", lambda run: run.commit),
    "dirty": Attribute("boolean", lambda run: run.dirty),
    "repository": Attribute("text", lambda run: run.repository),
    "seeded": Attribute("boolean", lambda run: run.seeded),
    "image": Attribute("text", lambda run: run.image),
    "instance": Attribute("text", lambda run: run.instance),
    "requested_by": Attribute("text", lambda run: run.requested_by),
    "recipe": Attribute("text", lambda run: run.recipe),
    "reproduces": Attribute("text", lambda run: run.reproduces),
    "error": Attribute("text", lambda run: run.error),
    "hidden": Attribute("boolean", lambda run: run.hidden),
}
DATASET_FIELDS: dict[str, Callable[[UsedVersion], str | None]] = {
    "digest": lambda dataset: dataset.sha256 or dataset.digest,
    "version": lambda dataset: dataset.version_id,
    "uri": lambda dataset: dataset.uri,
    "name": lambda dataset: dataset.name or _file_stem(dataset.uri),
    "role": lambda dataset: dataset.role,
}


def values_of(run: RunSummary, name: Name) -> list[Value]:
    """The values that a run has under a name: one or none, and of its datasets any number."""
    return [value for value in map(normalized, recorded(run, name)) if value is not None]


def recorded(run: RunSummary, name: Name) -> Iterator[Any]:
    """The same as they were recorded, or None."""
    namespace, _, key = name.key.partition(".")
    if namespace == "metrics":
        if (headline := run.metrics.get(key)) is not None:
            yield _reading(headline, name)
    elif namespace == "params":
        yield run.hyperparameters.get(key)
    elif namespace == "tags":
        yield run.tags.get(key)
    elif namespace == "attributes":
        yield ATTRIBUTES[key].read(run)
    else:
        yield from map(DATASET_FIELDS[key], run.datasets)


def keys_of(run: RunSummary) -> Iterator[str]:
    """The keys under which a run has values that not every run has."""
    for namespace, values in (("metrics", run.metrics), ("params", run.hyperparameters), ("tags", run.tags)):
        yield from (f"{namespace}.{name}" for name, value in values.items() if value is not None)


def indexed_values(run: RunSummary, keys: Collection[str]) -> list[SearchedValue]:
    """The values under these keys, for an index."""
    return [value for key in keys for value in _indexed(run, key)]


def _indexed(run: RunSummary, key: str) -> Iterator[SearchedValue]:
    namespace, _, name = key.partition(".")
    if namespace == "metrics":
        if (headline := run.metrics.get(name)) is not None:
            last = stored(_named(headline.last))
            best = last if headline.best is None else headline.best
            latest = None if headline.latest is None else stored(_named(headline.latest))
            yield SearchedValue(key, best, None, last, headline.min, headline.max, latest)
        return
    for value in values_of(run, Name(key)):
        number = number_in(value) if isinstance(value, str) and may_read_as_number(Name(key)) else None
        yield SearchedValue(key, stored(value), None if number is None else stored(number))


def normalized(value: Any) -> Value | None:
    """A value as it is compared; None where there is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if -_MAX_INTEGER <= value < _MAX_INTEGER else _as_float(value)
    if isinstance(value, str):
        return lowered if (lowered := value.lower()) in ("true", "false") else value
    return value if isinstance(value, float) else None


def may_read_as_number(name: Name) -> bool:
    """Whether a text under this name is a number where it reads as one. MLflow records all parameters as texts."""
    return name.key.startswith(("params.", "tags."))


def number_in(text: str) -> int | float | None:
    """The number that a text reads as, in digits or by name (`NaN`, `Infinity`, `-inf`)."""
    if named := NOT_FINITE.fullmatch(text):
        sign, name = named.groups()
        return math.nan if name.lower() == "nan" else -math.inf if sign == "-" else math.inf
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    try:
        number: int | float = int(text)
    except ValueError:
        return float(text)
    return number if -_MAX_INTEGER <= number < _MAX_INTEGER else float(text)


def stored(value: Value) -> Value:
    """The value as a SearchedValue has it."""
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def _reading(headline: Headline, name: Name) -> float | None:
    """A counter has no best value, nor has a metric that was never finite: then it is the last one, as lists show it."""
    if name.column == "value":
        return _named(headline.last) if headline.best is None else headline.best
    value = getattr(headline, name.column)
    return None if value is None else _named(value)


def _named(value: float | str) -> float:
    return float(value)  # Python reads all names of catalogue.run.NotFinite


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _group(tag: Any) -> str | None:
    return None if tag is None else str(tag)


def _file_stem(uri: str | None) -> str | None:
    """The name under which a dataset is registered where nobody gives it another: its file's, without the suffix."""
    path = (uri or "").partition("?")[0].rstrip("/")
    return PurePosixPath(path).stem or None
