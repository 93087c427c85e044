"""From a recorded event to a training job: the rule, the function, its rights, and the two paths for failures."""

import json
from collections.abc import Sequence

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from constructs import Construct

from stacks import iam, team_rules, training_jobs
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.failure_destination import failure_destination
from stacks.function_target import function_target
from stacks.packaged_function import PackagedFunction
from stacks.recipes import PREFIX as RECIPES
from stacks.recipes import Recipes
from stacks.settings import Settings
from stacks.signed_package import Package
from stacks.training_jobs import TrainingJobs
from stacks.undelivered_queue import UndeliveredQueue

_HANDLER = "training_events.handlers.training_starter.handler"
# Lambda's maximum: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
_RETRY_SECONDS, _RETRIES = 6 * 3600, 2


class TrainingStarter(Construct):
    """A rule passes requests for trainings, and new versions of datasets, to the function. It reads the event back from the
    log, and starts a training job by a recipe, or publishes what else follows.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        log: EventLog,
        read_models: ReadModels,
        undelivered: UndeliveredQueue,
        data_bucket: DataBucket,
        package: Package,
    ) -> None:
        super().__init__(scope, id_)
        self.recipes = Recipes(self, "recipes", settings, data_bucket=data_bucket)
        self.jobs = TrainingJobs(self, "jobs", settings, bus=bus, data_bucket=data_bucket)
        jobs_of_teams = [
            TrainingJobs(self, f"jobs_of_{team}", settings, bus=bus, data_bucket=data_bucket, team=team)
            for team in settings.teams
        ]
        self.run = PackagedFunction(
            self,
            "run",
            settings,
            name="training-starter",
            description="Starts the training jobs that recorded events ask for",
            handler=_HANDLER,
            limits=settings.training_starter,
            package=package,
            environment={
                "TRAINING_EVENTS_LOG": log.url(read_models),
                "TRAINING_EVENTS_BUS": bus.bus.arn,
                "TRAINING_EVENTS_SOURCE": settings.events.sources[0],
                "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
                "TRAINING_EVENTS_RECIPES": self.recipes.place,
                "TRAINING_EVENTS_ENVIRONMENT": settings.environment,
                "TRAINING_EVENTS_JOBS_ROLE": self.jobs.role.role.arn,
                "TRAINING_EVENTS_MAX_INSTANCES": str(settings.training_starter.max_instances),
                **team_rules.variables(settings),
            },
            statements=[
                *_reading(log, read_models, data_bucket),
                *_starting(settings, [self.jobs, *jobs_of_teams]),
                *_copying(data_bucket),
                iam.allow(["events:PutEvents"], [bus.bus.arn]),
                iam.allow(["sqs:SendMessage"], [undelivered.queue.arn]),  # Lambda sends with the role what the function failed
            ],
        )
        self.function = self.run.function
        failure_destination(
            self,
            "on_failure",
            run=self.run,
            undelivered=undelivered,
            retries=_RETRIES,
            max_age_seconds=_RETRY_SECONDS,
        )
        self.rule = self._listen_to(bus, settings, undelivered)

    def _listen_to(self, bus: EventBus, settings: Settings, undelivered: UndeliveredQueue) -> CloudwatchEventRule:
        rule = CloudwatchEventRule(
            self,
            "rule",
            name=settings.name("start-training"),
            description="Requests for trainings and new versions of datasets to the training starter",
            event_bus_name=bus.bus.name,
            event_pattern=json.dumps(_pattern(settings)),
        )
        function_target(
            self,
            "",
            rule=rule,
            bus_name=bus.bus.name,
            name="training-starter",
            run=self.run,
            statement_id="AllowTheStartRule",
            undelivered=undelivered,
        )
        return rule


def _pattern(settings: Settings) -> dict[str, object]:
    """What may start a training. S3's own events come from the default bus; only AWS can publish with their source."""
    return {
        "$or": [
            {"source": list(settings.recorded_sources), "detail-type": ["TrainingRequested", "DatasetRegistered"]},
            {"source": ["aws.s3"], "detail-type": ["Object Created"], "account": [settings.account_id]},
        ]
    }


def _reading(log: EventLog, read_models: ReadModels, data_bucket: DataBucket) -> list[iam.Statement]:
    """The log, one stream at a time; which runs there are; recipes and their pauses."""
    bucket = data_bucket.bucket.arn
    return [
        iam.allow(["dynamodb:GetItem", "dynamodb:Query"], [log.table.arn, read_models.table.arn]),
        iam.allow(["dynamodb:Query"], [read_models.by_kind_arn, read_models.by_shard_arn]),
        iam.allow(["s3:GetObject"], [f"{bucket}/{RECIPES}/*"]),
        # Also so that S3 says of a pause or a copy that it is not there: otherwise it denies it.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        iam.allow(["s3:ListBucket"], [bucket]),
    ]


def _starting(settings: Settings, jobs: Sequence[TrainingJobs]) -> list[iam.Statement]:
    """Training jobs with the tag `environment` of this environment, with the roles for them. It stops and changes none.

    The keys of the conditions: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
    """
    any_job = [settings.arn("sagemaker", "training-job/*")]  # a job gets its name when it is started
    tagged = {"aws:RequestTag/environment": settings.environment}
    return [
        iam.allow(["sagemaker:CreateTrainingJob"], any_job, when={"StringEquals": tagged}),
        iam.allow(
            ["sagemaker:AddTags"], any_job, when={"StringEquals": {"sagemaker:TaggingAction": "CreateTrainingJob", **tagged}}
        ),
        # Whose job it is that has the name already.
        iam.allow(["sagemaker:DescribeTrainingJob", "sagemaker:ListTags"], any_job),
        iam.allow(["sagemaker:Search"], ["*"]),  # this action has no resources that a policy could name
        iam.allow(
            ["iam:PassRole"],
            [of.role.role.arn for of in jobs],
            when={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def _copying(data_bucket: DataBucket) -> list[iam.Statement]:
    """Copy versions of what a job may read to where it reads them."""
    bucket = data_bucket.bucket.arn
    return [
        iam.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket}/{name}/*" for name in training_jobs.READ]),
        iam.allow(["s3:PutObject", "s3:AbortMultipartUpload"], [f"{bucket}/{training_jobs.PINNED}/*"]),
    ]
