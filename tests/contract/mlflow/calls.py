"""Calls of a tracking store, as tests make them."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from mlflow.entities import RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException


def new_run(
    store: Any,
    experiment_id: str = "0",
    tags: Mapping[str, str] | None = None,
    *,
    start_time: int | None = None,
    name: str | None = None,
) -> str:
    """The id of a new run. It started now, unless `start_time` (ms since 1970) says otherwise."""
    at = int(time.time() * 1000) if start_time is None else start_time
    given = [RunTag(key, value) for key, value in (tags or {}).items()]
    return str(store.create_run(experiment_id, "ada", at, given, name).info.run_id)


def run_again(store: Any, run_id: str) -> Any:
    """End a run, and have it run again, as MLflow does that resumes it."""
    store.update_run_info(run_id, RunStatus.FAILED, None, None)
    return store.update_run_info(run_id, RunStatus.RUNNING, None, None)


def found(store: Any, filter_string: str = "", order_by: Iterable[str] = (), experiment_id: str = "0") -> list[str]:
    """The ids of the runs that a search finds."""
    runs = store.search_runs([experiment_id], filter_string, ViewType.ACTIVE_ONLY, order_by=list(order_by))
    return [run.info.run_id for run in runs]


def names(experiments: Iterable[Any]) -> list[str]:
    return [experiment.name for experiment in experiments]


def raised_code(call: Callable[[], object]) -> str:
    """MLflow's code of the error that a call raises. Its message is one line."""
    with pytest.raises(MlflowException) as raised:
        call()
    assert raised.value.message
    return str(raised.value.error_code)


def tick() -> None:
    """Wait until MLflow's clock, which counts milliseconds, shows another time."""
    started = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == started:
        time.sleep(0.0002)
