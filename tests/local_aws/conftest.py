"""Deploys the local environment once for all tests of this folder, with the real cdktf CLI and the real Terraform."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from training_events.event import Event

from local.environment import LocalEnvironment
from tests.local_aws.deploy import deployed_environment
from tests.support.session import session_folder

SOURCE = "my.sagemaker.training.jobs"
START = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@dataclass
class Deployed:
    """The deployed stack for tests: its outputs, and clients of its AWS, as root or as one of its roles."""

    environment: LocalEnvironment
    outputs: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.outputs = dict(self.environment.outputs)

    def client(self, service: Any, **credentials: str) -> Any:
        variables = self.environment.endpoints.variables()
        if not credentials:
            credentials = {
                "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
            }
        endpoint = variables.get(f"AWS_ENDPOINT_URL_{service.upper()}", variables["AWS_ENDPOINT_URL"])
        return boto3.client(service, region_name=variables["AWS_REGION"], endpoint_url=endpoint, **credentials)  # type: ignore[call-overload]

    def client_as_role_of(self, function: str, service: str) -> Any:
        """A client with the credentials of a function's role, as the handler has them in Lambda."""
        role = self.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        credentials = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )


@pytest.fixture(scope="session")
def deployed(pytestconfig: pytest.Config) -> Deployed:
    return Deployed(deployed_environment(session_folder(pytestconfig)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that take the stack down last."""
    items.sort(key=lambda item: item.get_closest_marker("takes_down") is not None)


def new_event(stream: str, number: int) -> Event:
    """An event that nobody has published yet. A higher number is a later time."""
    moment = START + timedelta(milliseconds=number)
    return Event(
        event_id=uuid.uuid4().hex,
        stream=stream,
        type="MetricsRecorded",
        occurred_at=f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
        source=SOURCE,
        data={"points": [{"name": "loss", "step": number, "value": 1 / (number + 1)}]},
    )
