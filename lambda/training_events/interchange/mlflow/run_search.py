"""A search of MLflow's as a question to the log. MLflow's own parser reads it, so what it refuses is refused here in its words.

`metrics.<name>` is the latest value here, as MLflow means it. What no run has is no mistake: nothing is found.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow.entities import ViewType
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.search_utils import SearchUtils

from training_events import mlflow_ids
from training_events.interchange.mlflow.entities import STATUSES
from training_events.interchange.mlflow.facts import DIGEST_PREFIX, recorded_tag, text_of
from training_events.interchange.mlflow.problems import invalid
from training_events.reading.search.order import MAX_NAMES
from training_events.reading.search.question import Question
from training_events.reading.search.values import normalized, number_in
from training_events.stores.search import NEGATED, AllOf, AnyOf, Condition, Name, Operand, Order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from training_events.folds.summary import RunSummary
    from training_events.stores.search import Expression, Operator

_ATTRIBUTES = {
    "run_id": "id", "run_name": "name", "user_id": "requested_by", "start_time": "started_at", "end_time": "finished_at",
    "status": "status", "artifact_uri": "id",
}  # fmt: skip
"""This log's names of what MLflow calls attributes of a run. Artifacts are where the id of their run says."""
_DATASETS = {"name": "name", "digest": "digest", "context": "role"}
_HIDDEN, _GROUP = Name("attributes.hidden"), Name("attributes.group")
_STARTED, _ID = Name("attributes.started_at"), Name("attributes.id")
_NOTHING = AnyOf(())
_ARTIFACTS = re.compile(r".*/runs/([^/?]+)/artifacts(?:\?.*)?", re.DOTALL)


class RunsQuestion(Question, frozen=True):
    """A question in which names may be of nothing that any run has."""

    @property
    def required(self) -> set[str]:
        return set()


class Experiments(NamedTuple):
    """The names of groups in which runs are looked for: of those that are shown, and of those that are hidden."""

    active: Collection[str]
    deleted: Collection[str]


def runs_question(
    experiments: Experiments,
    filter_string: str | None,
    view_type: int,
    order_by: Sequence[str] | None,
    names: Callable[[], Iterable[str]],
) -> Question:
    """The question that a search asks. `names` are those of all runs, for `mlflow_ids.run_name`. Raises MlflowException."""
    parts = [_condition(parsed, names) for parsed in SearchUtils.parse_search_filter(filter_string)]
    return RunsQuestion(AllOf((_in_view(experiments, view_type), *parts)), _order(order_by or ()))


def newest_first(runs: Iterable[RunSummary]) -> Iterator[RunSummary]:
    """Those that began in the same instant by their ids, as MLflow has them; the log has them the other way round."""
    for _, together in groupby(runs, key=lambda run: run.first_at):
        yield from sorted(together, key=lambda run: run.id)


def _in_view(experiments: Experiments, view_type: int) -> Expression:
    """A run of an experiment that was deleted counts as deleted."""
    active, deleted = _in_groups(experiments.active), _in_groups(experiments.deleted)
    if view_type == ViewType.ALL:
        return AnyOf((active, deleted))
    if view_type == ViewType.DELETED_ONLY:
        return AnyOf((AllOf((active, _is(_HIDDEN, "true"))), deleted))
    return AllOf((active, _is(_HIDDEN, "false")))


def _in_groups(groups: Collection[str]) -> Expression:
    if not groups:
        return _NOTHING
    named = Condition(_GROUP, "=", tuple(Operand(None, str(normalized(group))) for group in groups))
    return AnyOf((named, Condition(_GROUP, "IS NULL"))) if mlflow_ids.DEFAULT_EXPERIMENT in groups else named


def _is(name: Name, text: str) -> Condition:
    return Condition(name, "=", (Operand(None, text),))


def _condition(parsed: dict[str, Any], names: Callable[[], Iterable[str]]) -> Expression:
    type_, comparator, value = parsed["type"], parsed["comparator"].upper(), parsed["value"]
    key = SearchUtils.translate_key_alias(parsed["key"])
    if SearchUtils.is_metric(type_, comparator):
        return Condition(Name(f"metrics.{key}", "latest"), comparator, (Operand(float(value), None),))
    if SearchUtils.is_param(type_, comparator):
        return _of_text(Name(f"params.{key}"), comparator, value)
    if SearchUtils.is_tag(type_, comparator):
        return _of_text(_tag(key), comparator, value)
    if SearchUtils.is_dataset(type_, comparator):
        return _of_dataset(Name(f"datasets.{_DATASETS[key]}"), comparator, value)
    if SearchUtils.is_numeric_attribute(type_, key, comparator):
        return _of_time(Name(f"attributes.{_ATTRIBUTES[key]}"), comparator, value)
    return _of_attribute(key, comparator, value, names)


