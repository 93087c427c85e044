"""The entries of each section of the summary: a resource or an output, and what becomes of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from review import secrets
from review.differences import differences
from review.document import Entry
from review.markdown import arrow, code, value
from review.plan import Plan
from review.resources import Resource, values
from review.values import UNKNOWN
from review.wording import forcing, headline, lines, policy_lines

_ALIKE = 3
"""So many resources that change in the same way are one entry."""
_MOST_NAMES = 8
_GRANTS = {
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_kms_grant",
    "aws_lambda_permission",
}
"""Types that give rights without a policy of their own: a new one is told with what it gives."""


def replaced(one: Resource) -> Entry:
    """Without what is only not said any more: in a new resource those are the provider's defaults."""
    forced = forcing(one)
    paths = {difference.path for difference in forced}
    others = [
        difference
        for difference in differences(one.before, one.after)
        if difference.path not in paths and difference.after not in (None, UNKNOWN) and not difference.of_policy
    ]
    order = "the new one is made first" if one.created_first else "destroyed, then made anew"
    reason = f": {one.reason}" if one.reason else ""
    return Entry(f"{headline(one)}, {order}{reason}", lines([*forced, *others], forced_by=paths))


def destroyed(one: Resource) -> Entry:
    reasons = ["an old copy that an apply left behind" if one.deposed else "", one.reason]
    told = ", ".join(reason for reason in reasons if reason)
    gone = [
        line
        for difference in differences(one.before, None)
        if difference.of_policy and one.action == "destroy"  # of what is forgotten, AWS keeps the policy
        for line in policy_lines(difference.before, None)
    ]
    return Entry(f"{headline(one)}{f': {told}' if told else ''}", tuple(gone))


def policies(resources: Iterable[Resource]) -> list[Entry]:
    """Policies that change, come or go, and new grants; not policies that are added and not known yet, nor destroyed ones."""
    found = []
    for one in resources:
        if one.type in _GRANTS and one.action == "add":
            known = [difference for difference in differences(None, one.after) if difference.after is not UNKNOWN]
            below = tuple(f"{code(difference.path)}: {value(difference.after)}" for difference in known)
            found.append(Entry(f"{headline(one)}, new", below))
        elif one.action in {"add", "change", "replace"}:
            for difference in differences(one.before, one.after):
                if difference.of_policy and not (one.action == "replace" and difference.after is UNKNOWN):
                    new = ", new" if one.action == "add" else ""
                    head = f"{headline(one)}, {code(difference.path)}{new}"
                    found.append(Entry(head, policy_lines(difference.before, difference.after)))
    return found


def changed(resources: Iterable[Resource]) -> list[Entry]:
    """Resources that change in the same way, such as by a tag, are one entry."""
    alike: dict[str, tuple[tuple[str, ...], list[Resource]]] = {}
    for one in resources:
        found = differences(one.before, one.after)
        others = [difference for difference in found if not difference.of_policy]
        if others == found or any(difference.after is not UNKNOWN for difference in others):  # else told among the policies
            alike.setdefault(repr(others), (lines(others), []))[1].append(one)
    entries = []
    for below, ones in alike.values():
        if len(ones) > _ALIKE:
            entries.append(Entry(f"{len(ones)} resources alike: {_names(ones)}", below))
        else:
            entries += [Entry(headline(one), below) for one in ones]
    return entries


def added(resources: Iterable[Resource]) -> list[Entry]:
    kinds: dict[str, list[Resource]] = defaultdict(list)
    for one in resources:
        kinds[one.type].append(one)
    return [Entry(f"{len(ones)} {code(kind)}: {_names(ones)}") for kind, ones in sorted(kinds.items())]


def _names(resources: list[Resource]) -> str:
    more = f" and {len(resources) - _MOST_NAMES} more" if len(resources) > _MOST_NAMES else ""
    return ", ".join(code(one.name or one.address) for one in resources[:_MOST_NAMES]) + more


def moved(resources: Iterable[Resource]) -> Iterator[Entry]:
    for one in resources:
        if one.moved_from:
            yield Entry(f"{headline(one)}: moved from {code(one.moved_from)}")
        if one.imported:
            yield Entry(f"{headline(one)}: taken into the state, as it is there already")


def outputs(plan: Plan) -> Iterator[Entry]:
    for name, change in sorted(plan.output_changes.items()):
        before, after = values(change, secret=secrets.is_secret_name(name))
        if change.actions == ("create",):
            yield Entry(f"{code(name)}: new, {value(after)}")
        elif change.actions == ("delete",):
            yield Entry(f"{code(name)}: removed, was {value(before)}")
        elif change.actions != ("no-op",):
            yield Entry(f"{code(name)}: {arrow(before, after)}")


def drift(found: Iterable[Resource], resources: Iterable[Resource]) -> Iterator[Entry]:
    """What this plan would undo, or somebody destroyed: AWS and providers fill in much that matters to nobody."""
    undone = {one.address: _set_anew(one) for one in resources if one.action in {"change", "replace"}}
    for one in found:
        if one.action == "destroy":
            yield Entry(f"{headline(one)}: somebody destroyed it")
        elif below := lines(each for each in differences(one.before, one.after) if each.path in undone.get(one.address, ())):
            yield Entry(headline(one), below)


def _set_anew(one: Resource) -> set[str]:
    """The paths to which the plan gives another value, but for what AWS alone knows."""
    return {each.path for each in differences(one.before, one.after) if each.after is not UNKNOWN}
