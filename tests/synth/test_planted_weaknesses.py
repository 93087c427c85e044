"""Plants weaknesses that no scanner finds in a copy of an environment, and shows that the test for each of them fails."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.options import KEY
from tests.support.planting import Plant, added, allowed, changed, planted, statements, variable
from tests.support.stack_json import StackJson
from tests.synth import test_code_signing as code_signing
from tests.synth import test_encryption as encryption
from tests.synth import test_event_path as event_path
from tests.synth import test_function as function
from tests.synth import test_least_privilege as least_privilege
from tests.synth import test_network as network
from tests.synth import test_projector as projector
from tests.synth import test_secrets as secrets
from tests.synth import test_storage as storage

Stacks = dict[str, StackJson]
ROLE, PROCESSOR = "aws_iam_role_policy", "event_processor"
BUCKET = "arn:aws:s3:::x"


def _without_tls(listed: list[dict[str, Any]]) -> None:
    listed[:] = [statement for statement in listed if statement["Sid"] != "TlsOnly"]


def _without_a_condition(listed: list[dict[str, Any]]) -> None:
    next(statement for statement in listed if statement["Effect"] == "Allow").pop("Condition")


def _one_rule_less(listed: list[dict[str, Any]]) -> None:
    listed[0]["Condition"]["ArnEquals"]["aws:SourceArn"].pop()


def _permission_for_the_bus(stack: StackJson) -> None:
    bus = stack.reference("aws_cloudwatch_event_bus", "arn")
    stack.one("aws_lambda_permission", "event_processor_permission")["source_arn"] = bus


def _in_the_script(line: str) -> Plant:
    def plant(stack: StackJson) -> None:
        (name,) = (name for name in stack.content["locals"] if name.startswith("notebook_start_script"))
        stack.content["locals"][name] += f"\n{line}\n"

    return plant


def _of_another_account(listed: list[dict[str, Any]]) -> None:
    listed[0]["Principal"]["AWS"] = "arn:aws:iam::999999999999:root"


def _any_metric(listed: list[dict[str, Any]]) -> None:
    next(statement for statement in listed if statement["Action"] == ["cloudwatch:PutMetricData"]).pop("Condition")


def _secret_as_output(stack: StackJson) -> None:
    stack.content["output"]["planted"] = {"value": "${random_password.planted.result}", "description": "planted"}


def _dev(test: Callable[..., None], *more: Any) -> Callable[[Stacks], None]:
    return lambda stacks: test(stacks["dev"], *more)


PERMISSION = _dev(event_path.test_the_permission_is_for_the_rule_and_not_for_the_bus, "event_processor_")
DEAD_LETTERS = _dev(event_path.test_every_rule_has_one_target_with_retries_and_a_dead_letter_queue)
QUEUE_POLICY = _dev(event_path.test_the_queue_accepts_dead_letters_of_every_rule_and_of_nothing_else)
ON_FAILURE = _dev(event_path.test_every_function_that_a_rule_calls_has_a_path_for_its_failures)
STREAM_FAILURE = _dev(projector.test_a_failed_batch_is_halved_and_retried_and_then_reported_to_the_queue)
ACTIONS = _dev(least_privilege.test_no_action_is_allowed_by_a_wildcard)
RESOURCES = _dev(least_privilege.test_actions_are_allowed_only_on_named_resources)
WITHIN_A_NAME = _dev(least_privilege.test_a_wildcard_in_an_arn_is_only_for_names_that_are_not_known)
NOTEBOOK = _dev(least_privilege.test_the_notebook_may_record_read_and_train_and_nothing_else)
RESOURCE_POLICIES = _dev(least_privilege.test_a_resource_policy_allows_only_services_on_behalf_of_a_named_source)
ALL_BUT = _dev(least_privilege.test_no_policy_allows_or_denies_all_but_something)
MANAGED = _dev(least_privilege.test_every_role_is_for_one_service_and_has_no_managed_policy)
SECRETS = _dev(secrets.test_nothing_in_the_json_looks_like_a_secret_or_has_the_name_of_one)
OUTPUTS = _dev(secrets.test_an_output_is_the_name_or_the_address_of_a_resource)
BUCKET_TLS = _dev(storage.test_requests_to_the_bucket_and_the_queue_need_tls, "aws_s3_bucket", "s3:*", ["", "/*"])
QUEUE_TLS = _dev(storage.test_requests_to_the_bucket_and_the_queue_need_tls, "aws_sqs_queue", "sqs:*", [""])
TABLES_AT_REST = _dev(storage.test_tables_can_be_restored_and_are_encrypted)
BUCKET_AT_REST = _dev(storage.test_the_bucket_is_private_encrypted_and_versioned)
QUEUE_AT_REST = _dev(event_path.test_the_queue_keeps_messages_as_long_as_sqs_can)
FOR_EVER = _dev(storage.test_no_table_has_a_time_to_live)
ON_THE_WAY = _dev(event_path.test_nothing_on_the_way_is_switched_off_or_changes_the_event)
CODE = _dev(function.test_every_function_is_traced_and_runs_only_code_of_this_project)
LOGS = _dev(function.test_every_function_has_a_log_group_and_no_log_is_kept_for_ever)
PROTECTED = storage.test_tables_and_bucket_of_a_protected_environment_cannot_be_deleted

TABLE, RULE_TARGET, ENCRYPTION = (
    "aws_dynamodb_table",
    "aws_cloudwatch_event_target",
    "aws_s3_bucket_server_side_encryption_configuration",
)
WEAKNESSES: dict[str, tuple[Plant, Callable[[Stacks], None]]] = {
    "permission for the bus": (_permission_for_the_bus, PERMISSION),
    "target without dead letters": (changed(RULE_TARGET, "sagemaker", dead_letter_config=None), DEAD_LETTERS),
    "rule that the queue refuses": (statements("aws_sqs_queue_policy", "", _one_rule_less), QUEUE_POLICY),
    "function without a path for failures": (
        changed(RULE_TARGET, "aws_target", arn="${aws_lambda_function.x.arn}"),
        ON_FAILURE,
    ),
    "stream without one": (changed("aws_lambda_event_source_mapping", "projector", destination_config=None), STREAM_FAILURE),
    "table that can be deleted": (changed(TABLE, "event_log", deletion_protection_enabled=False), PROTECTED),
    "bucket that can be emptied": (changed("aws_s3_bucket", force_destroy=True), PROTECTED),
    "bucket without TLS": (statements("aws_s3_bucket_policy", "", _without_tls), BUCKET_TLS),
    "queue without TLS": (statements("aws_sqs_queue_policy", "", _without_tls), QUEUE_TLS),
    "managed policy": (added("aws_iam_role_policy_attachment", role="x", policy_arn="x"), MANAGED),
    "managed policy in the role": (changed("aws_iam_role", "projector", managed_policy_arns=["x"]), MANAGED),
    "every action": (allowed(ROLE, PROCESSOR, Action="*", Resource=BUCKET), ACTIONS),
    "every action of a service": (allowed(ROLE, PROCESSOR, Action=["s3:*"], Resource=BUCKET), ACTIONS),
    "every resource": (allowed(ROLE, PROCESSOR, Action="s3:GetObject", Resource=[BUCKET, "*"]), RESOURCES),
    "every bucket of a name": (allowed(ROLE, PROCESSOR, Action="s3:GetObject", Resource="arn:aws:s3:::x*"), WITHIN_A_NAME),
    "all actions but for a letter": (allowed(ROLE, PROCESSOR, Action=["s3:GetObjec?"], Resource=BUCKET), ACTIONS),
    "notebook that deletes logs": (allowed(ROLE, "notebook", Action=["logs:DeleteLogGroup"], Resource=["x"]), NOTEBOOK),
    "notebook that puts any metric": (statements(ROLE, "notebook", _any_metric), NOTEBOOK),
    "bucket for another account": (
        allowed("aws_s3_bucket_policy", Sid="Shared", Action="s3:GetObject", Resource="x", Principal={"AWS": "999999999999"}),
        RESOURCE_POLICIES,
    ),
    "queue for everybody's rules": (statements("aws_sqs_queue_policy", "", _without_a_condition), RESOURCE_POLICIES),
    "trust of a service and of another account": (
        statements("aws_iam_role", "projector", _of_another_account, "assume_role_policy"),
        MANAGED,
    ),
    "all actions but one": (allowed(ROLE, PROCESSOR, NotAction="s3:GetObject", Resource=BUCKET), ALL_BUT),
    "access key": (variable("AKIAZQ3DRTW5T2QXKLMN"), SECRETS),
    "secret access key": (variable("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), SECRETS),
    "private key": (variable("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), SECRETS),
    "token": (variable("ghp_16C7e42F292c6912E7710c838347Ae178B4a"), SECRETS),
    "session in a web token": (variable("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x"), SECRETS),
    "password in an address": (variable("https://user:hunter22@registry.example.com"), SECRETS),
    "password by its name": (variable("correct horse", "DB_PASSWORD"), SECRETS),
    "token of a model hub": (variable("hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678"), SECRETS),
    "token of a language model": (variable("sk-proj-abcdefghijklmnopqrstuvwx"), SECRETS),
    "password in a document": (variable('{"password": "hunter22"}'), SECRETS),
    "secret in the notebook's script": (_in_the_script("export REGISTRY_TOKEN='hunter22'"), SECRETS),
    "password of a request in it": (_in_the_script("curl -u me:hunter22 https://registry.example.com"), SECRETS),
    "token of a request in it": (_in_the_script("curl -H 'Authorization: Bearer abcdefghijklmnop' https://x"), SECRETS),
    "secret as output": (_secret_as_output, OUTPUTS),
    "table without encryption": (changed(TABLE, "read_models", server_side_encryption={"enabled": False}), TABLES_AT_REST),
    "bucket without encryption": (changed(ENCRYPTION, rule=[{"bucket_key_enabled": True}]), BUCKET_AT_REST),
    "queue without encryption": (changed("aws_sqs_queue", sqs_managed_sse_enabled=False), QUEUE_AT_REST),
    "table that forgets": (changed(TABLE, "event_log", ttl={"enabled": True, "attribute_name": "until"}), FOR_EVER),
    "rule that is off": (changed("aws_cloudwatch_event_rule", "event_processor_rule", state="DISABLED"), ON_THE_WAY),
    "mapping that is off": (changed("aws_lambda_event_source_mapping", "projector", enabled=False), ON_THE_WAY),
    "target that hands on something else": (changed(RULE_TARGET, "event_processor_target", input="{}"), ON_THE_WAY),
    "function that never runs": (changed("aws_lambda_function", "projector", reserved_concurrent_executions=0), ON_THE_WAY),
    "function without traces": (changed("aws_lambda_function", "projector", tracing_config={"mode": "PassThrough"}), CODE),
    "function with somebody's code": (changed("aws_lambda_function", "projector", layers=["x"]), CODE),
    "log for ever": (changed("aws_cloudwatch_log_group", "projector", retention_in_days=None), LOGS),
}


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_a_planted_weakness_fails_its_test(stacks: Stacks, weakness: str) -> None:
    plant, test = WEAKNESSES[weakness]
    test(stacks)
    with pytest.raises(
        (AssertionError, KeyError, ValueError)
    ):  # the last two if a test does not find the resource that it checks
        test(stacks | {"dev": planted(stacks["dev"], plant)})


def _without_ec2_denied(listed: list[dict[str, Any]]) -> None:
    listed[:] = [statement for statement in listed if statement["Effect"] != "Deny"]


def _no_bus(listed: list[dict[str, Any]]) -> None:
    listed[0]["Condition"]["ArnEquals"]["aws:SourceArn"].pop()


def _package_unguarded(listed: list[dict[str, Any]]) -> None:
    guarded = next(statement for statement in listed if statement["Effect"] == "Deny")["Resource"]
    guarded.remove(next(resource for resource in guarded if resource.endswith("/package/*")))


def _by_anybody(listed: list[dict[str, Any]]) -> None:
    next(statement for statement in listed if statement["Action"] == ["kms:Decrypt"]).pop("Condition")


KEYS = encryption.test_everything_that_can_have_a_key_has_it
ROLES = encryption.test_a_role_may_use_only_this_key_and_only_through_the_services_that_it_uses
OTHERS_KEY = KEY.replace("57ff7a43", "99999999")
IN_OPTIONS: dict[str, tuple[Plant, Callable[[StackJson], None]]] = {
    "topic without the key": (changed("aws_sns_topic", kms_master_key_id=None), KEYS),
    "log with another key": (changed("aws_cloudwatch_log_group", "projector", kms_key_id=OTHERS_KEY), KEYS),
    "new resource without the key": (added("aws_ecr_repository", name="x"), KEYS),
    "role that decrypts by itself": (
        statements(ROLE, "event_processor_run_execution", _by_anybody),
        lambda options: ROLES(options, PROCESSOR),
    ),
    "role with every key": (
        allowed(ROLE, "forwarding", Action=["kms:Decrypt"], Resource=[KEY.replace(KEY[-36:], "*")]),
        lambda options: ROLES(options, "forwarding"),
    ),
    "bus that drops what it cannot encrypt": (
        changed("aws_cloudwatch_event_bus", dead_letter_config=None),
        encryption.test_events_that_the_bus_cannot_encrypt_go_to_the_undelivered_queue,
    ),
    "bus that the queue refuses": (
        statements("aws_sqs_queue_policy", "", _no_bus),
        encryption.test_events_that_the_bus_cannot_encrypt_go_to_the_undelivered_queue,
    ),
    "function outside of the VPC": (
        changed("aws_lambda_function", "projector", vpc_config=None),
        network.test_every_function_is_in_the_subnets_with_the_groups,
    ),
    "code that may use the network's permissions": (
        statements(ROLE, "projector_run_network", _without_ec2_denied),
        lambda options: network.test_the_code_of_the_function_may_not_use_the_network_actions(options, "projector"),
    ),
    "unsigned function": (
        changed("aws_lambda_function", "projector", code_signing_config_arn=None),
        code_signing.test_every_function_runs_the_signed_package_and_no_other,
    ),
    "signature that only warns": (
        changed("aws_lambda_code_signing_config", policies={"untrusted_artifact_on_deployment": "Warn"}),
        code_signing.test_lambda_refuses_what_another_profile_has_signed,
    ),
    "package that a notebook may put": (
        statements(ROLE, "notebook", _package_unguarded),
        code_signing.test_no_role_may_put_code_that_functions_run_or_notebooks_install,
    ),
    "package that a function may put": (
        allowed(
            ROLE, "projector_run_execution", Action=["s3:PutObject"], Resource=["${aws_s3_bucket.data_bucket_51E298BF.arn}/*"]
        ),
        code_signing.test_no_role_may_put_code_that_functions_run_or_notebooks_install,
    ),
}


@pytest.mark.parametrize("weakness", IN_OPTIONS)
def test_a_weakness_planted_in_the_options_fails_its_test(later: StackJson, weakness: str) -> None:
    plant, test = IN_OPTIONS[weakness]
    test(later)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        test(planted(later, plant))
