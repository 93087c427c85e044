"""With a signing profile in the settings, the functions run only what it has signed, and nobody else can put code there."""

import json
from fnmatch import fnmatchcase

from tests.support.options import PROFILE
from tests.support.stack_json import StackJson


def test_every_function_runs_the_signed_package_and_no_other(options: StackJson) -> None:
    (job,) = options.all("aws_signer_signing_job")
    signed = f"aws_signer_signing_job.{job}.signed_object[0].s3[0]"
    functions = options.all("aws_lambda_function").values()
    assert len(functions) == 4
    for function in functions:
        assert (function["s3_bucket"], function["s3_key"]) == (f"${{{signed}.bucket}}", f"${{{signed}.key}}")
        assert "filename" not in function
        assert function["code_signing_config_arn"] == options.reference("aws_lambda_code_signing_config", "arn")


def test_lambda_refuses_what_another_profile_has_signed(options: StackJson) -> None:
    config = options.one("aws_lambda_code_signing_config")
    assert config["allowed_publishers"] == {"signing_profile_version_arns": [PROFILE]}
    assert config["policies"] == {"untrusted_artifact_on_deployment": "Enforce"}


def test_the_signing_job_signs_the_version_that_this_deploy_has_put(options: StackJson) -> None:
    job, unsigned = options.one("aws_signer_signing_job"), options.one("aws_s3_object", "unsigned")
    assert job["profile_name"] == "team"
    assert "ignore_signing_job_failure" not in job
    bucket = options.reference("aws_s3_bucket", "bucket")
    version, key = (options.reference("aws_s3_object", attribute, "unsigned") for attribute in ("version_id", "key"))
    assert job["source"] == {"s3": {"bucket": bucket, "key": key, "version": version}}
    assert job["destination"] == {"s3": {"bucket": bucket, "prefix": "package/signed/"}}
    assert unsigned["source_hash"] == f'${{filebase64sha256("{unsigned["source"]}")}}'
    (versioning,) = options.all("aws_s3_bucket_versioning")
    assert f"aws_s3_bucket_versioning.{versioning}" in unsigned["depends_on"]


def test_a_function_changes_only_if_the_package_changes(options: StackJson) -> None:
    source = options.one("aws_s3_object", "unsigned")["source"]
    for function in options.all("aws_lambda_function").values():
        assert function["source_code_hash"] == f'${{filebase64sha256("{source}")}}'


def test_no_role_may_put_code_that_functions_run_or_notebooks_install(options: StackJson) -> None:
    bucket = options.reference("aws_s3_bucket", "arn")
    keys = [object_["key"] for object_ in options.all("aws_s3_object").values()]
    signed = options.one("aws_signer_signing_job")["destination"]["s3"]["prefix"]
    guarded = [f"{bucket}/{key}" for key in (*keys, f"{signed}1b2c.zip")]
    assert len([target for target in guarded if "/recipes/" not in target]) == 5
    roles = (
        "event_processor",
        "projector",
        "forwarding",
        "notebook",
        "training_starter_run",
        "training_starter_jobs",
        "analytics",
    )
    for role in roles:
        allowed, denied = (
            [
                resource
                for statement in options.role_statements(role)
                if statement["Effect"] == effect and "s3:PutObject" in statement["Action"]
                for resource in statement["Resource"]
            ]
            for effect in ("Allow", "Deny")
        )
        for target in guarded:
            may = any(fnmatchcase(target, pattern) for pattern in allowed)
            assert not may or any(fnmatchcase(target, pattern) for pattern in denied), f"{role}: {target}"


def test_without_the_setting_lambda_gets_the_unsigned_package(stack: StackJson) -> None:
    assert all(function["filename"] for function in stack.all("aws_lambda_function").values())
    assert "sign" not in json.dumps(list(stack.content["resource"]))
