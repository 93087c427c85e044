"""Renders a Markdown document that fits into a comment: it leaves out the least important items first, and counts them."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_BYTES = 60_000
"""The most bytes of UTF-8 in a document. GitHub allows 65,536 characters in a comment ("Body is too long (maximum is 65536
characters)"), GitLab 1,000,000. Bytes are never fewer than characters, however a host counts those. The difference is room for
a line that a pipeline adds."""
_NOTE_BYTES = 400
"""Reserved for the note on what is left out: once for the whole document, and once for each section."""


@dataclass(frozen=True)
class Item:
    """One item of a list: its first line, and the list below it."""

    head: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """folded: shows only its title until a reader clicks on it."""

    title: str
    items: Sequence[Item]
    folded: bool = False


@dataclass
class _Shown:
    """How many items of a section are shown, and how many of these with their details."""

    items: int
    details: int


def render(top: str, sections: Sequence[Section], max_bytes: int = MAX_BYTES) -> str:
    """The document. Sections come in the order of their importance, and so do the items of each section.

    `top` is never cut. The first lines of all items get the room first, and the details get what is left.
    """
    whole = _text(top, sections, [_Shown(len(section.items), len(section.items)) for section in sections])
    if _size(whole) <= max_bytes:
        return whole
    room = max_bytes - _size(top) - _NOTE_BYTES - sum(_size(section.title) + _NOTE_BYTES for section in sections)
    shown = []
    for section in sections:
        count, room = _fitting([_size(_head(item)) for item in section.items], room)
        shown.append(_Shown(count, 0))
        if count < len(section.items):
            room = 0
    room = max_bytes - _size(_text(top, sections, shown)) - _NOTE_BYTES
    for section, part in zip(sections, shown, strict=True):
        part.details, room = _fitting([_size(_details(item)) for item in section.items[: part.items]], room)
        if part.details < part.items:
            break
    return _text(top, sections, shown)


def _fitting(sizes: Sequence[int], room: int) -> tuple[int, int]:
    """How many sizes fit into the room, counted from the first one, and the room that they leave."""
    for count, size in enumerate(sizes):
        if size > room:
            return count, room
        room -= size
    return len(sizes), room


def _text(top: str, sections: Sequence[Section], shown: Sequence[_Shown]) -> str:
    items = sum(len(section.items) - part.items for section, part in zip(sections, shown, strict=True))
    details = sum(
        sum(bool(item.details) for item in section.items[part.details : part.items])
        for section, part in zip(sections, shown, strict=True)
    )
    parts = [top]
    left_out = [f"{items} entries"] if items else []
    left_out += [f"the details of {details}{' more' if items else ''}"] if details else []
    if left_out:
        parts.append(
            f"> [!NOTE]\n> Shortened to fit into a comment, without {' and '.join(left_out)}. "
            "`terraform plan` shows them all.\n"
        )
    parts += [_section(section, part) for section, part in zip(sections, shown, strict=True)]
    return "\n".join(parts)


def _section(section: Section, shown: _Shown) -> str:
    left_out = len(section.items) - shown.items
    lines = [_head(item) + (_details(item) if index < shown.details else "") for index, item in enumerate(section.items)]
    body = "".join(lines[: shown.items]) + (f"- … and {left_out} more, left out here\n" if left_out else "")
    if section.folded:
        return f"<details><summary><b>{section.title}</b></summary>\n\n{body}\n</details>\n"
    return f"### {section.title}\n\n{body}"


def _head(item: Item) -> str:
    return f"- {item.head}\n"


def _details(item: Item) -> str:
    return "".join(f"  - {detail}\n" for detail in item.details)


def _size(text: str) -> int:
    return len(text.encode())
