"""MLflow's client on a log of this package."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from training_events import Log, open_log
from training_events.interchange.mlflow.workspace import workspace

from tests.support.patience import PATIENCE_SECONDS


def client_of(folder: Path) -> MlflowClient:
    """MLflow's own client, unchanged, on a log in this folder: its runs and its registry."""
    return client_at(address_in(folder))


def client_at(address: str) -> MlflowClient:
    return MlflowClient(tracking_uri=address, registry_uri=address)


def address_in(folder: Path) -> str:
    return f"training-events://{folder}/log.db"


def recorded_log(folder: Path) -> Log:
    """The log in this folder, once it has all that was recorded by MLflow's client."""
    assert workspace(address_in(folder)).flush(PATIENCE_SECONDS)
    return open_log(f"sqlite:///{folder}/log.db")


def refusal(call, *args, **kwargs) -> tuple[str, str]:
    """How MLflow's exception says that a call is refused: its code, and its one line."""
    with pytest.raises(MlflowException) as refused:
        call(*args, **kwargs)
    assert "\n" not in refused.value.message
    return refused.value.error_code, refused.value.message
