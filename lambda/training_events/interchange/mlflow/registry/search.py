"""Searches of MLflow's registry: its filters, its orders and its pages, over what the log has."""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry import (
    SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD,
)
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

from training_events.interchange.mlflow.registry.entities import found_model
from training_events.interchange.mlflow.registry.models import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from training_events.interchange.mlflow.registry.entities import Entities
    from training_events.interchange.mlflow.registry.models import RegisteredModels

_T = TypeVar("_T")
_ANY_MODEL = RegisteredModel("model", 0, 0)
_ANY_VERSION = ModelVersion("model", 1, 0, source="", run_id="")  # type: ignore[arg-type]  # searches compare a number
_IS_NAME = {"type": "attribute", "key": "name", "comparator": "="}
_NEWEST_FIRST = ("last_updated_timestamp DESC",)


def search_models(
    models: RegisteredModels,
    entities: Entities,
    filter_: str | None,
    max_results: int,
    order_by: Sequence[str] | None,
    page_token: str | None,
) -> PagedList[RegisteredModel]:
    """A page of registered models, by their names unless another order is given."""
    _check_page(max_results, SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD)
    order = _of_models(order_by or ())
    with _understood(filter_):  # a mistake is told even where there is nothing to search
        SearchModelUtils.filter([_ANY_MODEL], filter_)
    summaries = list(models.all())
    found = [found_model(model) if model.whole else entities.registered_model(models.state(model)) for model in summaries]
    streams = {id(entity): summary for entity, summary in zip(found, summaries, strict=True)}
    page = _page(_sorted(SearchModelUtils.filter(found, filter_), order), max_results, page_token)
    return PagedList([entities.registered_model(models.state(streams[id(entity)])) for entity in page], page.token)


def search_versions(
    models: RegisteredModels,
    entities: Entities,
    filter_: str | None,
    max_results: int,
    order_by: Sequence[str] | None,
    page_token: str | None,
) -> PagedList[ModelVersion]:
    """A page of versions of all models, those that changed last first unless another order is given."""
    _check_page(max_results, SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD)
    order = _of_versions(order_by or _NEWEST_FIRST)
    with _understood(filter_):
        clauses = SearchModelVersionUtils.parse_search_filter(filter_)
    _check_numbers(clauses)
    SearchModelVersionUtils.filter([_ANY_VERSION], filter_)
    name = _only_name(clauses)
    summaries = (model for model in models.all() if model.versions and name in (None, model.name, model.id))
    states = map(models.state, summaries)
    versions = chain.from_iterable((entities.model_version(state, number) for number in numbered(state)) for state in states)
    found = SearchModelVersionUtils.filter(versions, filter_)
    return _page(_sorted(found, order), max_results, page_token)


@contextmanager
def _understood(filter_: str | None) -> Iterator[None]:
    """MLflow's parser fails at some filters, as `tags.a IS NULL`: a server would too, and its client try again for minutes."""
    try:
        yield
    except ValueError:
        raise MlflowException.invalid_parameter_value(f"Invalid filter: {filter_!a:.200} is not understood") from None


def _check_page(max_results: Any, most: int) -> None:
    if not isinstance(max_results, int) or not 1 <= max_results <= most:
        raise MlflowException.invalid_parameter_value(
            f"Invalid value for max_results: it is {max_results!a:.80}; allowed: an integer from 1 to {most}"
        )


def _page(found: list[_T], max_results: int, page_token: str | None) -> PagedList[_T]:
    page, token = SearchUtils.paginate(found, page_token, max_results)
    return PagedList(page, token)


def _of_models(order_by: Sequence[str]) -> list[tuple[str, bool]]:
    """By what to sort, and whether upwards. `timestamp` is MLflow's other word for the last change."""
    parsed = [SearchUtils.parse_order_by_for_search_registered_models(clause) for clause in order_by]
    order = [("last_updated_timestamp" if key == "timestamp" else key, upwards) for key, upwards in parsed]
    return [*_each_once(order, order_by), ("name", True)]


def _of_versions(order_by: Sequence[str]) -> list[tuple[str, bool]]:
    parsed = [SearchModelVersionUtils.parse_order_by_for_search_model_versions(clause) for clause in order_by]
    order = [("version" if key == "version_number" else key, upwards) for _, key, upwards in parsed]
    return [*_each_once(order, order_by), ("name", True), ("version", False)]


def _each_once(order: list[tuple[str, bool]], order_by: Sequence[str]) -> list[tuple[str, bool]]:
    if len({key for key, _ in order}) < len(order):
        raise MlflowException.invalid_parameter_value(f"`order_by` contains duplicate fields: {list(order_by)}")
    return order


def _sorted(found: Iterable[_T], order: list[tuple[str, bool]]) -> list[_T]:
    ordered = list(found)
    for key, upwards in reversed(order):
        ordered.sort(key=attrgetter(key), reverse=not upwards)
    return ordered


def _check_numbers(clauses: list[dict[str, Any]]) -> None:
    """MLflow's own search of entities fails at what is no number of a version."""
    for clause in clauses:
        if clause["key"] == "version_number" and not re.fullmatch("-?[0-9]+", str(clause["value"]), re.ASCII):
            raise MlflowException.invalid_parameter_value(
                f"Invalid value for version_number: it is {clause['value']!a:.80}; allowed: a whole number"
            )


def _only_name(clauses: list[dict[str, Any]]) -> str | None:
    """The name of the only model whose versions this filter can find, where it says so."""
    return next((clause["value"] for clause in clauses if _IS_NAME.items() <= clause.items()), None)
