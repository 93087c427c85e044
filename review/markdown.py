"""Writes text of a plan in Markdown so that it can do no harm.

All such text is in code spans on one line. There HTML is only text, nobody is mentioned, nothing becomes a link, and no list,
table or `<details>` can end: https://github.github.com/gfm/#code-spans. Markdown libraries read Markdown or write whole
documents; none writes a code span that its content cannot leave.
"""

import json
import re
from typing import Any

from review import secrets
from review.values import Hidden, Unknown

MAX_CHARACTERS = 160
"""The most characters of one value. Of a longer value, the part that differs is shown, and how long the value is."""
_CHARACTERS_BEFORE = 20
"""How much of two long texts is shown before the first difference."""


def code(text: str) -> str:
    """The text in a code span that it cannot leave."""
    shown = _shortened(text) or '""'
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    # Markdown removes one space at each end, but not if there are only spaces.
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def value(leaf: Any) -> str:
    """A leaf of a tree of values, or words where there is no value to show."""
    if leaf is None:
        return "*not set*"
    if isinstance(leaf, Unknown | Hidden):
        return f"*{_placeholder(leaf)}*"
    return code(_text(leaf))


def arrow(before: Any, after: Any) -> str:
    """`before` → `after`. Long texts are shown from where they differ."""
    if isinstance(before, Hidden) and isinstance(after, Hidden):
        return "*(sensitive, another value)*"
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > MAX_CHARACTERS:
        start = max(0, _common_length(before, after) - _CHARACTERS_BEFORE)
        if start:
            return f"{code(_from(before, start))} → {code(_from(after, start))}"
    return f"{value(before)} → {value(after)}"


def _common_length(first: str, second: str) -> int:
    """The length of the longest common beginning."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def _from(text: str, start: int) -> str:
    return f"…{text[start : start + MAX_CHARACTERS - 60]}… ({len(text):,} characters)"


def _printable(text: str) -> str:
    """Line breaks, marks that change the direction of writing, and the like become Python's escapes."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else character.encode("unicode_escape").decode() for character in text)


def _shortened(text: str) -> str:
    """At most MAX_CHARACTERS characters, counted as they are shown: an escape takes up to ten."""
    text = secrets.without_secret_shapes(text)
    shown = _printable(text[: MAX_CHARACTERS + 1])
    return shown if len(shown) <= MAX_CHARACTERS else f"{shown[: MAX_CHARACTERS - 40]}… ({len(text):,} characters)"


def _text(leaf: Any) -> str:
    return leaf if isinstance(leaf, str) else json.dumps(leaf, ensure_ascii=False, default=_placeholder)


def _placeholder(leaf: Any) -> str:
    return leaf.value if isinstance(leaf, Unknown) else secrets.HIDDEN
