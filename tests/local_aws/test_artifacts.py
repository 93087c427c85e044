"""Files are stored in the deployed bucket with the notebook's permissions, and recorded as events."""

import os
import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from training_events import aws
from training_events.event import RecordedEvent
from training_events.recorder.registering import promote_model, register_dataset, register_model
from training_events.recorder.storage.objects import ObjectStore, pin
from training_events.recorder.storage.upload import PART_BYTES, client
from training_events.stores.dynamodb.event_log import DynamoDbLog

from tests.local_aws.conftest import Deployed
from tests.support.patience import until


@pytest.fixture(scope="module", autouse=True)
def as_in_the_notebook(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set the notebook's variables, with the credentials of its role."""
    role = deployed.client("iam").get_role(RoleName=deployed.outputs["notebook_instance_name"])["Role"]["Arn"]
    credentials = deployed.client("sts").assume_role(RoleArn=role, RoleSessionName="SageMaker")["Credentials"]
    variables = deployed.environment.endpoints.environment() | {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "TRAINING_EVENTS_BUS": deployed.outputs["event_bus_name"],
        "TRAINING_EVENTS_BUCKET": deployed.outputs["data_bucket_name"],
        "TRAINING_EVENTS_SPOOL": str(tmp_path_factory.mktemp("spool")),
    }
    with patch.dict(os.environ, variables, clear=True):
        aws.forget_sessions()
        yield
    aws.forget_sessions()


def bucket(deployed: Deployed) -> str:
    return deployed.outputs["data_bucket_name"]


def recorded(deployed: Deployed, stream: str) -> list[RecordedEvent]:
    return list(DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb")).read(stream))


@pytest.mark.parametrize("size", [0, 1000, PART_BYTES, 2 * PART_BYTES + 1])
def test_a_stored_file_has_the_content_and_the_hash_of_the_original(deployed: Deployed, tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311 - the same bytes every time
    (tmp_path / "größe 1.bin").write_bytes(content)
    key = f"runs/r/checkpoints/{size}/größe 1.bin"
    stored = ObjectStore(bucket(deployed), client).store(tmp_path / "größe 1.bin", key)
    assert (stored.uri, stored.bytes, stored.sha256) == (f"s3://{bucket(deployed)}/{key}", size, sha256(content).hexdigest())
    version: Any = {"Bucket": bucket(deployed), "Key": key, "VersionId": stored.version_id}
    assert deployed.client("s3").get_object(**version)["Body"].read() == content
    assert pin(str(stored.uri)) == stored
    assert "Uploads" not in deployed.client("s3").list_multipart_uploads(Bucket=bucket(deployed))


def test_a_dataset_is_recorded_by_the_recorder_and_by_s3(deployed: Deployed, tmp_path: Path) -> None:
    """MiniStack 1.5.33 leaves the version out of S3's event. AWS has it there, and then the state has one version for both."""
    (tmp_path / "digits of today.csv").write_bytes(b"1,2\n")
    stored = register_dataset(tmp_path / "digits of today.csv", rows=1, registered_by="ada")
    assert stored is not None
    until(lambda: len(recorded(deployed, "dataset/digits of today")) == 2)
    datas = [entry.event.data for entry in recorded(deployed, "dataset/digits of today")]
    by_recorder, by_s3 = sorted(datas, key=lambda data: "sha256" not in data)
    assert by_recorder == {**msgspec.to_builtins(stored), "rows": 1, "registered_by": "ada"}
    assert (by_s3["uri"], by_s3["bytes"]) == (stored.uri, 4)


def test_a_model_is_registered_and_promoted(deployed: Deployed, tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"model")
    register_model(
        "artifacts", version=1, run=SimpleNamespace(stream="run/r"), artifact=tmp_path / "model.joblib", registered_by="ada"
    )
    promote_model("artifacts", version=1, stage="production", promoted_by="ada")
    until(lambda: len(recorded(deployed, "model/artifacts")) == 2)
    events = [entry.event for entry in recorded(deployed, "model/artifacts")]
    assert [event.type for event in events] == ["ModelRegistered", "ModelPromoted"]
    stored = pin(f"s3://{bucket(deployed)}/models/artifacts/1/model.joblib")
    assert events[0].data["artifact"]["version_id"] == stored.version_id
    assert events[0].data["artifact"]["sha256"] == sha256(b"model").hexdigest()
