"""Athena over the log: a catalog, a workgroup with limits, a job that may do what it needs, and nothing without the setting."""

import json
from pathlib import Path

from tests.support.options import ACCOUNT, AUDITORS_BUCKET, KEY, REGION
from tests.support.stack_json import StackJson
from tools.analytics_tables import text

ROOT = Path(__file__).parents[2]


def test_without_the_setting_nothing_of_it_is_there(stack: StackJson) -> None:
    assert not [kind for kind, *_ in stack.resources() if kind.startswith(("aws_glue_", "aws_athena_", "aws_scheduler_"))]
    assert "analytics" not in json.dumps(stack.content)


def test_the_columns_are_those_of_the_files() -> None:
    assert (ROOT / "stacks" / "analytics_tables.json").read_text(encoding="utf-8") == text()


def test_each_table_has_its_columns_and_stays_where_the_job_points_it(options: StackJson) -> None:
    declared = json.loads(text())
    tables = {table["name"]: table for table in options.all("aws_glue_catalog_table").values()}
    assert tables.keys() == declared.keys()
    for name, table in tables.items():
        columns = [[column["name"], column["type"], column["comment"]] for column in table["storage_descriptor"]["columns"]]
        assert columns == declared[name]["columns"]
        assert table["lifecycle"] == {"ignore_changes": ["storage_descriptor[0].location"]}
        assert table["table_type"] == "EXTERNAL_TABLE"


def test_a_database_has_a_name_that_athena_takes_without_quotes(options: StackJson) -> None:
    assert options.one("aws_glue_catalog_database")["name"] == "training_extra"


def test_the_workgroup_decides_where_answers_go_how_they_are_encrypted_and_how_much_is_read(options: StackJson) -> None:
    workgroup = options.one("aws_athena_workgroup")
    bucket = options.reference("aws_s3_bucket", "bucket")
    assert workgroup["configuration"] == {
        "enforce_workgroup_configuration": True,
        "publish_cloudwatch_metrics_enabled": True,
        "bytes_scanned_cutoff_per_query": 5 * 10**9,
        "engine_version": {"selected_engine_version": "Athena engine version 3"},
        "result_configuration": {
            "output_location": f"s3://{bucket}/analytics/results/",
            "expected_bucket_owner": ACCOUNT,
            "encryption_configuration": {"encryption_option": "SSE_KMS", "kms_key_arn": KEY},
        },
    }
    assert options.content["output"]["analytics_workgroup_name"]["value"] == options.reference("aws_athena_workgroup", "name")


def test_every_question_is_in_the_workgroup_with_what_it_answers(options: StackJson) -> None:
    named = {query["name"]: query for query in options.all("aws_athena_named_query").values()}
    files = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / "stacks" / "queries").glob("*.sql")}
    assert {name: query["query"] for name, query in named.items()} == files
    for name, query in named.items():
        assert files[name].startswith(f"-- {query['description']}\n")
        assert query["workgroup"] == options.reference("aws_athena_workgroup", "id")


def test_the_job_runs_the_wheel_on_the_exports_and_says_which_database(options: StackJson) -> None:
    job, bucket = options.one("aws_glue_job"), options.reference("aws_s3_bucket", "bucket")
    assert (job["glue_version"], job["worker_type"], job["number_of_workers"]) == ("5.0", "G.2X", 10)
    assert job["execution_property"] == {"max_concurrent_runs": 1}
    arguments = job["default_arguments"]
    assert arguments["--exports"] == f"s3://{bucket}/analytics/exports"
    assert arguments["--tables"] == f"s3://{bucket}/analytics/tables"
    assert (arguments["--seals"], arguments["--notary"]) == (bucket, AUDITORS_BUCKET)
    assert arguments["--database"] == options.reference("aws_glue_catalog_database", "name")
    wheel = next(name for name in options.all("aws_s3_object") if name.startswith("client_wheel"))
    assert arguments["--additional-python-modules"] == f"s3://${{aws_s3_object.{wheel}.bucket}}/${{aws_s3_object.{wheel}.key}}"
    assert "analytics_start.py" in json.dumps(options.all("aws_s3_object"))


