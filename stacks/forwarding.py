"""Rules on the account's default bus, the only one that gets AWS's own events: they forward these to the bus of this stack."""

import json
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks import iam
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.rule_target import rule_target
from stacks.service_role import ServiceRole
from stacks.settings import Settings
from stacks.undelivered_queue import UndeliveredQueue

_FROM_SAGEMAKER = (
    "SageMaker Training Job State Change",
    "SageMaker Model Package State Change",
    "SageMaker Model Building Pipeline Execution Status Change",
)


def states_of_sagemaker() -> dict[str, Any]:
    return {"source": ["aws.sagemaker"], "detail-type": list(_FROM_SAGEMAKER)}


def new_datasets(data_bucket: DataBucket) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [data_bucket.bucket.bucket]},
            # Larger than 0: as a folder, the console makes an empty object.
            "object": {"key": [{"prefix": "datasets/"}], "size": [{"numeric": [">", 0]}]},
        },
    }


class Forwarding(Construct):
    """Forwards SageMaker's events on runs and models, and S3's on new datasets. The event processor interprets them."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        undelivered: UndeliveredQueue,
        data_bucket: DataBucket,
    ) -> None:
        super().__init__(scope, id_)
        self.sagemaker = self._rule(
            "sagemaker",
            settings,
            "The states of training jobs, model packages and pipelines to the bus of training events",
            states_of_sagemaker(),
        )
        self.datasets = self._rule(
            "datasets",
            settings,
            "New objects under datasets/ to the bus of training events",
            new_datasets(data_bucket),
        )
        self.rules = [self.sagemaker, self.datasets]
        # With the ARNs of the rules in the condition, EventBridge cannot be made to use the role for a rule of somebody else:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
        role = ServiceRole(
            self,
            "execution",
            settings,
            name=settings.name("forwarding"),
            service="events.amazonaws.com",
            statements=[iam.allow(["events:PutEvents"], [bus.bus.arn])],
            trusted_when={
                "ArnEquals": {"aws:SourceArn": [rule.arn for rule in self.rules]},
                "StringEquals": {"aws:SourceAccount": settings.account_id},
            },
        )
        for rule in self.rules:
            rule_target(
                self,
                f"{rule.node.id}_target",
                rule=rule,
                name="training-events",
                arn=bus.bus.arn,
                undelivered=undelivered,
                role=role,
            )

    def _rule(self, name: str, settings: Settings, description: str, pattern: dict[str, Any]) -> CloudwatchEventRule:
        """A rule on the default bus, for events of this account only: a bus may be open to other accounts."""
        return CloudwatchEventRule(
            self,
            name,
            name=settings.name(f"forward-{name}"),
            description=description,
            event_pattern=json.dumps(pattern | {"account": [settings.account_id]}),
        )
