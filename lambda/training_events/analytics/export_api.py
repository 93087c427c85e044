"""What DynamoDB and S3 are asked for an export: about a table, for the export itself, and for the files that it wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from training_events.analytics.export_state import PREFIX
from training_events.analytics.export_windows import Restorable
from training_events.errors import Misused
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from training_events.analytics.export_state import Asked


class ExportStatus(NamedTuple):
    """Both are None while DynamoDB is at work. `manifest` is the key of the summary, `failure` why there is none."""

    manifest: str | None = None
    failure: str | None = None


class ExportApi:
    """Exports go into one bucket, under PREFIX. What AWS refuses is raised as botocore raises it."""

    def __init__(self, bucket: str, dynamodb: DynamoDBClient, s3: S3Client) -> None:
        self.bucket = bucket
        self._dynamodb, self._s3 = dynamodb, s3

    def arn_of(self, table: str) -> str:
        try:
            return self._dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            raise Misused(f"there is no table {table!a}; allowed: those of an environment that is deployed") from None

    def restorable(self, table: str) -> Restorable:
        answer = self._dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        recovery = answer.get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise Misused(
                f"the table {table} has no point-in-time recovery; allowed: a table that has it, as a deploy makes it"
            )
        earliest, latest = recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]
        return Restorable(to_utc_text(earliest.isoformat()), to_utc_text(latest.isoformat()))

    def ask(self, table_arn: str, asked: Asked) -> str:
        """Asks for an export, and returns its ARN. The same token gets the same export."""
        kind: dict[str, Any] = {"ExportType": "FULL_EXPORT", "ExportTime": _moment(asked.to)}
        if asked.since is not None:
            window = {"ExportFromTime": _moment(asked.since), "ExportToTime": _moment(asked.to)}
            specification = {**window, "ExportViewType": "NEW_AND_OLD_IMAGES"}
            kind = {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": specification}
        answer = self._dynamodb.export_table_to_point_in_time(
            TableArn=table_arn,
            S3Bucket=self.bucket,
            S3Prefix=PREFIX,
            ClientToken=asked.token,
            ExportFormat="DYNAMODB_JSON",
            **self._encryption(),
            **kind,
        )
        return answer["ExportDescription"]["ExportArn"]

    def _encryption(self) -> dict[str, Any]:
        """As the bucket has it. AWS does not document that a request that says nothing takes the bucket's KMS key."""
        try:
            answer = self._s3.get_bucket_encryption(Bucket=self.bucket)["ServerSideEncryptionConfiguration"]
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] != "ServerSideEncryptionConfigurationNotFoundError":
                raise
            return {"S3SseAlgorithm": "AES256"}
        default = answer["Rules"][0].get("ApplyServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm", "AES256") == "AES256":
            return {"S3SseAlgorithm": "AES256"}
        key = default.get("KMSMasterKeyID")
        return {"S3SseAlgorithm": "KMS"} | ({"S3SseKmsKeyId": key} if key else {})

    def status(self, arn: str) -> ExportStatus:
        try:
            description = self._dynamodb.describe_export(ExportArn=arn)["ExportDescription"]
        except self._dynamodb.exceptions.ExportNotFoundException:
            return ExportStatus(failure="DynamoDB knows nothing of it")
        match description["ExportStatus"]:
            case "COMPLETED":
                return ExportStatus(manifest=description["ExportManifest"])
            case "FAILED":
                code, message = description.get("FailureCode", "no code"), description.get("FailureMessage", "no message")
                return ExportStatus(failure=f"it failed: {code}: {message}")
        return ExportStatus()

    def open(self, key: str) -> bytes:
        """A file below the folder of exports, as `dynamodb_export` opens it."""
        try:
            return self._s3.get_object(Bucket=self.bucket, Key=f"{PREFIX}/{key}")["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            raise FileNotFoundError(key) from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
