"""In which order people look at metrics: what says how good the model is comes first, then the rest, then what only counts.

Frameworks log counters and schedules beside the metrics, and the alphabet puts `epoch` and `learning_rate` before `loss`.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_NAMES = 4096
"""How many names are remembered with what they are: runs have the same few, and each list and summary asks."""

_COUNTER = re.compile(
    r"(^|[/_.: -])("
    r"epochs?|(global_?)?steps?|iter(ation)?s?|batch(es)?|lr(-\w+)?|learning_?rates?|momentum|(weight_)?decay|grad(ient)?_?norm"
    r"|(\w+_)?(runtime|seconds|duration|time|flos|flops|memory|utili[sz]ation|throughput|tokens(_seen)?)"
    r"|(\w+_)?(samples|steps|tokens|batches|iterations|examples|it)_?(per|/)_?(s|sec|second)"
    r")(_\d+)?$",
    re.IGNORECASE,
)
"""Names of what a framework counts or schedules: of Hugging Face's Trainer, Lightning, Keras, XGBoost and LightGBM."""
_QUALITY = re.compile(
    r"loss|error|accuracy|precision|recall|perplexity|rouge|reward|f_?score"
    r"|(^|[^a-z])(err|acc|auc|f1|bleu|iou|dice|r2|map|r?mse|mae|mape|nll|wer|cer|fid|ndcg|mrr)([^a-z]|$)",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(r"(^|[^a-z])(e?val(id(ation)?)?|eval(uation)?|test|dev)([^a-z]|$)", re.IGNORECASE)
"""Measured on data that the training has not seen."""


@lru_cache(MAX_NAMES)
def is_counter(name: str) -> bool:
    """Whether the metric only counts, or is set by a schedule. No value of it is better than another."""
    return _COUNTER.search(name) is not None and _QUALITY.search(name) is None


@lru_cache(MAX_NAMES)
def importance(name: str) -> tuple[int, bool, bool, str]:
    """Sorts metrics: loss and quality on held-out data, then on the training's own, then the rest, then counters; by name."""
    if is_counter(name):
        return 2, False, False, name
    of_quality = _QUALITY.search(name) is not None
    return (0 if of_quality else 1), _HELD_OUT.search(name) is None, "loss" not in name.lower(), name
