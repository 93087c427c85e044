"""The command line called in this process, calls to make, and stores for it to work on."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from training_events import aws, cli
from training_events.event import Event, Producer
from training_events.projection.projector import Projector
from training_events.stores.opening import open_event_log, open_store
from training_events.stores.read_models import ReadModels
from training_events.times import to_utc_text

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tools.schemas import schemas

DYNAMODB = f"dynamodb://{TABLE}?read_models={READ_MODELS}"
SCHEMAS = schemas()

READING_CALLS = {
    "runs": ["runs"],
    "models": ["models"],
    "datasets": ["datasets"],
    "serving": ["serving"],
    "show": ["show", "run/a"],
    "show as of": ["show", "run/a", "--as-of", "now"],
    "history": ["history", "run/a"],
    "compare": ["compare", "run/a", "run/b"],
    "lineage": ["lineage", "run/a"],
    "report": ["report", "run/a"],
    "verify": ["verify", "run/a"],
    "verify two": ["verify", "run/a", "run/b"],
    "verify --all": ["verify", "--all"],
    "rebuild": ["rebuild"],
    "rebuild --dry-run": ["rebuild", "--dry-run"],
}
CALLS_ON_A_LOG = {
    **READING_CALLS,
    "record": ["record", "run/a", "Happened"],
    "tag": ["tag", "run/a", "team=vision"],
    "describe": ["describe", "run/a", "a text"],
    "hide": ["hide", "run/a", "--reason", "why"],
    "restore": ["restore", "run/a"],
}
_QUEUE = ["--queue", "https://sqs.eu-central-1.amazonaws.com/123456789012/q"]
CALLS_ON_AWS = {name: [*arguments, "--log", DYNAMODB] for name, arguments in CALLS_ON_A_LOG.items()} | {
    "record to the bus": ["record", "run/a", "Happened"],
    "undelivered": ["undelivered", *_QUEUE],
    "redrive": ["redrive", *_QUEUE, "--log", DYNAMODB],
    "reconcile": ["reconcile", "--log", DYNAMODB],
    "replay": ["replay", "--from", "2026-11-21", "--to", "2026-11-22"],
}
"""By name, the arguments of a call of every command."""


def run_cli(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of one call. An error is always one line, and printable."""
    code = cli.run(arguments)
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == (1 if code else 0)
    assert captured.err.removesuffix("\n").isprintable()
    assert "Traceback" not in captured.err
    return code, captured.out, captured.err


def parse_document(command: str, text: str) -> Any:
    """The one document that a command printed with --json. It has to fit its schema in docs/reference/cli."""
    printed = json.loads(text)
    Draft202012Validator(SCHEMAS[f"cli/{command}.json"]).validate(printed)
    return printed


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
    """Append these events to the log, and bring the read models of their streams up to date."""
    log = open_event_log(url)
    projector = Projector(log, read_models(url))
    for event in events:
        log.append(event)
        projector.refold(event.stream)


def make_event(stream: str, type_: str, second: int = 0, producer: Producer | None = None, **data: Any) -> Event:
    """An event so many seconds after 2026-11-22T15:08."""
    at = to_utc_text((datetime(2026, 11, 22, 15, 8, tzinfo=UTC) + timedelta(seconds=second)).isoformat())
    return Event(f"e-{second:02d}", stream, type_, at, "tests", data, producer=producer)


def interrupt_at(monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, after: int) -> None:
    """Ctrl-C at the call of this operation after so many."""
    calls = []

    def press(**_: Any) -> None:
        calls.append(operation)
        if len(calls) > after:
            raise KeyboardInterrupt

    client.meta.events.register(f"before-call.*.{operation}", press)
    let_commands_use(monkeypatch, client)


def let_commands_use(monkeypatch: pytest.MonkeyPatch, client: Any) -> None:
    """This client, whenever a client of its service is asked for."""
    service, make = client.meta.service_model.service_name, aws.client
    monkeypatch.setattr(aws, "client", lambda name, **more: client if name == service else make(name, **more))
