"""The SageMaker notebook from which people start training: its role, its start-up script, the instance."""

from cdktf import Fn, TerraformLocal
from cdktf_cdktf_provider_aws.sagemaker_notebook_instance import (
    SagemakerNotebookInstance,
    SagemakerNotebookInstanceInstanceMetadataServiceConfiguration,
)
from cdktf_cdktf_provider_aws.sagemaker_notebook_instance_lifecycle_configuration import (
    SagemakerNotebookInstanceLifecycleConfiguration,
)
from constructs import Construct

from stacks import encryption, iam, rights, team_rules, training_jobs
from stacks.analytics import Analytics
from stacks.client_files import ClientFiles
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.event_processor import EventProcessor
from stacks.notary import Notary
from stacks.notebook_start import start_script
from stacks.service_role import ServiceRole
from stacks.settings import Settings
from stacks.training_starter import TrainingStarter


class Notebook(Construct):
    """It has the client installed, and the bus, the log and the bucket in its environment. It may use these, start training
    jobs, and do nothing else.
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
        processor: EventProcessor,
        data_bucket: DataBucket,
        client: ClientFiles,
        notary: Notary | None,
        starter: TrainingStarter | None,
        analytics: Analytics | None,
    ) -> None:
        super().__init__(scope, id_)
        options = settings.notebook
        self.role = ServiceRole(
            self,
            "execution",
            settings,
            name=settings.name("notebook"),
            service="sagemaker.amazonaws.com",
            statements=[
                *_recording_and_reading(bus, log, read_models, data_bucket),
                *(notary.reading() if notary else []),
                *(analytics.asking() if analytics else []),
                *rights.not_overwriting_code(settings, data_bucket),
                *team_rules.publishing_as_no_team(settings, bus.bus.arn),
                *_training(settings),
                *_using_the_subnet(settings),
                *encryption.use_of_the_key(settings, reading=["dynamodb"], writing=["s3"]),
            ],
        )
        variables = {
            "TRAINING_EVENTS_BUS": bus.bus.arn,
            "TRAINING_EVENTS_SOURCE": settings.events.sources[0],
            "TRAINING_EVENTS_LOG": log.url(read_models),
            "TRAINING_EVENTS_PROCESSOR": processor.function.function_name,
            "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
            **({"TRAINING_EVENTS_RECIPES": starter.recipes.place} if starter else {}),
            **(notary.variables() if notary else {}),
            **(analytics.variables() if analytics else {}),
            "AWS_DEFAULT_REGION": settings.region,  # the region of all of these
        }
        # A local, because cdktf escapes texts in a function's arguments, and not always correctly. A local stays as it is.
        script = TerraformLocal(self, "start_script", start_script(variables, client))
        lifecycle = SagemakerNotebookInstanceLifecycleConfiguration(
            self,
            "lifecycle",
            name=settings.name("notebook"),
            on_start=Fn.base64encode(script.as_string),
        )
        self.instance = SagemakerNotebookInstance(
            self,
            "instance",
            name=settings.name("notebook"),
            role_arn=self.role.role.arn,
            instance_type=options.instance_type,
            platform_identifier=options.platform,
            volume_size=options.volume_gb,
            lifecycle_config_name=lifecycle.name,
            root_access="Disabled",
            instance_metadata_service_configuration=SagemakerNotebookInstanceInstanceMetadataServiceConfiguration(
                minimum_instance_metadata_service_version="2"
            ),
            subnet_id=options.subnet_id,
            security_groups=list(options.security_group_ids) or None,
            kms_key_id=options.kms_key_arn or settings.encryption.kms_key_arn,
            depends_on=[self.role.policy],
        )


def _recording_and_reading(
    bus: EventBus, log: EventLog, read_models: ReadModels, data_bucket: DataBucket
) -> list[iam.Statement]:
    """Publish events, read what was recorded, put and get data; but delete nothing: the bucket is to keep its history."""
    return [
        iam.allow(["events:PutEvents"], [bus.bus.arn]),
        *rights.reading_the_log(log, read_models, data_bucket),
        iam.allow(
            [
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:GetObjectRetention",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            [f"{data_bucket.bucket.arn}/*"],  # except seals: the bucket's own policy allows only the projector to put them
        ),
    ]


def _training(settings: Settings) -> list[iam.Statement]:
    """Start training jobs with the notebook's own role, pull their images, read their logs.

    Of what runs, it may stop and tag only jobs that were started with the tag `environment` of this environment. A job's name
    would not do: every name that begins like those of `dev` may be one of `dev-2`. The keys of the conditions:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
    """
    jobs = [settings.arn("sagemaker", "training-job/*")]
    no_other_environment = {"StringEqualsIfExists": {"aws:RequestTag/environment": settings.environment}}
    return [
        iam.allow(["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob"], jobs),
        *_not_in_the_name_of_a_team(settings),
        iam.allow(
            ["sagemaker:AddTags"],
            jobs,
            when={"StringEquals": {"sagemaker:TaggingAction": "CreateTrainingJob"}, **no_other_environment},
        ),
        iam.allow(
            ["sagemaker:AddTags", "sagemaker:StopTrainingJob"],
            jobs,
            when={"StringEquals": {"aws:ResourceTag/environment": settings.environment}, **no_other_environment},
        ),
        iam.allow(
            ["iam:PassRole"],
            [settings.role_arn("notebook")],
            when={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        *training_jobs.pulling_images(settings),
        iam.allow(
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
            ],
            [settings.arn("logs", "log-group:/aws/sagemaker/*")],
        ),
        training_jobs.sending_metrics(),
    ]


def _not_in_the_name_of_a_team(settings: Settings) -> list[iam.Statement]:
    """What AWS reports of a job is recorded in the run of the job's name, whoever started it."""
    if not settings.teams:
        return []
    jobs = [settings.arn("sagemaker", f"training-job/{team}-*") for team in settings.teams]
    return [iam.deny(["sagemaker:CreateTrainingJob"], jobs)]


def _using_the_subnet(settings: Settings) -> list[iam.Statement]:
    """Let SageMaker put training jobs into the notebook's subnet, if the settings name one.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    if settings.notebook.subnet_id is None:
        return []
    resources = [
        settings.arn("ec2", "network-interface/*"),
        settings.arn("ec2", f"subnet/{settings.notebook.subnet_id}"),
        *(settings.arn("ec2", f"security-group/{group}") for group in settings.notebook.security_group_ids),
    ]
    return [
        iam.allow(
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            resources,
        ),
        iam.allow(
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],  # EC2's Describe actions have no resources that a policy could name
        ),
    ]
