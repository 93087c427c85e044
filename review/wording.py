"""Puts differences and policies into words: the lines below a resource."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from review import policies
from review.differences import Difference
from review.markdown import arrow, code, value
from review.policies import Statement, StatementChange
from review.resources import Resource
from review.values import UNKNOWN, at, path_text

_MAX_LINES = 25
"""The most lines below one resource."""
_MAX_CHARACTERS = 6_000
"""The most characters below one resource."""
_MAX_LISTED = 25
"""The most things that one line lists."""
_PHRASES = (
    ("actions", "", "every action"),
    ("all actions but", "all actions but ", ""),
    ("resources", "on ", "every resource"),
    ("all resources but", "on all resources but ", ""),
    ("principals", "to ", "everyone"),
    ("everyone but", "to everyone but ", ""),
    ("conditions", "if ", ""),
)
"""For each part of a statement: its name, the words before it in a sentence, and the words for its `*`."""


def headline(resource: Resource) -> str:
    """A resource by the name that AWS knows, and by its address: cdktf adds a hash to the latter."""
    address = code(resource.address)
    return f"**{code(resource.name)}** · {address}" if resource.name else address


def lines(differences: Iterable[Difference], forced_by: Iterable[str] = ()) -> tuple[str, ...]:
    """A line for each difference. Values that are known only after the apply share one line at the end."""
    differences, forced = list(differences), set(forced_by)
    forcing_lines = [f"forced by {_line(each)}" for each in differences if each.path in forced]
    others = [each for each in differences if each.path not in forced]
    text = [*forcing_lines, *(_line(each) for each in others if each.after is not UNKNOWN)]
    if known_later := [each.path for each in others if each.after is UNKNOWN]:
        text.append(f"known after apply: {_listed(known_later)}")
    return _cut(text, "differences")


def _line(difference: Difference) -> str:
    path, before, after = difference.path, difference.before, difference.after
    if path.endswith("[]"):
        verb, member = ("added", after) if before is None else ("removed", before)
        return f"{code(path.removesuffix('[]'))}: {verb} {value(member)}"
    return f"{code(path)}: {arrow(before, after)}"


def forcing(resource: Resource) -> list[Difference]:
    """The differences that force a replacement, also where a longer difference contains one."""
    before, after = resource.before, resource.after
    return [Difference(path_text(path), at(before, path), at(after, path)) for path in resource.forced_by]


def policy_lines(before: Any, after: Any) -> tuple[str, ...]:
    """How each statement of a policy changes."""
    if after is UNKNOWN:
        return ("known after apply: it names something that the same apply makes",)
    if before is not None and not policies.is_policy(before):
        return (f"becomes a policy; before: {value(before)}", *policy_lines(None, after))
    if after is not None and not policies.is_policy(after):
        return (f"is no policy any more: {value(after)}",)
    text = [line for change in policies.compare(before, after) for line in _statement_lines(change)]
    if before and after and policies.version(before) != policies.version(after):
        text.insert(0, f"version: {arrow(policies.version(before), policies.version(after))}")
    return _cut(text, "lines") or ("says the same, in other words or with another sensitive value",)


def _statement_lines(change: StatementChange) -> Iterator[str]:
    before, after = change.before, change.after
    if before and after:
        yield f"changed: {_statement_differences(before, after)}; now {_sentence(after)}"
    elif after:
        yield f"added: {_sentence(after)}"
    elif before:
        yield f"removed: {_sentence(before)}"


def _statement_differences(before: Statement, after: Statement) -> str:
    text = [f"effect: {arrow(before.effect, after.effect)}"] if before.effect != after.effect else []
    for name in dict.fromkeys([*before.parts, *after.parts]):
        removed = [item for item in before.part(name) if item not in after.part(name)]
        added = [item for item in after.part(name) if item not in before.part(name)]
        text += [f"{name} {word} {_listed(items)}" for word, items in (("without", removed), ("with", added)) if items]
    return ", ".join(text)


def _sentence(statement: Statement) -> str:
    """A statement as a sentence. What is unlimited is bold."""
    effect = {"Allow": "**allows**", "Deny": "**denies**"}.get(statement.effect, code(statement.effect))
    words = [effect]
    for name, before, everything in _PHRASES:
        items = statement.part(name)
        if everything and "*" in items:
            words.append(f"{before}**{everything}**")
        elif items:
            words.append(f"{before}{_listed(items)}")
    return " ".join(words) + (f" ({code(statement.sid)})" if statement.sid else "")


def _listed(items: Iterable[str]) -> str:
    items = list(items)
    more = f" and {len(items) - _MAX_LISTED} more" if len(items) > _MAX_LISTED else ""
    return ", ".join(map(code, items[:_MAX_LISTED])) + more


def _cut(text: list[str], what: str) -> tuple[str, ...]:
    """The first lines, at least one, within the limits: no resource may fill a comment by itself."""
    sizes = accumulate(map(len, text))
    count = min(_MAX_LINES, max(1, sum(size <= _MAX_CHARACTERS for size in sizes)))
    return tuple(text[:count]) if len(text) <= count else (*text[:count], f"… and {len(text) - count} more {what}")
