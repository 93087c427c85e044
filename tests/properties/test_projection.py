"""The real handler makes every read model the fold of its stream, over a delivery as unreliable as AWS allows.

MiniStack has one shard, and it neither halves a batch nor limits the attempts. So what the event source mapping declares is
tested here, with its synthesized JSON.
"""

import copy
import importlib.util
import itertools
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from training_events import catalogue, folds
from training_events.errors import DoesNotFit, NotFoldable
from training_events.event import Event
from training_events.folds.run_state import RunState
from training_events.projection.failing import FailingStreams
from training_events.projection.projector import Projector
from training_events.proof.verification import verify
from training_events.stores.event_log import Appended, Damaged, EventLog
from training_events.stores.opening import Store

from tests.properties.test_states import stored_states
from tests.support.dynamodb import aws_in_this_process
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import histories
from tests.support.seals import InMemorySeals
from tests.support.stack_json import StackJson
from tests.support.stream_delivery import Ended, Record, StreamDelivery, change, inserted

SHARDS = ["shard-1", "shard-2"]
SETTINGS = {
    "TRAINING_EVENTS_LOG": "dynamodb://log?read_models=models",
    "TRAINING_EVENTS_UNDELIVERED": "https://queue",
    "TRAINING_EVENTS_BUCKET": "bucket",
    "TRAINING_EVENTS_SEAL_MODE": "GOVERNANCE",
    "TRAINING_EVENTS_SEAL_DAYS": "7",
}


class Queue:
    """The undelivered queue: the records in it, each with its reason."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Record]] = []

    def set_aside(self, original: Record, why: NotFoldable, **_: str) -> None:
        self.records.append((why.reason, original))

    def reasons(self) -> set[tuple[str, str]]:
        """Of each record: the reason and the sequence number."""
        return {(reason, record["dynamodb"]["SequenceNumber"]) for reason, record in self.records}


class Metrics:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add_metric(self, name: str, _: Any, count: int) -> None:
        self.counts[name] += count

    def flush_metrics(self) -> None:
        pass


def load_handler() -> ModuleType:
    """A copy of the handler's module for one worker, as each of Lambda's environments loads one."""
    spec = importlib.util.find_spec("training_events.handlers.projector")
    assert spec is not None
    assert spec.loader is not None
    with aws_in_this_process(**SETTINGS):
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    module.logger.setLevel("CRITICAL")
    return module


@pytest.fixture(scope="module")
def handler() -> ModuleType:
    return load_handler()


def function(handler: ModuleType, log: Any, models: Any, seals: Any, queue: Any) -> Callable[[dict[str, Any]], Any]:
    """The handler with these stores, in an environment that has just started."""
    handler.store = Store(log, models)  # type: ignore[attr-defined]
    handler.projector = Projector(log, models, window=2, max_attempts=3, sleep=lambda _: None)  # type: ignore[attr-defined]
    handler.seals, handler.undelivered, handler.metrics = seals, queue, Metrics()  # type: ignore[attr-defined]
    handler.failing = FailingStreams()  # type: ignore[attr-defined]
    handler.set_aside_ids.clear()
    context = SimpleNamespace(function_name="projector", aws_request_id="request-1")
    return lambda received: handler.handler(received, context)


class Troubled:
    """A store in trouble, call by call: refused, applied without a reply, the function's last, or after the work of others."""

    def __init__(self, store: Any, next_trouble: Callable[[], str], meanwhile: Callable[[], None]) -> None:
        self._store, self._next_trouble, self._meanwhile = store, next_trouble, meanwhile

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            trouble = self._next_trouble()
            if trouble == "refused":
                raise throttled()
            if trouble == "meanwhile":
                self._meanwhile()
            answer = getattr(self._store, name)(*args, **more)
            if trouble == "no reply":
                raise TimeoutError
            if trouble == "ended":
                raise Ended
            return answer

        return call


def throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "any")


def folded(log: EventLog) -> dict[str, bytes]:
    return {stream: folds.encode(folds.fold(folds.empty(stream), log.entries(stream))) for stream in log.streams()}


def reason_of(event: Event) -> str | None:
    """The reason with which the record of this event is set aside; None if it is projected."""
    try:
        catalogue.read(event.stream, event.type, event.schema_version, event.canonical_data.decode())
    except DoesNotFit as flaw:
        return flaw.reason
    except NotFoldable:
        return None
    return None


