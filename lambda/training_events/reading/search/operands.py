"""What a name is compared with, as its kind of value takes it: a number, a text, a time, a truth value."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from training_events.errors import BadSearch, Misused
from training_events.folds.run_state import Status
from training_events.reading.search.values import ATTRIBUTES, normalized, number_in
from training_events.reading.stream_names import did_you_mean
from training_events.reading.time_text import parse_start
from training_events.stores.search import Operand

if TYPE_CHECKING:
    from training_events.reading.search.values import Kind
    from training_events.stores.search import Name

_MLFLOW_STATUS = {"finished": "completed", "killed": "stopped", "scheduled": "requested"}


def operand_for(name: Name, text: str, *, is_quoted: bool) -> Operand:
    """`text` is what was written, without its quotes. Raises BadSearch, which does not say where."""
    kind = kind_of(name)
    if kind == "number":
        if (number := number_in(text)) is None:
            raise BadSearch(f"{in_a_message(name)} is compared with a number, NaN or Infinity, not with {_cut(text)}")
        return Operand(number, None)
    if kind == "time":
        return Operand(None, _time(name, text))
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise BadSearch(f"{in_a_message(name)} is true or false, not {_cut(text)}")
        return Operand(None, text.lower())
    if name.key == "attributes.status":
        return Operand(None, _status(text))
    literal = str(normalized(text))
    if kind == "text":
        return Operand(None, literal)
    return Operand(number_in(text), literal if is_quoted or number_in(text) is None else None)


def kind_of(name: Name) -> Kind | None:
    """None for what may be of any kind: hyperparameters and tags."""
    namespace, _, key = name.key.partition(".")
    if namespace == "attributes":
        return ATTRIBUTES[key].kind
    return "number" if namespace == "metrics" else "text" if namespace == "datasets" else None


def in_a_message(name: Name) -> str:
    return "a metric" if name.key.startswith("metrics.") else f"`{name.key.removeprefix('attributes.')}`"


def _time(name: Name, text: str) -> str:
    try:
        return parse_start(text)
    except Misused as flaw:
        raise BadSearch(f"{in_a_message(name)} is compared with a time: {flaw}") from None


def _status(text: str) -> str:
    known = get_args(Status)
    lowered = text.lower()
    status = _MLFLOW_STATUS.get(lowered, lowered)
    if status not in known:
        hint = did_you_mean(lowered, known) or f"; it is one of {', '.join(known)}"
        raise BadSearch(f"no run has the status {_cut(text)}{hint}")
    return status


def _cut(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:80]!r}\u2026"
