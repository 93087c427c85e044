"""Every call that MLflow can make of a tracking store is answered: nothing is swallowed, and nothing breaks a training."""

import ast
import inspect
import textwrap
from typing import Any, cast

import pytest
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.abstract_store import AbstractStore
from training_events.interchange.mlflow.refusals import WithoutTraces

pytestmark = pytest.mark.slow  # `import mlflow` takes seconds

RUNS_AND_MODELS = {
    *(
        "search_experiments",
        "create_experiment",
        "get_experiment",
        "delete_experiment",
        "restore_experiment",
        "rename_experiment",
    ),
    "get_experiment_by_name",
    *("get_run", "create_run", "update_run_info", "delete_run", "restore_run", "_search_runs", "get_metric_history"),
    *("log_batch", "log_inputs", "log_outputs", "record_logged_model", "set_experiment_tag", "delete_experiment_tag"),
    *(
        "create_logged_model",
        "search_logged_models",
        "finalize_logged_model",
        "set_logged_model_tags",
        "delete_logged_model_tag",
    ),
    *("get_logged_model", "delete_logged_model"),
}
"""What the log has a place for, and MLflow leaves to each store."""


def is_left_to_each_store(call):
    """Whether MLflow's own store does nothing, or only raises that it is not implemented."""
    (function,) = cast("list[ast.FunctionDef]", ast.parse(textwrap.dedent(inspect.getsource(call))).body)
    body = [
        statement
        for statement in function.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    return not body or ast.unparse(body[0]).startswith(("raise NotImplemented", "raise MlflowNotImplemented", "pass"))


CALLS = {name: call for name, call in inspect.getmembers(AbstractStore, inspect.isfunction) if is_left_to_each_store(call)}


STORE: Any = cast("Any", WithoutTraces)()
"""One with nothing of its own."""


def test_whatever_mlflow_leaves_to_a_store_is_refused_or_answered_or_of_runs_and_models():
    left = {name for name in CALLS if getattr(WithoutTraces, name) is getattr(AbstractStore, name)}
    assert left == RUNS_AND_MODELS & CALLS.keys()
    assert len(CALLS) > 100


ASKS = (
    "search",
    "list",
    "query",
    "batch_get",
    "find",
    "sum",
    "get_online_scoring",
    "get_active_online",
    "get_mcp_server_versions",
)
"""How those calls begin by which MLflow's page, or a server, asks what there is."""
REST = sorted(CALLS.keys() - RUNS_AND_MODELS)


@pytest.mark.parametrize("name", [name for name in REST if not name.startswith(ASKS)])
def test_what_has_no_place_is_refused_in_one_line(name):
    with pytest.raises(NotImplementedError) as refused:  # as which MLflow's tracing knows it
        getattr(STORE, name)("some", argument=1)
    assert isinstance(refused.value, MlflowException)
    assert refused.value.error_code == "NOT_IMPLEMENTED"
    assert refused.value.get_http_status_code() == 501
    assert "cannot be kept: an event log of training-events has experiments, runs" in refused.value.message
    assert refused.value.message.isprintable()


@pytest.mark.parametrize("name", [name for name in REST if name.startswith(ASKS)])
def test_whoever_asks_what_there_is_of_it_gets_nothing(name):
    assert getattr(STORE, name)(["some"], argument=1) in ([], ([], None), 0.0)
