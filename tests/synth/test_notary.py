"""The notary: what calls it, what it may do, what nobody else may do, and what each setting of checkpoints changes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cdktf

from stacks.settings import Settings
from stacks.settings.file import load
from tests.support.options import AUDITORS_BUCKET, KEY, SIGNING_KEY
from tests.support.stack_json import StackJson

FUNCTION, MAPPING, TABLE, KMS_KEY = (
    "aws_lambda_function",
    "aws_lambda_event_source_mapping",
    "aws_dynamodb_table",
    "aws_kms_key",
)
ROLE = "role/training-dev-notary"


def synthesized(folder: Path, **more: object) -> StackJson:
    from stacks.training_stack import TrainingStack  # noqa: PLC0415 - starts Node, which collecting the tests does not need

    settings = Settings(**load("dev").model_dump() | more)
    return StackJson(json.loads(cdktf.Testing.synth(TrainingStack(cdktf.App(outdir=str(folder)), settings))))


def _statements(policy: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


def _exported(stack: StackJson) -> Iterator[str]:
    """The lines of the notebook's start-up script that set a variable."""
    (script,) = stack.content["locals"].values()
    return (line for line in script.splitlines() if line.startswith("export "))


def test_the_function_runs_its_handler_from_the_same_package(stacks: dict[str, StackJson]) -> None:
    function = stacks["dev"].one(FUNCTION, "notary")
    assert function["handler"] == "training_events.handlers.notary.handler"
    assert function["function_name"] == "training-dev-notary"
    assert function["filename"] == stacks["dev"].one(FUNCTION, "projector")["filename"]
    assert (function["memory_size"], function["timeout"]) == (512, 300)


def test_the_function_has_log_bucket_keys_and_lock_in_its_environment(stacks: dict[str, StackJson]) -> None:
    stack = stacks["prod"]
    log, read_models, leaves = (stack.reference(TABLE, "name", name) for name in ("event_log", "read_models", "notary"))
    assert stack.one(FUNCTION, "notary")["environment"]["variables"] == {
        "TRAINING_EVENTS_LOG": f"dynamodb://{log}?read_models={read_models}&notary={leaves}",
        "TRAINING_EVENTS_UNDELIVERED": stack.reference("aws_sqs_queue", "url"),
        "TRAINING_EVENTS_BUCKET": stack.reference("aws_s3_bucket", "bucket"),
        "TRAINING_EVENTS_NOTARY_BUCKET": stack.reference("aws_s3_bucket", "bucket"),
        "TRAINING_EVENTS_CHECKPOINT_KEYS": stack.reference(KMS_KEY, "arn"),
        "TRAINING_EVENTS_SEAL_MODE": "GOVERNANCE",
        "TRAINING_EVENTS_SEAL_DAYS": "3653",
        "POWERTOOLS_SERVICE_NAME": "notary",
        "POWERTOOLS_METRICS_NAMESPACE": "training-prod",
    }


def test_two_functions_read_the_change_stream_each_from_its_beginning_and_with_every_change(stack: StackJson) -> None:
    """More than two readers would throttle each other."""
    mappings = stack.all(MAPPING).values()
    assert len(mappings) == 2
    notary = stack.one(MAPPING, "notary")
    assert notary["function_name"] == stack.reference(FUNCTION, "arn", "notary")
    numbers = {"batch_size": 980, "maximum_batching_window_in_seconds": 10, "maximum_record_age_in_seconds": 23 * 3600}
    assert numbers.items() <= notary.items()
    own = {"//", "function_name", *numbers, "depends_on"}
    shared = [{key: value for key, value in mapping.items() if key not in own} for mapping in mappings]
    assert shared[0] == shared[1]
    (policy,) = (name for name in stack.all("aws_iam_role_policy") if "notary" in name)
    assert notary["depends_on"] == [f"aws_iam_role_policy.{policy}"]


