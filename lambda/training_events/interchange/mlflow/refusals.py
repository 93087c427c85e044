"""What MLflow keeps besides runs and models, and this log has no place for: traces, assessments, evaluation datasets, and more.

Each call that would record one is refused with one line, so that nobody believes it kept. Where MLflow's page or a server only
asks what there is, the answer is: nothing.
"""

from __future__ import annotations

from typing import Any, NoReturn

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import NOT_IMPLEMENTED
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking.abstract_store import AbstractStore

KEPT = "an event log keeps what was recorded; a run or a model can be hidden, which MLflow calls deleting it"
_NO_PLACE = "an event log of training-events has experiments, runs, their inputs, and models; another store can keep the rest"


class Refused(MlflowException, NotImplementedError):  # noqa: N818 - the name says the condition
    """As a NotImplementedError, it tells MLflow's tracing once that spans are not taken, and training code runs on."""


def refused(what: str) -> Refused:
    """For a call that asks for what an event log cannot do, or has no place for."""
    return Refused(what, NOT_IMPLEMENTED)


def _refusing(what: str) -> Any:
    def call(*_: Any, **__: Any) -> NoReturn:
        raise refused(f"{what} cannot be kept: {_NO_PLACE}")

    return call


class WithoutTraces(AbstractStore):
    """A tracking store that refuses what is neither an experiment nor a run nor a logged model."""

    def _none(self, *_: Any, **__: Any) -> PagedList[Any]:
        return PagedList([], None)

    def search_traces(self, *_: Any, **__: Any) -> tuple[list[Any], None]:
        return [], None

    def sum_gateway_trace_cost(self, *_: Any, **__: Any) -> float:
        return 0.0

    start_trace = log_spans = deprecated_start_trace_v2 = deprecated_end_trace_v2 = _refusing("a trace")
    get_trace = get_trace_info = get_online_trace_details = set_trace_tag = delete_trace_tag = _refusing("a trace")
    delete_traces = _delete_traces = link_traces_to_run = unlink_traces_from_run = archive_traces = _refusing("a trace")
    calculate_trace_filter_correlation = link_prompts_to_trace = link_mcp_server_versions_to_trace = _refusing("a trace")
    batch_get_traces = batch_get_trace_infos = query_trace_metrics = find_completed_sessions = _none
    get_mcp_server_versions_for_trace = _none

    get_assessment = create_assessment = update_assessment = delete_assessment = _refusing("an assessment")

    create_issue = get_issue = update_issue = _refusing("an issue")
    search_issues = _none

    create_dataset = get_dataset = delete_dataset = upsert_dataset_records = _refusing("an evaluation dataset")
    delete_dataset_records = set_dataset_tags = delete_dataset_tag = _refusing("an evaluation dataset")
    add_dataset_to_experiments = remove_dataset_from_experiments = _refusing("an evaluation dataset")
    get_dataset_experiment_ids = _load_dataset_records = _refusing("an evaluation dataset")
    search_datasets = _none

    register_scorer = get_scorer = delete_scorer = upsert_online_scoring_config = _refusing("a scorer")
    list_scorers = list_scorers_across_experiments = list_scorer_versions = _none
    get_online_scoring_configs = get_active_online_scorers = _none

    create_label_schema = get_label_schema = get_label_schema_by_name = _refusing("a label schema")
    update_label_schema = delete_label_schema = _refusing("a label schema")
    list_label_schemas = _none

    create_review_queue = get_or_create_user_queue = get_review_queue = _refusing("a review queue")
    get_review_queue_by_name = update_review_queue = delete_review_queue = _refusing("a review queue")
    add_items_to_review_queue = remove_items_from_review_queue = _refusing("a review queue")
    set_review_queue_item_status = _refusing("a review queue")
    list_review_queues = list_review_queue_items = _none

    create_gateway_secret = get_secret_info = update_gateway_secret = delete_gateway_secret = _refusing("a secret of a gateway")
    create_gateway_model_definition = get_gateway_model_definition = _refusing("a model of a gateway")
    update_gateway_model_definition = delete_gateway_model_definition = _refusing("a model of a gateway")
    create_gateway_endpoint = get_gateway_endpoint = update_gateway_endpoint = _refusing("an endpoint of a gateway")
    delete_gateway_endpoint = attach_model_to_endpoint = detach_model_from_endpoint = _refusing("an endpoint of a gateway")
    create_endpoint_binding = delete_endpoint_binding = _refusing("an endpoint of a gateway")
    set_gateway_endpoint_tag = delete_gateway_endpoint_tag = _refusing("an endpoint of a gateway")
    create_budget_policy = get_budget_policy = update_budget_policy = _refusing("a budget of a gateway")
    delete_budget_policy = _refusing("a budget of a gateway")
    create_gateway_guardrail = get_gateway_guardrail = delete_gateway_guardrail = _refusing("a guardrail of a gateway")
    add_guardrail_to_endpoint = remove_guardrail_from_endpoint = _refusing("a guardrail of a gateway")
    update_endpoint_guardrail_config = _refusing("a guardrail of a gateway")
    list_secret_infos = list_gateway_model_definitions = list_gateway_endpoints = list_endpoint_bindings = _none
    list_budget_policies = list_gateway_guardrails = list_endpoint_guardrail_configs = _none

    create_mcp_server = get_mcp_server = update_mcp_server = delete_mcp_server = _refusing("an MCP server")
    create_mcp_server_version = get_mcp_server_version = get_mcp_server_version_by_alias = _refusing("an MCP server")
    get_latest_mcp_server_version = update_mcp_server_version = delete_mcp_server_version = _refusing("an MCP server")
    create_mcp_access_endpoint = get_mcp_access_endpoint = update_mcp_access_endpoint = _refusing("an MCP server")
    delete_mcp_access_endpoint = set_mcp_server_tag = delete_mcp_server_tag = _refusing("an MCP server")
    set_mcp_server_version_tag = delete_mcp_server_version_tag = _refusing("an MCP server")
    set_mcp_server_alias = delete_mcp_server_alias = _refusing("an MCP server")
    search_mcp_servers = search_mcp_server_versions = search_mcp_access_endpoints = _none
