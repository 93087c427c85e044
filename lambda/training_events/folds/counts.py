"""How many events a state was folded from, and how many of them said nothing to this version of the code."""

from __future__ import annotations

from msgspec import Struct


class Counts(Struct):
    """`events` are all. Of them `unknown` are of a type and `newer` of a schema version that this code does not know, and the
    data of `unreadable` ones does not fit their type: these are in the log, but nothing was made of them.
    """

    events: int = 0
    unknown: int = 0
    newer: int = 0
    unreadable: int = 0
