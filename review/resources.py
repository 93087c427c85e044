"""A resource of the plan as the summary needs it: its action, the reason, and its values before and after."""

from dataclasses import dataclass
from typing import Any, Literal, Self

from review.markdown import code
from review.plan import Change, ResourceChange
from review.values import merged

Action = Literal["no-op", "read", "add", "change", "replace", "destroy", "forget"]

_NAME_ATTRIBUTES = (
    *("name", "function_name", "alarm_name", "dashboard_name", "key", "bucket", "rule", "role", "queue_url", "resource_arn"),
    "id",
)
"""Attributes with the name that AWS knows a resource by. Those that hold nothing but a name come first."""
_REASONS = {
    "": "",
    "replace_because_cannot_update": "",  # the attributes that force it are shown
    "replace_because_tainted": "an earlier apply left it half made (tainted)",
    "replace_by_request": "asked for with -replace",
    "replace_by_triggers": "something in its replace_triggered_by changes",
    "delete_because_no_resource_config": "no longer declared",
    "delete_because_wrong_repetition": "count or for_each came or went",
    "delete_because_count_index": "its index is beyond count",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_module": "its module is no longer declared",
    "delete_because_no_move_target": "it was moved to an address that is not declared",
}
"""https://developer.hashicorp.com/terraform/internals/json-format, action_reason"""


@dataclass(frozen=True)
class Resource:
    """construct: the name in the address, which comes from the construct's path. reason: as text.

    forced_by: the paths that force a replacement.
    """

    address: str
    type: str
    construct: str
    action: Action
    created_first: bool
    reason: str
    before: Any
    after: Any
    forced_by: tuple[tuple[str | int, ...], ...]
    moved_from: str | None
    deposed: bool
    imported: bool

    @classmethod
    def of(cls, planned: ResourceChange) -> Self:
        change = planned.change
        before, after = values(change)
        return cls(
            address=planned.address,
            type=planned.type,
            construct=planned.name,
            action=_action(planned.mode, change.actions),
            created_first=change.actions[:1] == ("create",),
            reason=_REASONS[planned.action_reason] if planned.action_reason in _REASONS else code(planned.action_reason),
            before=before,
            after=after,
            forced_by=change.replace_paths,
            moved_from=planned.previous_address,
            deposed=planned.deposed is not None,
            imported=change.importing is not None,
        )

    @property
    def name(self) -> str | None:
        """The name that AWS knows it by, if the plan has it."""
        for tree in (self.after, self.before):
            for key in _NAME_ATTRIBUTES if isinstance(tree, dict) else ():
                if isinstance(tree.get(key), str) and tree[key]:
                    return _without_arn(tree[key])
        return None


def _without_arn(name: str) -> str:
    """The part of an ARN after the account, such as `table/…`; any other name as it is."""
    return name.split(":", 5)[5] if name.startswith("arn:") and name.count(":") >= 5 else name


def values(change: Change, *, secret: bool = False) -> tuple[Any, Any]:
    """The values before and after, without secrets. What becomes sensitive is hidden before too, and the other way round.

    secret: whether the values have a name that suggests a secret.
    """
    marks = (change.before_sensitive, change.after_sensitive)
    return merged(change.before, None, marks, secret=secret), merged(change.after, change.after_unknown, marks, secret=secret)


def _action(mode: str, actions: tuple[str, ...]) -> Action:
    """Any combination that deletes counts as a deletion: Terraform may add combinations, and says to read them like this."""
    removals, creates = {"delete", "forget"} & set(actions), "create" in actions
    if mode == "data" or actions == ("read",):
        return "read"
    if removals and creates:
        return "replace"
    if removals:
        return "destroy" if "delete" in removals else "forget"
    if creates:
        return "add"
    return "no-op" if actions == ("no-op",) else "change"
