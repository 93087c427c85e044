"""Values of any kind as text for people and as JSON, of letters that can be printed.

Anybody may have chosen the text of an event, so control sequences for a terminal are escaped.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec


def printable(text: str) -> str:
    """The text on one line: white space that is not printable becomes a blank, anything else is escaped as Python writes it."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else ascii(letter).strip("'") for letter in text)


def to_json(value: Any) -> str:
    """JSON in printable letters. What is not printable is escaped, which means the same."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which only an altered log has
        text = json.dumps(msgspec.to_builtins(value))
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter).strip('"') for letter in text)
