"""Tags and hyperparameters that are recorded while a training runs or afterwards, in events of a size that any bus takes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from training_events.canonical import canonical_json
from training_events.recorder.pinning.hyperparameters import hyperparameters
from training_events.recorder.plain import plain, plain_text
from training_events.recorder.reporting import log
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from training_events.catalogue.any_stream import Tag

_T = TypeVar("_T")

MAX_CHARACTERS = 5_000
"""Of a tag's name, and of its value where that is a text. A longer one belongs into an artifact."""
MAX_VALUE_BYTES = 32 * 1024
"""Of one hyperparameter. A larger one is described by its digest."""
MAX_BATCH_BYTES = 64 * 1024
"""Of all in one event: many tags take several. An event that were too large would have them stored elsewhere, as a whole."""


def tags_of(given: Mapping[Any, Any]) -> dict[str, Tag | None]:
    """Tags as events have them: numbers, true and false and texts as they are, null for one that is removed.

    Anything else becomes a text, its JSON. What is too long is cut, and a warning says so.
    """
    tags = {_cut("the name of a tag", name): _tag(name, value) for name, value in plain(dict(given)).items()}
    tags.pop("", None)
    return tags


def hyperparameters_of(given: Any) -> dict[str, Any]:
    """Hyperparameters as in a run's spec: of a mapping, a record, an object. Raises TypeError for what has no parts."""
    unreadable: list[str] = []
    values = {name: _described_if_large(value) for name, value in hyperparameters(given, unreadable).items()}
    if unreadable:
        log.warning("not all hyperparameters could be recorded: %s", "; ".join(unreadable))
    return values


def batches(values: Mapping[str, _T]) -> Iterator[dict[str, _T]]:
    """The values by name, in as many parts as fit into an event each. None where there are no values."""
    batch: dict[str, _T] = {}
    size = 0
    for name, value in values.items():
        more = len(canonical_json(name)) + len(canonical_json(value)) + 2
        if batch and size + more > MAX_BATCH_BYTES:
            yield batch
            batch, size = {}, 0
        batch[name] = value
        size += more
    if batch:
        yield batch


def _tag(name: str, value: Any) -> Tag | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cut(f"the tag {name}", value if isinstance(value, str) else plain_text(value))


def _cut(what: str, text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    log.warning("%.80s is cut to %d characters; a longer text can be kept as an artifact", what, MAX_CHARACTERS)
    # credentials first: of a token that was cut nobody would know the shape
    return redacted_text(text)[: MAX_CHARACTERS - 1] + "…"


def _described_if_large(value: Any) -> Any:
    content = canonical_json(value)
    if len(content) <= MAX_VALUE_BYTES:
        return value
    return f"<{len(content)} bytes of JSON, sha256:{sha256(content).hexdigest()}>"
