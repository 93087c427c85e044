"""The event processor against the least that any recording of an event on AWS must do.

Cold: a process that imports the handler and answers one event, against one that only makes boto3's client of DynamoDB.
Warm: the processor time of one event, decoded, checked, appended, logged and counted, against boto3's bare put of its item.
"""

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable

import boto3

from benchmarks.answer import answer, new_events
from benchmarks.measure import Ratio, in_turns, process_seconds
from local.emulators import emulators
from local.environment import region
from local.terraform import BUILD

_ANSWER_ONE = "from benchmarks.answer import answer, new_events; answer(new_events(1))"
_BARE_CLIENT = "import boto3; boto3.client('dynamodb')"
_TABLE = "event-log"
_EVENTS, _ROUNDS = 10, 150


def measure() -> list[Ratio]:
    with emulators(region(), BUILD / "bench", BUILD) as endpoints:
        os.environ |= endpoints.variables() | {
            "TRAINING_EVENTS_LOG": f"dynamodb://{_TABLE}?read_models=read-models",
            "TRAINING_EVENTS_UNDELIVERED": "http://127.0.0.1/undelivered",
            "TRAINING_EVENTS_BUCKET": "data",
            "POWERTOOLS_SERVICE_NAME": "event-processor",
        }
        _make_table()
        return [_cold(), _warm()]


def _cold() -> Ratio:
    pairs = in_turns(
        lambda: process_seconds([sys.executable, "-c", _ANSWER_ONE], os.environ),
        lambda: process_seconds([sys.executable, "-c", _BARE_CLIENT], os.environ),
        rounds=11,
    )
    return Ratio("processor, import to first answer", "boto3's bare client", pairs, at_most=1.4)


def _warm() -> Ratio:
    from training_events.bus.envelope import decode  # noqa: PLC0415
    from training_events.stores.dynamodb.item import to_item  # noqa: PLC0415 - not before the settings are in the environment
    from training_events.times import now  # noqa: PLC0415

    client = boto3.client("dynamodb")

    def handled() -> float:
        events = new_events(_EVENTS)
        return _processor_seconds(lambda: answer(events))

    def bare() -> float:
        items = [to_item(decode(event), now()) for event in new_events(_EVENTS)]
        return _processor_seconds(lambda: [client.put_item(TableName=_TABLE, Item=item) for item in items])

    pairs = in_turns(handled, bare, rounds=_ROUNDS)
    return Ratio("processor, CPU of a warm event", "boto3's bare put_item", pairs, at_most=1.3)


def _processor_seconds(work: Callable[[], object]) -> float:
    """What one of the events costs; what is printed goes nowhere."""
    started = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return (time.process_time() - started) / _EVENTS


def _make_table() -> None:
    boto3.client("dynamodb").create_table(
        TableName=_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("stream", "position")],
        KeySchema=[{"AttributeName": "stream", "KeyType": "HASH"}, {"AttributeName": "position", "KeyType": "RANGE"}],
    )
