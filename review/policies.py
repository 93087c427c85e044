"""Compares JSON policies of IAM, buckets, queues and tables, statement by statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from review.values import Hidden

_ELEMENTS = {
    "Action": "actions",
    "NotAction": "all actions but",
    "Resource": "resources",
    "NotResource": "all resources but",
    "Principal": "principals",
    "NotPrincipal": "everyone but",
    "Condition": "conditions",
}
"""Elements of a statement, and their names in a summary.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""


@dataclass(frozen=True)
class Statement:
    """parts: what each element lists. Sorted, as order has no meaning in a policy."""

    sid: str
    effect: str
    parts: Mapping[str, tuple[str, ...]]

    def part(self, element: str) -> tuple[str, ...]:
        return self.parts.get(element, ())

    def covers(self, other: "Statement") -> bool:
        """Whether this statement denies everything that `other` denies."""
        includes_all = all(
            any(_includes(pattern, item, element) for pattern in self.part(element))
            for element in ("actions", "resources", "principals")
            for item in other.part(element)
        )
        exceptions = ("all actions but", "all resources but", "everyone but")
        same_exceptions = all(self.part(name) == other.part(name) for name in exceptions)
        holds_as_often = self.part("conditions") in {(), other.part("conditions")}
        return self.effect == other.effect and includes_all and same_exceptions and holds_as_often


def _includes(pattern: str, item: str, element: str) -> bool:
    """Whether a pattern in one statement includes an item of another. Both may have IAM's wildcards, `*` and `?`.

    Actions ignore case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    if element == "actions":
        pattern, item = pattern.lower(), item.lower()
    return fnmatchcase(item, pattern.replace("[", "[[]").replace("?", "[!*]"))  # a `?` does not include a `*`


def is_policy(tree: Any) -> bool:
    return isinstance(tree, dict) and isinstance(tree.get("Statement"), dict | list)


def version(tree: Any) -> str:
    """Of the policy language: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html."""
    return _word(tree.get("Version", "2008-10-17"))


def statements(tree: Any) -> list[Statement]:
    """The statements of a policy; none if the tree is not a policy."""
    if not is_policy(tree):
        return []
    listed = tree["Statement"] if isinstance(tree["Statement"], list) else [tree["Statement"]]
    return [_statement(each) for each in listed if isinstance(each, dict)]


def _statement(tree: Mapping[str, Any]) -> Statement:
    parts = {name: _items(tree[element]) for element, name in _ELEMENTS.items() if element in tree}
    return Statement(_word(tree.get("Sid", "")), _word(tree.get("Effect", "")), parts)


def _items(tree: Any, prefix: str = "") -> tuple[str, ...]:
    """A text for each item: an action, `Service: …` of a principal, `StringEquals aws:SourceAccount: …`."""
    if isinstance(tree, list):
        return tuple(sorted({item for member in tree for item in _items(member, prefix)}))
    if isinstance(tree, dict):
        return tuple(sorted({item for name, below in tree.items() for item in _items(below, f"{prefix} {name}".lstrip())}))
    text = f"{prefix}: {_word(tree)}" if prefix else _word(tree)
    return ("*" if text == "AWS: *" else text,)  # both mean everyone


def _word(leaf: Any) -> str:
    if isinstance(leaf, Hidden):
        return "(sensitive)"
    return str(leaf).lower() if isinstance(leaf, bool) else str(leaf)


@dataclass(frozen=True)
class StatementChange:
    """before is None if the statement is added, after is None if it is removed."""

    before: Statement | None
    after: Statement | None


def compare(before: Any, after: Any) -> list[StatementChange]:
    """How the statements change: first those that are removed, then those that change, then those that are added."""
    old, new = statements(before), statements(after)
    removed, added = [each for each in old if each not in new], [each for each in new if each not in old]
    changed = []
    for statement in list(removed):
        successor = next((candidate for candidate in added if _is_successor(statement, candidate)), None)
        if successor is not None:
            changed.append(StatementChange(statement, successor))
            removed.remove(statement)
            added.remove(successor)
    return [
        *(StatementChange(statement, None) for statement in removed),
        *changed,
        *(StatementChange(None, statement) for statement in added),
    ]


def _is_successor(old: Statement, new: Statement) -> bool:
    """Whether `new` is a changed `old`: they have the same Sid or, without one, the same actions or the same resources."""
    if old.sid or new.sid:
        return old.sid == new.sid
    return old.effect == new.effect and any(old.part(element) == new.part(element) for element in ("actions", "resources"))


def weakened(before: Any, after: Any) -> list[Statement]:
    """The denials that the new policy lacks, or that deny less in it."""
    new = statements(after)
    denials = [statement for statement in statements(before) if statement.effect == "Deny"]
    return [denial for denial in denials if not any(statement.covers(denial) for statement in new)]
