"""What the ui puts around a page: where it leads, the slider, and what a script needs to keep the page up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from training_events.pages.assets import UI_SCRIPTS, UI_STYLES
from training_events.pages.rendering import render
from training_events.pages.server.addresses import UiAddresses, address
from training_events.pages.server.routes import HOME, PAGES
from training_events.pages.server.static_files import static_files
from training_events.version import __version__

if TYPE_CHECKING:
    from training_events.pages.page import Asked, Page

_CLOCKS = {
    "as_of": ("as of", "What was true then, by the clocks of those who recorded it"),
    "known_at": ("known at", "What the log knew then, by the log's own clock"),
}
TIMES = tuple(_CLOCKS)
"""The parameters of every page that say which times it is about."""


class Visit(Struct, frozen=True):
    """One request for a page: its path, its parameters beside the times, and the times as they are understood.

    `mistyped` are the times that are none, as they were given. `seen` is the mark of what the page shows, from before it was
    made; None if it is of the past, which does not change. `log` is the address of the log.
    """

    path: str
    parameters: list[tuple[str, str]]
    asked: Asked
    log: str
    has_slider: bool = False
    mistyped: dict[str, str] = {}
    seen: str | None = None


class NavigationLink(Struct, frozen=True):
    title: str
    address: str
    is_here: bool


class Clock(Struct, frozen=True):
    """One of the two times in the slider's form, with the text in its field."""

    name: str
    title: str
    meaning: str
    text: str


class Frame(Struct, frozen=True):
    """What `ui.html` shows beside the page. `live` is where changes are told; None where the page cannot change any more.

    `moments` is where the slider's positions are; None where the page is always about now. `now` is this page without times.
    """

    home: str
    navigation: list[NavigationLink]
    styles: list[str]
    scripts: list[str]
    icon: str
    parameters: list[tuple[str, str]]
    asked: Asked
    is_past: bool
    clocks: list[Clock]
    moments: str | None
    live: str | None
    now: str
    log: str
    version: str


def as_html(page: Page, visit: Visit) -> str:
    """The page with all that is around it."""
    addresses, files, asked = UiAddresses(visit.asked), static_files(), visit.asked
    is_past = asked.as_of is not None or asked.known_at is not None
    subject = [("stream", page.stream)] if page.stream is not None else []
    path = quote(visit.path)
    frame = Frame(
        home=addresses.at(HOME),
        navigation=[
            NavigationLink(route.title, addresses.at(path), path == visit.path)
            for path, route in PAGES.items()
            if route.title is not None
        ],
        styles=[files[name].address for name in UI_STYLES if name in files],
        scripts=[files[name].address for name in UI_SCRIPTS if name in files],
        icon=files["icon.svg"].address,
        parameters=visit.parameters,
        asked=asked,
        is_past=is_past,
        clocks=[
            Clock(name, title, meaning, visit.mistyped.get(name) or getattr(asked, name) or "")
            for name, (title, meaning) in _CLOCKS.items()
        ],
        moments=address(f"/data/moments{path}", visit.parameters) if visit.has_slider else None,
        live=address("/live", [*subject, ("seen", visit.seen)]) if page.live and visit.seen is not None else None,
        now=address(path, visit.parameters),
        log=visit.log,
        version=__version__,
    )
    return render("ui.html", addresses, page=page, frame=frame)
