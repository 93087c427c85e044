"""A training of a framework as a run, by a callback in the framework's own form. Each needs its framework installed.

Each module is imported when it is first used, so that nobody pays for a framework that they do not use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training_events.callbacks import keras, lightgbm, lightning, optuna, sklearn, transformers, xgboost

__all__ = ["keras", "lightgbm", "lightning", "optuna", "sklearn", "transformers", "xgboost"]

if not TYPE_CHECKING:  # a checker that saw this function would take any name for a module

    def __getattr__(name: str) -> object:
        if name in __all__:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
