"""Where things are in a report: further down in the same file, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Anchors:
    """The streams that have a page in this file, each with the id of its heading. Everything else is plain text."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids

    def stream(self, stream: str, /) -> str | None:
        anchor = self._ids.get(stream)
        return None if anchor is None else f"#{anchor}"

    def group(self, _: str, /) -> None:
        return None

    def compare(self, _: Sequence[str], /) -> None:
        return None

    def lineage(self, _: str, /) -> None:
        return None

    def verification(self, _: str, /) -> None:
        return None

    def data(self, _: Sequence[str], __: str, /) -> None:
        return None
