"""What a reviewer must not overlook: data that cannot be brought back would be lost, or what protects it would be lifted.

Recognised by Terraform type and the name that the construct gives, whatever the module; the state's bucket by its own name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from review import retention
from review.markdown import code
from review.policies import is_policy, weakened
from review.resources import Resource
from review.values import UNKNOWN, at, path_text

_KEPT = {
    ("aws_dynamodb_table", "event_log"): ("the event log", "every event that was ever recorded is in it"),
    ("aws_s3_bucket", "data_bucket"): ("the data bucket", "datasets, checkpoints, models and seals are in it"),
    ("aws_cloudwatch_event_archive", "event_bus"): ("the archive of the event bus", "nothing in it could be replayed any more"),
    ("aws_sqs_queue", "undelivered_queue"): ("the undelivered queue", "events that could not be recorded wait in it"),
}
"""What holds data, by type and the beginning of its construct's name."""
_STATE = ("the bucket of the remote state", "without the state Terraform knows nothing of what it made")

_MOST_PATHS = 3
"""Of those that force a replacement: the list of what is replaced has them all, and marks are never cut."""

Path = tuple[str | int, ...]
_SWITCHES: dict[str, dict[Path, tuple[object, str]]] = {
    "aws_dynamodb_table": {
        ("deletion_protection_enabled",): (True, "deletion protection is switched off"),
        ("point_in_time_recovery", 0, "enabled"): (True, "point-in-time recovery is switched off"),
        ("stream_enabled",): (True, "the change stream is switched off, which tells of alterations"),
        ("stream_view_type",): ("NEW_AND_OLD_IMAGES", "the change stream no longer shows what was before an alteration"),
        ("ttl", 0, "enabled"): (False, "a time to live is switched on, which removes events"),
    },
    "aws_s3_bucket": {
        ("force_destroy",): (False, "force_destroy is switched on: destroying the bucket would destroy what is in it"),
        ("object_lock_enabled",): (True, "Object Lock is switched off"),
    },
    "aws_s3_bucket_versioning": {
        ("versioning_configuration", 0, "status"): ("Enabled", "versioning is no longer enabled"),
    },
    "aws_s3_bucket_public_access_block": {
        (name,): (True, f"public access is no longer blocked ({name})")
        for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    },
}
"""What protects data, by type: where it is said, the value that protects, and what any other value means."""
_PROTECTORS = {
    "aws_dynamodb_resource_policy": "the resource policy",
    "aws_s3_bucket_policy": "the bucket's policy",
    "aws_s3_bucket_versioning": "versioning",
    "aws_s3_bucket_public_access_block": "the block of public access",
    "aws_s3_bucket_object_lock_configuration": "the Object Lock configuration",
    "aws_s3_bucket_server_side_encryption_configuration": "the encryption",
}
"""Resources that protect another one, and what each is called."""


@dataclass(frozen=True)
class Mark:
    """One line. lost: whether data goes; otherwise protection does."""

    lost: bool
    line: str


def holds_data(one: Resource, state_bucket: str) -> bool:
    return _holding(one, state_bucket) is not None


def marks(resources: list[Resource], state_bucket: str) -> list[Mark]:
    """What is lost, then what is unprotected."""
    found = [mark for one in resources for mark in _marks(one, state_bucket)]
    return sorted(found, key=lambda mark: not mark.lost)


def _marks(one: Resource, state_bucket: str) -> Iterator[Mark]:
    kept = _holding(one, state_bucket)
    if kept and one.action in {"replace", "destroy", "forget"}:
        yield _loss(one, *kept)
    owner = kept[0] if kept else _protected(one, state_bucket)
    if owner is None:
        return
    if one.type in _PROTECTORS and one.action in {"destroy", "forget"}:
        becomes = "removed" if one.action == "destroy" else "forgotten by Terraform"
        yield Mark(lost=False, line=f"**{_capital(owner)}**: {_PROTECTORS[one.type]} would be {becomes} ({code(one.address)})")
    if one.action not in {"change", "replace"}:
        return
    for path, (safe, says) in _SWITCHES.get(one.type, {}).items():
        before, after = at(one.before, path) or False, at(one.after, path) or False  # what is not set is off
        if before == safe and after not in (safe, UNKNOWN):
            yield Mark(lost=False, line=f"**{_capital(owner)}**: {says} ({code(one.address)})")
    if one.type in _PROTECTORS and is_policy(at(one.before, ("policy",))) and at(one.after, ("policy",)) is not UNKNOWN:
        for statement in weakened(at(one.before, ("policy",)), at(one.after, ("policy",))):
            named = code(statement.sid) if statement.sid else "a statement without a Sid"
            yield Mark(lost=False, line=f"**{_capital(owner)}**: {named} would deny less, or nothing ({code(one.address)})")
    for says in retention.shortened(one):
        yield Mark(lost=True, line=f"**{_capital(owner)}**: {says} ({code(one.address)})")


def _loss(one: Resource, what: str, holds: str) -> Mark:
    becomes = {
        "replace": "would be destroyed and made anew, empty",
        "destroy": "would be destroyed",
        "forget": "would be forgotten by Terraform, and no plan would protect it any longer",
    }[one.action]
    old = " (an old copy, which an apply that broke off left behind)" if one.deposed else ""
    forced = ", ".join(code(path_text(path)) for path in one.forced_by[:_MOST_PATHS])
    because = f", forced by {forced}" if forced else ""
    return Mark(lost=True, line=f"**{_capital(what)} {becomes}**{old}: {holds} ({code(one.name or one.address)}{because})")


def _holding(one: Resource, state_bucket: str) -> tuple[str, str] | None:
    """What the resource holds, as words, if it is one of those that count."""
    if one.type == "aws_s3_bucket" and _is_bucket(one, state_bucket):
        return _STATE
    return next((kept for (type_, construct), kept in _KEPT.items() if one.type == type_ and _is_of(one, construct)), None)


def _protected(one: Resource, state_bucket: str) -> str | None:
    """Whom a resource belongs to that is itself a part of another one's protection."""
    if one.type.startswith("aws_s3_bucket_") and _is_bucket(one, state_bucket):
        return _STATE[0]
    if one.type in {*_PROTECTORS, retention.LIFECYCLE}:
        return next((kept[0] for (_, construct), kept in _KEPT.items() if _is_of(one, construct)), None)
    return None


def _is_of(one: Resource, construct: str) -> bool:
    """By its address or the one that it moves from: what is moved and replaced at once is lost as well."""
    names = (one.construct, (one.moved_from or "").rpartition(f"{one.type}.")[2])
    return any(name.startswith(construct) for name in names)


def _is_bucket(one: Resource, name: str) -> bool:
    return bool(name) and name in (at(one.before, ("bucket",)), at(one.after, ("bucket",)))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
