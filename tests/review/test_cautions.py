"""A summary begins with a caution if data would be lost or its protection lifted, and only then."""

import json
from typing import Any

import pytest

from tests.review.made_plans import STATE_BUCKET, change, shown
from tests.support.stack_json import StackJson

CAUTION = "> [!CAUTION]"
LOG, BUCKET = "aws_dynamodb_table.event_log_table_B2A96EE6", "aws_s3_bucket.data_bucket_51E298BF"
SIGNING = "aws_kms_key.notary_keys_key_1_5C0EAE1E"
UNDELIVERED = "aws_sqs_queue.undelivered_queue_44D8ED8B"
DENIES = {"Sid": "AppendOnly", "Effect": "Deny", "Principal": "*", "Action": ["a:Update", "a:Delete"], "Resource": "log"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"policy": {"Version": "2012-10-17", "Statement": list(statements)}}


LOST = {
    "the event log": (LOG, {"name": "log"}),
    "the notary's table": ("aws_dynamodb_table.notary_table_F7ACB2CD", {"name": "notary"}),
    "a key that signs checkpoints": (SIGNING, {"description": "signs"}),
    "the data bucket": (BUCKET, {"bucket": "data"}),
    "the archive of the event bus": ("aws_cloudwatch_event_archive.event_bus_archive_94B9CFD5", {"name": "events"}),
    "the undelivered queue": (UNDELIVERED, {"name": "undelivered"}),
    "the bucket of the remote state": ("aws_s3_bucket.anything", {"bucket": STATE_BUCKET}),
}


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize(
    ("actions", "becomes"),
    [
        (("delete", "create"), "would be destroyed and created again, empty"),
        (("create", "delete"), "would be destroyed and created again, empty"),
        (("create", "forget"), "would be destroyed and created again, empty"),
        (("delete",), "would be destroyed"),
        (("forget",), "would be forgotten by Terraform"),
    ],
)
def test_data_that_would_be_lost_comes_first(what: str, actions: tuple[str, ...], becomes: str) -> None:
    address, values = LOST[what]
    after = values if "create" in actions else None
    title, block, bold, line, *_ = filter(None, shown(change(address, *actions, before=values, after=after)).splitlines())
    assert (title, block, bold) == ("## `training-dev`", CAUTION, "> **Data would be lost.**")
    assert line.startswith(f"> - **{what[0].upper()}{what[1:]} {becomes}")


def test_a_caution_names_what_forces_the_loss() -> None:
    text = shown(
        change(LOG, "delete", "create", before={"range_key": "a"}, after={"range_key": "b"}, replace_paths=[["range_key"]])
    )
    assert "forced by `range_key`)" in text.split("**Plan:")[0]


def test_a_resource_in_a_module_or_an_old_copy_counts_too() -> None:
    entry = change(LOG, "delete", before={"name": "log"}, deposed="a1b2") | {"address": f"module.training.{LOG}"}
    assert "(an old copy, which an interrupted apply left behind)" in shown(entry).split("**Plan:")[0]


VERSIONING, ACCESS = "aws_s3_bucket_versioning.data_bucket_x", "aws_s3_bucket_public_access_block.data_bucket_x"
ARCHIVE, DENIALS = "aws_cloudwatch_event_archive.event_bus_x", "aws_dynamodb_resource_policy.event_log_append_only_x"
BUCKET_POLICY = "aws_s3_bucket_policy.data_bucket_policy_x"
LIFECYCLE = "aws_s3_bucket_lifecycle_configuration.data_bucket_lifecycle_x"
LOCK = "aws_s3_bucket_object_lock_configuration.data_bucket_lock_x"


def rules(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"rule": [{"status": "Enabled", **rule} for rule in listed]}


def locked(**retention: Any) -> dict[str, Any]:
    return {"rule": [{"default_retention": [retention]}]}


def recovery(days: int | None) -> dict[str, Any]:
    return {"point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": days}]}


