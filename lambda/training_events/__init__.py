"""Records every change to a dataset, a training run or a model as a fact in an event log.

All that `__all__` names is public, and nothing else is. Each name is imported when it is first used: a Lambda function, which
needs only the inner modules, does not pay for the recorder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from training_events.version import __version__

if TYPE_CHECKING:
    from training_events import callbacks
    from training_events.catalogue.stored import Stored
    from training_events.errors import Misused, NotRecordable, TrainingEventsError
    from training_events.reading.log import Log, open_log
    from training_events.recorder.organising import describe, hide, restore, tag
    from training_events.recorder.registering import promote_model, register_dataset, register_model
    from training_events.recorder.run import Run, record_run

__all__ = [  # noqa: RUF022 - what people need first comes first, on the page on Python too
    "record_run",
    "Run",
    "callbacks",
    "Stored",
    "register_dataset",
    "register_model",
    "promote_model",
    "tag",
    "describe",
    "hide",
    "restore",
    "open_log",
    "Log",
    "TrainingEventsError",
    "Misused",
    "NotRecordable",
    "__version__",
]

_MODULES = {
    "record_run": "recorder.run",
    "Run": "recorder.run",
    "Stored": "catalogue.stored",
    "register_dataset": "recorder.registering",
    "register_model": "recorder.registering",
    "promote_model": "recorder.registering",
    "open_log": "reading.log",
    "Log": "reading.log",
    "tag": "recorder.organising",
    "describe": "recorder.organising",
    "hide": "recorder.organising",
    "restore": "recorder.organising",
    "TrainingEventsError": "errors",
    "Misused": "errors",
    "NotRecordable": "errors",
}

if not TYPE_CHECKING:  # a checker that saw this function would take any name for a public one

    def __getattr__(name: str) -> object:
        if name == "callbacks":
            return import_module(f"{__name__}.callbacks")
        if name in _MODULES:
            return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
