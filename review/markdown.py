"""Text of a plan in Markdown, where it can do no harm.

Markdown libraries read such text or write whole documents; none makes a code span that its content cannot leave.

All of it stands in code spans on one line: there HTML is text, nobody is mentioned, nothing is linked, and no list, table or
`<details>` ends. https://github.github.com/gfm/#code-spans
"""

import json
import re
from typing import Any

from review import secrets
from review.values import Hidden, Unknown

LONGEST = 160
"""Characters of one value; of a longer one is shown where it differs, and how long it is."""
_AROUND = 20


def code(text: str) -> str:
    """The text in a code span that it cannot leave."""
    shown = _shortened(text) or '""'
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    # Of nothing but spaces, Markdown takes none away.
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def value(leaf: Any) -> str:
    """A value of a tree, in words where there is none to show."""
    if leaf is None:
        return "*not set*"
    if isinstance(leaf, Unknown | Hidden):
        return f"*{_hidden(leaf)}*"
    return code(_text(leaf))


def arrow(before: Any, after: Any) -> str:
    """`before` → `after`, long texts from where they differ."""
    if isinstance(before, Hidden) and isinstance(after, Hidden):
        return "*(sensitive, another value)*"
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > LONGEST:
        start = max(0, _common(before, after) - _AROUND)
        if start:
            return f"{code(_from(before, start))} → {code(_from(after, start))}"
    return f"{value(before)} → {value(after)}"


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _from(text: str, start: int) -> str:
    return f"…{text[start : start + LONGEST - 60]}… ({len(text):,} characters)"


def _printable(text: str) -> str:
    """Line breaks, marks that turn the direction of writing around and the like are shown as Python writes them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _shortened(text: str) -> str:
    """At most LONGEST characters as they are shown: some take ten to be."""
    text = secrets.without_shapes(text)
    shown = _printable(text[: LONGEST + 1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 40]}… ({len(text):,} characters)"


def _text(leaf: Any) -> str:
    return leaf if isinstance(leaf, str) else json.dumps(leaf, ensure_ascii=False, default=_hidden)


def _hidden(leaf: Any) -> str:
    return leaf.value if isinstance(leaf, Unknown) else secrets.HIDDEN