LIFTED: dict[str, tuple[str, Any, Any]] = {
    "deletion protection is switched off": (LOG, {"deletion_protection_enabled": True}, {"deletion_protection_enabled": False}),
    "point-in-time recovery is switched off": (
        *(LOG, {"point_in_time_recovery": [{"enabled": True}]}),
        {"point_in_time_recovery": [{"enabled": False}]},
    ),
    "point-in-time recovery is switched off, by leaving it out": (LOG, {"point_in_time_recovery": [{"enabled": True}]}, {}),
    "the change stream is switched off": (LOG, {"stream_enabled": True}, {"stream_enabled": False}),
    "no longer shows what was before": (LOG, {"stream_view_type": "NEW_AND_OLD_IMAGES"}, {"stream_view_type": "NEW_IMAGE"}),
    "a time to live is switched on": (LOG, {"ttl": [{"enabled": False}]}, {"ttl": [{"enabled": True}]}),
    "a time to live is switched on, which was not set before": (LOG, {"ttl": []}, {"ttl": [{"enabled": True}]}),
    "force_destroy is switched on": (BUCKET, {"force_destroy": False}, {"force_destroy": True}),
    "force_destroy is switched on, which was not set before": (BUCKET, {"force_destroy": None}, {"force_destroy": True}),
    "Object Lock is switched off": (BUCKET, {"object_lock_enabled": True}, {"object_lock_enabled": False}),
    "versioning is no longer enabled": (
        *(VERSIONING, {"versioning_configuration": [{"status": "Enabled"}]}),
        {"versioning_configuration": [{"status": "Suspended"}]},
    ),
    "`NobodyElseSigns` would deny less": (
        *(
            SIGNING,
            policy({"Sid": "NobodyElseSigns", "Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*"}),
        ),
        policy(),
    ),
    "versioning would be removed": (VERSIONING, {"versioning_configuration": [{"status": "Enabled"}]}, None),
    "public access is no longer blocked": (ACCESS, {"block_public_policy": True}, {"block_public_policy": False}),
    "point-in-time recovery reaches back 1 days, not 35": (LOG, recovery(35), recovery(1)),
    "point-in-time recovery reaches back 7 days, not 35": (LOG, recovery(None), recovery(7)),
    "new objects are locked for 1 days, not 365": (LOCK, locked(days=0, years=1), locked(days=1)),
    "new objects are locked for 0 days, not 7": (LOCK, locked(days=7), {"rule": []}),
    "new objects are no longer locked in COMPLIANCE mode": (
        *(LOCK, locked(mode="COMPLIANCE", days=7)),
        locked(mode="GOVERNANCE", days=7),
    ),
    "the resource policy would be removed": (DENIALS, policy(DENIES), None),
    "the bucket's policy would be removed": (BUCKET_POLICY, policy(DENIES), None),
    "would deny less: an action": (DENIALS, policy(DENIES), policy(DENIES | {"Action": "a:Update"})),
    "would deny less: a statement": (BUCKET_POLICY, policy(DENIES, {"Effect": "Allow"}), policy({"Effect": "Allow"})),
    "would deny less: a condition": (DENIALS, policy(DENIES), policy(DENIES | {"Condition": {"Bool": {"x": "true"}}})),
    "would deny less: nobody": (DENIALS, policy(DENIES), policy(DENIES | {"Principal": {"AWS": "arn:aws:iam::1:root"}})),
    "would deny less: an effect": (DENIALS, policy(DENIES), policy(DENIES | {"Effect": "Allow"})),
    "events older than 30 days would be removed": (ARCHIVE, {"retention_days": 0}, {"retention_days": 30}),
    "events older than 30 days would be removed, not 90": (ARCHIVE, {"retention_days": 90}, {"retention_days": 30}),
    "messages older than 60 seconds would be removed": (
        *(UNDELIVERED, {"message_retention_seconds": 1209600}),
        {"message_retention_seconds": 60},
    ),
    "objects older than 1 days would be removed": (LIFECYCLE, rules({}), rules({}, {"expiration": [{"days": 1}]})),
    "objects older than 0 days would be removed": (
        *(LIFECYCLE, rules({"expiration": [{"days": 0, "expired_object_delete_marker": True}]})),
        rules({"expiration": [{"date": "2026-12-01T00:00:00Z"}]}),
    ),
    "replaced versions older than 1 days would be removed": (
        *(LIFECYCLE, rules({"noncurrent_version_expiration": [{"noncurrent_days": 365}]})),
        rules({"noncurrent_version_expiration": [{"noncurrent_days": 1}]}),
    ),
    "objects older than 7 days would be removed, also where another rule keeps them": (
        *(LIFECYCLE, rules({"expiration": [{"days": 30}]})),
        rules({"expiration": [{"days": 7}]}, {"expiration": [{"days": 30}]}),
    ),
    "replaced versions older than 9 days would be removed, but for the newest 1 of each object": (
        *(LIFECYCLE, rules({"noncurrent_version_expiration": [{"noncurrent_days": 9, "newer_noncurrent_versions": 50}]})),
        rules({"noncurrent_version_expiration": [{"noncurrent_days": 9, "newer_noncurrent_versions": 1}]}),
    ),
}


