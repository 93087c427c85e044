"""Where the labels of an axis stand, and what they say: few, round numbers, written plainly."""

from __future__ import annotations

from math import ceil, floor, isfinite, log10

_MAX_PLAIN, _MAX_DECIMALS = 1e9, 6
"""Beyond these a number is written with a power of ten."""


def ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """About `count` round numbers from `low` to `high`, which are finite: multiples of 1, 2 or 5 times a power of ten.

    Of a `whole` axis, as one of steps, none lies between two whole numbers.
    """
    least = high / count - low / count  # divided first: the span may be more than a float holds
    if not (least > 1e-300 and isfinite(high - low)):
        return sorted({low, high})
    power = 10.0 ** floor(log10(least))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= least), 10 * power)
    step = max(step, 1.0) if whole else step
    return sorted({number * step for number in range(ceil(low / step), floor(high / step) + 1)} or {low, high})


def labels(values: list[float]) -> list[str]:
    """Their texts, with as many digits as it takes to tell them apart: `0.25`, `12,000`, `3e+09`."""
    if max(map(abs, values)) < _MAX_PLAIN:
        for decimals in range(_MAX_DECIMALS + 1):
            if all(abs(round(value, decimals) - value) <= 1e-9 * abs(value) for value in values):
                return [f"{value + 0.0:,.{decimals}f}" for value in values]
    for digits in range(6 if len(values) == 1 else 1, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(values):
            break
    return texts
