"""What is wrong with a call, as MLflow's clients expect to hear it: one line, and MLflow's own code for the kind of mistake."""

from __future__ import annotations

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)


def invalid(what: str) -> MlflowException:
    """An argument is not allowed."""
    return MlflowException(what, INVALID_PARAMETER_VALUE)


def missing(what: str) -> MlflowException:
    """What was asked for is not there."""
    return MlflowException(what, RESOURCE_DOES_NOT_EXIST)


def taken(what: str) -> MlflowException:
    """What was to be made is there already."""
    return MlflowException(what, RESOURCE_ALREADY_EXISTS)


def wrong_state(what: str) -> MlflowException:
    """What was asked for can be done, but not now."""
    return MlflowException(what, INVALID_STATE)
