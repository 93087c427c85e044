"""DynamoDB is asked for its exports: once for each, whoever asks and whatever ends meanwhile."""

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.analytics.dynamodb_export import read_file, read_manifest
from training_events.analytics.export_api import ExportApi
from training_events.analytics.export_state import Asked, ExportState, read_state
from training_events.analytics.s3_export import S3Exports
from training_events.analytics.state_in_s3 import StateInS3
from training_events.errors import BadExport, Misused, NotExported, Overtaken
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.item import to_item

from tests.support.command_line import make_event
from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.dynamodb_exports import READ_MODELS_ARN, TABLE_ARN, Change
from tests.support.s3 import BUCKET, data_bucket
from tests.support.table_exports import TableExports

AT = "2026-11-22T15:00:00.000000Z"
HOUR_LATER, HOUR_END = "2026-11-22T16:00:30.000000Z", "2026-11-22T16:00:00.000000Z"


@pytest.fixture
def world():
    """What AWS knows of exports, with a log of two events and no read model yet."""
    with data_bucket():
        create_table()
        create_read_models_table()
        table_exports = TableExports()
        table_exports.answer_in_place_of_aws()
        append(1)
        append(2)
        yield table_exports


def append(number):
    DynamoDbLog(TABLE, aws.client("dynamodb")).append(make_event("run/a", "Tagged", number, tags={"n": number}))


class Command:
    """One call of the command: what it told and showed, and how long it slept."""

    def __init__(self, *, tables=(TABLE, READ_MODELS), clock=lambda: AT, sleep=None):
        s3 = aws.client("s3")
        self.told: list[str] = []
        self.shown: list[str] = []
        self.pauses: list[float] = []
        self.state = StateInS3(BUCKET, s3)
        api = ExportApi(BUCKET, aws.client("dynamodb"), s3)
        self.exports = S3Exports(
            tables,
            api,
            self.state,
            tell=self.told.append,
            show=self.shown.append,
            sleep=sleep or self.pauses.append,
            clock=clock,
        )

    def run(self, **options):
        return list(self.exports.run(**options))


def state() -> ExportState:
    return read_state(aws.client("s3").get_object(Bucket=BUCKET, Key="analytics/exports/state.json")["Body"].read())


def images(manifest):
    api = ExportApi(BUCKET, aws.client("dynamodb"), aws.client("s3"))
    return [item for file in read_manifest(api.open, manifest).files for item in read_file(api.open, file)]


def test_first_all_of_both_tables_as_of_one_moment(world):
    log, models = Command().run()
    assert [(done.table, done.since, done.to, done.items) for done in (log, models)] == [
        (TABLE, None, AT, 2),
        (READ_MODELS, None, AT, 0),
    ]
    assert {item.new_image["event_id"]["S"] for item in images(log.manifest)} == {"e-01", "e-02"}
    assert {arn: exports.manifests() for arn, exports in state().tables.items()} == {
        TABLE_ARN: [log.manifest],
        READ_MODELS_ARN: [models.manifest],
    }
    assert state().asked == {}


def test_then_what_has_changed_of_both(world):
    Command().run()
    append(3)
    world.latest = HOUR_LATER
    log, models = Command().run()
    assert [(done.since, done.to, done.items, done.altered) for done in (log, models)] == [
        (AT, HOUR_END, 1, 0),
        (AT, HOUR_END, 0, 0),
    ]
    [change] = images(log.manifest)
    assert (change.new_image["event_id"]["S"], change.old_image) == ("e-03", None)
    assert state().tables[TABLE_ARN].to == state().tables[READ_MODELS_ARN].to == HOUR_END
    view = world.requests[-1]["IncrementalExportSpecification"]["ExportViewType"]
    assert view == "NEW_AND_OLD_IMAGES"


def test_two_days_are_three_windows_at_most_and_two_at_least(world):
    Command().run()
    world.latest = "2026-11-24T15:00:30.000000Z"
    assert [(done.since, done.to) for done in Command(tables=[TABLE]).run()] == [
        (AT, "2026-11-23T15:00:00.000000Z"),
        ("2026-11-23T15:00:00.000000Z", "2026-11-24T15:00:00.000000Z"),
    ]