def _of_attribute(key: str, comparator: str, value: Any, names: Callable[[], Iterable[str]]) -> Expression:
    SearchUtils.is_string_attribute("attribute", key, comparator)  # raises for a comparator that is none of a text's
    if key == "status":
        return _of_status(comparator, value)
    if key == "artifact_uri" and "LIKE" not in comparator:
        value = _each(value, _owner_of)
    if key in ("run_id", "artifact_uri") and "LIKE" not in comparator:
        value = _each(value, lambda id_: mlflow_ids.run_name(id_, names) or id_)
    return _of_text(Name(f"attributes.{_ATTRIBUTES[key]}"), comparator, value)


def _tag(key: str) -> Name:
    return Name("attributes.name") if key == MLFLOW_RUN_NAME else Name(f"tags.{recorded_tag(key)}")


def _of_text(name: Name, comparator: str, value: Any) -> Condition:
    """MLflow compares texts. What something else has recorded as a number compares with one, too."""
    operator = _operator(comparator)
    if "LIKE" in operator:
        return Condition(name, operator, (Operand(None, value),))
    given = () if value is None else value if isinstance(value, tuple) else (value,)
    return Condition(name, operator, tuple(Operand(number_in(text), str(normalized(text))) for text in given))


def _of_dataset(name: Name, comparator: str, value: Any) -> Expression:
    """One of the datasets of a run meets it. A digest that MLflow has computed is recorded with a prefix that says so."""
    condition = _of_text(name, comparator, value)
    if name.key != "datasets.digest":
        return condition
    prefixed = _of_text(name, comparator, _each(value, lambda digest: f"{DIGEST_PREFIX}{digest}"))
    if "LIKE" in condition.operator:
        return AnyOf((condition, prefixed))
    return Condition(name, condition.operator, (*condition.operands, *prefixed.operands))


def _of_time(name: Name, comparator: str, value: float) -> Expression:
    """MLflow counts milliseconds: its time is all of one."""
    at, after = (Operand(None, text_of(moment)) for moment in (value, value + 1))
    if comparator == "=":
        return AllOf((Condition(name, ">=", (at,)), Condition(name, "<", (after,))))
    if comparator == "!=":
        return AnyOf((Condition(name, "<", (at,)), Condition(name, ">=", (after,))))
    operators: dict[str, tuple[Operator, Operand]] = {
        "<": ("<", at), "<=": ("<", after), ">": (">=", after), ">=": (">=", at),
    }  # fmt: skip
    operator, bound = operators[comparator]
    return Condition(name, operator, (bound,))


def _of_status(comparator: str, value: Any) -> Expression:
    """Several of this log's statuses are one of MLflow's, whose names are compared."""
    meets = SearchUtils.get_comparison_func("LIKE" if comparator == "LIKE" else "ILIKE") if "LIKE" in comparator else None
    wanted = value if isinstance(value, tuple) else (value,)
    is_negative = _operator(comparator) in ("!=", "NOT LIKE", "NOT ILIKE")
    found = [own for own, word in STATUSES.items() if (meets(word, value) if meets else word in wanted) is not is_negative]
    return Condition(Name("attributes.status"), "=", tuple(Operand(None, own) for own in found)) if found else _NOTHING


def _operator(comparator: str) -> Operator:
    operators: dict[str, Operator] = {"IN": "=", "NOT IN": "!="}
    if comparator in operators:
        return operators[comparator]
    return next(known for known in NEGATED if known == comparator)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    return tuple(map(change, value)) if isinstance(value, tuple) else change(value)


def _owner_of(artifact_uri: str) -> str:
    """The id of the run whose artifacts are there; the text itself where it is no such address."""
    found = _ARTIFACTS.fullmatch(artifact_uri)
    return found[1] if found else artifact_uri


def _order(order_by: Sequence[str]) -> tuple[Order, ...]:
    """What is equal in all that is named comes as in `newest_first`."""
    orders: dict[Name, Order] = {}
    for clause in order_by:
        type_, key, is_ascending = SearchUtils.parse_order_by_for_search_runs(clause)
        name = _ordered_by(type_, SearchUtils.translate_key_alias(key))
        if name in orders:
            raise invalid(f"`order_by` contains duplicate fields: {list(order_by)}")
        orders[name] = Order(name, descending=not is_ascending)
    if len(orders) > MAX_NAMES:
        raise invalid(f"`order_by` has {len(orders)} fields; allowed: at most {MAX_NAMES}")
    if not orders:
        return ()  # runs come the newest first by themselves, without that all have to be read
    last = {_STARTED: Order(_STARTED, descending=True), _ID: Order(_ID)}
    return (*orders.values(), *(order for name, order in last.items() if name not in orders))


def _ordered_by(type_: str, key: str) -> Name:
    if SearchUtils.is_metric(type_, "="):
        return Name(f"metrics.{key}", "latest")
    if SearchUtils.is_param(type_, "="):
        return Name(f"params.{key}")
    if SearchUtils.is_tag(type_, "="):
        return _tag(key)
    if SearchUtils.is_dataset(type_, "="):
        raise invalid(f"Invalid identifier type '{type_}': a run may have several datasets")
    return Name(f"attributes.{_ATTRIBUTES[key]}")
