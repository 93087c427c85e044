"""Every value of a metric, as MLflow lists them: by time, then by step, each once however often it was sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlflow.entities.metric import Metric, MetricWithRunId

from training_events.folds.standing import recorded_points
from training_events.interchange.mlflow import entities
from training_events.interchange.mlflow.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.interchange.mlflow.runs import RunStore
    from training_events.interchange.mlflow.workspace import Workspace


class MetricHistory:
    """The values of the metrics of a log. Those that a later attempt has superseded are among them, as in MLflow."""

    def __init__(self, workspace: Workspace, runs: RunStore) -> None:
        self._workspace, self._runs = workspace, runs

    def of_run(self, run_id: str, key: str) -> list[Metric]:
        """Raises MlflowException where there is no such run."""
        stream = self._runs.state(run_id).stream
        points = recorded_points(stream, lambda: self._workspace.entries(stream), key, attempts=1)
        return sorted(
            {_identity(it): it for it in (entities.metric(point, at) for point, _, at, _ in points)}.values(), key=_place
        )

    def of_runs(self, run_ids: Iterable[str], key: str, max_results: int) -> list[MetricWithRunId]:
        """Those of several runs, run by run: at most so many in all."""
        return [found for run_id in sorted(run_ids) for found in _of(run_id, self.of_run(run_id, key))][:max_results]

    def at_steps(self, run_id: str, key: str, steps: Iterable[int], max_results: int) -> list[MetricWithRunId]:
        wanted = set(steps)
        found = sorted((it for it in self.of_run(run_id, key) if it.step in wanted), key=lambda it: (it.step, *_place(it)))
        return _of(run_id, found[:max_results])

    def sampled(
        self, run_ids: Iterable[str], key: str, max_results: int, start_step: int | None, end_step: int | None
    ) -> list[MetricWithRunId]:
        """Of each run at most so many values within these steps, evenly spread; the first and the last one are among them."""
        if (start_step is None) != (end_step is None):
            raise invalid("start_step and end_step are given together, or neither is")
        low, high = (-math.inf, math.inf) if start_step is None or end_step is None else (start_step, end_step)
        sampled: list[MetricWithRunId] = []
        for run_id in run_ids:
            found = sorted(
                (it for it in self.of_run(run_id, key) if low <= it.step <= high), key=lambda it: (it.step, *_place(it))
            )
            chosen = _evenly_spaced(len(found), max(1, max_results))
            sampled += _of(run_id, [found[number] for number in chosen])
        return sampled


def _of(run_id: str, metrics: Iterable[Metric]) -> list[MetricWithRunId]:
    return [MetricWithRunId(run_id=run_id, metric=metric) for metric in metrics]


def _identity(metric: Metric) -> tuple[str, int, int]:
    return repr(metric.value), metric.timestamp, metric.step


def _place(metric: Metric) -> tuple[int, int, float]:
    """NaN is in no order: it comes first."""
    return metric.timestamp, metric.step, -math.inf if math.isnan(metric.value) else metric.value


def _evenly_spaced(count: int, max_count: int) -> list[int]:
    """At most so many numbers below `count`, the first and the last one among them; of one the last."""
    if count <= max_count:
        return list(range(count))
    if max_count == 1:
        return [count - 1]
    return sorted({round(number * (count - 1) / (max_count - 1)) for number in range(max_count)})
