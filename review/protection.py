"""What protects data, and which changes lift it or have data removed earlier than before."""

from collections.abc import Iterator
from typing import Any

from review.markdown import code
from review.policies import is_policy, weakened
from review.resources import Resource
from review.values import UNKNOWN, at

Path = tuple[str | int, ...]
LIFECYCLE = "aws_s3_bucket_lifecycle_configuration"
Limits = dict[tuple[str, str], tuple[int, ...]]
"""How much is kept, by the text that says so and the objects that it holds for. A smaller number keeps less."""

PROTECTORS = {
    "aws_dynamodb_resource_policy": "the resource policy",
    "aws_s3_bucket_policy": "the bucket's policy",
    "aws_s3_bucket_versioning": "versioning",
    "aws_s3_bucket_public_access_block": "the block of public access",
    "aws_s3_bucket_object_lock_configuration": "the Object Lock configuration",
    "aws_s3_bucket_server_side_encryption_configuration": "the encryption",
}
"""Types of resources that protect another resource, and what a summary calls each."""
_HAVE_DENIALS = {*PROTECTORS, "aws_kms_key"}
"""Types whose policy denies something."""
_SWITCHES: dict[str, dict[Path, tuple[object, str]]] = {
    "aws_dynamodb_table": {
        ("deletion_protection_enabled",): (True, "deletion protection is switched off"),
        ("point_in_time_recovery", 0, "enabled"): (True, "point-in-time recovery is switched off"),
        ("stream_enabled",): (True, "the change stream is switched off, so that no alteration is noticed"),
        ("stream_view_type",): ("NEW_AND_OLD_IMAGES", "the change stream no longer shows what was before an alteration"),
        ("ttl", 0, "enabled"): (False, "a time to live is switched on, which removes events"),
    },
    "aws_s3_bucket": {
        ("force_destroy",): (False, "force_destroy is switched on: destroying the bucket would destroy what is in it"),
        ("object_lock_enabled",): (True, "Object Lock is switched off"),
    },
    "aws_s3_bucket_object_lock_configuration": {
        ("rule", 0, "default_retention", 0, "mode"): ("COMPLIANCE", "new objects are no longer locked in COMPLIANCE mode"),
    },
    "aws_s3_bucket_versioning": {
        ("versioning_configuration", 0, "status"): ("Enabled", "versioning is no longer enabled"),
    },
    "aws_s3_bucket_public_access_block": {
        (name,): (True, f"public access is no longer blocked ({name})")
        for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    },
}
"""For each type: the path of a setting, the value that protects, and the text for any other value."""
_REPLACED = "replaced versions older than {} days would be removed, but for the newest {} of each object"
_RECOVERY = ("point_in_time_recovery", 0)
_DEFAULT_RECOVERY_DAYS = 35
"""DynamoDB's default, which is also its maximum.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html
"""
_LOCK = ("rule", 0, "default_retention", 0)


def lifted(resource: Resource) -> Iterator[str]:
    """A text for each way in which the resource protects less than before."""
    before, after = resource.before, resource.after
    for path, (safe, text) in _SWITCHES.get(resource.type, {}).items():
        old, new = at(before, path) or False, at(after, path) or False  # a switch that is not set is off
        if old == safe and new not in (safe, UNKNOWN):
            yield text
    yield from _protected_for_less(resource)
    if resource.type in _HAVE_DENIALS and is_policy(at(before, ("policy",))) and at(after, ("policy",)) is not UNKNOWN:
        for statement in weakened(at(before, ("policy",)), at(after, ("policy",))):
            yield f"{code(statement.sid) if statement.sid else 'a statement without a Sid'} would deny less, or nothing"


def _protected_for_less(resource: Resource) -> Iterator[str]:
    before, after = _protection_days(resource.type, resource.before), _protection_days(resource.type, resource.after)
    for text, days in after.items():
        if days < before.get(text, days):
            yield text.format(days, before[text])


def _protection_days(type_: str, tree: Any) -> dict[str, int]:
    """For how many days something is protected, by the text that says so."""
    days_by_text: dict[str, Any] = {}
    if type_ == "aws_dynamodb_table" and at(tree, (*_RECOVERY, "enabled")) is True:
        days = at(tree, (*_RECOVERY, "recovery_period_in_days"))
        text = "point-in-time recovery reaches back {} days, not {}"
        days_by_text[text] = _DEFAULT_RECOVERY_DAYS if days is None else days
    elif type_ == "aws_s3_bucket_object_lock_configuration":
        days, years = (at(tree, (*_LOCK, unit)) or 0 for unit in ("days", "years"))
        if isinstance(days, int) and isinstance(years, int):
            days_by_text["new objects are locked for {} days, not {}"] = days + 365 * years
    return {text: days for text, days in days_by_text.items() if isinstance(days, int)}


def kept_shorter(resource: Resource) -> Iterator[str]:
    """A text for each kind of data that would be removed earlier than before: what is older is gone soon after the apply."""
    before, after = _limits(resource.type, resource.before), _limits(resource.type, resource.after)
    for (text, scope), limit in after.items():
        old = before.get((text, scope))
        if old is None or any(new_part < old_part for new_part, old_part in zip(limit, old, strict=True)):
            yield text.format(*limit).removesuffix(", but for the newest 0 of each object")


def _limits(type_: str, tree: Any) -> Limits:
    """Without what is kept for ever. Each rule of a bucket has a limit; of two for the same objects the shorter one holds."""
    limits: Limits = {}
    for text, scope, *limit in _all_limits(type_, tree):
        if all(isinstance(part, int) for part in limit):
            limits[text, scope] = min(tuple(limit), limits.get((text, scope), tuple(limit)))
    return limits


def _all_limits(type_: str, tree: Any) -> Iterator[tuple[Any, ...]]:
    """The text, the scope, then the numbers of each limit; a number is None if there is no limit."""
    if type_ == "aws_cloudwatch_event_archive":
        # 0 is for ever: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
        yield "events older than {} days would be removed", "", at(tree, ("retention_days",)) or None
    elif type_ == "aws_sqs_queue":
        yield "messages older than {} seconds would be removed", "", at(tree, ("message_retention_seconds",))
    elif type_ == LIFECYCLE:
        rules = at(tree, ("rule",))
        for rule in rules if isinstance(rules, list) else []:
            if at(rule, ("status",)) == "Enabled":
                yield from _limits_of_rule(rule)


def _limits_of_rule(rule: Any) -> Iterator[tuple[Any, ...]]:
    filter_ = at(rule, ("filter", 0))
    conditions: dict[str, Any] = {}
    if isinstance(filter_, dict):
        conditions = {name: value for name, value in filter_.items() if value and name != "prefix"}
    scope = repr((at(filter_, ("prefix",)) or at(rule, ("prefix",)) or "", conditions))
    days_until_date = 0 if at(rule, ("expiration", 0, "date")) else None  # whenever the day comes, all are removed
    yield "objects older than {} days would be removed", scope, at(rule, ("expiration", 0, "days")) or days_until_date
    old_versions = at(rule, ("noncurrent_version_expiration", 0))
    days, versions = at(old_versions, ("noncurrent_days",)), at(old_versions, ("newer_noncurrent_versions",))
    yield _REPLACED, scope, days, versions or 0