def test_a_schedule_has_it_sign(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    rule = stack.one("aws_cloudwatch_event_rule", "notary_schedule")
    assert (rule["name"], rule["schedule_expression"]) == ("training-dev-checkpoint", "rate(5 minutes)")
    assert not {"event_bus_name", "event_pattern"} & rule.keys(), "only the default bus has schedules"
    target = stack.one("aws_cloudwatch_event_target", "notary_schedule")
    assert target["arn"] == stack.reference(FUNCTION, "arn", "notary")
    permission = stack.one("aws_lambda_permission", "notary_schedule")
    assert permission["source_arn"] == stack.reference("aws_cloudwatch_event_rule", "arn", "notary_schedule")
    assert permission["function_name"] == stack.reference(FUNCTION, "function_name", "notary")
    config = stack.one("aws_lambda_function_event_invoke_config", "notary")
    assert config["destination_config"] == {"on_failure": {"destination": stack.reference("aws_sqs_queue", "arn")}}


def test_the_function_has_the_permissions_for_its_work_and_no_others(stack: StackJson) -> None:
    log, leaves = (stack.reference(TABLE, "arn", name) for name in ("event_log", "notary"))
    stream = stack.reference(TABLE, "stream_arn", "event_log")
    bucket, key = stack.reference("aws_s3_bucket", "arn"), stack.reference(KMS_KEY, "arn")
    group = stack.reference("aws_cloudwatch_log_group", "arn", "notary")
    assert stack.grants("notary") == {
        *((f"dynamodb:{action}", stream) for action in ("DescribeStream", "GetRecords", "GetShardIterator")),
        ("dynamodb:ListStreams", "*"),
        ("dynamodb:Query", log),
        ("dynamodb:Scan", log),
        *((f"dynamodb:{action}", leaves) for action in ("BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem")),
        *(
            (f"s3:{action}", f"{bucket}/notary/*")
            for action in ("GetObject", "GetObjectVersion", "PutObject", "PutObjectRetention")
        ),
        ("s3:ListBucket", bucket),
        ("s3:ListBucketVersions", bucket),
        ("kms:GetPublicKey", key),
        ("kms:Sign", key),
        ("sqs:SendMessage", stack.reference("aws_sqs_queue", "arn")),
        ("logs:CreateLogStream", f"{group}:*"),
        ("logs:PutLogEvents", f"{group}:*"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }


def test_nobody_else_may_write_leaves_and_nobody_may_remove_one(stack: StackJson) -> None:
    policy = stack.one("aws_dynamodb_resource_policy", "notary")
    table = stack.reference(TABLE, "arn", "notary")
    assert policy["resource_arn"] == table
    statements = _statements(policy["policy"])
    assert statements.keys() == {"LeavesStay", "OnlyTheNotaryWrites"}
    for statement in statements.values():
        assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", table)
    assert {"dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateTimeToLive"} <= set(
        statements["LeavesStay"]["Action"]
    )
    assert "Condition" not in statements["LeavesStay"]
    assert set(statements["OnlyTheNotaryWrites"]["Action"]) == {"dynamodb:PutItem", "dynamodb:UpdateItem"}
    role = stack.reference("aws_iam_role", "arn", "notary")
    assert statements["OnlyTheNotaryWrites"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}
    assert stack.one(FUNCTION, "notary")["role"] == role


def test_nobody_else_may_write_tiles_and_checkpoints_and_nobody_may_hide_one(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    notary = stack.reference("aws_s3_bucket", "arn") + "/notary"
    statements = _statements(stack.one("aws_s3_bucket_policy")["policy"])
    of_checkpoints = {sid: statement for sid, statement in statements.items() if sid.startswith("Checkpoints")}
    assert {(statement["Effect"], statement["Principal"]) for statement in of_checkpoints.values()} == {("Deny", "*")}
    written = of_checkpoints["CheckpointsAreWrittenByTheNotary"]
    assert (written["Action"], written["Resource"]) == ("s3:PutObject", f"{notary}/*")
    assert written["Condition"] == {
        "ArnNotLike": {
            "aws:PrincipalArn": [
                "arn:aws:iam::111122223333:role/training-dev-notary",
                "arn:aws:sts::111122223333:assumed-role/training-dev-notary/*",
            ]
        }
    }
    once = of_checkpoints["CheckpointsAreWrittenOnce"]
    assert once["Resource"] == [f"{notary}/tile/*", f"{notary}/checkpoints/*", f"{notary}/keys/*"]  # not `checkpoint`
    assert (once["Action"], once["Condition"]) == ("s3:PutObject", {"Null": {"s3:if-none-match": "true"}})
    for sid, action in {
        "CheckpointsAreNotHidden": "s3:DeleteObject",
        "CheckpointsStayLocked": "s3:BypassGovernanceRetention",
    }.items():
        assert (of_checkpoints[sid]["Action"], of_checkpoints[sid]["Resource"]) == (action, f"{notary}/*")
        assert "Condition" not in of_checkpoints[sid]


def test_only_the_notarys_role_may_sign_and_nobody_can_be_given_it(stacks: dict[str, StackJson]) -> None:
    for environment, stack in stacks.items():
        key = stack.one(KMS_KEY)
        assert (key["customer_master_key_spec"], key["key_usage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
        assert key["deletion_window_in_days"] == 30
        account = stack.content["provider"]["aws"][0]["allowed_account_ids"][0]
        statements = _statements(key["policy"])
        assert statements.keys() == {"TheAccountAdministersAndIamDecides", "NobodyButTheNotarySigns"}
        assert statements["TheAccountAdministersAndIamDecides"]["Principal"] == {"AWS": f"arn:aws:iam::{account}:root"}
        signing = statements["NobodyButTheNotarySigns"]
        assert (signing["Effect"], signing["Principal"], signing["Action"]) == ("Deny", "*", "kms:Sign")
        assert signing["Condition"] == {
            "ArnNotLike": {
                "aws:PrincipalArn": [
                    f"arn:aws:iam::{account}:role/training-{environment}-notary",
                    f"arn:aws:sts::{account}:assumed-role/training-{environment}-notary/*",
                ]
            }
        }
        administering = set(statements["TheAccountAdministersAndIamDecides"]["Action"])
        assert not {"kms:CreateGrant", "kms:*"} & administering, "a grant could give the right to sign"
        assert {"kms:GetPublicKey", "kms:Verify", "kms:PutKeyPolicy", "kms:Sign"} <= administering
        assert ("kms:ScheduleKeyDeletion" in administering) is (environment == "local"), "as its table may be deleted"


def test_the_notebook_knows_where_the_tree_is_and_may_read_it(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    leaves = stack.reference(TABLE, "name", "notary")
    (log,) = (line for line in _exported(stack) if "TRAINING_EVENTS_LOG=" in line)
    assert log.endswith(f"&notary={leaves}'")
    function = stack.reference(FUNCTION, "function_name", "notary")
    assert f"export TRAINING_EVENTS_NOTARY='{function}'" in _exported(stack)
    assert "lambda:InvokeFunction" not in {action for action, _ in stack.grants("notebook")}
    assert "TRAINING_EVENTS_NOTARY_BUCKET" not in "\n".join(_exported(stack))  # it is the data bucket
    assert "checkpoint_bucket_name" not in stack.content["output"]
    granted = {action for action, resource in stack.grants("notebook") if resource == stack.reference(TABLE, "arn", "notary")}
    assert granted == {"dynamodb:GetItem", "dynamodb:Query"}
    in_order = ("dynamodb:BatchGetItem", stack.reference(TABLE, "arn", "event_log"))
    assert in_order in stack.grants("notebook"), "log.all_events gets events by the keys of their leaves"


def test_the_settings_give_interval_and_limits(options: StackJson) -> None:
    assert options.one("aws_cloudwatch_event_rule", "notary_schedule")["schedule_expression"] == "rate(1 minute)"
    function = options.one(FUNCTION, "notary")
    assert (function["memory_size"], function["timeout"], function["reserved_concurrent_executions"]) == (1024, 600, 6)
    variables = function["environment"]["variables"]
    assert (variables["TRAINING_EVENTS_SEAL_MODE"], variables["TRAINING_EVENTS_SEAL_DAYS"]) == ("COMPLIANCE", "30")


def test_a_further_key_stays_beside_the_first_one_and_keys_of_your_own_come_last(stack: StackJson, options: StackJson) -> None:
    first, second = sorted(options.all(KMS_KEY))
    assert list(stack.all(KMS_KEY)) == [first], "a key that exists keeps its address"
    arns = [f"${{{KMS_KEY}.{first}.arn}}", f"${{{KMS_KEY}.{second}.arn}}", SIGNING_KEY]
    assert options.one(FUNCTION, "notary")["environment"]["variables"]["TRAINING_EVENTS_CHECKPOINT_KEYS"] == ",".join(arns)
    assert options.content["output"]["checkpoint_key_arn"]["value"] == SIGNING_KEY
    assert {resource for action, resource in options.grants("notary_run_execution") if action == "kms:Sign"} == set(arns)


def test_keys_of_your_own_alone(tmp_path: Path) -> None:
    own = KEY.replace("eu-west-1", "us-east-1")
    stack = synthesized(tmp_path, checkpoints={"keys": 0, "key_arns": [own]})
    assert not stack.all(KMS_KEY)
    assert stack.one(FUNCTION, "notary")["environment"]["variables"]["TRAINING_EVENTS_CHECKPOINT_KEYS"] == own
    assert stack.content["output"]["checkpoint_key_arn"]["value"] == own


def test_a_bucket_of_another_account_gets_the_tree_and_readers_may_read_it_there(options: StackJson) -> None:
    bucket = f"arn:aws:s3:::{AUDITORS_BUCKET}"
    variables = options.one(FUNCTION, "notary")["environment"]["variables"]
    assert variables["TRAINING_EVENTS_NOTARY_BUCKET"] == AUDITORS_BUCKET
    assert variables["TRAINING_EVENTS_BUCKET"] == options.reference("aws_s3_bucket", "bucket")
    writing = {action for action, resource in options.grants("notary_run_execution") if resource.startswith(bucket)}
    reading = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"}
    assert writing == reading | {"s3:PutObject", "s3:PutObjectRetention"}
    assert {action for action, resource in options.grants("notebook") if resource.startswith(bucket)} == reading
    assert f"export TRAINING_EVENTS_NOTARY_BUCKET='{AUDITORS_BUCKET}'" in _exported(options)
    assert options.content["output"]["checkpoint_bucket_name"]["value"] == AUDITORS_BUCKET
    # What was written to the data bucket before stays as it is.
    assert "CheckpointsAreNotHidden" in _statements(options.one("aws_s3_bucket_policy")["policy"])


def test_switched_off_nothing_of_it_is_there_and_all_else_is_as_with_it(tmp_path: Path) -> None:
    """So an environment that switches it off is what it was before there was a notary."""
    without = synthesized(tmp_path, checkpoints={"enabled": False}).content
    assert "notary" not in json.dumps(without)
    assert "kms" not in json.dumps(without)
    assert _of_all_else(synthesized(tmp_path).content) == _of_all_else(without)


def _of_all_else(content: dict[str, Any]) -> dict[str, Any]:
    """The content without the notary's own resources and outputs, and without what it adds to those of others."""
    for kind, resources in list(content["resource"].items()):
        for name, resource in list(resources.items()):
            if name.startswith(("notary_", "observability_notary-", "observability_rule-checkpoint-")):
                del resources[name]
            for key in ("policy", "dashboard_body"):
                if key in resource:
                    resource[key] = _without_the_notary(json.loads(resource[key]))
        if not resources:
            del content["resource"][kind]
    for name in ("notary_function_name", "notary_table_name", "checkpoint_key_arn"):
        content["output"].pop(name, None)
    for name, script in content["locals"].items():
        content["locals"][name] = re.sub(r"&notary=[^']*|export TRAINING_EVENTS_NOTARY=.*\n", "", script)
    return {part: content[part] for part in ("resource", "output", "terraform", "provider", "locals")}


def _without_the_notary(tree: Any) -> Any:
    """The tree without the texts in lists that name the notary, and without the statements and graphs about it alone."""
    if isinstance(tree, list):
        parts = [part if isinstance(part, list) else _without_the_notary(part) for part in tree]
        return [part for part in parts if not re.search(r"notary|\[\]", json.dumps(part), re.IGNORECASE)]
    return {key: _without_the_notary(part) for key, part in tree.items()} if isinstance(tree, dict) else tree
