"""An alarm on everything that means "an event may be lost", and a dashboard of the way from the bus to the log."""

import json
from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from stacks.event_bus import EventBus
from stacks.event_processor import EventProcessor
from stacks.settings import Settings
from stacks.undelivered_queue import UndeliveredQueue

# Namespace, name and dimensions.
Metric = tuple[str, str, Mapping[str, str]]


class Observability(Construct):
    """Each alarm fires at the first event in five minutes: one lost event is one too many."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        processor: EventProcessor,
        undelivered: UndeliveredQueue,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._actions = self._topic()
        queue = {"QueueName": undelivered.queue.name}
        function = {"FunctionName": processor.function.function_name}
        rule = {"EventBusName": bus.bus.name, "RuleName": processor.rule.name}
        self._alarm(
            "undelivered",
            "Events wait in the undelivered queue, each with its reason",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue),
            statistic="Maximum",
        )
        for metric, meaning in {
            "Errors": "The event processor failed; Lambda tries again twice, then the event is in the undelivered queue",
            "Throttles": "The event processor is out of concurrency; events wait for up to six hours",
            "AsyncEventsDropped": "Events were dropped before the event processor could take them",
            "DestinationDeliveryFailures": "A failed event could not be put into the undelivered queue: it is in the archive",
        }.items():
            self._alarm(f"processor-{_dashed(metric)}", meaning, ("AWS/Lambda", metric, function))
        for metric, meaning in {
            "FailedInvocations": "The rule could not hand an event to the event processor",
            "InvocationsFailedToBeSentToDlq": "An event could not be put into the undelivered queue: it is in the archive",
        }.items():
            self._alarm(f"rule-{_dashed(metric)}", meaning, ("AWS/Events", metric, rule))
        self._dashboard(queue, function, rule)

    def _topic(self) -> list[str]:
        """Where alarms go: a topic with one e-mail subscription, if the settings name an address."""
        email = self._settings.observability.alarm_email
        if email is None:
            return []
        topic = SnsTopic(self, "alarms", name=self._settings.name("alarms"))
        SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
        return [topic.arn]

    def _alarm(self, what: str, meaning: str, metric: Metric, *, statistic: str = "Sum") -> None:
        namespace, metric_name, dimensions = metric
        CloudwatchMetricAlarm(
            self,
            what,
            alarm_name=self._settings.name(what),
            alarm_description=meaning,
            namespace=namespace,
            metric_name=metric_name,
            dimensions=dict(dimensions),
            statistic=statistic,
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",  # these metrics are only sent when there is something to say
            alarm_actions=self._actions or None,
            ok_actions=self._actions or None,
        )

    def _dashboard(self, queue: Mapping[str, str], function: Mapping[str, str], rule: Mapping[str, str]) -> None:
        recorded = {"service": "event-processor"}
        graphs: list[tuple[str, str, list[Metric]]] = [
            ("Events on the bus", "Sum", [("AWS/Events", "MatchedEvents", rule), ("AWS/Events", "FailedInvocations", rule)]),
            (
                "Events recorded",
                "Sum",
                [
                    (self._settings.stack_name, metric, recorded)
                    for metric in ("EventsRecorded", "EventsRepeated", "EventsSetAside")
                ],
            ),
            (
                "Event processor",
                "Sum",
                [("AWS/Lambda", metric, function) for metric in ("Invocations", "Errors", "Throttles")],
            ),
            ("Event processor, p95 of its duration", "p95", [("AWS/Lambda", "Duration", function)]),
            ("Waiting undelivered", "Maximum", [("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)]),
        ]
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=self._settings.stack_name,
            dashboard_body=json.dumps(
                {"widgets": [self._widget(place, *graph) for place, graph in enumerate(graphs)]},
            ),
        )

    def _widget(self, place: int, title: str, statistic: str, metrics: list[Metric]) -> dict[str, Any]:
        """One graph; two fit side by side in the dashboard's 24 columns."""
        return {
            "type": "metric",
            "x": 12 * (place % 2),
            "y": 6 * (place // 2),
            "width": 12,
            "height": 6,
            "properties": {
                "title": title,
                "region": self._settings.region,
                "stat": statistic,
                "period": 300,
                "metrics": [
                    [namespace, name, *(part for dimension in dimensions.items() for part in dimension)]
                    for namespace, name, dimensions in metrics
                ],
            },
        }


def _dashed(metric: str) -> str:
    """`FailedInvocations` → `failed-invocations`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in metric).lstrip("-")
