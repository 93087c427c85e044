"""`log.sql` of a log on AWS: a query in Athena's workgroup, followed to its end, read page by page."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from training_events import aws
from training_events.analytics.athena import Workgroup, ask
from training_events.analytics.query import parse
from training_events.errors import BadSql, MissingSetting, QueryFailed
from training_events.reading.log import open_log

TEXT = "SELECT * FROM runs"
ID = "q-0123456789"
WORKGROUP = Workgroup("training-dev", "training_dev")


class Athena:
    """A client of Athena whose requests and answers are held to AWS's own model of the service."""

    def __init__(self) -> None:
        self.client = botocore.session.get_session().create_client(
            "athena", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stub = Stubber(self.client)
        self.pauses: list[float] = []
        self.told: list[str] = []
        self.stub.add_response(
            "start_query_execution",
            {"QueryExecutionId": ID},
            {"QueryString": TEXT, "QueryExecutionContext": {"Database": "training_dev"}, "WorkGroup": "training-dev"},
        )

    def will_be(self, state: str, scanned: int = 0, **status: Any) -> None:
        execution = {"Status": {"State": state, **status}, "Statistics": {"DataScannedInBytes": scanned}}
        self.stub.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": ID})

    def will_answer(
        self, columns: dict[str, str], rows: Sequence[Sequence[str | None]], *, after: str = "", more: str = ""
    ) -> None:
        names: list[Sequence[str | None]] = [] if after else [list(columns)]
        data = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in (*names, *rows)]
        kinds = [{"Name": name, "Type": kind, "Precision": 10, "Scale": 2} for name, kind in columns.items()]
        page = {
            "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": kinds}},
            **({"NextToken": more} if more else {}),
        }
        asked = {"QueryExecutionId": ID, "MaxResults": 1000, **({"NextToken": after} if after else {})}
        self.stub.add_response("get_query_results", page, asked)

    def ask(self) -> Any:
        with self.stub:
            answer = ask(parse(TEXT), WORKGROUP, self.client, self.told.append, self.pauses.append)
            self.stub.assert_no_pending_responses()
            return answer


@pytest.fixture
def athena() -> Athena:
    return Athena()


def test_a_query_is_followed_and_its_pages_are_one_answer(athena: Athena):
    for state, scanned in (("QUEUED", 0), ("RUNNING", 5_000_000), ("SUCCEEDED", 7_000_000)):
        athena.will_be(state, scanned)
    columns = {"run": "varchar", "events": "bigint"}
    athena.will_answer(columns, [["digits-0", "7"], [None, None]], more="second")
    athena.will_answer(columns, [["digits-1", "5"]], after="second")
    answer = athena.ask()
    assert (answer.columns, answer.rows) == (["run", "events"], [("digits-0", 7), (None, None), ("digits-1", 5)])
    assert athena.told == ["Athena: queued, 0 MB read", "Athena: running, 5 MB read", "reading Athena's answer"]
    assert athena.pauses == [0.2, 0.4]


def test_each_type_of_athena_has_its_value(athena: Athena):
    cells = {
        "a": ("integer", "7", 7),
        "b": ("double", "NaN", None),
        "c": ("double", "-Infinity", float("-inf")),
        "d": ("boolean", "true", True),
        "e": ("boolean", "false", False),
        "f": ("date", "2026-11-22", date(2026, 11, 22)),
        "g": ("timestamp", "2026-11-22 15:08:39.955", datetime(2026, 11, 22, 15, 8, 39, 955000, UTC)),
        "h": (
            "timestamp with time zone",
            "2026-11-22 16:08:39.955 Europe/Berlin",
            datetime(2026, 11, 22, 15, 8, 39, 955000, UTC),
        ),
        "i": ("timestamp with time zone", "2026-11-22 17:08:39.955 +02:00", datetime(2026, 11, 22, 15, 8, 39, 955000, UTC)),
        "j": ("decimal", "1.50", Decimal("1.50")),
        "k": ("map", "{group=sweep-7}", "{group=sweep-7}"),
        "l": ("json", '{"a":1}', '{"a":1}'),
    }
    athena.will_be("SUCCEEDED")
    athena.will_answer({name: kind for name, (kind, _, _) in cells.items()}, [[text for _, text, _ in cells.values()]])
    [row] = athena.ask().rows
    values = dict(zip(cells, row, strict=True))
    assert values.pop("b") != 0  # NaN is equal to nothing
    assert values == {name: value for name, (_, _, value) in cells.items() if name != "b"}


def test_no_rows_are_an_answer_with_columns(athena: Athena):
    athena.will_be("SUCCEEDED")
    athena.will_answer({"run": "varchar"}, [])
    answer = athena.ask()
    assert (answer.columns, answer.rows, repr(answer)) == (["run"], [], "0 rows")


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (
            {
                "State": "FAILED",
                "StateChangeReason": "COLUMN_NOT_FOUND: line 1:8:\nno 'x'",
                "AthenaError": {"ErrorCategory": 2},
            },
            BadSql,
            "Athena does not take the SQL: COLUMN_NOT_FOUND: line 1:8: no 'x'",
        ),
        (
            {"State": "FAILED", "StateChangeReason": "out of memory", "AthenaError": {"ErrorCategory": 1}},
            QueryFailed,
            f"Athena's query {ID} failed: out of memory",
        ),
        (
            {"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"},
            QueryFailed,
            f"Athena's query {ID} was cancelled: Bytes scanned limit was exceeded",
        ),
        ({"State": "FAILED"}, QueryFailed, f"Athena's query {ID} failed: no reason given"),
    ],
)
def test_a_query_that_fails_gives_athenas_reason_in_one_line(
    status: dict[str, Any], error: type[Exception], message: str, athena: Athena
):
    athena.will_be(status.pop("State"), **status)
    with pytest.raises(error) as flaw:
        athena.ask()
    assert str(flaw.value) == message


def test_whoever_stops_waiting_stops_the_query(athena: Athena):
    athena.will_be("RUNNING")
    athena.stub.add_response("stop_query_execution", {}, {"QueryExecutionId": ID})

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with athena.stub, pytest.raises(KeyboardInterrupt):
        ask(parse(TEXT), WORKGROUP, athena.client, athena.told.append, interrupt)
    athena.stub.assert_no_pending_responses()


@pytest.mark.parametrize("setting", ["workgroup", "/database", "a/b/c", "a/"])
def test_a_setting_that_names_no_workgroup_and_database_is_told(setting: str):
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_ANALYTICS is"):
        Workgroup.of(setting)


def test_a_log_on_aws_without_the_setting_says_which_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("TRAINING_EVENTS_ANALYTICS", raising=False)
    log = open_log("dynamodb://log-table?read_models=models-table")
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_ANALYTICS is not set"):
        log.sql(TEXT)


def test_a_log_on_aws_is_asked_where_the_setting_says(athena: Athena, monkeypatch: pytest.MonkeyPatch):
    athena.will_be("SUCCEEDED")
    athena.will_answer({"run": "varchar"}, [["digits-0"]])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("TRAINING_EVENTS_ANALYTICS", "training-dev/training_dev")
    log = open_log("dynamodb://log-table?read_models=models-table")
    make = aws.client
    monkeypatch.setattr(aws, "client", lambda service, **more: athena.client if service == "athena" else make(service, **more))
    with athena.stub:
        assert log.sql(TEXT).rows == [("digits-0",)]
