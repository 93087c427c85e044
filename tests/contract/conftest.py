"""Every implementation of EventLog and of ReadModels, each fresh and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from training_events.stores.event_log import EventLog
from training_events.stores.opening import Store, open_store
from training_events.stores.read_models import ReadModels
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.asking import Asked, asked_log
from tests.support.dynamodb import dynamodb_log, dynamodb_read_models
from tests.support.fakes import InMemoryLog, InMemoryReadModels


@pytest.fixture(params=["dynamodb", "sqlite", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    if request.param == "dynamodb":
        with dynamodb_log() as log:
            yield log
    elif request.param == "sqlite":
        yield an_empty_sqlite(tmp_path).log
    else:
        yield InMemoryLog()


@pytest.fixture(params=["dynamodb", "sqlite", "memory"])
def read_models(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadModels]:
    if request.param == "dynamodb":
        with dynamodb_read_models() as read_models:
            yield read_models
    elif request.param == "sqlite":
        sqlite = an_empty_sqlite(tmp_path).read_models
        assert sqlite is not None
        yield sqlite
    else:
        yield InMemoryReadModels()


@pytest.fixture(params=["dynamodb", "sqlite"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """A log that answers questions."""
    with asked_log(request.param, tmp_path) as asked:
        yield asked


def an_empty_sqlite(folder: Path) -> Store:
    store = open_store(f"sqlite:///{folder}/log.db")
    assert isinstance(store.log, SqliteLog)
    with store.log.database.transaction():
        pass  # makes an empty log: without a file there is no log
    return store
