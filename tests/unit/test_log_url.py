import pytest
from training_events.dynamodb_log import DynamoDbLog
from training_events.errors import BadLogUrl, MissingSetting
from training_events.log_url import open_log
from training_events.settings import Settings

from tests.dynamodb import aws_in_this_process


def test_a_dynamodb_log():
    with aws_in_this_process():
        log = open_log("dynamodb://Event_log.1?read_models=read-models")
    assert isinstance(log, DynamoDbLog)
    assert log.table == "Event_log.1"


@pytest.mark.parametrize(
    "url",
    ["", "event-log", "sqlite:///x.db", "dynamodb://", "dynamodb://ab", "dynamodb://a b c", "dynamodb://table/more",
     "dynamodb://table?read_model=models", "dynamodb://table?read_models", "dynamodb://table?read_models=a/b",
     "dynamodb://table#x", "dynamodb://[", "dynamodb://user@table"],
)  # fmt: skip
def test_anything_else_is_one_clear_error(url):
    with pytest.raises(BadLogUrl, match="allowed: dynamodb://<event log table>") as raised:
        open_log(url)
    assert "\n" not in str(raised.value)


def test_settings_are_read_when_asked_for():
    settings = Settings({"TRAINING_EVENTS_BUS": "bus", "TRAINING_EVENTS_BUCKET": " "})
    assert settings.bus == "bus"
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_BUCKET is not set: it says the S3 bucket"):
        _ = settings.bucket
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_LOG is not set"):
        _ = settings.log
