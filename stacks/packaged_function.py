"""A Lambda function that runs a handler of the package, with its own role and its own log group."""

from collections.abc import Mapping, Sequence

from cdktf import Fn
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.lambda_function import (
    LambdaFunction,
    LambdaFunctionEnvironment,
    LambdaFunctionTracingConfig,
)
from constructs import Construct

from stacks import encryption, function_network, iam
from stacks.service_role import ServiceRole
from stacks.settings import FunctionLimits, Settings
from stacks.signed_package import Package


class PackagedFunction(Construct):
    """`statements` are what the handler itself needs; logging to its own group, tracing and metrics are added, and what a key
    and a VPC take, where the settings name them.

    All functions share the package, and so its runtime and architecture, which the event processor's settings name.
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
        # Made here and not by Lambda at the first call, so that it has a retention and goes with the stack.
        log_group = CloudwatchLogGroup(
            self,
            "log_group",
            name=f"/aws/lambda/{self.name}",
            retention_in_days=shared.log_retention_days,
            kms_key_id=key,
        )
        self.role = ServiceRole(
            self,
            "execution",
            name=self.name,
            service="lambda.amazonaws.com",
            statements=[
                iam.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group.arn}:*"]),
                # X-Ray has no resources to name: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html
                iam.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
                *statements,
                # Lambda reads the function's environment variables with its role, and DynamoDB the log's change stream.
                *encryption.use_of_the_key(settings, reading=["dynamodb", "lambda"], writing=["s3", "sqs"]),
            ],
        )
        network = function_network.rights(self, settings, self.role, self.name)
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
            # Of the zip itself: cdktf's own asset hash is MD5 and does not see file names. Signed or not: the provider compares
            # it with what it deployed last and not with what Lambda has, which would differ in every plan.
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
            vpc_config=function_network.place(settings),
            tracing_config=LambdaFunctionTracingConfig(mode="Active"),
            # The first event may come at once: rights and log group must be there before the function.
            depends_on=[self.role.policy, log_group, *network],
        )
