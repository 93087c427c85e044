"""Measures the event processor against the minimum that recording an event on AWS takes.

Cold: a process that imports the handler and answers one event, against one that only makes boto3's DynamoDB client.
Warm: the CPU time of one event (decoded, checked, appended, logged and counted) against boto3's bare put of its item.
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
    from training_events.stores.dynamodb.item import to_item  # noqa: PLC0415 - after the settings are in the environment
    from training_events.times import now  # noqa: PLC0415

    client = boto3.client("dynamodb")

    def by_the_handler() -> float:
        events = new_events(_EVENTS)
        return _cpu_seconds_of_one_event(lambda: answer(events))

    def by_boto3() -> float:
        items = [to_item(decode(event), now()) for event in new_events(_EVENTS)]
        return _cpu_seconds_of_one_event(lambda: [client.put_item(TableName=_TABLE, Item=item) for item in items])

    pairs = in_turns(by_the_handler, by_boto3, rounds=_ROUNDS)
    return Ratio("processor, CPU of a warm event", "boto3's bare put_item", pairs, at_most=1.3)


def _cpu_seconds_of_one_event(work: Callable[[], object]) -> float:
    """The CPU seconds of one event. Whatever is printed is dropped."""
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
