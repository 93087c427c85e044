"""The items of each section of the summary: a resource or an output, and how it changes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from review.differences import differences_between
from review.document import Item
from review.markdown import arrow, code, value
from review.plan import ActionInvocation, Change, Plan
from review.redaction.names import is_secret_name
from review.resources import Resource, values
from review.values import UNKNOWN
from review.wording import forcing, headline, lines, policy_lines

_MAX_SEPARATE = 3
"""If more resources than this change in the same way, they become one item."""
_MAX_NAMES = 8
_GRANTS = {
    "aws_iam_group_policy_attachment",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment",
    "aws_kms_grant",
    "aws_lambda_permission",
}
"""Types that grant rights without a policy of their own. The item of a new one shows what it grants."""


def replaced(resource: Resource) -> Item:
    """Leaves out values that are only no longer set: in a new resource those are the provider's defaults."""
    forced = forcing(resource)
    paths = {difference.path for difference in forced}
    others = [
        difference
        for difference in differences_between(resource.before, resource.after)
        if difference.path not in paths and difference.after not in (None, UNKNOWN) and not difference.of_policy
    ]
    order = "the new one is created first" if resource.created_first else "destroyed, then created again"
    reason = f": {resource.reason}" if resource.reason else ""
    return Item(f"{headline(resource)}, {order}{reason}", lines([*forced, *others], forced_by=paths))


def destroyed(resource: Resource) -> Item:
    reasons = ["an old copy that an apply left behind" if resource.deposed else "", resource.reason]
    reason = ", ".join(filter(None, reasons))
    policies_lost = [
        line
        for difference in differences_between(resource.before, None)
        if difference.of_policy and resource.action == "destroy"  # AWS keeps the policy of a resource that is forgotten
        for line in policy_lines(difference.before, None)
    ]
    return Item(f"{headline(resource)}{f': {reason}' if reason else ''}", tuple(policies_lost))


def policies(resources: Iterable[Resource]) -> list[Item]:
    """Policies that come, change or go, and new grants.

    Without new policies that are not known yet. Policies of a destroyed resource are in that resource's item.
    """
    items = []
    for resource in resources:
        if resource.type in _GRANTS and resource.action == "add":
            known = [each for each in differences_between(None, resource.after) if each.after is not UNKNOWN]
            details = tuple(f"{code(difference.path)}: {value(difference.after)}" for difference in known)
            items.append(Item(f"{headline(resource)}, new", details))
        elif resource.action in {"add", "change", "replace"}:
            for difference in differences_between(resource.before, resource.after):
                if difference.of_policy and not (resource.action == "replace" and difference.after is UNKNOWN):
                    new = ", new" if resource.action == "add" else ""
                    head = f"{headline(resource)}, {code(difference.path)}{new}"
                    items.append(Item(head, policy_lines(difference.before, difference.after)))
    return items


def changed(resources: Iterable[Resource]) -> list[Item]:
    """Resources that change in the same way, for example by a new tag, become one item."""
    alike: dict[str, tuple[tuple[str, ...], list[Resource]]] = {}
    for resource in resources:
        differences = differences_between(resource.before, resource.after)
        others = [difference for difference in differences if not difference.of_policy]
        # If only a policy changes, and what AWS alone knows, the item is among the policies.
        if others == differences or any(difference.after is not UNKNOWN for difference in others):
            alike.setdefault(repr(others), (lines(others), []))[1].append(resource)
    items = []
    for details, group in alike.values():
        if len(group) > _MAX_SEPARATE:
            items.append(Item(f"{len(group)} resources alike: {_names(group)}", details))
        else:
            items += [Item(headline(resource), details) for resource in group]
    return items


def added(resources: Iterable[Resource]) -> list[Item]:
    by_type: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_type[resource.type].append(resource)
    return [Item(f"{len(group)} {code(type_)}: {_names(group)}") for type_, group in sorted(by_type.items())]


def _names(resources: list[Resource]) -> str:
    more = f" and {len(resources) - _MAX_NAMES} more" if len(resources) > _MAX_NAMES else ""
    return ", ".join(code(resource.name or resource.address) for resource in resources[:_MAX_NAMES]) + more


def actions(plan: Plan) -> Iterator[Item]:
    """What providers are asked to do beside changing resources, with its values."""
    for action in plan.action_invocations:
        yield Item(*_action(action))
    for deferred in plan.deferred_action_invocations:
        head, details = _action(deferred.action_invocation)
        yield Item(f"{head}, put off: {code(deferred.reason)}", details)


def _action(action: ActionInvocation) -> tuple[str, tuple[str, ...]]:
    trigger = action.lifecycle_action_trigger
    when = f": {code(trigger.action_trigger_event)} of {code(trigger.triggering_resource_address)}" if trigger else ""
    marks = (action.config_unknown, action.config_sensitive)
    _, config = values(Change(("invoke",), after=action.config_values, after_unknown=marks[0], after_sensitive=marks[1]))
    return f"{code(action.address)}{when}", lines(differences_between(None, config))


def moved(resources: Iterable[Resource]) -> Iterator[Item]:
    for resource in resources:
        if resource.moved_from:
            yield Item(f"{headline(resource)}: moved from {code(resource.moved_from)}")
        if resource.imported:
            yield Item(f"{headline(resource)}: imported into the state, as it exists already")


def outputs(plan: Plan) -> Iterator[Item]:
    for name, change in sorted(plan.output_changes.items()):
        before, after = values(change, secret=is_secret_name(name))
        if change.actions == ("create",):
            yield Item(f"{code(name)}: new, {value(after)}")
        elif change.actions == ("delete",):
            yield Item(f"{code(name)}: removed, was {value(before)}")
        elif change.actions != ("no-op",):
            yield Item(f"{code(name)}: {arrow(before, after)}")


def drift(drifted: Iterable[Resource], resources: Iterable[Resource]) -> Iterator[Item]:
    """Drift that this plan would undo, and resources that somebody destroyed.

    The rest of the drift matters to nobody: AWS and providers fill in many values themselves.
    """
    undone = {each.address: _paths_set(each) for each in resources if each.action in {"change", "replace"}}
    for resource in drifted:
        if resource.action == "destroy":
            yield Item(f"{headline(resource)}: somebody destroyed it")
            continue
        paths = undone.get(resource.address, set())
        differences = differences_between(resource.before, resource.after)
        if details := lines(difference for difference in differences if difference.path in paths):
            yield Item(headline(resource), details)


def _paths_set(resource: Resource) -> set[str]:
    """The paths that get another value by the plan, without those whose value only AWS knows."""
    differences = differences_between(resource.before, resource.after)
    return {difference.path for difference in differences if difference.after is not UNKNOWN}
