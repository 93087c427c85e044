"""Differences and policies in words: the lines below a resource."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from review import policies
from review.differences import Difference
from review.markdown import arrow, code, value
from review.policies import Statement, StatementChange
from review.resources import Resource
from review.values import UNKNOWN, at, path_text

MOST = 25
"""Lines below one resource, and things listed on one line."""
_LONGEST = 6_000
"""Characters below one resource."""
_PHRASES = (
    ("actions", "", "every action"),
    ("all actions but", "all actions but ", ""),
    ("resources", "on ", "every resource"),
    ("all resources but", "on all resources but ", ""),
    ("principals", "to ", "everyone"),
    ("everyone but", "to everyone but ", ""),
    ("conditions", "if ", ""),
)
"""What each part of a statement becomes in a sentence, and what stands for its `*`."""


def headline(one: Resource) -> str:
    """A resource by the name that AWS knows and, as cdktf adds a hash to it, by its address."""
    return f"**{code(one.name)}** · {code(one.address)}" if one.name else code(one.address)


def lines(found: Iterable[Difference], forced_by: Iterable[str] = ()) -> tuple[str, ...]:
    """A line for each difference; what nobody knows before the apply is one line at the end."""
    found, forced = list(found), set(forced_by)
    known = [one for one in found if one.after is not UNKNOWN or one.path in forced]
    later = [one.path for one in found if one.after is UNKNOWN and one.path not in forced]
    told = [f"forced by {_line(one)}" for one in known if one.path in forced]
    told += [_line(one) for one in known if one.path not in forced]
    if later:
        told.append(f"known after apply: {_listed(later)}")
    return _cut(told, "differences")


def _line(one: Difference) -> str:
    if one.path.endswith("[]"):
        word, member = ("added", one.after) if one.before is None else ("removed", one.before)
        return f"{code(one.path.removesuffix('[]'))}: {word} {value(member)}"
    return f"{code(one.path)}: {arrow(one.before, one.after)}"


def forcing(one: Resource) -> list[Difference]:
    """What a replacement is for, also where it is told as a part of something longer."""
    return [Difference(path_text(path), at(one.before, path), at(one.after, path)) for path in one.forced_by]


def policy_lines(before: Any, after: Any) -> tuple[str, ...]:
    """What becomes of each statement of a policy."""
    if after is UNKNOWN:
        return ("known after apply: it names something that the same apply makes",)
    if before is not None and not policies.is_policy(before):
        return (f"becomes a policy; before: {value(before)}", *policy_lines(None, after))
    if after is not None and not policies.is_policy(after):
        return (f"is no policy any more: {value(after)}",)
    told = [line for change in policies.compare(before, after) for line in _statement_lines(change)]
    if before and after and policies.version(before) != policies.version(after):
        told.insert(0, f"version: {arrow(policies.version(before), policies.version(after))}")
    return _cut(told, "lines") or ("says the same, in other words or with another sensitive value",)


def _statement_lines(change: StatementChange) -> Iterator[str]:
    before, after = change.before, change.after
    if before and after:
        yield f"changed: {_changed(before, after)}; now {_words(after)}"
    elif after:
        yield f"added: {_words(after)}"
    elif before:
        yield f"removed: {_words(before)}"


def _changed(before: Statement, after: Statement) -> str:
    told = [f"effect: {arrow(before.effect, after.effect)}"] if before.effect != after.effect else []
    for name in dict.fromkeys([*before.parts, *after.parts]):
        gone = [item for item in before.part(name) if item not in after.part(name)]
        new = [item for item in after.part(name) if item not in before.part(name)]
        told += [f"{name} {word} {_listed(items)}" for word, items in (("without", gone), ("with", new)) if items]
    return ", ".join(told)


def _words(statement: Statement) -> str:
    """A statement as a sentence; what is unlimited stands out."""
    effect = {"Allow": "**allows**", "Deny": "**denies**"}.get(statement.effect, code(statement.effect))
    told = [effect]
    for name, before, everything in _PHRASES:
        items = statement.part(name)
        if everything and "*" in items:
            told.append(f"{before}**{everything}**")
        elif items:
            told.append(f"{before}{_listed(items)}")
    return " ".join(told) + (f" ({code(statement.sid)})" if statement.sid else "")


def _listed(items: Iterable[str]) -> str:
    items = list(items)
    more = f" and {len(items) - MOST} more" if len(items) > MOST else ""
    return ", ".join(map(code, items[:MOST])) + more


def _cut(told: list[str], what: str) -> tuple[str, ...]:
    """At least one line, and then as many as are not too many or too long: no resource may fill a comment by itself."""
    sizes = accumulate(map(len, told))
    count = min(MOST, max(1, sum(size <= _LONGEST for size in sizes)))
    return tuple(told[:count]) if len(told) <= count else (*told[:count], f"… and {len(told) - count} more {what}")