@pytest.mark.parametrize("what", LIFTED)
def test_protection_that_would_be_lifted_comes_first(what: str) -> None:
    address, before, after = LIFTED[what]
    actions = ["update"] if after is not None else ["delete"]
    top, plan, _ = shown(change(address, *actions, before=before, after=after)).partition("**Plan:")
    assert plan
    assert CAUTION in top
    assert what.partition(",")[0].partition(":")[0] in top


@pytest.mark.parametrize("what", [what for what, (_, _, after) in LIFTED.items() if after is not None])
def test_the_opposite_change_needs_no_caution(what: str) -> None:
    address, before, after = LIFTED[what]
    text = shown(change(address, "update", before=after, after=before))
    assert CAUTION not in text
    assert "**Plan: 1 to change.**" in text


@pytest.mark.parametrize("what", ["deletion protection is switched off", "force_destroy is switched on"])
def test_other_tables_and_buckets_need_no_caution(what: str) -> None:
    address, before, after = LIFTED[what]
    kind = address.partition(".")[0]
    other = shown(
        change(f"{kind}.read_models_table_D769A4DD", "update", before=before, after=after),
        change(f"{kind}.other", "delete", before={"bucket": "other"}),
    )
    assert CAUTION not in other


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        (BUCKET, {"force_destroy": False}, {"force_destroy": None}),
        (LOG, {"ttl": [{"enabled": False}]}, {"ttl": []}),
        (LIFECYCLE, rules({"expiration": [{"days": 1}]}), {"rule": [{"status": "Disabled", "expiration": [{"days": 1}]}]}),
        (DENIALS, policy(DENIES), policy(DENIES | {"Action": ["A:Update", "a:D*"]})),
        (LOCK, locked(days=365), locked(years=1, days=0)),
        (LOG, recovery(35), recovery(None)),
        (
            *(LIFECYCLE, rules({"expiration": [{"days": 7}], "prefix": "tmp/", "filter": []})),
            rules({"expiration": [{"days": 7}], "filter": [{"prefix": "tmp/", "tag": [], "object_size_less_than": None}]}),
        ),
        (DENIALS, policy(DENIES), policy(DENIES | {"Principal": {"AWS": "*"}, "Resource": "lo?"})),
    ],
)
def test_a_change_that_protects_as_much_as_before_needs_no_caution(address: str, before: Any, after: Any) -> None:
    assert CAUTION not in shown(change(address, "update", before=before, after=after))


@pytest.mark.parametrize("narrower", [{"Action": "a:?"}, {"Resource": "[log]"}])
def test_a_pattern_that_denies_less_than_before_has_a_caution(narrower: dict[str, str]) -> None:
    wide = DENIES | {"Action": "a:*"}
    assert CAUTION in shown(change(DENIALS, "update", before=policy(wide), after=policy(wide | narrower)))


def test_a_rule_that_removes_other_objects_than_before_has_a_caution() -> None:
    before, after = ({"expiration": [{"days": 7}], "filter": [{"prefix": prefix}]} for prefix in ("tmp/", ""))
    text = shown(change(LIFECYCLE, "update", before=rules(before), after=rules(after)))
    assert "**The data bucket**: objects older than 7 days would be removed" in text


def test_a_policy_in_a_text_that_begins_with_a_line_break_is_read() -> None:
    before, after = ({"policy": f"\n{json.dumps(content['policy'])}"} for content in (policy(DENIES), policy()))
    assert "would deny less" in shown(change(DENIALS, "update", before=before, after=after))


def test_a_resource_that_is_moved_and_replaced_at_once_is_lost() -> None:
    entry = change(
        *("aws_dynamodb_table.journal_x", "delete", "create"),
        before={"name": "log"},
        after={"name": "log"},
        previous_address=f'module.a["aws.b"].{LOG}[0]',
    )
    assert "The event log would be destroyed" in shown(entry)


def test_a_protection_that_terraform_forgets_is_not_called_removed() -> None:
    text = shown(change(DENIALS, "forget", before=policy(DENIES)))
    assert "the resource policy would be forgotten by Terraform" in text
    assert "removed" not in text


def test_a_caution_names_the_first_of_many_reasons_and_the_section_all() -> None:
    paths = [[f"a{number}"] for number in range(9)]
    text = shown(change(LOG, "delete", "create", before={"name": "log"}, after={"name": "log"}, replace_paths=paths))
    caution, _, listed = text.partition("**Plan:")
    assert ("`a2`" in caution, "`a3`" in caution) == (True, False)
    assert "forced by `a8`" in listed


