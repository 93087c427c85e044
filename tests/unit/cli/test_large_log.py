"""What reads a whole log with one process names, for a large one, the job that reads it with many."""

import json

import pytest
from training_events import aws, cli
from training_events.stores.dynamodb.event_log import DynamoDbLog

from tests.support.command_line import empty_store, let_commands_use, make_event, record_events
from tests.support.fakes import refuse

NOTICE = (
    "training-events: the log has about 2 events, and this reads them with one process; the Spark job"
    " training_events.analytics.job does the same with many (docs/operate/analytics.md)\n"
)
WHOLE = pytest.mark.parametrize("command", [["rebuild"], ["rebuild", "--dry-run"], ["verify", "--all"]], ids=" ".join)


@pytest.fixture(params=["dynamodb", "sqlite"])
def url(request, tmp_path, monkeypatch, bare_environment):
    """A log of two events, where one is large."""
    monkeypatch.setattr("training_events.cli.large_log.LARGE_LOG_EVENTS", 1)
    with empty_store(request.param, tmp_path) as address:
        record_events(address, [make_event("run/a", "Tagged", second, tags={"a": second}) for second in (1, 2)])
        yield address


@WHOLE
def test_a_large_log_on_aws_is_told_on_standard_error_alone(url, command, capsys):
    assert cli.run([*command, "--json", "--log", url]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)
    assert err == (NOTICE if url.startswith("dynamodb:") else "")


def test_one_stream_is_no_whole_log(url, capsys):
    assert cli.run(["verify", "run/a", "--log", url]) == 0
    assert capsys.readouterr().err == ""


def test_a_log_that_is_not_large(url, capsys, monkeypatch):
    monkeypatch.setattr("training_events.cli.large_log.LARGE_LOG_EVENTS", 2)
    assert cli.run(["verify", "--all", "--log", url]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("url", ["dynamodb"], indirect=True)
def test_who_may_not_ask_for_the_size_is_told_nothing(url, capsys, monkeypatch):
    client = aws.client("dynamodb", validate=False)
    refuse(client, "DescribeTable", 9, "AccessDeniedException")
    let_commands_use(monkeypatch, client)
    assert DynamoDbLog("event-log", client).approximate_count() is None
    assert cli.run(["verify", "--all", "--log", url]) == 0
    assert capsys.readouterr().err == ""
