"""What would be kept for a shorter time than before: whatever is older is gone soon after the apply."""

from collections.abc import Iterator
from typing import Any

from review.resources import Resource
from review.values import at

LIFECYCLE = "aws_s3_bucket_lifecycle_configuration"


def shortened(one: Resource) -> Iterator[str]:
    """What would be removed, in words."""
    before, after = dict(_limits(one.type, one.before)), dict(_limits(one.type, one.after))
    for (what, unit, scope), limit in after.items():
        if limit < before.get((what, unit, scope), limit + 1):
            yield f"{what} older than {limit} {unit} would be removed"


def _limits(kind: str, tree: Any) -> Iterator[tuple[tuple[str, str, str], int]]:
    """How long what is kept, and where: of a bucket each rule has its own. What is kept for ever is left out."""
    if kind == "aws_cloudwatch_event_archive":
        # 0 is for ever: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
        found = [(("events", "days", ""), at(tree, ("retention_days",)) or None)]
    elif kind == "aws_sqs_queue":
        found = [(("messages", "seconds", ""), at(tree, ("message_retention_seconds",)))]
    elif kind == LIFECYCLE:
        rules = at(tree, ("rule",))
        found = [limit for rule in (rules if isinstance(rules, list) else []) for limit in _of_rule(rule)]
    else:
        found = []
    yield from ((key, limit) for key, limit in found if isinstance(limit, int))


def _of_rule(rule: Any) -> Iterator[tuple[tuple[str, str, str], Any]]:
    if at(rule, ("status",)) == "Enabled":
        scope = repr([at(rule, ("filter",)), at(rule, ("prefix",))])
        on_a_day = 0 if at(rule, ("expiration", 0, "date")) else None
        yield ("objects", "days", scope), at(rule, ("expiration", 0, "days")) or on_a_day
        yield ("replaced versions", "days", scope), at(rule, ("noncurrent_version_expiration", 0, "noncurrent_days"))