def test_a_value_that_is_not_known_yet_is_not_called_lifted() -> None:
    unknown = change(LOG, "update", before={"stream_enabled": True}, after={}, after_unknown={"stream_enabled": True})
    assert CAUTION not in shown(unknown)


BUCKET_EXISTS = change(BUCKET, "no-op", before={"bucket": "data"}, after={"bucket": "data"})
CLEANED = rules({"expiration": [{"days": 1}]})


@pytest.mark.parametrize(("bucket", "owner"), [("data", "The data bucket"), (STATE_BUCKET, "The bucket of the remote state")])
def test_a_new_lifecycle_of_an_existing_bucket_has_a_caution_whoever_declares_it(bucket: str, owner: str) -> None:
    new = change("aws_s3_bucket_lifecycle_configuration.cleanup", "create", after={"bucket": bucket, **CLEANED})
    assert f"**{owner}**: objects older than 1 days would be removed" in shown(BUCKET_EXISTS, new)


def test_a_lifecycle_of_a_new_bucket_or_of_another_one_needs_no_caution() -> None:
    kind = "aws_s3_bucket_lifecycle_configuration"
    first = change(LIFECYCLE, "create", after=CLEANED, after_unknown={"bucket": True})
    assert CAUTION not in shown(change(BUCKET, "create", after={"bucket": "data"}), first)
    named = change(f"{kind}.of_it", "create", after={"bucket": "data", **CLEANED})
    assert CAUTION not in shown(change(BUCKET, "create", after={"bucket": "data"}), named)
    assert CAUTION not in shown(BUCKET_EXISTS, change(f"{kind}.x", "create", after={"bucket": "other", **CLEANED}))


def test_a_store_that_somebody_destroyed_has_a_caution_before_an_empty_one_replaces_it() -> None:
    again = change(LOG, "create", after={"name": "log"})
    text = shown(again, resource_drift=[change(LOG, "delete", before={"name": "log"})])
    caution, _, _ = text.partition("**Plan:")
    assert "> **Data would be lost.**" not in caution
    assert "**The event log is gone**: somebody destroyed it outside of Terraform (`log`)" in caution
    other = change("aws_sns_topic.t", "delete", before={"name": "t"})
    assert CAUTION not in shown(again, resource_drift=[other])


def test_the_worst_caution_comes_first_wherever_it_is_in_the_plan() -> None:
    text = shown(
        change(LOG, "update", before={"deletion_protection_enabled": True}, after={}),
        change(UNDELIVERED, "delete", before={"name": "undelivered"}),
        resource_drift=[change(BUCKET, "delete", before={"bucket": "data"})],
    )
    title, *lines = [line for line in text.splitlines() if line.startswith("> ") and line != CAUTION]
    assert title == "> **Data would be lost.**"
    assert [line.split("**")[1] for line in lines] == [
        "The undelivered queue would be destroyed",
        "The data bucket is gone",
        "The event log",
    ]


def test_the_state_bucket_is_recognised_by_its_name_alone() -> None:
    entry = change("aws_s3_bucket_versioning.v", "delete", before={"bucket": STATE_BUCKET})
    assert "**The bucket of the remote state**: versioning would be removed" in shown(entry)


def test_every_environment_has_the_resources_that_cautions_are_about(stack: StackJson) -> None:
    """If a construct is renamed in one place only, its resource would lose its cautions."""
    declared = [(kind, name) for kind, name, _ in stack.resources()]
    for address in (LOG, BUCKET, UNDELIVERED, VERSIONING, ACCESS, ARCHIVE, DENIALS, BUCKET_POLICY, LIFECYCLE):
        kind, _, name = address.partition(".")
        prefix = name.rpartition("_")[0]
        assert [found for found in declared if found[0] == kind and found[1].startswith(prefix)], address
    log = stack.one("aws_dynamodb_table", "event_log")
    assert {"deletion_protection_enabled", "point_in_time_recovery", "stream_enabled"} <= set(log)
    assert {"force_destroy", "object_lock_enabled"} <= set(stack.one("aws_s3_bucket"))


def test_more_cautions_than_anybody_reads_are_counted() -> None:
    text = shown(*(change(f"aws_dynamodb_table.event_log_{n}", "delete", before={"name": f"log-{n}"}) for n in range(30)))
    assert text.count("> - **The event log would be destroyed**") == 20
    assert "> - … and 10 more of this kind, below" in text
