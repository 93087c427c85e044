"""`export --to s3`, killed before any of its calls of AWS, and so after any other: run again, it makes each export once."""

from collections.abc import Iterator

import pytest
from training_events import aws
from training_events.analytics.export_api import ExportApi
from training_events.analytics.export_state import ExportState, read_state
from training_events.analytics.s3_export import S3Exports
from training_events.analytics.state_in_s3 import StateInS3
from training_events.stores.dynamodb.event_log import DynamoDbLog

from tests.support.command_line import make_event
from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.s3 import BUCKET, data_bucket
from tests.support.table_exports import TableExports

AT, END = "2026-11-22T15:00:00.000000Z", "2026-11-22T16:00:00.000000Z"


class Killed(BaseException):
    """The process is gone at once: nothing of it runs any more."""


class KilledAt:
    """Ends the process at the call of AWS with this number."""

    def __init__(self, call: int) -> None:
        self.calls_left = call

    def __call__(self, **_: object) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise Killed


def run(world: TableExports, killed: KilledAt | None = None) -> None:
    """The command as it is called now, and an hour later."""
    for latest in (world.latest, END):
        world.latest = latest
        dynamodb, s3 = aws.client("dynamodb"), aws.client("s3")
        for client in (dynamodb, s3):
            if killed is not None:
                client.meta.events.register_first("before-call.*.*", killed)
        exports = S3Exports(
            [TABLE, READ_MODELS],
            ExportApi(BUCKET, dynamodb, s3),
            StateInS3(BUCKET, s3),
            tell=lambda _: None,
            show=lambda _: None,
            sleep=lambda _: None,
            clock=lambda: AT,
        )
        list(exports.run())


@pytest.fixture
def world() -> Iterator[TableExports]:
    with data_bucket(versions=False):
        create_table()
        create_read_models_table()
        DynamoDbLog(TABLE, aws.client("dynamodb")).append(make_event("run/a", "Tagged", 1))
        exports = TableExports(latest=AT)
        exports.answer_in_place_of_aws()
        yield exports


def state() -> ExportState:
    return read_state(aws.client("s3").get_object(Bucket=BUCKET, Key="analytics/exports/state.json")["Body"].read())


def test_each_export_is_made_once_wherever_the_command_is_killed(world: TableExports) -> None:
    calls = 0
    while True:
        try:
            run(world, KilledAt(calls))
        except Killed:
            run(world)
        else:
            break
        ends = {
            arn: (exports.full.to, [export.to for export in exports.incrementals]) for arn, exports in state().tables.items()
        }
        assert set(map(str, ends.values())) == {str((AT, [END]))}, f"killed at call {calls}"
        assert len(ends) == 2
        assert state().asked == {}
        assert len(world.descriptions) == 4, f"killed at call {calls}"
        forget(world)
        calls += 1
    assert calls > 20


def forget(world: TableExports) -> None:
    """As if nothing had been exported yet."""
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": entry["Key"]} for entry in listed]})
    world.descriptions.clear()
    world.latest = AT
