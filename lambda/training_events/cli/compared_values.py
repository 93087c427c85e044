"""The texts of a comparison, in the width that a terminal has for them."""

from __future__ import annotations

import sys
from os.path import commonprefix
from typing import TYPE_CHECKING

from rich.cells import cell_len

from training_events.cli.table import cut_middle
from training_events.reading.wording.comparison import input_forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.reading.comparison.rows import Input

_CONTEXT_CHARACTERS = 8
"""What stays of a common beginning where that is cut."""


def input_texts(row: Input, runs: Sequence[str], width: int) -> list[str]:
    """The value of each run, in so many columns. What differs looks different."""
    return _fullest(input_forms(row, runs, rounded=sys.stdout.isatty()), width)


def _fullest(forms: Sequence[list[str]], width: int) -> list[str]:
    """The first of these forms that fits and tells apart what the first one does; else the first one, cut."""
    apart = len(set(forms[0]))
    fitting = (texts for texts in forms if max(map(cell_len, texts)) <= width and len(set(texts)) == apart)
    return next(fitting, None) or fitted(forms[0], width)


def fitted(texts: Sequence[str], width: int) -> list[str]:
    """The texts in cells of this width. Of long ones a common beginning is cut, and then the middle."""
    if max(map(cell_len, texts)) <= width:
        return list(texts)
    common = len(commonprefix(list(texts))) - _CONTEXT_CHARACTERS if len(set(texts)) > 1 else 0  # noqa: RUF071 - of texts
    return [cut_middle(f"…{text[common:]}" if common > 1 else text, width) for text in texts]
