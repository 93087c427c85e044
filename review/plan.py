"""The part of `terraform show -json PLAN` that a summary needs, typed.

The format: https://developer.hashicorp.com/terraform/internals/json-format. Minor versions only add to it, so that what is not
known here is passed over; another major version is refused.
"""

from typing import Any

import msgspec

from review.errors import ReviewError

HOW = "make it with `terraform show -json PLAN`"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of one resource or output. Three trees of the same shape say what is unknown and what is sensitive."""

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


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """applyable, complete: since Terraform 1.8; None says that it is not known."""

    format_version: str
    resource_changes: tuple[ResourceChange, ...] = ()
    resource_drift: tuple[ResourceChange, ...] = ()
    output_changes: dict[str, Change] = {}
    applyable: bool | None = None
    complete: bool | None = None
    errored: bool = False

    @property
    def changes_anything(self) -> bool:
        """What makes `terraform plan -detailed-exitcode` end with 2."""
        taken = any(one.previous_address or one.change.importing is not None for one in self.resource_changes)
        changes = [one.change for one in self.resource_changes] + list(self.output_changes.values())
        return bool(self.applyable) or taken or any(change.actions != ("no-op",) for change in changes)


class _Kind(msgspec.Struct):
    """What tells a plan from a state, which has a format_version too."""

    format_version: str
    resource_changes: Any = None
    planned_values: Any = None
    errored: bool = False


def read(content: bytes, source: str) -> Plan:
    """The plan in `content`; `source` is how errors name it. Raises ReviewError."""
    if not content.strip():
        raise ReviewError(f"{source} is empty: {HOW}")
    try:
        kind = msgspec.json.decode(content, type=_Kind)
        if kind.format_version.split(".")[0] != "1":
            raise ReviewError(f"{source} has the plan format {kind.format_version[:20]!r}, and only 1.x is known here")
        if kind.resource_changes is None and kind.planned_values is None and not kind.errored:
            raise ReviewError(f"{source} is no plan (a state?): {HOW}")
        plan = msgspec.json.decode(content, type=Plan)
    except msgspec.ValidationError as error:
        raise ReviewError(f"{source} is no plan of Terraform's ({error}): {HOW}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReviewError(f"{source} is not JSON ({error}): {HOW}") from None
    except RecursionError:
        raise ReviewError(f"{source} is nested too deeply to be a plan: {HOW}") from None
    if plan.errored:
        raise ReviewError(f"{source} is a plan that failed (errored): what it says of changes cannot be relied on")
    return plan