def planted(stacks: dict[str, StackJson], **changed: Any) -> StackJson:
    stack = StackJson(copy.deepcopy(stacks["prod"].content))
    stack.one("aws_lambda_event_source_mapping", "projector").update(changed)
    return stack


ODDITIES = [*["none"] * 11, "damaged", "MODIFY", "REMOVE", "stray year", "stray neighbour", "stray end"]
"""What somebody does to the table around an append."""


def append_with_oddity(
    log: InMemoryLog, event: Event, oddity: str, numbers: Iterator[int]
) -> Iterator[tuple[Record, str | None]]:
    """Append the event, with one of ODDITIES. Yields the change records, with the reason to set each aside or None."""
    log.append(event)
    key = event.stream, event.position
    record, reason = inserted(log.records[key], next(numbers)), reason_of(event)  # type: ignore[arg-type]
    if oddity == "damaged":  # somebody replaced the event by an item that is none
        log.records[key] = Damaged(*key, "the test")
        image = {"stream": {"S": event.stream}, "position": {"S": event.position}}
        record, reason = change("INSERT", image, next(numbers)), "unreadable"
    yield record, reason
    strays = {"stray year": "2027", "stray neighbour": f"{event.occurred_at}-", "stray end": "~" * 40}
    if oddity in strays:  # somebody puts an item that is no event at a position that no event can have
        number = next(numbers)
        position = f"{strays[oddity]}{number}"
        log.records[event.stream, position] = Damaged(event.stream, position, "the test")
        yield change("INSERT", {"stream": {"S": event.stream}, "position": {"S": position}}, number), "unreadable"
    if oddity in ("MODIFY", "REMOVE"):  # somebody writes the event once more, or removes it and puts it back
        yield change(oddity, record["dynamodb"]["NewImage"], next(numbers)), "log_altered"


troubles = st.lists(st.sampled_from(["", "meanwhile", "meanwhile", "refused", "no reply", "ended"]), max_size=40)


@given(events=histories(), schedule=troubles, data=st.data())
def test_every_read_model_ends_as_the_fold_and_unreadable_records_are_set_aside(
    stacks: dict[str, StackJson], handler: ModuleType, events: list[Event], schedule: list[str], data: st.DataObject
) -> None:
    log, models, seals, queue = InMemoryLog(), InMemoryReadModels(), InMemorySeals(), Queue()
    trouble, numbers = iter(schedule), itertools.count(1)
    expected: set[tuple[str, str]] = set()

    def poll_others() -> None:
        for shard in SHARDS:  # nothing happens for the shard that is being delivered from
            delivery.poll(shard)

    troubled = [Troubled(store, lambda: next(trouble, ""), poll_others) for store in (log, models, seals, queue)]
    stack = planted(stacks, batch_size=data.draw(st.integers(1, 4)))  # there are few records
    delivery = StreamDelivery(stack, function(handler, *troubled))
    for event in events:
        for record, reason in append_with_oddity(log, event, data.draw(st.sampled_from(ODDITIES)), numbers):
            delivery.put(record, data.draw(st.sampled_from(SHARDS)))
            if reason is not None:
                expected.add((reason, record["dynamodb"]["SequenceNumber"]))
        for _ in range(data.draw(st.integers(0, 2))):
            delivery.poll(data.draw(st.sampled_from(SHARDS)), copies=data.draw(st.sampled_from([1, 1, 2])))
    delivery.drain()

    assert stored_states(models) == folded(log)
    assert queue.reasons() == expected
    assert delivery.destination == delivery.lost == []
    damaged = {stream for (stream, _), record in log.records.items() if isinstance(record, Damaged)}
    made_up = {event.stream for event in events if "run_head" in event.data}  # a run that the log does not have so
    for stream, state in stored_states(models).items():
        decoded = folds.decode(stream, state)
        if (not isinstance(decoded, RunState) or decoded.finished) and stream not in damaged:
            verified = verify(log, seals, stream)
            assert verified.sound or stream in made_up
            assert verified.seals.not_covered == 0


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("call", range(8))
def test_two_pollers_do_not_undo_each_other(stacks: dict[str, StackJson], handler: ModuleType, call: int, first: int) -> None:
    """A batch of one shard is delivered in the middle of the other's delivery, at any call to a store."""
    log, models = InMemoryLog(), InMemoryReadModels()
    trouble: list[str] = []

    def next_trouble() -> str:
        return trouble.pop(0) if trouble else ""

    def poll_other() -> None:
        delivery.poll("shard-2")

    stores = (Troubled(log, next_trouble, poll_other), Troubled(models, next_trouble, poll_other))
    delivery = StreamDelivery(stacks["prod"], function(handler, *stores, InMemorySeals(), Queue()))
    for number, shard in [(0, "shard-1"), (first, "shard-1"), (3 - first, "shard-2")]:
        event = Event(f"e-{number}", "run/a", "Happened", "2026-11-22T15:00:00.000000Z", "tests", {})
        log.append(event)
        delivery.put(inserted(log.records[event.stream, event.position], number), shard)  # type: ignore[arg-type]
        if number == 0:
            delivery.drain()
    trouble += [""] * call + ["meanwhile"]
    delivery.drain()
    assert stored_states(models) == folded(log)


