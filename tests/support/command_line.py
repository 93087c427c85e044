"""The command line called in this process, and stores for it to work on."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from training_events import cli
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.stores.opening import open_event_log, open_store
from training_events.stores.read_models import ReadModels

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tools.schemas import schemas

DYNAMODB = f"dynamodb://{TABLE}?read_models={READ_MODELS}"
SCHEMAS = schemas()


def run_cli(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error of one call; an error is always exactly one line, and printable."""
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == (1 if code else 0)
    assert captured.err.removesuffix("\n").isprintable()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def parse_document(command: str, text: str) -> Any:
    """The one document that a command printed with --json, which is as docs/reference/cli says."""
    found = json.loads(text)
    Draft202012Validator(SCHEMAS[f"cli/{command}.json"]).validate(found)
    return found


@contextmanager
def empty_store(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty log with read models, in SQLite or in moto's DynamoDB."""
    with aws_in_this_process():
        if kind == "sqlite":
            yield f"sqlite:///{folder}/events.db"
        else:
            create_table()
            create_read_models_table()
            yield DYNAMODB


def read_models(url: str) -> ReadModels:
    models = open_store(url).read_models
    assert models is not None
    return models


def record_events(url: str, events: Iterable[Event]) -> None:
    """These events are in the log, and their streams in the read models."""
    log = open_event_log(url)
    projector = Projector(log, read_models(url))
    for event in events:
        log.append(event)
        projector.refold(event.stream)


def make_event(stream: str, type_: str, second: int = 0, **data: Any) -> Event:
    """An event of the minute 2026-11-22T15:08."""
    return Event(f"e-{second:02d}", stream, type_, f"2026-11-22T15:08:{second:02d}.000000Z", "tests", data)
