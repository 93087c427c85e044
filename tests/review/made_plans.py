"""Plans made up for tests, with as little as Terraform would say about a change."""

import json
from collections.abc import Mapping
from typing import Any

from review.plan import Plan, read
from review.stack import Stack
from review.summary import summary

STATE_BUCKET = "training-state-111122223333-eu-west-1"
STACK = Stack("training-dev", STATE_BUCKET, "training-dev/terraform.tfstate")


def change(address: str, *actions: str, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    """One entry of resource_changes. `more` goes into the change, except for the entry's own keys such as action_reason."""
    kind, _, name = address.rpartition(".")
    entry: dict[str, Any] = {
        key: more.pop(key) for key in ("action_reason", "previous_address", "deposed", "mode") if key in more
    }
    made = {"actions": list(actions), "before": before, "after": after, **more}
    return {"address": address, "type": kind, "name": name, "change": made, **entry}


EXISTING = change("aws_sns_topic.existing", "no-op", before={"name": "existing"}, after={"name": "existing"})
"""A resource that exists already: without it, every addition looks like a first deploy."""


def document(*changes: Mapping[str, Any], **more: Any) -> bytes:
    """As `terraform show -json` prints it."""
    return json.dumps({"format_version": "1.2", "resource_changes": [EXISTING, *changes], **more}).encode()


def plan(*changes: Mapping[str, Any], **more: Any) -> Plan:
    return read(document(*changes, **more), "the plan")


def shown(*changes: Mapping[str, Any], **more: Any) -> str:
    """The summary of a plan with these changes."""
    return summary(plan(*changes, **more), STACK)