class PoisonedReadModels(InMemoryReadModels):
    """One stream's read model cannot be written. With `ends` the attempt ends the function."""

    def __init__(self, *, ends: bool) -> None:
        super().__init__()
        self.poisoned, self._ends = "run/bad", ends

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        if stream == self.poisoned:
            raise Ended if self._ends else throttled()
        super().put(stream, state, **more)


def delivered(
    stack: StackJson, handler: ModuleType, *, ends: bool = False
) -> tuple[StreamDelivery, PoisonedReadModels, InMemoryLog]:
    """The delivery of five streams. The middle one cannot be projected, however often it is tried."""
    log, models = InMemoryLog(), PoisonedReadModels(ends=ends)
    delivery = StreamDelivery(stack, function(handler, log, models, InMemorySeals(), Queue()))
    for number, stream in enumerate(["run/a", "run/b", "run/bad", "run/y", "run/z"]):
        event = Event(f"e-{number}", stream, "Happened", "2026-11-22T15:00:00.000000Z", "tests", {})
        log.append(event)
        delivery.put(inserted(log.records[stream, event.position], number), "shard")  # type: ignore[arg-type]
    delivery.drain()
    return delivery, models, log


@pytest.mark.parametrize("ends", [False, True])
def test_a_record_that_fails_for_half_a_day_goes_to_the_queue_alone(
    stacks: dict[str, StackJson], handler: ModuleType, *, ends: bool
) -> None:
    delivery, models, log = delivered(stacks["prod"], handler, ends=ends)
    [message] = delivery.destination
    info = message["DDBStreamBatchInfo"]
    assert (info["batchSize"], info["startSequenceNumber"]) == (1, "800000000003126276364"), "the record of run/bad"
    assert delivery.lost == []
    assert set(models.models) == {"run/a", "run/b", "run/y", "run/z"}

    models.poisoned = ""
    Projector(log, models).refold("run/bad")  # what `training-events redrive` does about it
    assert stored_states(models) == folded(log)


class Shard:
    """A shard whose batches have three records; half a minute lies between two attempts."""

    def __init__(self, stacks: dict[str, StackJson], handler: ModuleType) -> None:
        self.log, self.models, self.queue = InMemoryLog(), PoisonedReadModels(ends=False), Queue()
        self.seconds, self._numbers = 0.0, itertools.count(1)
        answer = function(handler, self.log, self.models, InMemorySeals(), self.queue)
        handler.failing = FailingStreams(lambda: self.seconds)  # type: ignore[attr-defined]

        def invoke(received: dict[str, Any]) -> Any:
            self.seconds += 30
            return answer(received)

        self.delivery = StreamDelivery(planted(stacks, batch_size=3), invoke)

    def append(self, *streams: str, deliver: bool = True) -> None:
        for stream in streams:
            number = next(self._numbers)
            event = Event(f"e-{number}", stream, "Happened", f"2026-11-22T15:00:00.{number:06d}Z", "tests", {})
            self.log.append(event)
            if deliver:
                self.delivery.put(inserted(self.log.records[stream, event.position], number), "shard")  # type: ignore[arg-type]


