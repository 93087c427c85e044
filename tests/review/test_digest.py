"""The digest that the summary names: the same for the same plan made again, another one for any other plan."""

import json
import re
from typing import Any

from review.plan import read
from tests.review.made_plans import change, document, plan, shown


def queue(before: int, after: int, address: str = "aws_sqs_queue.jobs") -> dict[str, Any]:
    """A queue whose delay changes."""
    return change(address, "update", before={"name": "jobs", "delay": before}, after={"name": "jobs", "delay": after})


QUEUE = queue(0, 5)


def digest_of(*changes: Any, **more: Any) -> str:
    return plan(*changes, **more).digest


def test_the_summary_names_it() -> None:
    assert f"Digest: `{digest_of(QUEUE)}`\n" in shown(QUEUE)
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest_of(QUEUE))


def test_a_plan_without_changes_has_nothing_to_hold_a_deploy_to() -> None:
    assert "Digest" not in shown()


def test_the_same_plan_made_later_or_in_another_order_of_keys_has_the_same() -> None:
    again = json.loads(document(QUEUE, timestamp="2026-11-28T20:00:00Z", prior_state={"serial": 8}))
    again["resource_changes"] = [dict(reversed(each.items())) for each in again["resource_changes"]]
    assert read(json.dumps(again).encode(), "again").digest == digest_of(QUEUE)
    assert digest_of(QUEUE, timestamp="2026-11-27T20:00:00Z") == digest_of(QUEUE)


def test_what_stays_as_it_is_does_not_matter() -> None:
    assert digest_of(QUEUE, change("aws_sns_topic.other", "no-op", before={"name": "a"}, after={"name": "a"})) == digest_of(
        QUEUE
    )


def test_each_thing_that_an_apply_would_do_differently_gives_another() -> None:
    others = [
        digest_of(queue(0, 6)),
        digest_of(queue(1, 5)),
        digest_of(queue(0, 5, address="aws_sqs_queue.work")),
        digest_of(QUEUE, change("aws_sns_topic.more", "create", after={"name": "more"})),
        digest_of(QUEUE, change("aws_sns_topic.moved", "no-op", previous_address="aws_sns_topic.old")),
        digest_of(QUEUE, output_changes={"name": {"actions": ["create"], "after": "jobs"}}),
        digest_of(QUEUE, action_invocations=[{"address": "action.aws_lambda_invoke.warm"}]),
    ]
    assert len({digest_of(QUEUE), *others}) == 1 + len(others)