def test_nothing_is_asked_for_again_within_a_quarter_of_an_hour(world):
    Command().run()
    world.latest = "2026-11-22T15:14:59.000000Z"
    assert Command().run() == []
    assert len(world.requests) == 2


def test_only_the_log_where_the_address_names_no_read_models(world):
    assert [done.table for done in Command(tables=[TABLE]).run()] == [TABLE]
    assert Command(tables=[TABLE]).exports.exported_to() == {TABLE: AT}


def test_a_full_export_on_request_takes_the_place_of_all_before_it(world):
    Command().run()
    world.latest = HOUR_LATER
    Command().run()
    assert [(done.since, done.to) for done in Command().run(full=True)] == [(None, HOUR_END)] * 2
    assert state().tables[TABLE_ARN].incrementals == ()


def test_progress_is_shown_with_longer_and_longer_pauses(world):
    world.looks = 4
    command = Command(tables=[TABLE])
    command.run()
    assert command.pauses == [5.0, 10.0, 20.0, 30.0]
    assert command.shown[0] == f"{TABLE}: full export to {AT}: DynamoDB is writing it, followed for 0 min"
    assert command.told == [f"{TABLE}: full export to {AT}: asked for, {TABLE_ARN}/export/00000000000001-a1b2c3d4"]


def test_an_old_image_in_a_window_names_what_was_altered(world):
    Command().run()
    first, second = (to_item(make_event("run/a", "Tagged", number), AT) for number in (1, 2))
    world.planted = [Change(first, first | {"data": {"S": "{}"}}), Change(None, second)]
    world.latest = HOUR_LATER
    log, _ = Command().run()
    assert log.altered == 2
    assert {(item.stream, item.position, item.what) for item in log.named} == {
        ("run/a", first["position"]["S"], "replaced"),
        ("run/a", second["position"]["S"], "deleted"),
    }
    assert state().tables[TABLE_ARN].incrementals[-1].altered == 2


def test_read_models_change_and_go_without_a_word(world):
    aws.client("dynamodb").put_item(TableName=READ_MODELS, Item={"stream": {"S": "run/a"}, "revision": {"N": "1"}})
    Command().run()
    aws.client("dynamodb").put_item(TableName=READ_MODELS, Item={"stream": {"S": "run/a"}, "revision": {"N": "2"}})
    world.latest = HOUR_LATER
    _, models = Command().run()
    assert (models.items, models.altered, models.named) == (1, 0, [])
    assert [item.old_image["revision"]["N"] for item in images(models.manifest)] == ["1"]


def test_a_gap_is_told_and_closed_by_a_full_export(world):
    Command().run()
    world.earliest, world.latest = "2026-11-25T00:00:00.000000Z", "2026-12-28T15:00:30.000000Z"
    command = Command(tables=[TABLE])
    [done] = command.run()
    assert done.since is None
    assert command.told[0] == (
        f"{TABLE}: the exports so far end at {AT}, and recovery keeps what was written from {world.earliest} on: nothing can"
        " close this gap but a full export"
    )


def test_an_export_that_failed_is_told_and_asked_for_again(world):
    world.failures = [("S3AccessDenied", "no right to put")]
    failed = rf"{TABLE}: full export to .+/export/.+: it failed: S3AccessDenied: no right to put; run the same command again"
    with pytest.raises(NotExported, match=failed):
        Command(tables=[TABLE]).run()
    assert state().asked == {}
    [done] = Command(tables=[TABLE]).run()
    assert (done.items, len(world.requests)) == (2, 2)


def test_an_export_whose_files_are_not_there_is_told_and_asked_for_again(world):
    Command().run()
    append(3)
    world.latest, world.lost_files = HOUR_LATER, 1
    lost = rf"{TABLE}: export of the changes .+/export/.+: .+json\.gz: it is not there; .+; run the same command again"
    with pytest.raises(BadExport, match=lost):
        Command().run()
    assert TABLE_ARN not in state().asked
    assert [(done.table, done.to) for done in Command().run()] == [(READ_MODELS, HOUR_END), (TABLE, HOUR_END)]
    assert {exports.to for exports in state().tables.values()} == {HOUR_END}


