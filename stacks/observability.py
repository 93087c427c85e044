"""Alarms for "an event may be lost" and "the log was altered", and a dashboard that follows an event from bus to read model."""

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from stacks.central_bus import CentralBus
from stacks.dashboard import Graph, Metric, dashboard
from stacks.event_bus import EventBus
from stacks.event_processor import EventProcessor
from stacks.forwarding import Forwarding
from stacks.notary import Notary
from stacks.openlineage import OpenLineage
from stacks.projector import Projector
from stacks.settings import Settings
from stacks.training_starter import TrainingStarter
from stacks.undelivered_queue import UndeliveredQueue
from stacks.unmatched_events import UnmatchedEvents

# If an event of a long stream comes late, the projector may need the longest time that Lambda allows: 15 minutes.
_BEHIND_MILLISECONDS = 2 * 15 * 60 * 1000


class Observability(Construct):
    """Each alarm looks at five minutes, and goes off at the first event in them: one lost event is one too many."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        forwarding: Forwarding,
        unmatched: UnmatchedEvents | None,
        processor: EventProcessor,
        projector: Projector,
        notary: Notary | None,
        starter: TrainingStarter | None,
        lineage: OpenLineage | None,
        central: CentralBus | None,
        undelivered: UndeliveredQueue,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._actions = self._topic()
        self._queue = {"QueueName": undelivered.queue.name}
        # The metrics of a rule on a custom bus have two dimensions, bus and rule; on the default bus they have the rule alone:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
        self._rule = {"EventBusName": bus.bus.name, "RuleName": processor.rule.name}
        self._aws_rule = {"EventBusName": bus.bus.name, "RuleName": processor.aws_rule.name}
        self._no_rule = {"EventBusName": bus.bus.name, "RuleName": unmatched.rule.name} if unmatched else None
        self._forwarding = {rule.node.id: {"RuleName": rule.name} for rule in forwarding.rules}
        self._processor = {"FunctionName": processor.function.function_name}
        self._schedule = {"RuleName": projector.schedule.name}
        self._projector = {"FunctionName": projector.function.function_name}
        self._watch_recording()
        self._watch_projecting()
        if notary:
            self._watch_the_notary(notary)
        if starter:
            self._watch_starting(bus, starter)
        if lineage:
            self._watch_run_events(bus, lineage)
        if central:
            self._watch_rule(
                "rule-central",
                {"EventBusName": bus.bus.name, "RuleName": central.rule.name},
                "The bus of the central log did not take an event",
                "it is in this environment's log and archive",
            )
        dashboard(self, settings, [*self._graphs(), *(self._graphs_of_the_notary(notary) if notary else [])])

    def _topic(self) -> list[str]:
        """The actions of an alarm: a topic with one e-mail subscription, if the settings name an address."""
        email = self._settings.observability.alarm_email
        if email is None:
            return []
        topic = SnsTopic(
            self,
            "alarms",
            name=self._settings.name("alarms"),
            kms_master_key_id=self._settings.encryption.kms_key_arn,
        )
        SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
        return [topic.arn]

    def _watch_recording(self) -> None:
        self._alarm(
            "undelivered",
            "Events wait in the undelivered queue, each with its reason",
            Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", self._queue),
            statistic="Maximum",
        )
        for metric, meaning in {
            "Errors": "The event processor failed; Lambda tries again twice, then the event is in the undelivered queue",
            "Throttles": "The event processor is out of concurrency; events wait for up to six hours",
            "AsyncEventsDropped": "Events were dropped before the event processor could take them",
            "DestinationDeliveryFailures": "A failed event could not be put into the undelivered queue: it is in the archive",
        }.items():
            self._alarm(f"processor-{_dashed(metric)}", meaning, Metric("AWS/Lambda", metric, self._processor))
        self._watch_rule("rule", self._rule, "The rule could not hand an event to the event processor", "it is in the archive")
        self._watch_rule(
            "rule-aws",  # not `aws-rule`: the name of another environment may end in `aws`
            self._aws_rule,
            "The rule could not hand an event of AWS to the event processor",
            "it is in the archive",
        )
        if self._no_rule:
            self._watch_rule(
                "rule-unmatched",
                self._no_rule,
                "An event that no rule takes could not be put into the undelivered queue",
                "it is in the archive",
            )
        for rule, consequence in {
            "sagemaker": "`training-events reconcile` asks SageMaker for the state of its jobs",
            "datasets": "a new object under datasets/ is not recorded, but is in the bucket",
        }.items():
            self._watch_rule(
                f"forward-{rule}",
                self._forwarding[rule],
                "An event of AWS could not be forwarded from the default bus",
                consequence,
            )

    def _watch_rule(self, name: str, rule: Mapping[str, str], meaning: str, consequence: str) -> None:
        self._alarm(f"{name}-failed-invocations", meaning, Metric("AWS/Events", "FailedInvocations", rule))
        self._alarm(
            f"{name}-invocations-failed-to-be-sent-to-dlq",
            f"An event could not be put into the undelivered queue: {consequence}",
            Metric("AWS/Events", "InvocationsFailedToBeSentToDlq", rule),
        )

    def _watch_projecting(self) -> None:
        self._alarm(
            "log-altered",
            "The log was altered: an event that had been recorded was changed or removed; the projector's log says which",
            self._counter("projector", "LogAltered"),
        )
        self._alarm(
            "projector-records-set-aside",
            "The projector could not read changes of the log; they are in the undelivered queue, each with its reason",
            self._counter("projector", "RecordsSetAside"),
        )
        self._alarm(
            "projector-seals-failed",
            "Streams that are due could not be sealed; they are tried again every five minutes, the projector's log says why",
            self._counter("projector", "SealsFailed"),
        )
        self._watch_rule(
            "rule-seal-due",
            self._schedule,
            "The schedule could not call the projector: streams in which nothing arrives are not sealed",
            "the next call of the schedule does the same",
        )
        for metric, meaning in {
            "Errors": "The projector failed; Lambda hands the changes over again for up to twelve hours",
            "Throttles": "The projector is out of concurrency; changes of the log wait for up to twelve hours",
            "DestinationDeliveryFailures": "What the projector gave up could not be put into the undelivered queue: rebuild",
        }.items():
            self._alarm(f"projector-{_dashed(metric)}", meaning, Metric("AWS/Lambda", metric, self._projector))
        self._alarm(
            "projector-iterator-age",
            "Read models are behind the log by more than half an hour",
            Metric("AWS/Lambda", "IteratorAge", self._projector),
            statistic="Maximum",
            threshold=_BEHIND_MILLISECONDS,
        )

    def _watch_the_notary(self, notary: Notary) -> None:
        function = {"FunctionName": notary.function.function_name}
        self._alarm(
            "notary-alterations",  # not `notary-log-altered`: the name of another environment may end in `notary`
            "The log was altered: the notary saw an event changed or removed; its log says which",
            self._counter("notary", "LogAltered"),
        )
        self._alarm(
            "notary-failed",
            "The notary could not take events or sign a checkpoint; it tries again, its log says why",
            self._counter("notary", "NotaryFailed"),
        )
        self._watch_rule(
            "rule-checkpoint",
            {"RuleName": notary.schedule.name},
            "The schedule could not call the notary: no checkpoint is signed",
            "the next call of the schedule does the same",
        )
        for metric, meaning in {
            "Errors": "The notary failed; Lambda hands the changes over again for up to 23 hours",
            "Throttles": "The notary is out of concurrency; changes of the log wait for up to 23 hours",
            "DestinationDeliveryFailures": "What the notary gave up could not be put into the undelivered queue",
        }.items():
            self._alarm(f"notary-{_dashed(metric)}", meaning, Metric("AWS/Lambda", metric, function))
        self._alarm(
            "notary-iterator-age",
            "The notary is behind the log by more than half an hour: checkpoints do not cover what was recorded since",
            Metric("AWS/Lambda", "IteratorAge", function),
            statistic="Maximum",
            threshold=_BEHIND_MILLISECONDS,
        )

    def _watch_starting(self, bus: EventBus, starter: TrainingStarter) -> None:
        function = {"FunctionName": starter.function.function_name}
        for metric, meaning in {
            "Errors": "The training starter failed; Lambda tries again twice, then the event is in the undelivered queue",
            "Throttles": "The training starter is out of concurrency; requests wait for up to six hours",
            "AsyncEventsDropped": "Requests were dropped before the training starter could take them",
            "DestinationDeliveryFailures": "A request that failed could not be put into the undelivered queue: ask again",
        }.items():
            self._alarm(f"training-starter-{_dashed(metric)}", meaning, Metric("AWS/Lambda", metric, function))
        self._watch_rule(
            "rule-start-training",
            {"EventBusName": bus.bus.name, "RuleName": starter.rule.name},
            "The rule could not hand a request for a training to the training starter",
            "it is recorded, and no training was started: ask again",
        )

    def _watch_run_events(self, bus: EventBus, lineage: OpenLineage) -> None:
        self._alarm(
            "projector-run-events-failed",
            "OpenLineage's run events were not published; the projector's log says why: `export --to openlineage` sends them",
            self._counter("projector", "RunEventsFailed"),
        )
        self._watch_rule(
            "rule-openlineage",
            {"EventBusName": bus.bus.name, "RuleName": lineage.rule.name},
            "The service did not take one of OpenLineage's run events",
            "`export --to openlineage` sends it",
        )

    def _alarm(self, name: str, meaning: str, metric: Metric, *, statistic: str = "Sum", threshold: int = 0) -> None:
        CloudwatchMetricAlarm(
            self,
            name,
            alarm_name=self._settings.name(name),
            alarm_description=meaning,
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=dict(metric.dimensions),
            statistic=statistic,
            period=300,
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",  # AWS sends these metrics only if there is something to report
            alarm_actions=self._actions or None,
            ok_actions=self._actions or None,
        )

    def _counter(self, service: str, name: str) -> Metric:
        """A metric that a handler emits itself."""
        return Metric(self._settings.stack_name, name, {"service": service})

    def _graphs(self) -> list[Graph]:
        rules = (self._rule, self._aws_rule)
        on_the_bus = [Metric("AWS/Events", name, rule) for rule in rules for name in ("MatchedEvents", "FailedInvocations")]
        recorded = [self._counter("event-processor", f"Events{outcome}") for outcome in ("Recorded", "Repeated", "SetAside")]
        projected = [
            self._counter("projector", name)
            for name in (
                "StatesProjected",
                "StatesRefolded",
                "EventsNotFolded",
                "RecordsSetAside",
                "SealsWritten",
                "SealsFailed",
                "LogAltered",
            )
        ]
        return [
            Graph("Events on the bus", "Sum", on_the_bus),
            Graph("Events recorded", "Sum", recorded),
            Graph("Event processor", "Sum", _invocations(self._processor)),
            Graph("Event processor, p95 of its duration", "p95", [Metric("AWS/Lambda", "Duration", self._processor)]),
            Graph("Waiting undelivered", "Maximum", [Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", self._queue)]),
            Graph("Read models behind the log", "Maximum", [Metric("AWS/Lambda", "IteratorAge", self._projector)]),
            Graph("Read models and seals", "Sum", projected),
            Graph("Projector", "Sum", _invocations(self._projector)),
        ]

    def _graphs_of_the_notary(self, notary: Notary) -> list[Graph]:
        function = {"FunctionName": notary.function.function_name}
        counted = ("LeavesTaken", "LeavesRepeated", "CheckpointsPublished", "LogAltered", "NotaryFailed")
        return [
            Graph("Leaves and checkpoints", "Sum", [self._counter("notary", name) for name in counted]),
            Graph("Notary", "Sum", _invocations(function)),
            Graph("Notary behind the log", "Maximum", [Metric("AWS/Lambda", "IteratorAge", function)]),
        ]


def _invocations(function: Mapping[str, str]) -> list[Metric]:
    return [Metric("AWS/Lambda", name, function) for name in ("Invocations", "Errors", "Throttles")]


def _dashed(metric: str) -> str:
    """`FailedInvocations` → `failed-invocations`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in metric).lstrip("-")
