"""JSON policies of IAM, buckets, queues and tables, compared statement by statement."""

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
"""Elements of a statement, and what they are called here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""


@dataclass(frozen=True)
class Statement:
    """parts: per element what it lists, sorted, as order says nothing in a policy."""

    sid: str
    effect: str
    parts: Mapping[str, tuple[str, ...]]

    def part(self, element: str) -> tuple[str, ...]:
        return self.parts.get(element, ())

    def covers(self, other: "Statement") -> bool:
        """Whether a denial by `other` is a denial by this one too."""
        wider = all(
            any(_includes(pattern, item, element) for pattern in self.part(element))
            for element in ("actions", "resources", "principals")
            for item in other.part(element)
        )
        others = ("all actions but", "all resources but", "everyone but")
        same = all(self.part(name) == other.part(name) for name in others)
        always = self.part("conditions") in {(), other.part("conditions")}
        return self.effect == other.effect and wider and same and always


def _includes(pattern: str, item: str, element: str) -> bool:
    """Whether what a statement lists includes what another one lists, both perhaps with IAM's wildcards, `*` and `?`.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html: of actions, case says nothing.
    """
    if element == "actions":
        pattern, item = pattern.lower(), item.lower()
    return fnmatchcase(item, pattern.replace("[", "[[]").replace("?", "[!*]"))  # a `?` does not include a `*`


def is_policy(tree: Any) -> bool:
    return isinstance(tree, dict) and isinstance(tree.get("Statement"), dict | list)


def version(tree: Any) -> str:
    """Of the language: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html."""
    return _word(tree.get("Version", "2008-10-17"))


def statements(tree: Any) -> list[Statement]:
    """The statements of a policy; none of what is no policy."""
    if not is_policy(tree):
        return []
    listed = tree["Statement"] if isinstance(tree["Statement"], list) else [tree["Statement"]]
    return [_statement(one) for one in listed if isinstance(one, dict)]


def _statement(tree: Mapping[str, Any]) -> Statement:
    parts = {name: _items(tree[element]) for element, name in _ELEMENTS.items() if element in tree}
    return Statement(_word(tree.get("Sid", "")), _word(tree.get("Effect", "")), parts)


def _items(tree: Any, prefix: str = "") -> tuple[str, ...]:
    """One text for each thing listed: an action, `Service: …` of a principal, `StringEquals aws:SourceAccount: …`."""
    if isinstance(tree, list):
        return tuple(sorted({item for one in tree for item in _items(one, prefix)}))
    if isinstance(tree, dict):
        return tuple(sorted({item for name, one in tree.items() for item in _items(one, f"{prefix} {name}".lstrip())}))
    text = f"{prefix}: {_word(tree)}" if prefix else _word(tree)
    return ("*" if text == "AWS: *" else text,)  # both are everyone


def _word(leaf: Any) -> str:
    if isinstance(leaf, Hidden):
        return "(sensitive)"
    return str(leaf).lower() if isinstance(leaf, bool) else str(leaf)


@dataclass(frozen=True)
class StatementChange:
    """before or after is None where the statement comes or goes."""

    before: Statement | None
    after: Statement | None


def compare(before: Any, after: Any) -> list[StatementChange]:
    """What becomes of the statements: first what goes, then what changes, then what comes."""
    old, new = statements(before), statements(after)
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    changed = []
    for one in list(gone):
        other = next((candidate for candidate in come if _same(one, candidate)), None)
        if other is not None:
            changed.append(StatementChange(one, other))
            gone.remove(one)
            come.remove(other)
    return [*(StatementChange(one, None) for one in gone), *changed, *(StatementChange(None, one) for one in come)]


def _same(one: Statement, other: Statement) -> bool:
    """Whether the second is what became of the first: its Sid tells or, where there is none, what both still say."""
    if one.sid or other.sid:
        return one.sid == other.sid
    alike = [one.part(element) == other.part(element) for element in ("actions", "resources")]
    return one.effect == other.effect and any(alike)


def weakened(before: Any, after: Any) -> list[Statement]:
    """The denials that no longer hold, or for less."""
    held = statements(after)
    return [one for one in statements(before) if one.effect == "Deny" and not any(other.covers(one) for other in held)]
