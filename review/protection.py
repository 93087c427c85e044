"""What protects data, and what lifts it."""

from collections.abc import Iterator

from review import retention
from review.markdown import code
from review.policies import is_policy, weakened
from review.resources import Resource
from review.values import UNKNOWN, at

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
"""What protects data, by type: where it is said, the value that protects, and what any other value means."""
PROTECTORS = {
    "aws_dynamodb_resource_policy": "the resource policy",
    "aws_s3_bucket_policy": "the bucket's policy",
    "aws_s3_bucket_versioning": "versioning",
    "aws_s3_bucket_public_access_block": "the block of public access",
    "aws_s3_bucket_object_lock_configuration": "the Object Lock configuration",
    "aws_s3_bucket_server_side_encryption_configuration": "the encryption",
}
"""Resources that protect another one, and what each is called."""


def lifted(one: Resource) -> Iterator[str]:
    """What protects less than before, in words."""
    for path, (safe, says) in _SWITCHES.get(one.type, {}).items():
        before, after = at(one.before, path) or False, at(one.after, path) or False  # what is not set is off
        if before == safe and after not in (safe, UNKNOWN):
            yield says
    yield from retention.unguarded(one)
    if one.type in PROTECTORS and is_policy(at(one.before, ("policy",))) and at(one.after, ("policy",)) is not UNKNOWN:
        for statement in weakened(at(one.before, ("policy",)), at(one.after, ("policy",))):
            yield f"{code(statement.sid) if statement.sid else 'a statement without a Sid'} would deny less, or nothing"
