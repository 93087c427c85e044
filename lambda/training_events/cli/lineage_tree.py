"""A lineage as a tree in the terminal: each node that was asked for, what it was made from, and what became of it."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from training_events.cli.style import BOLD, RED, YELLOW, style_of_status, styled
from training_events.cli.table import cut_middle
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion
from training_events.reading.wording.lineage import DOWNWARDS, UPWARDS, Part, how_matched, name_of, parts_of
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import short_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.lineage.graph import Edge, Lineage, Node

MAX_DEPTH = 12
"""How many steps from a node that was asked for are drawn: there is no room for more."""
_STYLES = {"plain": "", "attention": YELLOW, "wrong": RED}


class _Entry(NamedTuple):
    """A node in the tree: `branch` stands before its first line, and `below` before its further ones."""

    branch: str
    below: str
    verb: str
    node: Node
    parts: list[Part]


def print_tree(lineage: Lineage) -> None:
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for line in (f"lineage of {lineage.subject}", *_asked(lineage)):
        print(printable(line) if columns == sys.maxsize else cut_middle(printable(line), columns))
    tree = _Tree(lineage)
    for start in _in_order(lineage):
        print()
        for entry in tree.entries(start):
            _print_entry(entry, columns)


def _asked(lineage: Lineage) -> Iterator[str]:
    for what, time in (("as of", lineage.as_of), ("known at", lineage.known_at)):
        if time is not None:
            yield f"{what} {short_time(time)}"
    yield "times are in UTC"


def _in_order(lineage: Lineage) -> list[str]:
    """The nodes that were asked for: what serves first, then the newest."""
    serving = {edge.source for edge in lineage.edges if edge.kind == "promoted" and edge.until is None}
    nodes = {node.id: node for node in lineage.nodes}
    newest_first = sorted(lineage.starts, key=lambda name: _registered_at(nodes[name]), reverse=True)
    return sorted(newest_first, key=lambda name: name not in serving)


def _registered_at(node: Node) -> str:
    match node:
        case ModelVersion():
            return node.registered_at or ""
        case DatasetVersion():
            return max((registration.at for registration in node.registrations), default="")
    return ""


class _Tree:
    """What was drawn once in full is not drawn so again."""

    def __init__(self, lineage: Lineage) -> None:
        self._nodes = {node.id: node for node in lineage.nodes}
        self._origins: dict[str, list[Edge]] = defaultdict(list)
        self._outcomes: dict[str, list[Edge]] = defaultdict(list)
        for edge in lineage.edges:
            self._origins[edge.target].append(edge)
            self._outcomes[edge.source].append(edge)
        self._drawn: set[tuple[str, bool]] = set()

    def entries(self, start: str) -> Iterator[_Entry]:
        node = self._nodes[start]
        steps = [(edge, True) for edge in self._origins[start]] + [(edge, False) for edge in self._outcomes[start]]
        yield _Entry("", "│    " if steps else "     ", "", node, parts_of(node))
        yield from self._branches(steps, "", 1)

    def _branches(self, steps: list[tuple[Edge, bool]], indent: str, depth: int) -> Iterator[_Entry]:
        """The nodes that these steps lead to, each with what comes behind it in the same direction, which is up if true."""
        for number, (edge, upwards) in enumerate(steps, 1):
            branch, below = ("└─ ", "   ") if number == len(steps) else ("├─ ", "│  ")
            node = self._nodes[edge.source if upwards else edge.target]
            verb = (UPWARDS if upwards else DOWNWARDS).get(edge.kind, "")
            further = [(behind, upwards) for behind in (self._origins if upwards else self._outcomes)[node.id]]
            how = how_matched(edge, self._nodes[edge.source])
            parts = parts_of(node, edge, how)
            if further and (node.id, upwards) in self._drawn:
                parts, further = [*how, Part("drawn above")], []
            elif further and depth == MAX_DEPTH:
                parts, further = [*parts, Part("further steps are not drawn, --json has them", "attention")], []
            else:
                self._drawn.add((node.id, upwards))
            yield _Entry(indent + branch, indent + below + ("│    " if further else "     "), verb, node, parts)
            yield from self._branches(further, indent + below, depth + 1)


def _print_entry(entry: _Entry, columns: int) -> None:
    """The node and what is said of it, on one line, or below each other where that is too wide."""
    branch, below, verb, node, parts = entry
    verb = f"{verb} " if verb else ""
    name = printable(name_of(node))
    if columns < sys.maxsize:
        branch, below = _indent(branch, columns), _indent(below, columns)
        name = cut_middle(name, columns - cell_len(branch + verb))
    line, room = branch + verb + styled(name, BOLD), columns - cell_len(branch + verb + name)
    separator = "  "
    for text, style in ((printable(part.text), _style(part)) for part in parts):
        if cell_len(separator + text) > room:
            print(line)
            line, separator, room = below, "", columns - cell_len(below)
        text = text if columns == sys.maxsize else cut_middle(text, room)  # noqa: PLW2901 - the same text, as there is room for it
        line += separator + styled(text, style)
        room -= cell_len(separator + text)
        separator = ", "
    print(line)


def _style(part: Part) -> str:
    return style_of_status(part.text) if part.tone == "status" else _STYLES[part.tone]


def _indent(branches: str, columns: int) -> str:
    """What stands before a line. Where it takes more than half of the terminal, its end does."""
    return branches if len(branches) <= columns // 2 else "…" + branches[1 - columns // 2 :]
