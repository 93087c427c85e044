"""A lineage as a tree in the terminal: each node that was asked for, what it was made from, and what became of it."""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from training_events.cli.style import BOLD, RED, YELLOW, style_of_status, styled
from training_events.cli.table import cut_middle
from training_events.proof.run_head import described
from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Run, Stage
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import short_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.lineage.graph import Edge, Lineage, Node

MAX_DEPTH = 12
"""How many steps from a node that was asked for are drawn: there is no room for more."""
_UPWARDS = {"read": "read", "resumed": "resumed", "made": "made by"}
_DOWNWARDS = {"read": "read by", "resumed": "resumed by", "made": "made"}
_MATCHED_BY = {"sha256": "by sha256", "version_id": "by version id", "address": "content not known"}


class _Part(NamedTuple):
    """A piece of what a line says of a node."""

    text: str
    style: str = ""


class _Entry(NamedTuple):
    """A node in the tree: `branch` stands before its first line, and `below` before its further ones."""

    branch: str
    below: str
    verb: str
    node: Node
    parts: list[_Part]


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
        yield _Entry("", "│    " if steps else "     ", "", node, _parts(node, None, []))
        yield from self._branches(steps, "", 1)

    def _branches(self, steps: list[tuple[Edge, bool]], indent: str, depth: int) -> Iterator[_Entry]:
        """The nodes that these steps lead to, each with what comes behind it in the same direction, which is up if true."""
        for number, (edge, upwards) in enumerate(steps, 1):
            branch, below = ("└─ ", "   ") if number == len(steps) else ("├─ ", "│  ")
            node = self._nodes[edge.source if upwards else edge.target]
            verb = (_UPWARDS if upwards else _DOWNWARDS).get(edge.kind, "")
            further = [(behind, upwards) for behind in (self._origins if upwards else self._outcomes)[node.id]]
            how = self._how(edge)
            parts = _parts(node, edge, how)
            if further and (node.id, upwards) in self._drawn:
                parts, further = [*how, _Part("drawn above")], []
            elif further and depth == MAX_DEPTH:
                parts, further = [*parts, _Part("further steps are not drawn, --json has them", YELLOW)], []
            else:
                self._drawn.add((node.id, upwards))
            yield _Entry(indent + branch, indent + below + ("│    " if further else "     "), verb, node, parts)
            yield from self._branches(further, indent + below, depth + 1)

    def _how(self, edge: Edge) -> list[_Part]:
        """In which role a run read a dataset version, under which other name, and what tells that it is the same."""
        version = self._nodes[edge.source]
        if edge.kind != "read" or not isinstance(version, DatasetVersion):
            return [_Part(_MATCHED_BY[edge.matched_by])] if edge.matched_by in _MATCHED_BY else []
        known = {version.uri, *(registration.uri for registration in version.registrations)}
        parts = [f"as {edge.role}"] if edge.role else []
        parts += ["in an earlier attempt"] if edge.earlier_attempt else []
        parts += [f"at {edge.uri}"] if edge.uri not in (None, *known) else []
        return [_Part(text) for text in (*parts, _MATCHED_BY[edge.matched_by])]


def _parts(node: Node, edge: Edge | None, how: list[_Part]) -> list[_Part]:
    """What is said of a node, and of how the edge leads to it."""
    match node:
        case Run():
            return [*_of_run(node), *how]
        case DatasetVersion():
            return [*how, *_of_dataset(node)]
        case ModelVersion():
            return [*how, *_of_model(node)]
        case Stage():
            return [] if edge is None else _of_stage(edge)


def _of_run(run: Run) -> list[_Part]:
    if run.status is None:
        return [_Part("not in this log", YELLOW)]
    parts = [_Part(run.status, style_of_status(run.status))]
    if run.name:
        parts.append(_Part(f"“{run.name}”"))
    if run.started_at is not None:
        parts.append(_Part(f"started {_minute(run.started_at)}{_by(run.started_by)}"))
    if run.commit:
        parts.append(_Part(f"commit {run.commit[:10]}{' (dirty)' if run.dirty else ''}"))
    return [*parts, *([_Part("hidden")] if run.hidden else [])]


def _of_dataset(version: DatasetVersion) -> list[_Part]:
    if not version.registrations:
        at = [_Part(f"at {version.uri}")] if version.uri and version.sha256 else []
        return [*at, _Part("not registered", YELLOW)]
    first = version.registrations[0]
    parts = [_Part(f"registered {_minute(first.at)}{_by(first.by)}")]
    if first.rows is not None:
        parts.append(_Part(f"{first.rows:,} rows"))
    if others := sorted({registration.stream for registration in version.registrations} - {first.stream}):
        parts.append(_Part(f"the same content is {', '.join(others)}"))
    if version.disputed:
        parts.append(_Part("another digest was said of it", YELLOW))
    if all(registration.retired_at is not None for registration in version.registrations):
        parts.append(_Part(f"retired {_minute(max(it.retired_at or '' for it in version.registrations))}", YELLOW))
    return parts


def _of_model(version: ModelVersion) -> list[_Part]:
    parts = []
    if version.registered_at is not None:
        parts.append(_Part(f"registered {_minute(version.registered_at)}{_by(version.registered_by)}"))
    if version.registrations > 1:
        parts.append(_Part(f"registered {version.registrations} times", YELLOW))
    if version.retired_at is not None:
        parts.append(_Part(f"retired {_minute(version.retired_at)}", YELLOW))
    if (since := version.run_since) is not None and (text := described(since)) is not None:
        parts.append(_Part(text, YELLOW if since.altered is None else RED))
    return parts


def _of_stage(edge: Edge) -> list[_Part]:
    promoted = f"promoted {_minute(edge.at)}{_by(edge.by)}" if edge.at else "promoted"
    if edge.until is None:
        return [_Part("serving"), _Part(promoted)]
    parts = [_Part(promoted), _Part(f"until {_minute(edge.until)}, ended by a {edge.ended_by}")]
    return [*parts, *([_Part(edge.reason)] if edge.reason else [])]


def _by(person: str | None) -> str:
    return f" by {person}" if person else ""


def _minute(time: str) -> str:
    return f"{time[:10]} {time[11:16]}"


def _print_entry(entry: _Entry, columns: int) -> None:
    """The node and what is said of it, on one line, or below each other where that is too wide."""
    branch, below, verb, node, parts = entry
    verb = f"{verb} " if verb else ""
    name = printable(node.stage if isinstance(node, Stage) else node.id.removeprefix("address:"))
    if columns < sys.maxsize:
        branch, below = _indent(branch, columns), _indent(below, columns)
        name = cut_middle(name, columns - cell_len(branch + verb))
    line, room = branch + verb + styled(name, BOLD), columns - cell_len(branch + verb + name)
    separator = "  "
    for text, style in ((printable(text), style) for text, style in parts):
        if cell_len(separator + text) > room:
            print(line)
            line, separator, room = below, "", columns - cell_len(below)
        text = text if columns == sys.maxsize else cut_middle(text, room)  # noqa: PLW2901 - the same text, as there is room for it
        line += separator + styled(text, style)
        room -= cell_len(separator + text)
        separator = ", "
    print(line)


def _indent(branches: str, columns: int) -> str:
    """What stands before a line. Where it takes more than half of the terminal, its end does."""
    return branches if len(branches) <= columns // 2 else "…" + branches[1 - columns // 2 :]
