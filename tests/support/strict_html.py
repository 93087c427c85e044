"""HTML read strictly: every element is closed where it was opened, and what the document is made of can be compared."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr", "wbr"}
"""Elements without an end: https://html.spec.whatwg.org/#void-elements"""
_ADDRESSES = {"href", "src", "action", "formaction", "data-source", "data-from", "xlink:href", "poster"}


class StrictHtml(HTMLParser):
    """`tags` counts the elements, `attributes` are pairs of an element and its attribute, `addresses` all that it links to.

    Raises AssertionError where an end tag does not close what was opened last, or something stays open.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.addresses: set[str] = set()
        self.texts: list[str] = []
        self._scripts: list[tuple[str | None, str]] = []
        self.comments: list[str] = []
        self.letters: set[str] = set()
        """Of texts, attributes and scripts; not of what a form sends back as it came."""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"still open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.letters.update(data)
        if self._open and self._open[-1] == "script":
            kind, text = self._scripts[-1]
            self._scripts[-1] = kind, text + data
        elif not self._open or self._open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def programs(self) -> set[str]:
        """The scripts that a browser runs."""
        return {text for kind, text in self._scripts if kind != "application/json"}

    @property
    def data(self) -> list[str]:
        """The scripts that are data."""
        return [text for kind, text in self._scripts if kind == "application/json"]

    @property
    def text(self) -> str:
        """What a reader sees, with single blanks."""
        return " ".join(" ".join(self.texts).split())

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        self.tags[tag] += 1
        self.attributes |= {(tag, name) for name in names}
        self.letters.update(*(value or "" for name, value in attrs if (tag, name) != ("input", "value")))
        self.addresses |= {value or "" for name, value in attrs if name in _ADDRESSES}
        if tag == "script":
            self._scripts.append((dict(attrs).get("type"), ""))
