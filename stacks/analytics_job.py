"""The Glue job that writes the tables of the log, and the schedule that starts it."""

import json
from collections.abc import Sequence
from pathlib import Path

from cdktf_cdktf_provider_aws.glue_job import GlueJob, GlueJobCommand, GlueJobExecutionProperty
from cdktf_cdktf_provider_aws.scheduler_schedule import (
    SchedulerSchedule,
    SchedulerScheduleFlexibleTimeWindow,
    SchedulerScheduleTarget,
    SchedulerScheduleTargetRetryPolicy,
)
from constructs import Construct

from stacks import client_files, encryption, iam
from stacks.client_files import ClientFiles
from stacks.data_bucket import ANALYTICS, DataBucket
from stacks.file_object import file_object
from stacks.locked_objects import SEALS
from stacks.notary import Notary
from stacks.service_role import ServiceRole
from stacks.settings import Settings

_START = Path(__file__).with_name("analytics_start.py")
_GLUE = "5.0"
"""Spark 3.5 and Python 3.11: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html"""
_TIMEOUT_MINUTES = 8 * 60
_RETRIES, _MAX_AGE_SECONDS = 2, 3600


class AnalyticsJob(Construct):
    """It reads what DynamoDB has exported, and seals; it writes tables, and points those of the catalog at them. It may do
    nothing else. Its interval may be any number of hours: a schedule of Glue's own has only times of the day.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        data_bucket: DataBucket,
        client: ClientFiles,
        notary: Notary | None,
        database: str,
        catalog: Sequence[str],
    ) -> None:
        super().__init__(scope, id_)
        options, bucket, name = settings.analytics, data_bucket.bucket.bucket, settings.name("analytics")
        start = file_object(
            self,
            "start",
            settings,
            data_bucket=data_bucket,
            key=f"{client_files.PREFIX}/{_START.name}",
            path=_START,
            content_type="text/x-python",
        )
        self.role = ServiceRole(
            self,
            "execution",
            settings,
            name=name,
            service="glue.amazonaws.com",
            trusted_when={"StringEquals": {"aws:SourceAccount": settings.account_id}},
            statements=[
                *_files(data_bucket.bucket.arn),
                *(notary.reading_the_tree() if notary else []),
                iam.allow(["glue:GetTable", "glue:UpdateTable"], catalog),
                # Glue names the groups of its jobs' logs: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
                iam.allow(
                    ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                    [settings.arn("logs", "log-group:/aws-glue/*")],
                ),
                *encryption.use_of_the_key(settings, reading=["s3"], writing=["s3"]),
            ],
        )
        place = f"s3://{bucket}/{ANALYTICS}"
        self.job = GlueJob(
            self,
            "job",
            name=name,
            description="Checks the whole log, and writes it as tables",
            role_arn=self.role.role.arn,
            glue_version=_GLUE,
            worker_type=options.worker_type,
            number_of_workers=options.workers,
            timeout=_TIMEOUT_MINUTES,
            max_retries=0,  # what it finds broken is broken the next time too
            execution_property=GlueJobExecutionProperty(max_concurrent_runs=1),
            command=GlueJobCommand(name="glueetl", python_version="3", script_location=f"s3://{start.bucket}/{start.key}"),
            # https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
            default_arguments={
                "--additional-python-modules": client.wheel.uri,
                "--exports": f"{place}/exports",
                "--tables": f"{place}/tables",
                "--seals": bucket,
                **({"--notary": notary.tree_bucket} if notary else {}),
                "--database": database,
                "--TempDir": f"{place}/results/temporary/",
            },
            depends_on=[self.role.policy],
        )
        self.schedule = self._schedule(settings, name)

    def _schedule(self, settings: Settings, name: str) -> SchedulerSchedule:
        hours = settings.analytics.interval_hours
        role = ServiceRole(
            self,
            "start_role",
            settings,
            name=settings.name("analytics-start"),
            service="scheduler.amazonaws.com",
            trusted_when={"StringEquals": {"aws:SourceAccount": settings.account_id}},
            statements=[iam.allow(["glue:StartJobRun"], [self.job.arn])],
        )
        return SchedulerSchedule(
            self,
            "schedule",
            name=name,
            description="Starts the job that writes the tables of the log",
            schedule_expression=f"rate({hours} hour{'' if hours == 1 else 's'})",
            flexible_time_window=SchedulerScheduleFlexibleTimeWindow(mode="OFF"),
            target=SchedulerScheduleTarget(
                # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
                arn=f"arn:{settings.partition}:scheduler:::aws-sdk:glue:startJobRun",
                role_arn=role.role.arn,
                input=json.dumps({"JobName": self.job.name}),
                retry_policy=SchedulerScheduleTargetRetryPolicy(
                    maximum_event_age_in_seconds=_MAX_AGE_SECONDS, maximum_retry_attempts=_RETRIES
                ),
            ),
            depends_on=[role.policy],
        )


def _files(bucket: str) -> list[iam.Statement]:
    tables = f"{bucket}/{ANALYTICS}/tables/*"
    return [
        iam.allow(["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"], [bucket]),
        iam.allow(["s3:GetObject"], [f"{bucket}/{client_files.PREFIX}/*", f"{bucket}/{ANALYTICS}/exports/*", tables]),
        iam.allow(["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"], [f"{bucket}/{SEALS.prefix}/*"]),
        iam.allow(
            ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"],
            [tables, f"{bucket}/{ANALYTICS}/results/temporary/*"],
        ),
    ]