def test_the_job_starts_every_so_many_hours(options: StackJson) -> None:
    schedule = options.one("aws_scheduler_schedule")
    assert schedule["schedule_expression"] == "rate(1 hour)"
    assert json.loads(schedule["target"]["input"]) == {"JobName": options.reference("aws_glue_job", "name")}
    assert schedule["target"]["arn"] == "arn:aws:scheduler:::aws-sdk:glue:startJobRun"
    assert options.grants("analytics_job_start_role") == {("glue:StartJobRun", options.reference("aws_glue_job", "arn"))}


def test_the_job_may_read_exports_and_proofs_write_tables_and_point_at_them(options: StackJson) -> None:
    bucket = options.reference("aws_s3_bucket", "arn")
    granted = {grant for grant in options.grants("analytics_job_execution") if not grant[0].startswith("kms:")}
    writing = {resource for action, resource in granted if action in ("s3:PutObject", "s3:DeleteObject")}
    assert writing == {f"{bucket}/analytics/tables/*", f"{bucket}/analytics/results/temporary/*"}
    assert {resource for action, resource in granted if action == "s3:GetObject"} == {
        *(f"{bucket}/{prefix}/*" for prefix in ("client", "analytics/exports", "analytics/tables", "seals")),
        f"arn:aws:s3:::{AUDITORS_BUCKET}/notary/*",
    }
    assert {action for action, _ in granted if action.startswith("glue:")} == {"glue:GetTable", "glue:UpdateTable"}
    tables = {options.reference("aws_glue_catalog_table", "arn", name) for name in options.all("aws_glue_catalog_table")}
    assert {resource for action, resource in granted if action == "glue:UpdateTable"} == {
        *tables,
        options.reference("aws_glue_catalog_database", "arn"),
        f"arn:aws:glue:{REGION}:{ACCOUNT}:catalog",
    }
    assert {resource for action, resource in granted if action.startswith("logs:")} == {
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws-glue/*"
    }
    assert not [action for action, _ in granted if action.startswith(("dynamodb:", "iam:", "athena:"))]


def test_the_notebook_asks_in_this_workgroup_only_and_writes_neither_exports_nor_tables(options: StackJson) -> None:
    granted = options.grants("notebook")
    assert {resource for action, resource in granted if action.startswith("athena:")} == {
        options.reference("aws_athena_workgroup", "arn")
    }
    assert {action for action, _ in granted if action.startswith("glue:")} == {
        "glue:GetDatabase",
        "glue:GetTable",
        "glue:GetTables",
    }
    bucket = options.reference("aws_s3_bucket", "arn")
    (denied,) = (s for s in options.role_statements("notebook") if s["Effect"] == "Deny" and s["Action"] == ["s3:PutObject"])
    assert {f"{bucket}/analytics/exports/*", f"{bucket}/analytics/tables/*"} <= set(denied["Resource"])
    workgroup, database = (options.reference(kind, "name") for kind in ("aws_athena_workgroup", "aws_glue_catalog_database"))
    assert f"TRAINING_EVENTS_ANALYTICS={workgroup}/{database}" in json.dumps(options.content["locals"]).replace("'", "")


def test_answers_and_what_is_left_of_earlier_tables_go_after_some_days(options: StackJson) -> None:
    rules = {rule["id"]: rule for rule in options.one("aws_s3_bucket_lifecycle_configuration")["rule"]}
    assert rules["analytics-results"]["expiration"] == [{"days": 7}]
    assert rules["analytics-results"]["filter"] == [{"prefix": "analytics/results/"}]
    assert rules["analytics-old-versions"]["noncurrent_version_expiration"] == [{"noncurrent_days": 7}]
    assert not [rule for rule in rules.values() if "expiration" in rule and rule["id"] != "analytics-results"]
