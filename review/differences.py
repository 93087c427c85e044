"""Finds the differences between two trees of values, leaf by leaf.

deepdiff would report every part of a policy by itself, and it tells "not set" from an empty list. A reviewer should see
neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.policies import is_policy


@dataclass(frozen=True)
class Difference:
    """One leaf that differs.

    path: as Terraform writes it, `attribute[0].name`. A path that ends in `[]` is a member that a list gains or loses.
    before, after: None means that the value is not set.
    """

    path: str
    before: Any
    after: Any

    @property
    def of_policy(self) -> bool:
        return is_policy(self.before) or is_policy(self.after)


def differences_between(before: Any, after: Any) -> list[Difference]:
    """Every leaf that differs, in the order of the paths. A policy counts as one leaf: its statements are compared later."""
    differences = list(_compare("", before, after))
    # `tags_all` repeats what `tags` has.
    repeated = {
        f"tags_all{difference.path.removeprefix('tags')}"
        for difference in differences
        if difference.path.partition(".")[0] == "tags"
    }
    return [difference for difference in differences if difference.path not in repeated]


def _compare(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if (before == after and type(before) is type(after)) or (_is_nothing(before) and _is_nothing(after)):
        return
    if is_policy(before) or is_policy(after):
        yield Difference(path, before, after)
    elif isinstance(before, dict | None) and isinstance(after, dict | None):
        old, new = before or {}, after or {}
        for name in sorted({**old, **new}):
            yield from _compare(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif isinstance(before, list | None) and isinstance(after, list | None):
        yield from _compare_lists(path, before or [], after or [])
    else:
        yield Difference(path, before, after)


def _is_nothing(value: Any) -> bool:
    """To a reader, "not set", an empty list and an empty map are the same, and providers return now this, now that."""
    return value is None or value in ([], {})


def _compare_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    """If a list gains as many members as it loses, pair them in order. Sets are lists here too, so order has no meaning."""
    old_members, new_members = {repr(item) for item in before}, {repr(item) for item in after}
    lost = [(index, item) for index, item in enumerate(before) if repr(item) not in new_members]
    gained = [item for item in after if repr(item) not in old_members]
    if not lost and not gained:
        yield Difference(f"{path} (order or number)", before, after)
    elif len(lost) == len(gained) and (len(before) == 1 or any(isinstance(item, dict | list) for item in gained)):
        for (index, old), new in zip(lost, gained, strict=True):
            yield from _compare(f"{path}[{index}]", old, new)
    else:
        yield from (Difference(f"{path}[]", item, None) for _, item in lost)
        yield from (Difference(f"{path}[]", None, item) for item in gained)
