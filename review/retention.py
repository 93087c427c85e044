"""What would be kept, or protected, for a shorter time than before: whatever is older is gone soon after the apply."""

from collections.abc import Iterator
from typing import Any

from review.resources import Resource
from review.values import at

LIFECYCLE = "aws_s3_bucket_lifecycle_configuration"
Limits = dict[tuple[str, str], tuple[int, ...]]
"""How much is kept, by the words that say it and where it holds: less in any place is less kept."""

_REPLACED = "replaced versions older than {} days would be removed, but for the newest {} of each object"
_RECOVERY = ("point_in_time_recovery", 0)
_MOST_RECOVERY = 35
"""Days, where nothing is said of them.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
"""
_LOCK = ("rule", 0, "default_retention", 0)


def shortened(one: Resource) -> Iterator[str]:
    """What would be removed, in words."""
    before, after = _limits(one.type, one.before), _limits(one.type, one.after)
    for (words, scope), limit in after.items():
        then = before.get((words, scope))
        if then is None or any(a < b for a, b in zip(limit, then, strict=True)):
            yield words.format(*limit).removesuffix(", but for the newest 0 of each object")


def unguarded(one: Resource) -> Iterator[str]:
    """What would be protected for a shorter time, in words."""
    before, after = _guarded(one.type, one.before), _guarded(one.type, one.after)
    for words, days in after.items():
        if days < before.get(words, days):
            yield words.format(days, before[words])


def _limits(kind: str, tree: Any) -> Limits:
    """Of a bucket each rule has its own; of two for the same objects the shorter one holds. What stays for ever is left out."""
    found: Limits = {}
    for words, scope, *limit in _said(kind, tree):
        if all(isinstance(part, int) for part in limit):
            found[words, scope] = min(tuple(limit), found.get((words, scope), tuple(limit)))
    return found


def _said(kind: str, tree: Any) -> Iterator[tuple[Any, ...]]:
    if kind == "aws_cloudwatch_event_archive":
        # 0 is for ever: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
        yield "events older than {} days would be removed", "", at(tree, ("retention_days",)) or None
    elif kind == "aws_sqs_queue":
        yield "messages older than {} seconds would be removed", "", at(tree, ("message_retention_seconds",))
    elif kind == LIFECYCLE:
        rules = at(tree, ("rule",))
        for rule in rules if isinstance(rules, list) else []:
            if at(rule, ("status",)) == "Enabled":
                yield from _of_rule(rule)


def _of_rule(rule: Any) -> Iterator[tuple[Any, ...]]:
    where = at(rule, ("filter", 0))
    limits = {name: value for name, value in where.items() if value and name != "prefix"} if isinstance(where, dict) else {}
    scope = repr((at(where, ("prefix",)) or at(rule, ("prefix",)) or "", limits))
    on_a_day = 0 if at(rule, ("expiration", 0, "date")) else None
    yield "objects older than {} days would be removed", scope, at(rule, ("expiration", 0, "days")) or on_a_day
    old = at(rule, ("noncurrent_version_expiration", 0))
    yield _REPLACED, scope, at(old, ("noncurrent_days",)), at(old, ("newer_noncurrent_versions",)) or 0


def _guarded(kind: str, tree: Any) -> dict[str, int]:
    """For how many days, by the words that say it."""
    if kind == "aws_dynamodb_table" and at(tree, (*_RECOVERY, "enabled")) is True:
        days = at(tree, (*_RECOVERY, "recovery_period_in_days"))
        found = {"point-in-time recovery reaches back {} days, not {}": _MOST_RECOVERY if days is None else days}
    elif kind == "aws_s3_bucket_object_lock_configuration":
        days, years = (at(tree, (*_LOCK, unit)) or 0 for unit in ("days", "years"))
        known = isinstance(days, int) and isinstance(years, int)
        found = {"new objects are locked for {} days, not {}": days + 365 * years} if known else {}
    else:
        found = {}
    return {words: days for words, days in found.items() if isinstance(days, int)}
