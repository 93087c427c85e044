import subprocess
import sys
from pathlib import Path

import pytest
from training_events.errors import BadLogUrl, MissingSetting
from training_events.settings import Settings
from training_events.stores.address import parse
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels
from training_events.stores.opening import open_event_log, open_store
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.read_models import SqliteReadModels

from tests.support.dynamodb import aws_in_this_process


def test_an_address_of_a_dynamodb_log():
    with aws_in_this_process():
        log = open_event_log("dynamodb://Event_log.1?read_models=read-models")
    assert isinstance(log, DynamoDbLog)
    assert log.table == "Event_log.1"


def test_an_address_of_a_dynamodb_store_with_and_without_read_models():
    with aws_in_this_process():
        store = open_store("dynamodb://event-log?read_models=read-models")
        assert open_store("dynamodb://event-log").read_models is None
    assert isinstance(store.log, DynamoDbLog)
    assert isinstance(store.read_models, DynamoDbReadModels)
    assert (store.log.table, store.read_models.table) == ("event-log", "read-models")


def test_an_address_names_the_table_of_the_notary_with_and_without_read_models():
    assert parse("dynamodb://event-log?read_models=models&notary=notary") == ("event-log", "models", "notary")
    assert parse("dynamodb://event-log?notary=notary") == ("event-log", None, "notary")
    assert parse("dynamodb://event-log?read_models=models") == ("event-log", "models", None)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///log.db", "here/log.db"),  # as in SQLAlchemy: with three slashes the path is relative
        ("sqlite:///tmp/log.db", "here/tmp/log.db"),
        ("sqlite:///./a/../log.db", "here/log.db"),
        ("sqlite:////tmp/log.db", "/tmp/log.db"),  # noqa: S108 - nothing is opened
        ("sqlite:///~/log.db", "home/log.db"),
        ("sqlite:///with blank %20#é.db", "here/with blank %20#é.db"),  # the path as it stands
    ],
)
def test_an_address_of_a_sqlite_file(url, path, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    store = open_store(url)
    log = open_event_log(url)
    monkeypatch.chdir(tmp_path)  # the path stays what it was
    assert isinstance(log, SqliteLog)
    assert isinstance(store.log, SqliteLog)
    assert isinstance(store.read_models, SqliteReadModels)
    assert log.database.path == store.log.database.path == str(tmp_path / path)
    assert not Path(log.database.path).exists()


def test_a_sqlite_log_imports_nothing_of_aws():
    script = (
        "import sys; from training_events.stores.opening import open_store; open_store('sqlite:///x.db');"
        " print(sorted({name.split('.')[0] for name in sys.modules} & {'botocore', 'boto3'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "url",
    ["", "event-log", "postgres:///x", "dynamodb://", "dynamodb://ab", "dynamodb://a b c", "dynamodb://table/more",
     "dynamodb://table?read_model=models", "dynamodb://table?read_models", "dynamodb://table?read_models=a/b",
     "dynamodb://table?notary=a/b",
     "dynamodb://table#x", "dynamodb://[", "dynamodb://user@table",
     "sqlite:", "sqlite://", "sqlite:///", "sqlite://x.db", "sqlite:/x.db", "sqlite:x.db", "sqlite:///:memory:",
     "sqlite:///x.db?mode=ro", "sqlite:///x\0.db", "sqlite:///x\n.db"],
)  # fmt: skip
def test_any_other_address_is_refused_in_one_line(url):
    with pytest.raises(BadLogUrl, match="allowed: dynamodb://<event log table>") as raised:
        open_event_log(url)
    assert "\n" not in str(raised.value)


def test_settings_are_read_when_asked_for():
    settings = Settings({"TRAINING_EVENTS_BUS": "bus", "TRAINING_EVENTS_BUCKET": " "})
    assert settings.bus == "bus"
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_BUCKET is not set: it says the S3 bucket"):
        _ = settings.bucket
    with pytest.raises(MissingSetting, match="TRAINING_EVENTS_LOG is not set"):
        _ = settings.log
