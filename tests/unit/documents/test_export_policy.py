"""The policy that docs/operate/analytics.md gives to copy allows `export --to s3`, and nothing that it does not need."""

import json
import re
from fnmatch import fnmatchcase

import pytest
from training_events import aws, cli

from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.paths import ROOT
from tests.support.s3 import BUCKET, data_bucket
from tests.support.table_exports import TableExports

TEXT = (ROOT / "docs" / "operate" / "analytics.md").read_text(encoding="utf-8")
[POLICY] = [json.loads(block) for block in re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL) if '"Statement"' in block]
OF_DYNAMODB = {"s3:AbortMultipartUpload", "s3:PutObjectAcl"}
"""What DynamoDB does with the caller's rights, beside putting objects.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html"""
TO_LEARN_OF_ABSENCE = "s3:ListBucket"
"""Without it, S3 forbids to read what is not there: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
RESOURCES = {
    "table": "arn:aws:dynamodb:us-east-1:111122223333:table/training-dev-event-log",
    "export": "arn:aws:dynamodb:us-east-1:111122223333:table/training-dev-read-models/export/01700000000000-a1b2c3d4",
    "object": "arn:aws:s3:::training-dev-data-111122223333-us-east-1/analytics/exports/state.json",
    "bucket": "arn:aws:s3:::training-dev-data-111122223333-us-east-1",
}
NEEDED = {
    "DescribeTable": ("dynamodb:DescribeTable", "table"),
    "DescribeContinuousBackups": ("dynamodb:DescribeContinuousBackups", "table"),
    "ExportTableToPointInTime": ("dynamodb:ExportTableToPointInTime", "table"),
    "DescribeExport": ("dynamodb:DescribeExport", "export"),
    "GetBucketEncryption": ("s3:GetEncryptionConfiguration", "bucket"),
    "GetObject": ("s3:GetObject", "object"),
    "PutObject": ("s3:PutObject", "object"),
}
"""By operation, the right and the kind of resource that it needs, from the service authorization reference."""


def many(value):
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def operations():
    """What the command asks of AWS, from the first export to one of what has changed."""
    log = f"dynamodb://{TABLE}?read_models={READ_MODELS}"
    found: set[str] = set()
    with data_bucket(TRAINING_EVENTS_LOG=log, TRAINING_EVENTS_BUCKET=BUCKET):
        create_table()
        create_read_models_table()
        exports = TableExports()
        exports.answer_in_place_of_aws()
        make = aws.client

        def noting(service, **more):
            client = make(service, **more)
            client.meta.events.register_first("before-call.*.*", lambda model, **_: found.add(model.name))
            return client

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "client", noting)
            assert cli.run(["export", "--to", "s3"]) == 0
            exports.latest = "2026-11-22T16:00:30.000000Z"
            assert cli.run(["export", "--to", "s3"]) == 0
    return found


def test_everything_that_the_command_asks_for_is_allowed(operations):
    assert operations == set(NEEDED)
    for right, kind in NEEDED.values():
        allowed = [
            statement
            for statement in POLICY["Statement"]
            if right in many(statement["Action"])
            and any(fnmatchcase(RESOURCES[kind], pattern) for pattern in many(statement["Resource"]))
        ]
        assert allowed, f"{right} on {kind}"


def test_nothing_else_is():
    rights = {right for statement in POLICY["Statement"] for right in many(statement["Action"])}
    assert rights == {right for right, _ in NEEDED.values()} | OF_DYNAMODB | {TO_LEARN_OF_ABSENCE}
