"""Every implementation of EventLog, each fresh and empty."""

from collections.abc import Iterator

import pytest
from training_events.log import EventLog

from tests.dynamodb import dynamodb_log
from tests.fakes import InMemoryLog


@pytest.fixture(params=["dynamodb", "memory"])
def log(request: pytest.FixtureRequest) -> Iterator[EventLog]:
    if request.param == "memory":
        yield InMemoryLog()
    else:
        with dynamodb_log() as log:
            yield log
