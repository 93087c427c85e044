"""The part of the output of `terraform show -json PLAN` that a summary needs, with types.

The format: https://developer.hashicorp.com/terraform/internals/json-format. Minor versions only add to it, so whatever is not
declared here is ignored. Another major version is refused.
"""

from hashlib import sha256
from typing import Any

import msgspec

from review.errors import ReviewError

ADVICE = "make it with `terraform show -json PLAN`"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one resource or output changes. Three trees of the same shape as the values mark what is unknown or sensitive."""

    actions: tuple[str, ...]
    before: Any = None
    after: Any = None
    after_unknown: Any = None
    before_sensitive: Any = None
    after_sensitive: Any = None
    replace_paths: tuple[tuple[str | int, ...], ...] = ()
    importing: dict[str, Any] | None = None


class ResourceChange(msgspec.Struct, frozen=True, omit_defaults=True):
    address: str
    type: str
    name: str
    change: Change
    mode: str = "managed"
    previous_address: str | None = None
    deposed: str | None = None
    action_reason: str = ""


class ActionTrigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """The change of a resource that an action goes with, such as `AfterCreate`."""

    triggering_resource_address: str = ""
    action_trigger_event: str = ""


class ActionInvocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a provider is to do that changes no state, such as to invoke a function. Since Terraform 1.14."""

    address: str = ""
    type: str = ""
    config_values: Any = None
    config_unknown: Any = None
    config_sensitive: Any = None
    lifecycle_action_trigger: ActionTrigger | None = None


class DeferredActionInvocation(msgspec.Struct, frozen=True, omit_defaults=True):
    action_invocation: ActionInvocation
    reason: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """applyable, complete: since Terraform 1.8; None means not known."""

    format_version: str
    resource_changes: tuple[ResourceChange, ...] = ()
    resource_drift: tuple[ResourceChange, ...] = ()
    output_changes: dict[str, Change] = {}
    action_invocations: tuple[ActionInvocation, ...] = ()
    deferred_action_invocations: tuple[DeferredActionInvocation, ...] = ()
    applyable: bool | None = None
    complete: bool | None = None
    errored: bool = False

    @property
    def changes_anything(self) -> bool:
        """Whether `terraform plan -detailed-exitcode` ends with 2."""
        moves_or_imports = any(each.previous_address or each.change.importing is not None for each in self.resource_changes)
        changes = [each.change for each in self.resource_changes] + list(self.output_changes.values())
        actions = self.action_invocations or self.deferred_action_invocations
        return bool(self.applyable or actions) or moves_or_imports or any(change.actions != ("no-op",) for change in changes)

    @property
    def digest(self) -> str:
        """`sha256:<64 hex digits>` over all that an apply would do. The same plan made again has the same digest.

        What differs each time, such as the time of the plan, is not in it, nor is what only the state learns.
        """
        done = (
            [each for each in self.resource_changes if each.change.actions != ("no-op",) or each.previous_address],
            {name: change for name, change in self.output_changes.items() if change.actions != ("no-op",)},
            self.action_invocations,
            self.deferred_action_invocations,
        )
        return f"sha256:{sha256(msgspec.json.encode(done, order='deterministic')).hexdigest()}"


class _Header(msgspec.Struct):
    """The keys that tell a plan from a state, which has a format_version too."""

    format_version: str
    resource_changes: Any = None
    planned_values: Any = None
    errored: bool = False


def read(content: bytes, source: str) -> Plan:
    """The plan in `content`. Raises ReviewError; `source` is its name in errors."""
    if not content.strip():
        raise ReviewError(f"{source} is empty: {ADVICE}")
    try:
        header = msgspec.json.decode(content, type=_Header)
        if header.format_version.split(".")[0] != "1":
            raise ReviewError(f"{source} has the plan format {header.format_version[:20]!r}, and only 1.x is known here")
        if header.resource_changes is None and header.planned_values is None and not header.errored:
            raise ReviewError(f"{source} is not a plan (a state?): {ADVICE}")
        plan = msgspec.json.decode(content, type=Plan)
    except msgspec.ValidationError as error:
        raise ReviewError(f"{source} is not a plan of Terraform ({error}): {ADVICE}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReviewError(f"{source} is not JSON ({error}): {ADVICE}") from None
    except RecursionError:
        raise ReviewError(f"{source} is nested too deeply to be a plan: {ADVICE}") from None
    if plan.errored:
        raise ReviewError(f"{source} is a plan that failed (errored): the changes in it cannot be relied on")
    return plan
