"""Where things are in the ui. Every address carries the times that its page is about, so that a link stays at them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training_events.pages.page import Asked

_DOTS = {".", ".."}
"""A browser takes these parts of a path for directions, however they are encoded (https://url.spec.whatwg.org/#path-state)."""

_ERRORS = "surrogatepass"
"""Half a surrogate pair, which only an altered log has, is some address all the same."""


def address(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """A path that is encoded already, with these parameters."""
    query = urlencode(list(parameters), errors=_ERRORS)
    return f"{path}?{query}" if query else path


class UiAddresses:
    """The addresses of all pages, for a page that is about these times."""

    def __init__(self, asked: Asked) -> None:
        self._times = [(name, time) for name in ("as_of", "known_at") if (time := getattr(asked, name)) is not None]

    def at(self, path: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
        """The address of a path, with parameters before the times."""
        return address(path, [*parameters, *self._times])

    def stream(self, stream: str) -> str:
        kind, _, name = stream.partition("/")
        return self._of_name(f"/{kind}", name)

    def group(self, name: str) -> str:
        quoted = name.replace("'", "''")
        return self.at("/runs", [("where", f"group = '{quoted}'")])

    def compare(self, runs: Sequence[str]) -> str:
        return self.at("/compare", [("run", run) for run in runs])

    def lineage(self, stream: str) -> str:
        return self._of_name("/lineage", stream)

    def verification(self, stream: str) -> str:
        return self._of_name("/verification", stream)

    def data(self, runs: Sequence[str], metric: str) -> str:
        return self.at("/data/curves", [*(("run", run) for run in runs), ("metric", metric)])

    def _of_name(self, path: str, name: str) -> str:
        if _DOTS & set(name.split("/")) or not name:
            return self.at(f"{path}/", [("name", name)])
        return self.at(f"{path}/{quote(name, errors=_ERRORS)}")
