"""DynamoDB's export to S3 in a test: it answers as AWS does, over moto's tables and bucket, held to botocore's own model.

moto writes one file in no documented place, without manifests, and knows no incremental export. What is asked is checked by
botocore before it comes here; what is answered is checked here, as botocore's Stubber does it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from training_events import aws
from training_events.times import to_utc_text

from tests.support.dynamodb_exports import Change, Item, exports_in_bucket, items_of_table
from tests.support.s3 import BUCKET

Answer = dict[str, Any]
_OPERATIONS = ("ExportTableToPointInTime", "DescribeExport", "DescribeContinuousBackups")


@dataclass
class TableExports:
    """What AWS knows of exports. A test sets what recovery covers, how long an export takes, and what fails."""

    earliest: str = "2026-11-20T10:00:30.000000Z"
    latest: str = "2026-11-22T15:00:30.000000Z"
    is_recovery_on: bool = True
    looks: int = 0
    """How often an export is in progress before it is complete."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """The code and the message of the next exports, which fail."""
    refusals: list[str] = field(default_factory=list)
    """The codes with which the next requests for an export are refused."""
    lost_files: int = 0
    """How many of the next exports lose their data files before anybody has read them."""
    requests: list[Answer] = field(default_factory=list)
    """Every request for an export, a repeated one too."""
    descriptions: dict[str, Answer] = field(default_factory=dict)
    planted: list[Change] = field(default_factory=list)
    """What the next export of changes of the log has besides."""
    _pending: dict[str, Callable[[], str]] = field(default_factory=dict)
    _looked: dict[str, int] = field(default_factory=dict)
    _dynamodb: Any = None
    _s3: Any = None
    _params: Answer = field(default_factory=dict)
    _exported: dict[str, dict[str, Item]] = field(default_factory=dict)

    def answer_in_place_of_aws(self) -> None:
        """For every client of DynamoDB that this thread makes from now on."""
        self._dynamodb, self._s3 = aws.client("dynamodb"), aws.client("s3")
        session: Any = aws.session()  # its stubs know no handler that answers
        for operation in _OPERATIONS:
            session.register(f"before-call.dynamodb.{operation}", self._before_call)
            session.register(f"before-parameter-build.dynamodb.{operation}", self._remember)

    def _remember(self, params: Answer, **_: Any) -> None:
        self._params = dict(params)

    def _before_call(self, model: Any, **_: Any) -> tuple[Any, Answer]:
        try:
            answer = getattr(self, f"_{model.name}")(self._params)
        except ClientError as refusal:
            response: Answer = {"Error": refusal.response["Error"], "ResponseMetadata": {"HTTPStatusCode": 400}}
            return type("Response", (), {"status_code": 400})(), response
        validate_parameters(answer, model.output_shape)
        return type("Response", (), {"status_code": 200})(), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _DescribeContinuousBackups(self, _: Answer) -> Answer:  # noqa: N802 - AWS's name
        covered = {"EarliestRestorableDateTime": _moment(self.earliest), "LatestRestorableDateTime": _moment(self.latest)}
        recovery = {"PointInTimeRecoveryStatus": "ENABLED", **covered} if self.is_recovery_on else {
            "PointInTimeRecoveryStatus": "DISABLED"}  # fmt: skip
        return {
            "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
        }

    def _ExportTableToPointInTime(self, params: Answer) -> Answer:  # noqa: N802 - AWS's name
        if self.refusals:
            raise _refusal(self.refusals.pop(0), "as the test wants it")
        self.requests.append(params)
        for description in self.descriptions.values():
            if description["ClientToken"] == params["ClientToken"]:
                if any(description.get(name) != params[name] for name in params):
                    raise _refusal("ExportConflictException", "other parameters under the same token")
                return {"ExportDescription": description}
        window = params.get("IncrementalExportSpecification")
        times = [window["ExportFromTime"], window["ExportToTime"]] if window else [params["ExportTime"]]
        if not all(_moment(self.earliest) <= time <= _moment(self.latest) for time in times):
            raise _refusal("InvalidExportTimeException", "outside of what recovery covers")
        if window and not 15 * 60 <= (times[1] - times[0]).total_seconds() <= 24 * 3600:
            raise _refusal("ValidationException", "a window has 15 minutes to 24 hours")
        arn = f"{params['TableArn']}/export/{len(self.descriptions) + 1:014d}-a1b2c3d4"
        self.descriptions[arn] = {**params, "ExportArn": arn, "ExportStatus": "IN_PROGRESS"}
        if not self.failures:
            self._take(arn, params, [to_utc_text(time.isoformat()) for time in times])
        return {"ExportDescription": self.descriptions[arn]}

    def _take(self, arn: str, params: Answer, times: list[str]) -> None:
        """What the table has now is what the export will have, whenever it is written."""
        table = params["TableArn"].rpartition("/")[2]
        items = {str(item["stream"]) + str(item.get("position")): item for item in items_of_table(self._dynamodb, table)}
        before, self._exported[table] = self._exported.get(table, {}), items
        writer = exports_in_bucket(self._s3, BUCKET, count=len(self.descriptions) - 1)
        keys = ("stream", "position") if table == "event-log" else ("stream",)
        if len(times) == 1:
            self._pending[arn] = lambda: writer.full(items.values(), times[0], params["TableArn"]).manifest
            return
        changes = [Change(items.get(key), before.get(key), times[0], keys) for key in {**items, **before}
                   if items.get(key) != before.get(key)]  # fmt: skip
        if "position" in keys:
            changes, self.planted = [*changes, *self.planted], []
        self._pending[arn] = lambda: writer.incremental(changes, times[0], times[1], params["TableArn"]).manifest

    def _DescribeExport(self, params: Answer) -> Answer:  # noqa: N802 - AWS's name
        arn = params["ExportArn"]
        if arn not in self.descriptions:
            raise _refusal("ExportNotFoundException", "there is no such export")
        self._looked[arn] = self._looked.get(arn, 0) + 1
        description = self.descriptions[arn]
        if description["ExportStatus"] == "IN_PROGRESS" and self._looked[arn] > self.looks:
            if arn in self._pending:
                description |= {"ExportStatus": "COMPLETED", "ExportManifest": self._pending.pop(arn)()}
                self._lose_files()
            else:
                code, message = self.failures.pop(0)
                description |= {"ExportStatus": "FAILED", "FailureCode": code, "FailureMessage": message}
        return {"ExportDescription": description}

    def _lose_files(self) -> None:
        if self.lost_files:
            self.lost_files -= 1
            listed = self._s3.list_objects_v2(Bucket=BUCKET, Prefix="analytics/exports/AWSDynamoDB/data/")["Contents"]
            self._s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": entry["Key"]} for entry in listed]})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "")