def test_a_stream_that_fails_again_and_again_is_set_aside_and_its_shard_goes_on(
    stacks: dict[str, StackJson], handler: ModuleType
) -> None:
    shard = Shard(stacks, handler)
    shard.append("run/a", "run/bad", "run/b", *["run/bad", "run/y", "run/z"] * 3)
    shard.delivery.drain()
    assert set(shard.models.models) == {"run/a", "run/b", "run/y", "run/z"}
    assert shard.seconds < 600, "a few attempts, and then none"
    assert {reason for reason, _ in shard.queue.records} == {"not_projected"}
    assert {record["dynamodb"]["Keys"]["stream"]["S"] for _, record in shard.queue.records} == {"run/bad"}
    assert shard.delivery.destination == shard.delivery.lost == []

    shard.models.poisoned = ""
    shard.seconds += 600
    shard.append("run/bad")
    shard.delivery.drain()
    assert stored_states(shard.models) == folded(shard.log), "what was set aside is in the state too"


def test_where_no_stream_succeeds_the_shard_waits(stacks: dict[str, StackJson], handler: ModuleType) -> None:
    shard = Shard(stacks, handler)
    refused = shard.models.put
    shard.models.put = lambda *_, **__: (_ for _ in ()).throw(throttled())  # type: ignore[method-assign]
    shard.append("run/a", "run/b", "run/c", "run/d")
    for _ in range(20):
        shard.delivery.poll("shard")
    assert shard.queue.records == []
    shard.models.put = refused  # type: ignore[method-assign]
    shard.delivery.drain()
    assert stored_states(shard.models) == folded(shard.log)


def test_a_stream_that_takes_too_long_is_set_aside_and_the_others_of_its_batch_are_done(
    stacks: dict[str, StackJson], handler: ModuleType
) -> None:
    shard = Shard(stacks, handler)
    shard.models.poisoned = ""

    class SlowLog(InMemoryLog):
        """To read an event of run/long takes a second."""

        def entries(self, stream: str, **more: Any) -> Iterator[Any]:
            for entry in super().entries(stream, **more):
                shard.seconds += stream == "run/long"
                yield entry

    slow = SlowLog()
    slow.records = shard.log.records
    handler.projector = Projector(slow, shard.models, max_seconds=60, clock=lambda: shard.seconds)  # type: ignore[attr-defined]
    shard.append(*["run/long"] * 600, deliver=False)  # as if they had been delivered before, and the read model lost
    shard.append("run/a", "run/long", "run/b", *["run/long", "run/c", "run/d"] * 3)
    shard.delivery.drain()
    assert set(shard.models.models) == {"run/a", "run/b", "run/c", "run/d"}
    assert {reason for reason, _ in shard.queue.records} == {"not_projected"}
    assert shard.delivery.destination == shard.delivery.lost == []


