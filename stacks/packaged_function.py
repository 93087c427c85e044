"""A Lambda function that runs a handler of the package, with a role and a log group of its own."""

from collections.abc import Mapping, Sequence

from cdktf import Fn
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionEnvironment,
    LambdaFunctionLoggingConfig,
    LambdaFunctionTracingConfig,
)
from constructs import Construct

from stacks import encryption, function_network, iam
from stacks.service_role import ServiceRole
from stacks.settings import FunctionLimits, Settings
from stacks.signed_package import Package


class PackagedFunction(Construct):
    """`statements` are the permissions that the handler itself needs. This construct adds those for its log group, for tracing
    and, if the settings name them, for a key and a VPC.

    All functions share the package, and so its runtime and architecture. These are in the settings of the event processor.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        settings: Settings,
        *,
        name: str,
        description: str,
        handler: str,
        limits: FunctionLimits,
        package: Package,
        environment: Mapping[str, str],
        statements: Sequence[iam.Statement],
    ) -> None:
        super().__init__(scope, id_)
        self.name = settings.name(name)
        shared, key, signed = settings.event_processor, settings.encryption.kms_key_arn, package.signed
        existing_group = settings.logs.existing_group_name
        log_group = None
        if existing_group is None:
            # Made here, and not by Lambda at the first call, so that it has a retention and is destroyed with the stack.
            log_group = CloudwatchLogGroup(
                self,
                "log_group",
                name=f"/aws/lambda/{self.name}",
                retention_in_days=shared.log_retention_days,
                kms_key_id=key,
            )
        group_arn = log_group.arn if log_group else settings.arn("logs", f"log-group:{existing_group}")
        self.role = ServiceRole(
            self,
            "execution",
            settings,
            name=self.name,
            service="lambda.amazonaws.com",
            statements=[
                iam.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group_arn}:*"]),
                # X-Ray has no resources that a policy could name: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html
                iam.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
                *statements,
                # With the role, Lambda reads the function's environment variables, and DynamoDB the log's change stream.
                *encryption.use_of_the_key(settings, reading=["dynamodb", "lambda"], writing=["s3", "sqs"]),
            ],
        )
        network = function_network.vpc_permissions(self, settings, self.role, self.name)
        self.function = LambdaFunction(
            self,
            "function",
            function_name=self.name,
            description=description,
            role=self.role.role.arn,
            runtime=shared.runtime,
            architectures=[shared.architecture],
            handler=handler,
            filename=None if signed else package.file.path,
            s3_bucket=signed.bucket if signed else None,
            s3_key=signed.key if signed else None,
            code_signing_config_arn=signed.config.arn if signed else None,
            # The hash of the zip itself: cdktf's asset hash is MD5, and ignores file names. It serves for a signed package too,
            # as the provider compares it with the hash that it deployed last. Lambda's own hash would differ in every plan.
            # https://github.com/hashicorp/terraform-provider-aws/pull/37669
            source_code_hash=Fn.filebase64sha256(package.file.path),
            memory_size=limits.memory_mb,
            timeout=limits.timeout_seconds,
            reserved_concurrent_executions=limits.reserved_concurrency,
            environment=LambdaFunctionEnvironment(
                variables={
                    **environment,
                    "POWERTOOLS_SERVICE_NAME": name,
                    "POWERTOOLS_METRICS_NAMESPACE": settings.stack_name,
                }
            ),
            kms_key_arn=key,
            # Text as without it: the handlers write JSON themselves. A stream of a shared group has the function's name in it.
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
            logging_config=LambdaFunctionLoggingConfig(log_format="Text", log_group=existing_group) if existing_group else None,
            vpc_config=function_network.vpc_config(settings),
            tracing_config=LambdaFunctionTracingConfig(mode="Active"),
            # The first event may come at once, so the permissions and the log group must exist before the function.
            depends_on=[self.role.policy, *([log_group] if log_group else []), *network],
        )
