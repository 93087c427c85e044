"""What the rules of a bus do with its events, as they are deployed now: record them, or send them to a central bus too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_events import EventBridgeClient

_TARGET = "event-processor"
"""The id of the target of these rules. `stacks/event_processor.py` gives it."""


_CENTRAL_BUS = "central-bus"
"""The id of the target that is the bus of a central log. `stacks/central_bus.py` gives it."""


class RecordingRule(NamedTuple):
    arn: str
    pattern: str


def recording_rules(bus: str, client: EventBridgeClient) -> list[RecordingRule]:
    """Those of the bus, which is given by its name or ARN. A rule that is switched off takes nothing."""
    return [
        RecordingRule(rule["Arn"], rule["EventPattern"])
        for rule in _rules(bus, client)
        if rule.get("State") == "ENABLED" and rule.get("EventPattern") and _TARGET in _targets(bus, rule["Name"], client)
    ]


def central_buses(bus: str, client: EventBridgeClient) -> set[str]:
    """The ARNs of the buses of a central log to which rules of this bus send; there is at most one for each environment."""
    targets = (_targets(bus, rule["Name"], client) for rule in _rules(bus, client))
    return {of_rule[_CENTRAL_BUS] for of_rule in targets if _CENTRAL_BUS in of_rule}


def is_taken(event: Any, rules: list[RecordingRule], client: EventBridgeClient) -> bool:
    """Whether one of the rules takes this event, by EventBridge's own judgement."""
    text = json.dumps(event)
    return any(client.test_event_pattern(EventPattern=rule.pattern, Event=text)["Result"] for rule in rules)


def _rules(bus: str, client: EventBridgeClient) -> Iterator[Any]:
    return _pages(client.list_rules, "Rules", EventBusName=bus)


def _targets(bus: str, rule: str, client: EventBridgeClient) -> dict[str, str]:
    """The ARN of each target, by its id."""
    return {
        target["Id"]: target["Arn"] for target in _pages(client.list_targets_by_rule, "Targets", Rule=rule, EventBusName=bus)
    }


def _pages(request: Any, key: str, **parameters: str) -> Iterator[Any]:
    token: dict[str, str] = {}
    while True:
        page = request(**parameters, **token)
        yield from page[key]
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
