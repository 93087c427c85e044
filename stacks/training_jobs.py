"""The role of the training jobs that events start, and what every training job of SageMaker needs."""

from constructs import Construct

from stacks import encryption, iam, team_rules
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.service_role import ServiceRole
from stacks.settings import Settings
from stacks.settings.teams import JOBS_OF_TEAM

PINNED = "pinned"
"""Where the training starter keeps copies of pinned versions: SageMaker reads an object as it is now, and no version of it."""
READ = ("datasets", "code", PINNED, "runs", "models")
_WRITTEN = ("runs", "models")


class TrainingJobs(Construct):
    """The role that the training starter gives to jobs, or to those of one team. A job reads data and code, and writes what a
    run makes; it changes no dataset, no recipe and no seal, and asks for no training. What it registers starts recipes that
    wait for it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        data_bucket: DataBucket,
        team: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        bucket = data_bucket.bucket.arn
        own = f"{team}-*" if team else "*"
        self.role = ServiceRole(
            self,
            "execution",
            settings,
            name=settings.name(f"{JOBS_OF_TEAM}{team}" if team else "training-jobs"),
            service="sagemaker.amazonaws.com",
            statements=[
                *_publishing(settings, bus.bus.arn, team),
                # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
                iam.deny(
                    ["events:PutEvents"],
                    ["*"],
                    when={"ForAnyValue:StringEquals": {"events:detail-type": ["TrainingRequested"]}},
                ),
                iam.allow(["s3:GetObject", "s3:GetObjectVersion"], _below(bucket, READ)),
                # SageMaker lists what is under the prefix of a channel.
                iam.allow(["s3:ListBucket"], [bucket], when={"StringLike": {"s3:prefix": [f"{name}/*" for name in READ]}}),
                iam.allow(
                    ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], _below(bucket, _WRITTEN, own)
                ),
                iam.allow(
                    ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    [settings.arn("logs", "log-group:/aws/sagemaker/*")],
                ),
                *pulling_images(settings),
                sending_metrics(),
                *encryption.use_of_the_key(settings, reading=[], writing=["s3"]),
            ],
        )


def _publishing(settings: Settings, bus_arn: str, team: str | None) -> list[iam.Statement]:
    if team:
        return team_rules.publishing_as(settings, bus_arn, team)
    return [iam.allow(["events:PutEvents"], [bus_arn]), *team_rules.publishing_as_no_team(settings, bus_arn)]


def pulling_images(settings: Settings) -> list[iam.Statement]:
    # AWS's own training images are in accounts of AWS, a different one in each region.
    images = f"arn:{settings.partition}:ecr:{settings.region}:*:repository/*"
    return [
        iam.allow(["ecr:GetAuthorizationToken"], ["*"]),  # this action has no resources that a policy could name
        iam.allow(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [images]),
    ]


def sending_metrics() -> iam.Statement:
    return iam.allow(["cloudwatch:PutMetricData"], ["*"], when={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}})


def _below(bucket_arn: str, prefixes: tuple[str, ...], names: str = "*") -> list[str]:
    return [f"{bucket_arn}/{prefix}/{names}" for prefix in prefixes]
