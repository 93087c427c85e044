"""Searches of logged models: MLflow's filters, its orders and its pages."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT
from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken, SearchLoggedModelsUtils, SearchUtils

from training_events.interchange.mlflow.paging import check_max_results
from training_events.interchange.mlflow.problems import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow.entities import LoggedModel, Metric


def found_models(
    models: Iterable[LoggedModel],
    experiment_ids: list[str],
    filter_: str | None,
    datasets: list[dict[str, Any]] | None,
    max_results: int | None,
    order_by: list[dict[str, Any]] | None,
    page_token: str | None,
) -> PagedList[LoggedModel]:
    """A page of those models that meet a filter. They are given the newest first, and read only as far as the page asks.

    `datasets` say which metrics count: those on one of them. Without a condition on metrics, a model needs any metric there.
    """
    size = SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT if max_results is None else max_results
    check_max_results(size)
    start = _start(page_token, experiment_ids, filter_, order_by)
    if not all(dataset.get("dataset_name") for dataset in datasets or ()):
        raise invalid("`dataset_name` in the `datasets` clause must be specified.")
    clauses = SearchLoggedModelsUtils.parse_search_filter(filter_)
    for clause in clauses:
        _check(clause)
    SearchLoggedModelsUtils.sort([], order_by)
    found: Iterable[LoggedModel] = (model for model in models if _meets(model, clauses, datasets or ()))
    if order_by:
        found = SearchLoggedModelsUtils.sort(found, order_by)
    page = list(islice(found, start, start + size + 1))
    if len(page) <= size:
        return PagedList(page, None)
    token = SearchLoggedModelsPaginationToken(experiment_ids, filter_, order_by, start + size)
    return PagedList(page[:size], token.encode())


def _start(token: str | None, experiment_ids: list[str], filter_: str | None, order_by: Any) -> int:
    if not token:
        return 0
    named = SearchLoggedModelsPaginationToken.decode(token)
    named.validate(experiment_ids, filter_, order_by)
    return named.offset


def _check(clause: Mapping[str, Any]) -> None:
    """Raises where a condition compares in a way that what it is about does not know."""
    type_, key, comparator = clause["type"], clause["key"], clause["comparator"].upper()
    known = SearchLoggedModelsUtils
    if not (
        known.is_metric(type_, comparator)
        or known.is_param(type_, comparator)
        or known.is_tag(type_, comparator)
        or known.is_string_attribute(type_, key, comparator)
        or known.is_numeric_attribute(type_, key, comparator)
    ):
        raise invalid(f"{type_}.{key} {comparator} is no condition on a logged model; it has metrics, params, tags, attributes")


def _meets(model: LoggedModel, clauses: Iterable[Mapping[str, Any]], datasets: Sequence[Mapping[str, Any]]) -> bool:
    counting = [
        metric for metric in model.metrics or () if not datasets or any(_is_on(metric, dataset) for dataset in datasets)
    ]
    if datasets and not counting:
        return False
    return all(_holds(model, counting, clause) for clause in clauses)


def _holds(model: LoggedModel, metrics: Iterable[Metric], clause: Mapping[str, Any]) -> bool:
    """A metric has a value on each of several datasets: one of them has to meet the condition."""
    key, value = clause["key"], clause["value"]
    compare = SearchUtils.get_comparison_func(clause["comparator"].upper())
    match clause["type"]:
        case "metric":
            return any(compare(metric.value, float(value)) for metric in metrics if metric.key == key)
        case "parameter":
            known = model.params.get(key)
        case "tag":
            known = model.tags.get(key)
        case _:
            known = getattr(model, _ATTRIBUTES.get(key, key))
    return known is not None and compare(known, value)


_ATTRIBUTES = {"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"}
"""MLflow's other words for the times of a logged model."""


def _is_on(metric: Metric, dataset: Mapping[str, Any]) -> bool:
    return metric.dataset_name == dataset["dataset_name"] and dataset.get("dataset_digest") in (None, metric.dataset_digest)
