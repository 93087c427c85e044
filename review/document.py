"""A Markdown document that fits into a comment: what is cut is cut from its least important end, and said to be."""

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 60_000
"""Bytes of UTF-8. GitHub takes 65,536 characters in a comment ("Body is too long (maximum is 65536 characters)"), GitLab
1,000,000; bytes are at least as many as characters, however a host counts them, and a pipeline adds a line of its own."""
_NOTE = 400
"""Bytes set aside for what is said of things left out, for the whole and for each section."""


@dataclass(frozen=True)
class Entry:
    """One point of a list, and the points below it."""

    head: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """folded: only its title is seen until it is clicked."""

    title: str
    entries: Sequence[Entry]
    folded: bool = False


@dataclass
class _Shown:
    """How many entries of a section are shown, and how many of these with what is below them."""

    entries: int
    details: int


def render(top: str, sections: Sequence[Section], longest: int = LONGEST) -> str:
    """The document; sections come in the order of their importance, and so do the entries of each.

    `top` is never cut. First every entry gets its first line, as far as there is room, then those get what is below them.
    """
    whole = _text(top, sections, [_Shown(len(one.entries), len(one.entries)) for one in sections])
    if _size(whole) <= longest:
        return whole
    room = longest - _size(top) - _NOTE - sum(_size(one.title) + _NOTE for one in sections)
    shown = []
    for section in sections:
        count, room = _fitting([_size(_head(one)) for one in section.entries], room)
        shown.append(_Shown(count, 0))
        if count < len(section.entries):
            room = 0
    room = longest - _size(_text(top, sections, shown)) - _NOTE
    for section, part in zip(sections, shown, strict=True):
        part.details, room = _fitting([_size(_below(one)) for one in section.entries[: part.entries]], room)
        if part.details < part.entries:
            break
    return _text(top, sections, shown)


def _fitting(sizes: Sequence[int], room: int) -> tuple[int, int]:
    """How many of the first ones fit, and the room that they leave."""
    for count, size in enumerate(sizes):
        if size > room:
            return count, room
        room -= size
    return len(sizes), room


def _text(top: str, sections: Sequence[Section], shown: Sequence[_Shown]) -> str:
    entries = sum(len(section.entries) - part.entries for section, part in zip(sections, shown, strict=True))
    details = sum(
        sum(bool(one.details) for one in section.entries[part.details : part.entries])
        for section, part in zip(sections, shown, strict=True)
    )
    parts = [top]
    left = [f"{entries} entries"] if entries else []
    left += [f"the details of {details}{' more' if entries else ''}"] if details else []
    if left:
        parts.append(
            f"> [!NOTE]\n> Shortened to fit into a comment, without {' and '.join(left)}. `terraform plan` shows them all.\n"
        )
    parts += [_section(section, part) for section, part in zip(sections, shown, strict=True)]
    return "\n".join(parts)


def _section(section: Section, shown: _Shown) -> str:
    left = len(section.entries) - shown.entries
    lines = [_head(one) + (_below(one) if index < shown.details else "") for index, one in enumerate(section.entries)]
    body = "".join(lines[: shown.entries]) + (f"- … and {left} more, left out here\n" if left else "")
    if section.folded:
        return f"<details><summary><b>{section.title}</b></summary>\n\n{body}\n</details>\n"
    return f"### {section.title}\n\n{body}"


def _head(entry: Entry) -> str:
    return f"- {entry.head}\n"


def _below(entry: Entry) -> str:
    return "".join(f"  - {detail}\n" for detail in entry.details)


def _size(text: str) -> int:
    return len(text.encode())
