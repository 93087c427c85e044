"""Pages as tests look at them: a log to show, and HTML of which every tag is known."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from training_events.event import Event
from training_events.pages.page import Page
from training_events.pages.rendering import render
from training_events.pages.report.anchors import Anchors
from training_events.reading.opening import Sources, open_current_sources
from training_events.stores.opening import open_event_log


def shown_log(folder: Path, *facts: tuple[str, str, str, dict[str, Any]]) -> Sources:
    """A SQLite log with these facts: stream, type, time, data."""
    url = f"sqlite:///{folder}/log.db"
    log = open_event_log(url)
    for number, (stream, type_, at, data) in enumerate(facts):
        log.append(Event(f"e-{number}", stream, type_, at, "test", data))
    return open_current_sources(url)


def html_of(page: Page) -> str:
    """The page alone, with names that lead nowhere."""
    return render("layout.html", Anchors({}), page=page)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def tags_of(html: str) -> list[tuple[str, dict[str, str]]]:
    """Every start tag with its attributes, in order."""
    reader = _Reader()
    reader.feed(html)
    return reader.tags


def text_of(html: str) -> str:
    """What a reader sees, with single blanks."""
    reader = _Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.texts).split())
