"""Glue's catalog has the tables where the job wrote them last; all else about them stays as Terraform has declared it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from training_events.analytics.catalog import point_tables_at

from tests.support.moto import mock_aws

DECLARED = json.loads((Path(__file__).parents[3] / "stacks" / "analytics_tables.json").read_text(encoding="utf-8"))
PLACE = "s3://bucket/analytics/tables"


@pytest.fixture
def glue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {"REGION": "eu-central-1", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{'DEFAULT_' if name == 'REGION' else ''}{name}", value)
    with mock_aws():
        client: Any = boto3.client("glue")
        client.create_database(DatabaseInput={"Name": "training_dev"})
        for name, table in DECLARED.items():
            columns = [{"Name": column, "Type": kind, "Comment": comment} for column, kind, comment in table["columns"]]
            client.create_table(
                DatabaseName="training_dev",
                TableInput={
                    "Name": name,
                    "Description": table["description"],
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"classification": "parquet"},
                    "StorageDescriptor": {"Columns": columns, "Location": f"{PLACE}/{name}/snapshot=none/"},
                },
            )
        yield client


def tables_of(glue: Any) -> dict[str, Any]:
    kept = ("Name", "Description", "TableType", "Parameters", "StorageDescriptor")
    tables = glue.get_tables(DatabaseName="training_dev")["TableList"]
    return {table["Name"]: {name: table[name] for name in kept} for table in tables}


def test_the_tables_are_where_the_job_wrote_them_and_else_as_they_were(glue: Any):
    before = tables_of(glue)
    point_tables_at("training_dev", f"{PLACE}/", "20261129T150000Z")
    after = tables_of(glue)
    for name, table in after.items():
        assert table["StorageDescriptor"].pop("Location") == f"{PLACE}/{name}/snapshot=20261129T150000Z/"
        assert before[name]["StorageDescriptor"].pop("Location") == f"{PLACE}/{name}/snapshot=none/"
    assert after == before
    assert after.keys() == DECLARED.keys()


def test_to_point_at_the_same_again_changes_nothing(glue: Any):
    point_tables_at("training_dev", PLACE, "20261129T150000Z")
    versions = glue.get_table_versions(DatabaseName="training_dev", TableName="runs")["TableVersions"]
    point_tables_at("training_dev", PLACE, "20261129T150000Z")
    assert glue.get_table_versions(DatabaseName="training_dev", TableName="runs")["TableVersions"] == versions


@pytest.mark.usefixtures("glue")
def test_a_database_that_is_not_there_is_awss_own_error():
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        point_tables_at("other", PLACE, "20261129T150000Z")
