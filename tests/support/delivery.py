"""A small EventBridge and Lambda that follow the synthesized JSON: they do with an event what AWS does and emulators do not.

EventBridge hands an event that matches a rule to the rule's target: to a function if the function's permission names the rule,
to another bus if the target's role trusts the rule and may put events there. Otherwise, or if every attempt fails, the event
goes to the target's dead-letter queue if the queue's policy allows the rule. Lambda tries the function as often as its invoke
configuration says; then the event goes to the on-failure destination if the function's role may send there. An event that
cannot go anywhere is lost silently. Everything is delivered at least once.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from tests.support.stack_json import StackJson

Event = dict[str, Any]
RULE, TARGET, BUS = "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "aws_cloudwatch_event_bus"
QUEUE = "aws_sqs_queue"


class Delivery:
    """`function` stands for the event processor, `starter` for the training starter; without one its rule is left out."""

    def __init__(
        self, stack: StackJson, function: Callable[[Event], object], starter: Callable[[Event], object] | None = None
    ) -> None:
        self._stack = stack
        functions = {"event_processor": function, "training_starter_run": starter}
        self._functions = {
            stack.reference("aws_lambda_function", "arn", name): (name, code) for name, code in functions.items() if code
        }
        self.dead_letters: list[Event] = []
        self.destination: list[Event] = []
        self.failed_at: list[str] = []
        """For each event of `destination`, the function that failed at it."""
        self.not_taken: list[Event] = []
        self.lost: list[Event] = []

    def put(self, event: Event, *, failed_attempts: int = 0, copies: int = 1) -> None:
        """One PutEvents entry. The first `failed_attempts` attempts to reach the function fail, then `copies` arrive."""
        self._route(self._stack.reference(BUS, "name"), event, [failed_attempts], copies)

    def put_on_default_bus(self, event: Event, *, failed_attempts: Sequence[int] = (0, 0), copies: int = 1) -> None:
        """An event of AWS itself. Attempts to reach the custom bus fail first, then attempts to reach the function."""
        self._route(None, event, failed_attempts, copies)

    def _route(self, bus: str | None, event: Event, failed_attempts: Sequence[int], copies: int) -> None:
        for name, rule in self._stack.all(RULE).items():
            is_schedule = "event_pattern" not in rule
            if not is_schedule and rule.get("event_bus_name") == bus and matches(json.loads(rule["event_pattern"]), event):
                for target in self._stack.all(TARGET).values():
                    if target["rule"] == f"${{{RULE}.{name}.name}}":
                        self._hand_over(f"${{{RULE}.{name}.arn}}", target, event, failed_attempts, copies)

    def _hand_over(self, rule: str, target: Event, event: Event, failed_attempts: Sequence[int], copies: int) -> None:
        if target["arn"] == self._stack.reference(QUEUE, "arn"):
            (self.not_taken if self._queue_lets_the_rule_in(target["arn"], rule) else self.lost).append(event)
            return
        to_a_bus = target["arn"] == self._stack.reference(BUS, "arn")
        if not to_a_bus and target["arn"] not in self._functions:
            return
        allowed = self._role_may_forward(rule, target) if to_a_bus else self._may_invoke(rule)
        if not allowed or failed_attempts[0] > target["retry_policy"]["maximum_retry_attempts"]:
            queue = target.get("dead_letter_config", {}).get("arn")
            (self.dead_letters if self._queue_lets_the_rule_in(queue, rule) else self.lost).append(event)
            return
        for _ in range(copies):
            if to_a_bus:
                self._route(self._stack.reference(BUS, "name"), event, failed_attempts[1:], 1)
            else:
                self._invoke(*self._functions[target["arn"]], event)

    def _invoke(self, name: str, function: Callable[[Event], object], event: Event) -> None:
        config = self._stack.one("aws_lambda_function_event_invoke_config", name.removesuffix("_run"))
        for _ in range(1 + config["maximum_retry_attempts"]):
            with suppress(Exception):  # Lambda retries after any error
                function(event)
                return
        queue = config["destination_config"]["on_failure"]["destination"]
        if self._role_may_send_to(queue, name):
            self.destination.append(event)
            self.failed_at.append(name)
        else:
            self.lost.append(event)

    def _may_invoke(self, rule: str) -> bool:
        return any(
            permission["source_arn"] == rule and permission["principal"] == "events.amazonaws.com"
            for permission in self._stack.all("aws_lambda_permission").values()
        )

    def _role_may_forward(self, rule: str, target: Event) -> bool:
        roles = {f"${{aws_iam_role.{name}.arn}}": role for name, role in self._stack.all("aws_iam_role").items()}
        if target["role_arn"] not in roles:
            return False
        (trust,) = json.loads(roles[target["role_arn"]]["assume_role_policy"])["Statement"]
        trusts = trust["Principal"] == {"Service": "events.amazonaws.com"}
        trusts = trusts and rule in trust["Condition"]["ArnEquals"]["aws:SourceArn"]
        return trusts and ("events:PutEvents", target["arn"]) in self._stack.grants("forwarding")

    def _queue_lets_the_rule_in(self, queue: str | None, rule: str) -> bool:
        return any(
            statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": "events.amazonaws.com"}
            and statement["Resource"] == queue
            and rule in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            for statement in json.loads(self._stack.one("aws_sqs_queue_policy")["policy"])["Statement"]
        )

    def _role_may_send_to(self, queue: str, name: str) -> bool:
        return any(
            "sqs:SendMessage" in statement["Action"] and queue in statement["Resource"]
            for statement in self._stack.role_statements(name)
        )


def matches(pattern: Event, event: Event) -> bool:
    """EventBridge's content filtering, as far as the stack's rules use it: equal, prefix, greater than a number, anything
    but, one of several patterns.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    return all(
        any(matches(alternative, event) for alternative in wanted)
        if key == "$or"
        else isinstance(event.get(key), dict) and matches(wanted, event[key])
        if isinstance(wanted, dict)
        else any(_accepts(condition, event.get(key)) for condition in wanted)
        for key, wanted in pattern.items()
    )


def _accepts(condition: Any, value: Any) -> bool:
    match condition:
        case {"prefix": prefix}:
            return isinstance(value, str) and value.startswith(prefix)
        case {"anything-but": others}:
            return value is not None and value not in others
        case {"numeric": [">", bound]}:
            return isinstance(value, (int, float)) and value > bound
    return bool(condition == value)
