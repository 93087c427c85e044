"""What the log takes of MLflow's calls. Names may be any text, and values are as long as a bus carries: MLflow's own limits are
those of its tables.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

from training_events.interchange.mlflow.facts import text_of
from training_events.interchange.mlflow.problems import invalid
from training_events.times import hours_after, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import Metric, Param

MAX_TEXT_BYTES = 64 * 1024
"""Of a name or a value: an event has to fit through a bus. A longer text is an artifact."""
_MAX_LEAD_HOURS = 24
"""The log sets aside what is from further in the future."""
_MAX_TIME = 253402300799999
"""The last millisecond of the year 9999."""


def texts_of_tags(given: Mapping[Any, Any]) -> dict[str, str | None]:
    """The tags; a number as its text, for which MLflow's database takes it, too. None removes one. Raises MlflowException."""
    tags = {key: str(value) if isinstance(value, numbers.Number) else value for key, value in given.items()}
    for key, value in tags.items():
        _check_key("tag", key)
        if value is not None:
            _check_text(f"the tag {key!r}", value)
    return tags


def params_of(given: Iterable[Param]) -> dict[str, str]:
    """The params by name. Raises MlflowException, also where a name has two values."""
    params: dict[str, str] = {}
    for param in given:
        _check_key("param", param.key)
        _check_text(f"the param {param.key!r}", param.value)
        if params.setdefault(param.key, param.value) != param.value:
            raise invalid(f"Duplicate parameter keys have been submitted: {param.key!r} has two values in one request")
    return params


def check_metrics(metrics: Sequence[Metric]) -> None:
    """Raises MlflowException."""
    for number, metric in enumerate(metrics):
        where = "" if len(metrics) == 1 else f"metrics[{number}]."
        _check_key("metric", metric.key)
        if metric.value is None:
            raise invalid(f"Missing value for required parameter '{where}value' of the metric {metric.key!r}")
        if not _is_number(metric.value):
            raise invalid(
                f"Invalid value {metric.value!r} for parameter '{where}value' supplied: the metric {metric.key!r} is a number"
            )
        if not _is_number(metric.step):
            raise invalid(
                f"Invalid value {metric.step!r} for parameter '{where}step' supplied: the metric {metric.key!r} takes a number"
            )
        check_time(f"{where}timestamp", metric.timestamp)


def check_time(name: str, milliseconds: Any) -> None:
    """A time of MLflow's. Raises MlflowException."""
    if not _is_number(milliseconds) or not 0 <= milliseconds <= _MAX_TIME:
        raise invalid(f"Invalid value {milliseconds!r} for parameter '{name}' supplied: allowed are milliseconds since 1970")


def occurred_at(name: str, milliseconds: Any) -> int:
    """A time at which something occurred, in whole milliseconds: programs pass `time.time() * 1000` as it is.

    The log takes none from the future. Raises MlflowException.
    """
    check_time(name, milliseconds)
    if text_of(milliseconds) > hours_after(now(), _MAX_LEAD_HOURS):
        raise invalid(f"Invalid value {milliseconds!r} for parameter '{name}' supplied: it is in the future")
    return int(milliseconds)


def _check_key(kind: str, key: Any) -> None:
    if not isinstance(key, str) or not key:
        raise invalid(f"Missing value for required parameter 'key': a {kind} has a name, not {key!r}")
    _check_text(f"the name of a {kind}", key)


def _check_text(what: str, text: Any) -> None:
    if not isinstance(text, str):
        raise invalid(f"Invalid value {text!r} for {what}: a text is expected, not {type(text).__name__}")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise invalid(f"Invalid value for {what}: it is no Unicode text") from None
    if size > MAX_TEXT_BYTES:
        raise invalid(
            f"{what} exceeds the maximum length: it has {size} bytes; allowed: {MAX_TEXT_BYTES}. Log it as an artifact"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Number) and not isinstance(value, bool | complex)
