"""The names that people write in a search: `metrics.accuracy`, params.`learning rate`, `status`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training_events.errors import BadSearch
from training_events.reading.search.values import ATTRIBUTES, DATASET_FIELDS
from training_events.reading.stream_names import did_you_mean
from training_events.stores.search import Name

if TYPE_CHECKING:
    from collections.abc import Collection

WRITTEN_NAME = r"""[^\W\d]\w*(?:\.(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\w/:@-]+))*"""
"""A regular expression. MLflow's names have letters, digits and underscores, and others in backticks or double quotes. Here
slashes, colons, hyphens and further dots need no quotes either: `params.optimizer.lr`, `metrics.eval/loss`."""
_PART = re.compile(r"""\.(?:`((?:[^`]|``)+)`|"((?:[^"]|"")+)"|([\w/:@-]+))""")
_NAMESPACES = {
    "metrics": "metrics", "metric": "metrics", "params": "params", "param": "params", "parameters": "params",
    "parameter": "params", "tags": "tags", "tag": "tags", "attributes": "attributes", "attribute": "attributes",
    "attr": "attributes", "run": "attributes", "datasets": "datasets", "dataset": "datasets",
}  # fmt: skip
"""With MLflow's other words for them."""
_OTHER_WORDS = {
    "run_id": "id", "run_name": "name", "start_time": "started_at", "end_time": "finished_at", "user_id": "requested_by",
    "user": "requested_by", "Created": "created",
}  # fmt: skip
"""MLflow's words for attributes."""
_DATASET_WORDS = {"context": "role", "sha256": "digest", "version_id": "version"}
_COLUMNS = {"best": "value", "last": "last", "min": "min", "max": "max", "latest": "latest"}
_SAID = {"metrics": "metric", "params": "hyperparameter", "tags": "tag", "attributes": "attribute", "datasets": "dataset"}

MAX_LISTED = 8
"""How many names an error lists."""
MAX_CHARACTERS = 80
"""How much of a name an error shows."""


def read_name(written: str) -> Name:
    """The name that was written. Raises BadSearch, which does not say where."""
    first = re.match(r"\w+", written)
    prefix = first.group() if first else ""
    parts = [(_unquoted(match), match[3] is None) for match in _PART.finditer(written, len(prefix))]
    namespace = _NAMESPACES.get(prefix.lower())
    if not parts:
        return _attribute(prefix)
    if namespace is None:
        hint = did_you_mean(prefix, set(_NAMESPACES.values()))
        raise BadSearch(f"`{_cut(prefix)}` is none of metrics, params, tags, attributes and datasets{hint}")
    key = ".".join(text for text, _ in parts)
    if namespace == "attributes":
        return _attribute(key)
    if namespace == "datasets":
        return Name(f"datasets.{_known(_DATASET_WORDS.get(key, key), DATASET_FIELDS, 'a dataset has no')}")
    last, is_quoted = parts[-1]
    if namespace == "metrics" and len(parts) > 1 and not is_quoted and last in _COLUMNS:
        return Name(f"metrics.{key.removesuffix(f'.{last}')}", _COLUMNS[last])  # type: ignore[arg-type]  # its values
    return Name(f"{namespace}.{key}")


def written_name(name: Name) -> str:
    """As `read_name` takes it: in backticks where it is more than letters, digits, underscores and dots."""
    namespace, _, key = name.key.partition(".")
    if namespace == "attributes":
        return key
    parts = key.split(".")
    is_plain = all(re.fullmatch(r"\w+", part) for part in parts) and parts[-1] not in _COLUMNS
    quoted = key if is_plain else "`{}`".format(key.replace("`", "``"))
    return f"{namespace}.{quoted}" if name.column == "value" else f"{namespace}.{quoted}.{name.column}"


def no_such_name(name: Name, keys: Collection[str]) -> str:
    """What there is in place of a name that no run has: `no metric `acuracy` …; did you mean `accuracy`?`."""
    namespace, _, wanted = name.key.partition(".")
    existing = sorted(_cut(key.partition(".")[2]) for key in keys if key.startswith(f"{namespace}."))
    no = f"no {_SAID[namespace]} `{_cut(wanted)}` in these runs"
    if near := did_you_mean(wanted, existing):
        return no + near
    return f"{no}; there is {_listed(existing)}" if existing else f"{no}: they have no {_SAID[namespace]}s"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(f"`{name}`" for name in names[:MAX_LISTED]) + more


def _attribute(written: str) -> Name:
    return Name(f"attributes.{_known(_OTHER_WORDS.get(written, written), ATTRIBUTES, 'a run has no attribute')}")


def _known(written: str, known: Collection[str], no: str) -> str:
    if written in known:
        return written
    lowered = written.lower()
    if lowered in known:
        return lowered
    what = f"{no} `{_cut(written)}`"
    hint = did_you_mean(written.lower(), known) or f"; it has {', '.join(known)}"
    if known is ATTRIBUTES:
        hint += f"; a metric is metrics.{_cut(written)}, a hyperparameter params.{_cut(written)}"
    raise BadSearch(what + hint)


def _unquoted(part: re.Match[str]) -> str:
    in_backticks, in_quotes, plain = part.groups()
    if in_backticks is not None:
        return in_backticks.replace("``", "`")
    return in_quotes.replace('""', '"') if in_quotes is not None else plain


def _cut(text: str) -> str:
    """A name as an error shows it: anybody may have recorded it, and a terminal would obey its control characters."""
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\u2026"
