"""A small EventBridge and Lambda, run by the synthesized JSON: what AWS does with an event and the emulators do not.

An event that a rule matches is handed to its target if the function's permission names the rule; else, or if every attempt at
handing over fails, it goes to the target's dead-letter queue if that queue's policy lets the rule in. The function is tried as
often as its invoke configuration says; then the event goes to the on-failure destination if the function's role may send there.
Whatever has no place to go is lost, in silence. Everything is delivered at least once.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.stack_json import StackJson

Event = dict[str, Any]


class Delivery:
    def __init__(self, stack: StackJson, function: Callable[[Event], object]) -> None:
        self._stack = stack
        self._function = function
        self.dead_letters: list[Event] = []
        self.destination: list[Event] = []
        self.lost: list[Event] = []

    def put(self, event: Event, *, failed_hand_overs: int = 0, copies: int = 1) -> None:
        """One PutEvents entry: the first `failed_hand_overs` attempts at reaching the function fail, then `copies` arrive."""
        rule, target = self._stack.one("aws_cloudwatch_event_rule"), self._stack.one("aws_cloudwatch_event_target")
        if event["source"] not in json.loads(rule["event_pattern"])["source"]:
            return
        attempts = 1 + target["retry_policy"]["maximum_retry_attempts"]
        if not self._may_invoke() or failed_hand_overs >= attempts:
            may_send = "dead_letter_config" in target and self._queue_lets_the_rule_in(target["dead_letter_config"]["arn"])
            (self.dead_letters if may_send else self.lost).append(event)
            return
        for _ in range(copies):
            self._invoke(event)

    def _invoke(self, event: Event) -> None:
        config = self._stack.one("aws_lambda_function_event_invoke_config")
        for _ in range(1 + config["maximum_retry_attempts"]):
            with suppress(Exception):  # Lambda does not ask which
                self._function(event)
                return
        queue = config["destination_config"]["on_failure"]["destination"]
        (self.destination if self._role_may_send_to(queue) else self.lost).append(event)

    def _may_invoke(self) -> bool:
        permission = self._stack.one("aws_lambda_permission")
        return bool(
            permission["source_arn"] == self._stack.reference("aws_cloudwatch_event_rule", "arn")
            and permission["principal"] == "events.amazonaws.com"
        )

    def _queue_lets_the_rule_in(self, queue: str) -> bool:
        rule = self._stack.reference("aws_cloudwatch_event_rule", "arn")
        return any(
            statement["Effect"] == "Allow"
            and statement["Principal"] == {"Service": "events.amazonaws.com"}
            and statement["Resource"] == queue
            and rule in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
            for statement in json.loads(self._stack.one("aws_sqs_queue_policy")["policy"])["Statement"]
        )

    def _role_may_send_to(self, queue: str) -> bool:
        return any(
            "sqs:SendMessage" in statement["Action"] and queue in statement["Resource"]
            for statement in self._stack.role_statements("event_processor")
        )
