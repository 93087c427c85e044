"""The SageMaker notebook that training starts from: its role, its start-up script, the instance."""

from cdktf import Fn
from cdktf_cdktf_provider_aws.sagemaker_notebook_instance import (
    SagemakerNotebookInstance,
    SagemakerNotebookInstanceInstanceMetadataServiceConfiguration,
)
from cdktf_cdktf_provider_aws.sagemaker_notebook_instance_lifecycle_configuration import (
    SagemakerNotebookInstanceLifecycleConfiguration,
)
from constructs import Construct

from stacks import iam
from stacks.data_bucket import DataBucket
from stacks.event_bus import EventBus
from stacks.event_log import EventLog, ReadModels
from stacks.service_role import ServiceRole
from stacks.settings import Settings

# Runs as root at every start, within five minutes. Jupyter reads the profile when it starts, so it is started again.
_ON_START = """#!/bin/bash
set -eu
cat > /etc/profile.d/training-events.sh <<'END'
{exports}
END
systemctl --no-block restart jupyter-server
"""


class Notebook(Construct):
    """Knows the bus, the log and the bucket by environment variables; may use these and start training jobs, nothing else."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        bus: EventBus,
        log: EventLog,
        read_models: ReadModels,
        data_bucket: DataBucket,
    ) -> None:
        super().__init__(scope, id_)
        options = settings.notebook
        self.role = ServiceRole(
            self,
            "execution",
            name=settings.name("notebook"),
            service="sagemaker.amazonaws.com",
            statements=[
                *_recording_and_reading(bus, log, read_models, data_bucket),
                *_training(settings),
                *_reaching_the_subnet(settings),
            ],
        )
        variables = {
            "TRAINING_EVENTS_BUS": bus.bus.arn,
            "TRAINING_EVENTS_LOG": log.url(read_models),
            "TRAINING_EVENTS_BUCKET": data_bucket.bucket.bucket,
        }
        exports = "\n".join(f"export {name}='{value}'" for name, value in variables.items())
        lifecycle = SagemakerNotebookInstanceLifecycleConfiguration(
            self,
            "lifecycle",
            name=settings.name("notebook"),
            on_start=Fn.base64encode(_ON_START.format(exports=exports)),
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
            kms_key_id=options.kms_key_arn,
            depends_on=[self.role.policy],
        )


def _recording_and_reading(
    bus: EventBus, log: EventLog, read_models: ReadModels, data_bucket: DataBucket
) -> list[iam.Statement]:
    """Publish events, read what was recorded, put and get data. Nothing is deleted: the bucket's history is the point.

    Looking through the whole log and emptying the undelivered queue are the operator's work, and need an operator's role.
    """
    return [
        iam.allow(["events:PutEvents"], [bus.bus.arn]),
        iam.allow(["dynamodb:GetItem", "dynamodb:Query"], [log.table.arn, read_models.table.arn]),
        iam.allow(["dynamodb:Query"], [read_models.by_kind_arn]),
        iam.allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"], [data_bucket.bucket.arn]),
        iam.allow(
            [
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            [f"{data_bucket.bucket.arn}/*"],  # but seals, as the bucket's own policy says, are put by the projector only
        ),
    ]


def _training(settings: Settings) -> list[iam.Statement]:
    """Start training jobs with this same role, pull their images, read their logs."""
    own_role = f"arn:{settings.partition}:iam::{settings.account_id}:role/{settings.name('notebook')}"
    # AWS's own training images are in accounts of AWS, another one in each region.
    images = f"arn:{settings.partition}:ecr:{settings.region}:*:repository/*"
    return [
        iam.allow(
            ["sagemaker:AddTags", "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
            [settings.arn("sagemaker", "training-job/*")],
        ),
        iam.allow(["iam:PassRole"], [own_role], when={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
        iam.allow(["ecr:GetAuthorizationToken"], ["*"]),  # has no resources to name
        iam.allow(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [images]),
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
        iam.allow(["cloudwatch:PutMetricData"], ["*"], when={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}),
    ]


def _reaching_the_subnet(settings: Settings) -> list[iam.Statement]:
    """What SageMaker needs of the role to put training into the notebook's subnet, where one is given.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    if settings.notebook.subnet_id is None:
        return []
    places = [
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
            places,
        ),
        iam.allow(
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],  # EC2's Describe actions have no resources to name
        ),
    ]
