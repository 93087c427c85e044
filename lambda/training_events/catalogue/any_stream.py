"""The events that every kind of stream takes: how people name, describe, sort and put away streams. Nothing is deleted."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

Tag: TypeAlias = str | int | float | bool


class Described(Struct, frozen=True, omit_defaults=True):
    """The stream has this name to show, and this description. What is absent stays as it was; an empty text removes it."""

    name: str | None = None
    description: str | None = None
    by: str | None = None


class Tagged(Struct, frozen=True, omit_defaults=True):
    """The stream has these tags, beside others that it has. Null removes a tag. The tag `group` names what belongs together."""

    tags: dict[str, Tag | None]
    by: str | None = None


class Hidden(Struct, frozen=True, omit_defaults=True):
    """Lists leave the stream out, until it is restored."""

    reason: str | None = None
    by: str | None = None


class Restored(Struct, frozen=True, omit_defaults=True):
    """Lists show the stream again."""

    reason: str | None = None
    by: str | None = None


FACTS = (Described, Tagged, Hidden, Restored)
