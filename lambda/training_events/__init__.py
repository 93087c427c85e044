"""Every change to a dataset, a training run or a model as a recorded fact."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from training_events.version import __version__

if TYPE_CHECKING:
    from training_events.recorder.registering import promote_model, register_dataset, register_model
    from training_events.recorder.run import record_run

__all__ = ["__version__", "promote_model", "record_run", "register_dataset", "register_model"]

_RECORDER = {
    "promote_model": "registering",
    "record_run": "run",
    "register_dataset": "registering",
    "register_model": "registering",
}


def __getattr__(name: str) -> Any:
    """The recorder, imported when it is asked for: a Lambda function does without."""
    if name in _RECORDER:
        return getattr(import_module(f"training_events.recorder.{_RECORDER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
