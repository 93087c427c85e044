"""The dashboard of an environment: graphs, two side by side."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from stacks.settings import Settings


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: Mapping[str, str]


class Graph(NamedTuple):
    title: str
    statistic: str
    metrics: Sequence[Metric]


def dashboard(scope: Construct, settings: Settings, graphs: Sequence[Graph]) -> CloudwatchDashboard:
    return CloudwatchDashboard(
        scope,
        "dashboard",
        dashboard_name=settings.stack_name,
        dashboard_body=json.dumps({"widgets": [_widget(index, graph, settings) for index, graph in enumerate(graphs)]}),
    )


def _widget(index: int, graph: Graph, settings: Settings) -> dict[str, Any]:
    """A graph at its place in the dashboard, which has 24 columns, so that two graphs fit side by side."""
    return {
        "type": "metric",
        "x": 12 * (index % 2),
        "y": 6 * (index // 2),
        "width": 12,
        "height": 6,
        "properties": {
            "title": graph.title,
            "region": settings.region,
            "stat": graph.statistic,
            "period": 300,
            "metrics": [
                [metric.namespace, metric.name, *(part for dimension in metric.dimensions.items() for part in dimension)]
                for metric in graph.metrics
            ],
        },
    }