def test_when_its_time_is_up_an_invocation_begins_with_no_further_stream(
    stacks: dict[str, StackJson], handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = Shard(stacks, handler)
    shard.append("run/a", "run/b", "run/c")
    times = itertools.count()
    monkeypatch.setattr(handler, "clock", lambda: next(times))
    monkeypatch.setattr(handler, "settings", SimpleNamespace(invocation_seconds=2))
    shard.delivery.poll("shard")
    assert set(shard.models.models) == {"run/a", "run/b"}
    shard.delivery.drain()
    assert set(shard.models.models) == {"run/a", "run/b", "run/c"}
    assert shard.queue.records == []


def test_without_partial_answers_a_failure_passes_for_success(stacks: dict[str, StackJson], handler: ModuleType) -> None:
    """This test and those after it show that the tests above can fail: each plants one mistake into the mapping."""
    delivery, models, _ = delivered(planted(stacks, function_response_types=[]), handler)
    assert delivery.destination == delivery.lost == []
    assert "run/bad" not in models.models, "no state, and nobody got a message"


def test_without_a_destination_a_record_that_is_given_up_is_lost(stacks: dict[str, StackJson], handler: ModuleType) -> None:
    delivery, _, _ = delivered(planted(stacks, destination_config=None), handler)
    assert [record["dynamodb"]["Keys"]["stream"]["S"] for record in delivery.lost] == ["run/bad"]


def test_without_the_permission_to_send_a_record_that_is_given_up_is_lost(
    stacks: dict[str, StackJson], handler: ModuleType
) -> None:
    stack = planted(stacks)
    policy = stack.one("aws_iam_role_policy", "projector")
    statements = json.loads(policy["policy"])["Statement"]
    kept = [statement for statement in statements if statement["Action"] != ["sqs:SendMessage"]]
    policy["policy"] = json.dumps({"Statement": kept})
    delivery, _, _ = delivered(stack, handler)
    assert len(delivery.lost) == 1


def test_without_a_maximum_age_the_change_stream_drops_the_record_after_a_day(
    stacks: dict[str, StackJson], handler: ModuleType
) -> None:
    delivery, _, _ = delivered(planted(stacks, maximum_record_age_in_seconds=-1), handler)
    assert (len(delivery.lost), delivery.destination) == (1, [])


def test_without_bisecting_a_record_that_ends_the_function_fails_its_whole_batch(
    stacks: dict[str, StackJson], handler: ModuleType
) -> None:
    delivery, models, _ = delivered(planted(stacks, bisect_batch_on_function_error=False), handler, ends=True)
    assert delivery.destination[0]["DDBStreamBatchInfo"]["batchSize"] == 5
    assert set(models.models) == {"run/a", "run/b"}


class LargeLog(InMemoryLog):
    """A log for many events and several threads: it finds a stream without looking through all others."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: dict[str, dict[str, Any]] = {}

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        appended = super().append(event, account=account, accept_future=accept_future)
        key = event.stream, event.position
        self._streams.setdefault(event.stream, {})[event.position] = self.records[key]
        return appended

    def _of(self, stream: str) -> list[tuple[str, Any]]:
        return sorted(dict(self._streams[stream]).items())


class SharedReadModels(InMemoryReadModels):
    """Read models whose `put` is one step for all threads."""

    def __init__(self) -> None:
        super().__init__()
        self._one_at_a_time = threading.Lock()

    def put(self, stream: str, state: bytes, **more: Any) -> None:
        with self._one_at_a_time:
            super().put(stream, state, **more)


def refuse_every_hundredth() -> Iterator[str]:
    return ("refused" if number % 100 == 0 else "" for number in itertools.count(1))


@pytest.mark.slow
def test_two_workers_keep_up_with_ten_thousand_events(stacks: dict[str, StackJson]) -> None:
    """Both append and project the same 40 streams, in random order, a tenth of the events twice, while the stores throttle."""
    shuffled = random.Random(7)  # noqa: S311 - the same order every time
    log, models, queue = LargeLog(), SharedReadModels(), Queue()
    events = [
        Event(
            f"e-{number}",
            f"run/{number % 40}",
            "MetricsRecorded" if number % 100 else "CheckpointSaved",
            f"2026-11-22T15:00:00.{number:06d}Z",
            "tests",
            {"points": [{"name": "loss", "value": number / 7, "step": number}]},
        )
        for number in range(10_000)
    ]
    shuffled.shuffle(events)

    # The refusals never end here: a batch with more calls than come between two of them would fail whenever it is delivered.
    stack = planted(stacks, batch_size=20)

    def work(handler: ModuleType, share: list[Event], numbers: Iterator[int]) -> StreamDelivery:
        schedule = refuse_every_hundredth()
        stores = [Troubled(store, lambda: next(schedule), lambda: None) for store in (log, models, InMemorySeals(), queue)]
        delivery = StreamDelivery(stack, function(handler, *stores))
        for first in range(0, len(share), 100):
            for event in share[first : first + 100]:
                log.append(event)
                delivery.put(inserted(log.records[event.stream, event.position], next(numbers)), "shard")  # type: ignore[arg-type]
            delivery.poll("shard")
        delivery.drain()
        return delivery

    again = shuffled.sample(events, 1000)
    shares = [events[half::2] + again[half::2] for half in (0, 1)]
    handlers = [load_handler() for _ in shares]
    with ThreadPoolExecutor(2) as workers:
        deliveries = list(workers.map(work, handlers, shares, [itertools.count(half, 2) for half in (0, 1)]))
    assert [(delivery.lost, delivery.destination) for delivery in deliveries] == [([], [])] * 2
    assert len(log.records) == 10_000
    assert stored_states(models) == folded(log)
    assert queue.records == []
