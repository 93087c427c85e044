"""What differs between two trees of values, leaf by leaf.

deepdiff would tell every part of a policy apart, and "not set" from an empty list; a reviewer is to see neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from review.policies import is_policy


@dataclass(frozen=True)
class Difference:
    """path: as Terraform writes it, `attribute[0].name`; `…[]` is a member of a list that comes or goes. None is: not set."""

    path: str
    before: Any
    after: Any

    @property
    def of_policy(self) -> bool:
        return is_policy(self.before) or is_policy(self.after)


def differences(before: Any, after: Any) -> list[Difference]:
    """Every leaf that differs, in the order of the paths. A policy is one leaf: its statements are compared as such."""
    found = list(_compare("", before, after))
    # What `tags` says, `tags_all` says again.
    said = {f"tags_all{one.path.removeprefix('tags')}" for one in found if one.path.partition(".")[0] == "tags"}
    return [one for one in found if one.path not in said]


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
    """Not set, an empty list and an empty map are the same to a reader: providers say now this, now that."""
    return value is None or value in ([], {})


def _compare_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    """Members that changed are paired in order where as many come as go: sets are lists here too, their order says nothing."""
    there, then = {repr(item) for item in before}, {repr(item) for item in after}
    gone = [(index, item) for index, item in enumerate(before) if repr(item) not in then]
    new = [item for item in after if repr(item) not in there]
    if not gone and not new:
        yield Difference(f"{path} (order or number)", before, after)
    elif len(gone) == len(new) and (len(before) == 1 or any(isinstance(item, dict | list) for item in new)):
        for (index, old), item in zip(gone, new, strict=True):
            yield from _compare(f"{path}[{index}]", old, item)
    else:
        yield from (Difference(f"{path}[]", item, None) for _, item in gone)
        yield from (Difference(f"{path}[]", None, item) for item in new)