class Stopped(Exception):  # noqa: N818 - as Ctrl-C, it is no error
    """A command that ends while DynamoDB is at work."""


def stop(_):
    raise Stopped


def test_a_second_command_goes_on_with_what_the_first_one_asked_for(world):
    world.looks = 1
    with pytest.raises(Stopped):
        Command(sleep=stop).run()
    assert len(state().asked) == 2
    world.latest = HOUR_LATER  # what is under way comes first, and then what is due since
    assert [(done.table, done.since, done.to) for done in Command().run()] == [
        (TABLE, None, AT),
        (READ_MODELS, None, AT),
        (TABLE, AT, HOUR_END),
        (READ_MODELS, AT, HOUR_END),
    ]
    assert len(world.requests) == 4


def test_two_commands_at_once_follow_the_same_exports(world):
    world.looks = 1
    others = []
    first = Command(sleep=lambda _: others.append(Command().run()))
    done = first.run()
    assert [export.manifest for export in others[0]] == [export.manifest for export in done]
    assert (len(world.requests), [exports.incrementals for exports in state().tables.values()]) == (2, [(), ()])


def test_an_export_that_dynamodb_has_forgotten_is_asked_for_again(world):
    world.looks = 1
    with pytest.raises(Stopped):
        Command(tables=[TABLE], sleep=stop).run()
    world.descriptions.clear()
    with pytest.raises(NotExported, match="DynamoDB knows nothing of it"):
        Command(tables=[TABLE]).run()
    assert [done.items for done in Command(tables=[TABLE]).run()] == [2]


def test_a_token_that_dynamodb_does_not_know_any_more_is_not_used_again(world):
    def token(clock):
        world.refusals = ["LimitExceededException"]
        with pytest.raises(ClientError, match="LimitExceededException"):
            Command(tables=[TABLE], clock=lambda: clock).run()
        return state().asked[TABLE_ARN].token

    first = token(AT)
    assert token("2026-11-22T22:59:59.000000Z") == first
    assert token("2026-11-22T23:00:00.000000Z") != first


def test_the_bucket_s_own_key_is_asked_for(world):
    key = "arn:aws:kms:eu-central-1:123456789012:key/k"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    Command(tables=[TABLE]).run()
    aws.client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)
    Command(tables=[TABLE]).run(full=True)
    assert [(request["S3SseAlgorithm"], request.get("S3SseKmsKeyId")) for request in world.requests] == [
        ("AES256", None),
        ("KMS", key),
    ]


def test_a_table_without_recovery(world):
    world.is_recovery_on = False
    with pytest.raises(Misused, match=f"the table {TABLE} has no point-in-time recovery; allowed: a table that has it"):
        Command().run()


def test_a_table_that_is_not_there(world):
    with pytest.raises(Misused, match="there is no table 'other'; allowed: those of an environment that is deployed"):
        Command(tables=["other"])


def test_a_state_that_somebody_wrote_over(world):
    aws.client("s3").put_object(Bucket=BUCKET, Key="analytics/exports/state.json", Body=b"{")
    with pytest.raises(BadExport, match=r"s3://data/analytics/exports/state\.json: "):
        Command().run()


def test_a_state_that_others_write_all_the_time(world):
    changes = []

    def while_others_write(state):
        changes.append(state)
        spaces = " " * len(changes)
        aws.client("s3").put_object(Bucket=BUCKET, Key="analytics/exports/state.json", Body=f"{{}}{spaces}")
        return ExportState(asked={TABLE_ARN: Asked("t", AT, None, AT)})

    with pytest.raises(Overtaken, match=r"other commands wrote .+state\.json 10 times meanwhile"):
        Command().state.change(while_others_write)
    assert state().asked == {}
