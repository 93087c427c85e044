"""A page before it is HTML: what it is about, and its sections. What makes one knows nothing of HTML or HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Asked(Struct, frozen=True):
    """The times that a page is about, as 27-character texts; None is now."""

    as_of: str | None = None
    known_at: str | None = None


class Section(Struct, frozen=True):
    """One part of a page. `templates/sections/<name>.html` shows `content`; `name` is also its id in the page."""

    name: str
    title: str
    content: Any


class Page(Struct, frozen=True):
    """`kind` is what the heading says above the title: `run`, `model`, `runs`. `stream` is None unless it is about one stream.

    `live` is whether it can still change: a run that is running, or a list.
    """

    title: str
    kind: str
    sections: list[Section]
    stream: str | None = None
    live: bool = False


class Query:
    """The parameters in an address, as a page of a list gets them."""

    def __init__(self, parameters: Mapping[str, Sequence[str]] | None = None) -> None:
        self._parameters = parameters or {}

    def one(self, name: str, default: str = "") -> str:
        """The last value that was given, as a browser's own forms have it."""
        values = self._parameters.get(name)
        return values[-1] if values else default

    def all(self, name: str) -> list[str]:
        return list(self._parameters.get(name, ()))


class Addresses(Protocol):
    """Where a thing is: an address in the ui, an anchor in a report. None where neither is; then it is plain text."""

    def stream(self, stream: str, /) -> str | None:
        """The page of a run, a model, a dataset or a group."""

    def group(self, name: str, /) -> str | None:
        """The list of the runs in a group."""

    def compare(self, runs: Sequence[str], /) -> str | None:
        """The comparison of these runs."""

    def lineage(self, stream: str, /) -> str | None:
        """The lineage of a stream."""

    def verification(self, stream: str, /) -> str | None:
        """Where the stream is verified when asked. None where the page itself tells it."""

    def data(self, runs: Sequence[str], metric: str, /) -> str | None:
        """Where the points of a metric are. None where they are in the page."""
