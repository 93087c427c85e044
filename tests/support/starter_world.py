"""The training starter's handler with all that it talks to: a log in a file, recipes in a folder, a bus and SageMaker as fakes.

What is published is recorded, and projected, at once; but for what a test holds back.
"""

import json
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from training_events import folds
from training_events.bus.envelope import decode, to_envelope
from training_events.bus.publisher import EventBusPublisher
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.projection.projector import Projector
from training_events.stores.opening import open_store
from training_events.training.recipe_store import open_recipes
from training_events.training.sagemaker.starter import Starter
from training_events.training.sagemaker.starting import TrainingJobs

from tests.support.sagemaker import FakeSageMaker

SOURCE = "my.sagemaker.training.jobs"
CONTEXT = SimpleNamespace(function_name="training-starter", aws_request_id="request-1")
ROLE = "arn:aws:iam::111122223333:role/training-dev-training-jobs"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/train@sha256:" + "a" * 64
RECIPE = f"""\
model = "digits"
max_running = 2
[hyperparameters]
epochs = 8
[sagemaker]
image = "{IMAGE}"
instance_type = "ml.m5.xlarge"
"""


class Bus:
    """EventBridge's client. What is put goes to the log, if the log takes it."""

    def __init__(self, record: Any) -> None:
        self._record = record
        self.published: list[Event] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - botocore's
        for entry in Entries:
            event = decode(
                {
                    "id": uuid.uuid4().hex,
                    "source": entry["Source"],
                    "detail-type": entry["DetailType"],
                    "detail": json.loads(entry["Detail"]),
                }
            )
            self.published.append(event)
            self._record(event)
        return {"Entries": [{"EventId": uuid.uuid4().hex} for _ in Entries]}


class FakeS3:
    """S3's client, as far as copies of pinned versions need it. `gone` are versions that are not there any more."""

    def __init__(self) -> None:
        self.copied: dict[str, Any] = {}
        self.gone: set[str] = set()

    def head_object(self, Bucket: str, Key: str, VersionId: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "data-bucket"
        if VersionId in self.gone or (Key.startswith("pinned/") and Key not in self.copied):
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return {"ContentLength": 5}

    def copy_object(self, Key: str, CopySource: Any, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.copied[Key] = CopySource
        return {"CopyObjectResult": {}}

    def put_object(self, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.copied[Key] = Body
        return {}


class World:
    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'log.db'}"
        self.recipes = folder / "recipes"
        self.recipes.mkdir()
        self.store = open_store(self.url)
        self.store.log.append(Event("first", "dataset/x", "DatasetRegistered", "2026-01-01T00:00:00.000000Z", SOURCE, {}))
        self.sagemaker, self.bus, self.s3 = FakeSageMaker(), Bus(self.record), FakeS3()

    def variables(self) -> dict[str, str]:
        return {
            "TRAINING_EVENTS_LOG": self.url,
            "TRAINING_EVENTS_BUS": "training-dev-events",
            "TRAINING_EVENTS_BUCKET": "data-bucket",
            "TRAINING_EVENTS_RECIPES": str(self.recipes),
            "TRAINING_EVENTS_ENVIRONMENT": "dev",
            "TRAINING_EVENTS_JOBS_ROLE": ROLE,
            "TRAINING_EVENTS_MAX_INSTANCES": "4",
            "POWERTOOLS_SERVICE_NAME": "training-starter",
            "POWERTOOLS_METRICS_NAMESPACE": "Test",
        }

    def client(self, service: str, **_: Any) -> Any:
        return {"sagemaker": self.sagemaker, "events": self.bus, "s3": self.s3}[service]

    def starter(self) -> Starter:
        return Starter(
            self.store,
            open_recipes(str(self.recipes)),
            EventBusPublisher("training-dev-events", self.bus),  # type: ignore[arg-type]
            TrainingJobs(self.sagemaker, "dev", sleep=lambda _: None),  # type: ignore[arg-type]
            self.s3,  # type: ignore[arg-type]
            role=ROLE,
            bucket="data-bucket",
            variables={},
            max_instances=4,
            sleep=lambda _: None,
        )

    def recipe(self, name: str = "digits", text: str = RECIPE) -> None:
        (self.recipes / f"{name}.toml").write_text(text, encoding="utf-8")

    def record(self, event: Event, *, account: str | None = None) -> None:
        self.store.log.append(event, account=account)
        assert self.store.read_models is not None
        Projector(self.store.log, self.store.read_models).project(event.stream, self.store.log.entries(event.stream))

    def state(self, stream: str) -> RunState:
        return folds.fold(RunState(stream), self.store.log.entries(stream))


def requested(stream: str = "run/digits-7", occurred_at: str = "2026-11-22T15:08:39.955123Z", **data: Any) -> Event:
    return Event(uuid.uuid4().hex, stream, "TrainingRequested", occurred_at, SOURCE, data)


def envelope(event: Event) -> Any:
    """The event as EventBridge hands it to a function."""
    return {"id": uuid.uuid4().hex, "version": "0", **json.loads(to_envelope(event))}
