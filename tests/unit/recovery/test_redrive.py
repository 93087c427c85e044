"""Sending again what was set aside: events keep their identity, are recorded once, and a message is never lost."""

import json
from hashlib import sha256
from io import BytesIO

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern as EventPatternOfMoto
from training_events import aws
from training_events.bus.envelope import HEADER_FIELDS, NAMES_OF_STREAMS, decode
from training_events.bus.publisher import EventBusPublisher
from training_events.bus.received import event_of
from training_events.errors import Overtaken
from training_events.event import Event
from training_events.recovery.message import Batch
from training_events.recovery.queue_reader import QueueReader
from training_events.recovery.redrive import Redriver, recording
from training_events.stores.dynamodb.item import to_item
from training_events.times import hours_after

from tests.support.aws_events import sample
from tests.support.dynamodb import TABLE, aws_in_this_process
from tests.support.fakes import InMemoryLog, refuse
from tests.support.queues import Queue, sqs_message
from tests.support.strategies import events, json_objects, moments, names

MESSAGES_WITH_AN_EVENT = ["dead_letter", "dead_letter_retried", "failed_function", "failed_function_never_run"]


class Bus:
    """EventBridge with one target: each entry arrives there in an envelope of its own."""

    def __init__(self, target=lambda _: None):
        self.arrived = []
        self._target = target

    def put_events(self, Entries):  # noqa: N803 - botocore's name
        for entry in Entries:
            self.arrived.append(
                {
                    "version": "0",
                    "id": f"new-id-{len(self.arrived)}",
                    "time": "2030-01-01T00:00:00Z",
                    "source": entry["Source"],
                    "detail-type": entry["DetailType"],
                    "resources": entry["Resources"],
                    "detail": json.loads(entry["Detail"]),
                }
            )
            self._target(self.arrived[-1])
        return {"Entries": [{"EventId": "1"}] * len(Entries)}


class Refolder:
    """Remembers the streams that it was asked to fold."""

    def __init__(self):
        self.streams = []

    def refold(self, stream):
        self.streams.append(stream)


def no_clients(service):
    raise AssertionError(f"no client of {service} is expected")


def send(queue, *, record=None, refold=None, clients=no_clients, dry_run=False, **more):
    """All outcomes of one redrive of the whole queue."""
    record = record or InMemoryLog().append
    with QueueReader(queue.url, queue) as reader:
        redriver = Redriver(record, refold or Refolder().refold, clients, **more)
        return list(redriver.send(reader, reader.messages(), dry_run=dry_run))


def dead_letter(event, number=0):
    return {**sqs_message("dead_letter"), "MessageId": f"m-{number}", "Body": json.dumps(event)}


plain = st.fixed_dictionaries(
    {"source": names, "detail-type": names, "id": names, "time": moments, "resources": st.lists(names, max_size=2)}
)


def without_header(detail):
    """Without the keys of a header: random values there would be refused, which other tests cover."""
    return {key: value for key, value in detail.items() if key not in HEADER_FIELDS | NAMES_OF_STREAMS.keys()}


details = st.builds(lambda detail, name: {**without_header(detail), "run_id": name}, json_objects, names)
plain_events = st.builds(lambda envelope, detail: {**envelope, "detail": detail}, plain, details)


def recording_over(bus, log, **more):
    """Recording over this bus. It does not pause if the bus refuses."""
    return recording(EventBusPublisher("bus", bus, sleep=lambda _: None), log, **more)


def as_published(event):
    """The event in the envelope in which the bus delivers it."""
    bus = Bus()
    recording_over(bus, InMemoryLog)(event)
    return bus.arrived[0]


published = events().filter(lambda event: not event.source.startswith("aws.")).map(as_published)


@given(plain_events.filter(lambda event: not event["source"].startswith("aws.")) | published)
def test_an_event_that_is_sent_over_the_bus_again_keeps_its_digest(original):
    bus, log = Bus(), InMemoryLog()
    queue = Queue(dead_letter(original))
    [outcome] = send(queue, record=recording_over(bus, lambda: log))
    assert outcome.why is None
    [arrived] = bus.arrived
    assert decode(arrived).digest == decode(original).digest
    assert decode(arrived).position == decode(original).position
    assert not queue.messages
    assert not log.records


@pytest.mark.parametrize("name", MESSAGES_WITH_AN_EVENT)
def test_an_event_is_recorded_and_its_message_removed(name):
    log, queue = InMemoryLog(), Queue(sqs_message(name))
    [outcome] = send(queue, record=recording(None, lambda: log))
    assert outcome.why is None
    [(stream, _)] = log.records
    assert outcome.streams == [stream]
    assert not queue.messages


def test_a_failed_call_of_the_schedule_is_removed_for_the_calls_after_it_did_its_work():
    call = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": ["arn:rule"]}
    queue = Queue(dead_letter(call))
    [outcome] = send(queue)
    assert (outcome.why, outcome.streams) == (None, [])
    assert not queue.messages


def test_a_message_that_still_cannot_be_understood_stays_with_its_reason():
    queue = Queue(sqs_message("set_aside"), sqs_message("unknown_text"), sqs_message("dead_letter"))
    no_stream, unknown, sound = send(queue)
    assert no_stream.why.startswith("no_stream: $.detail: nothing names the stream")
    assert unknown.why == "it is not an event, nor a message of this system"
    assert sound.why is None
    assert sorted(queue.messages) == ["message-set_aside", "message-unknown_text"]
    assert not queue.hidden & queue.messages.keys(), "given back"


def test_an_event_that_is_understood_by_now_is_recorded():
    original = json.loads(sqs_message("dead_letter")["Body"])
    queue = Queue(sqs_message("set_aside", original=original))
    assert [outcome.why for outcome in send(queue)] == [None]
    assert not queue.messages


STARTER = "arn:aws:lambda:eu-central-1:123456789012:function:training-dev-training-starter"


class Lambda:
    """Remembers what it was invoked with."""

    def __init__(self):
        self.invoked = []

    def invoke(self, *, FunctionName, InvocationType, Payload):  # noqa: N803 - botocore's names
        assert InvocationType == "Event"
        self.invoked.append((FunctionName, json.loads(Payload)))


def failed_at(function, name="failed_function"):
    if name == "failed_function":
        context = json.loads(sqs_message(name)["Body"])["requestContext"]
        return sqs_message(name, requestContext={**context, "functionArn": f"{function}:$LATEST"})
    message = sqs_message(name)
    target = {"DataType": "String", "StringValue": function}
    return {**message, "MessageAttributes": {**message["MessageAttributes"], "TARGET_ARN": target}}


@pytest.mark.parametrize("name", ["failed_function", "dead_letter"])
def test_what_the_training_starter_failed_at_goes_to_it_and_not_to_the_log(name):
    log, functions = InMemoryLog(), Lambda()
    queue = Queue(failed_at(STARTER, name))
    [outcome] = send(queue, record=log.append, clients=lambda service: {"lambda": functions}[service])
    assert (outcome.why, outcome.streams) == (None, ["run/digits-0199a1f2"])
    assert functions.invoked == [(STARTER, json.loads(sqs_message("dead_letter")["Body"]))]
    assert not log.records
    assert not queue.messages


def test_the_same_event_goes_to_the_log_for_the_processor_and_to_the_starter_for_the_starter():
    log, functions = InMemoryLog(), Lambda()
    queue = Queue(sqs_message("dead_letter"), failed_at(STARTER))
    outcomes = send(queue, record=log.append, clients=lambda _: functions)
    assert [outcome.why for outcome in outcomes] == [None, None]
    assert (len(log.records), len(functions.invoked)) == (1, 1)


def test_a_starter_that_may_not_be_invoked_leaves_the_message_where_it_is():
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "Invoke")

    class Denying:
        def invoke(self, **_):
            raise denied

    queue = Queue(failed_at(STARTER))
    [outcome] = send(queue, clients=lambda _: Denying())
    assert outcome.why == str(denied)
    assert queue.messages


@pytest.mark.parametrize(
    "function",
    [
        "arn:aws:lambda:eu-central-1:123456789012:function:somebody-elses",
        "arn:aws:lambda:eu-central-1:123456789012:function:training-dev-training-starter-2",
        "https://somewhere/training-dev-training-starter",
    ],
)
def test_no_other_function_is_invoked_whatever_a_message_says(function):
    log = InMemoryLog()
    [outcome] = send(Queue(failed_at(function)), record=log.append)
    assert outcome.why is None
    assert len(log.records) == 1


def test_a_conflict_is_never_sent_again():
    queue = Queue(sqs_message("set_aside", reason="conflict", original=json.loads(sqs_message("dead_letter")["Body"])))
    bus = Bus()
    [outcome] = send(queue, record=recording_over(bus, InMemoryLog))
    assert "other content" in outcome.why
    assert not bus.arrived
    assert queue.messages


def test_an_event_that_conflicts_when_it_is_sent_stays_in_the_queue():
    log, event = InMemoryLog(), json.loads(sqs_message("dead_letter")["Body"])
    log.append(decode({**event, "detail": {**event["detail"], "data": {"other": 1}}}))
    queue = Queue(sqs_message("dead_letter"))
    [outcome] = send(queue, record=log.append)
    assert outcome.why.startswith("conflict: ")
    assert queue.messages


class S3:
    def __init__(self, content):
        self.content = content

    def get_object(self, Bucket, Key):  # noqa: N803 - botocore's names
        assert (Bucket, Key.split("/")[0]) == ("data-bucket", "undelivered")
        return {"Body": BytesIO(self.content)}


def stored(content):
    digest = sha256(content).hexdigest()
    return sqs_message("set_aside_stored", original_at=f"s3://data-bucket/undelivered/{digest}.json", original_sha256=digest)


def test_an_original_in_the_bucket_is_fetched():
    log, content = InMemoryLog(), sqs_message("dead_letter")["Body"].encode()
    queue = Queue(stored(content))
    [outcome] = send(queue, record=log.append, clients=lambda service: {"s3": S3(content)}[service])
    assert outcome.why is None
    assert [recorded.digest for stream in log.streams() for recorded in log.read(stream)] == [
        decode(json.loads(content)).digest
    ]


@pytest.mark.parametrize(("set_aside", "current"), [(b"{}", b"{} "), (b"no JSON", b"no JSON")])
def test_an_original_that_was_altered_or_is_not_json_stays(set_aside, current):
    queue = Queue(stored(set_aside))
    [outcome] = send(queue, clients=lambda _: S3(current))
    assert ("was altered" if set_aside != current else "JSON") in outcome.why
    assert queue.messages


def stream_record(**image):
    message = sqs_message("set_aside_record")
    record = json.loads(message["Body"])["original"]
    event = Event("e-1", "run/digits-7", "MetricsRecorded", "2026-11-22T15:08:39.955123Z", "tests", {"points": []})
    record["dynamodb"]["NewImage"] = {**to_item(event, "2026-11-22T15:08:40.101000Z"), **image}
    return sqs_message("set_aside_record", original=record)


def test_a_record_of_the_log_makes_its_stream_be_folded_again():
    refolder, queue = Refolder(), Queue(stream_record(), sqs_message("dead_letter"))
    log = InMemoryLog()
    assert [outcome.why for outcome in send(queue, record=log.append, refold=refolder.refold)] == [None, None]
    assert refolder.streams == ["run/digits-7"]
    assert not queue.messages
    assert [stream for stream, _ in log.records] == ["run/digits-0199a1f2"]


@pytest.mark.parametrize(("name", "reason"), [("set_aside_record", ""), ("set_aside_alteration", "log_altered")])
def test_a_record_that_cannot_be_read_or_shows_an_alteration_stays(name, reason):
    refolder, queue = Refolder(), Queue(sqs_message(name))
    [outcome] = send(queue, refold=refolder.refold)
    assert outcome.why.startswith(reason)
    assert ": $" in outcome.why
    assert (refolder.streams, outcome.streams) == ([], ["run/digits-7"])
    assert queue.messages


@pytest.mark.parametrize("forged", [{"dynamodb": {"Keys": {"stream": {"S": "run/a"}}}}, {"detail": 1}, [], "text", None])
def test_a_made_up_message_stays_and_does_not_stop_the_others(forged):
    queue = Queue(sqs_message("set_aside", original=forged), sqs_message("dead_letter"))
    made_up, sound = send(queue)
    assert made_up.why
    assert sound.why is None


@pytest.fixture
def change_stream():
    """The change stream of a table with five events: its client, and a function from two records to their failed batch."""
    with aws_in_this_process(AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled"):  # moto does not know these endpoints
        keys = {"stream": "HASH", "position": "RANGE"}
        dynamodb = aws.client("dynamodb")
        table = dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        for number in range(5):
            event = Event(f"e-{number}", f"run/{number % 3}", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {})
            dynamodb.put_item(TableName=TABLE, Item=to_item(event, "2026-11-22T15:08:40.101000Z"))
        client, arn = aws.client("dynamodbstreams"), table["LatestStreamArn"]
        [shard] = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        start = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records = client.get_records(ShardIterator=start["ShardIterator"])["Records"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        yield client, lambda first, last: failed_batch(Batch(arn, shard["ShardId"], numbers[first], numbers[last]))


def failed_batch(batch):
    message = sqs_message("failed_batch")
    info = json.loads(message["Body"])["DDBStreamBatchInfo"] | {
        "streamArn": batch.stream_arn,
        "shardId": batch.shard,
        "startSequenceNumber": batch.first,
        "endSequenceNumber": batch.last,
    }
    return sqs_message("failed_batch", DDBStreamBatchInfo=info)


@pytest.mark.parametrize(
    ("first", "last", "streams"), [(1, 2, {"run/1", "run/2"}), (0, 4, {"run/0", "run/1", "run/2"}), (3, 3, {"run/0"})]
)
def test_the_streams_of_a_failed_batch_are_folded_again(change_stream, first, last, streams):
    client, batch = change_stream
    refolder, queue = Refolder(), Queue(batch(first, last))
    [outcome] = send(queue, refold=refolder.refold, clients=lambda service: {"dynamodbstreams": client}[service])
    assert outcome.why is None
    assert refolder.streams == sorted(streams) == outcome.streams
    assert not queue.messages


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
@pytest.mark.parametrize("operation", ["GetShardIterator", "GetRecords"])
def test_a_batch_that_the_change_stream_no_longer_holds_stays_and_names_the_rebuild(change_stream, code, operation):
    client, batch = change_stream
    refuse(client, operation, float("inf"), code)
    queue = Queue(batch(0, 4))
    [outcome] = send(queue, clients=lambda _: client)
    assert "`training-events rebuild`" in outcome.why
    assert queue.messages


class EmptyShard:
    """A shard whose records never come, or which ends before them."""

    def __init__(self, *, ends):
        self.ends = ends
        self.asked = 0

    def get_shard_iterator(self, **_):
        return {"ShardIterator": "1"}

    def get_records(self, **_):
        self.asked += 1
        return {"Records": []} if self.ends else {"Records": [], "NextShardIterator": "2"}


@pytest.mark.parametrize("ends", [True, False])
def test_a_batch_whose_records_are_not_found_stays(ends):
    [outcome] = send(Queue(sqs_message("failed_batch")), clients=lambda _: EmptyShard(ends=ends))
    assert "`training-events rebuild`" in outcome.why


def test_another_error_of_the_change_stream_is_shown_as_it_is(change_stream):
    client, batch = change_stream
    refuse(client, "GetShardIterator", float("inf"), "AccessDeniedException")
    [outcome] = send(Queue(batch(0, 1)), clients=lambda _: client)
    assert "AccessDenied" in outcome.why


def fail(error):
    def raise_error(*_, **__):
        raise error

    return raise_error


ERRORS = [
    ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem"),
    EndpointConnectionError(endpoint_url="https://nowhere"),
    Overtaken("run/a"),
    ZeroDivisionError("a mistake"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_failure_keeps_its_message_and_does_not_stop_the_others(error):
    queue = Queue(sqs_message("dead_letter"), stream_record())
    first, second = send(queue, record=fail(error))
    assert str(error) in first.why
    assert second.why is None
    assert list(queue.messages) == ["message-dead_letter"]


def test_a_message_stays_if_the_bus_refuses_its_event():
    class Refusing:
        def put_events(self, Entries):  # noqa: N803
            return {"Entries": [{"ErrorCode": "NotAuthorizedForSourceException"} for _ in Entries]}

    queue = Queue(sqs_message("dead_letter"))
    [outcome] = send(queue, record=recording_over(Refusing(), InMemoryLog))
    assert "NotAuthorizedForSourceException" in outcome.why
    assert queue.messages


def test_dying_between_sending_and_removing_records_the_event_once(monkeypatch):
    log, queue = InMemoryLog(), Queue(sqs_message("dead_letter"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        patch.setattr(queue, "delete_message", fail(KeyboardInterrupt()))
        send(queue, record=log.append)
    assert queue.messages
    assert not queue.hidden
    assert [outcome.why for outcome in send(queue, record=log.append)] == [None]
    assert len(log.records) == 1
    assert not queue.messages


def test_an_event_that_comes_back_at_once_is_not_sent_again():
    queue = Queue(sqs_message("dead_letter"))

    def set_aside_again(event):
        assert len(bus.arrived) < 5, "the event goes round in circles"
        queue.add({**sqs_message("set_aside", original=event), "MessageId": f"again-{len(bus.arrived)}"})

    bus = Bus(set_aside_again)
    first, again = send(queue, record=recording_over(bus, InMemoryLog))
    assert first.why is None
    assert "a moment ago" in again.why
    assert list(queue.messages) == ["again-1"]


def test_an_event_with_a_source_of_aws_goes_straight_to_the_log():
    bus, log = Bus(), InMemoryLog()
    event = json.loads(sqs_message("dead_letter")["Body"])
    queue = Queue(dead_letter({**event, "source": "aws.sagemaker"}), dead_letter(event, 1))
    assert [outcome.why for outcome in send(queue, record=recording_over(bus, lambda: log))] == [None, None]
    assert [recorded.event.source for stream in log.streams() for recorded in log.read(stream)] == ["aws.sagemaker"]
    assert [arrived["source"] for arrived in bus.arrived] == ["my.sagemaker.training.jobs"]


def account_noted(log):
    return [recorded.account for stream in log.streams() for recorded in log.read(stream)]


@pytest.mark.parametrize("source", ["acme", "aws.sagemaker"])
def test_the_log_notes_the_account_that_sent_it_at_first(source):
    log, queue = InMemoryLog(), Queue(dead_letter({**sample("plain"), "source": source, "account": "210987654321"}))
    [outcome] = send(queue, record=recording(None, lambda: log))
    assert (outcome.why, account_noted(log)) == (None, ["210987654321"])


def test_what_another_account_sent_is_in_the_log_before_it_goes_over_the_bus_which_names_the_sender():
    log, on_the_way = InMemoryLog(), []
    bus = Bus(lambda arrived: on_the_way.append((arrived["detail-type"], account_noted(log))))
    theirs, ours, nobodys = (
        {**sample("plain"), "detail-type": who, **account}
        for who, account in {
            "Theirs": {"account": "210987654321"},
            "Ours": {"account": "123456789012"},
            "Nobodys": {"account": "unknown"},
        }.items()
    )
    queue = Queue(dead_letter(theirs, 1), dead_letter(ours, 2), dead_letter(nobodys, 3))
    record = recording_over(bus, lambda: log, own_account=lambda: "123456789012")
    assert [outcome.why for outcome in send(queue, record=record)] == [None] * 3
    assert on_the_way == [(who, ["210987654321"]) for who in ("Theirs", "Ours", "Nobodys")]


@pytest.mark.parametrize("name", ["aws_training_job", "aws_model_package", "aws_pipeline_execution"])
def test_an_event_of_aws_is_translated_on_its_way_back_to_the_log(name):
    bus, log, original = Bus(), InMemoryLog(), sample(name)
    queue = Queue(dead_letter(original))
    [outcome] = send(queue, record=recording_over(bus, lambda: log))
    event = event_of(original)
    assert (outcome.why, outcome.streams, outcome.event_id) == (None, [event.stream], event.event_id)
    assert log.events() == [event]
    assert not bus.arrived


NOW = "2026-11-22T15:08:39.955123Z"


def ahead(hours):
    return {**sample("plain"), "time": hours_after(NOW, hours)}


def test_an_event_that_is_not_due_stays_and_is_recorded_once_it_is():
    log = InMemoryLog(lambda: present)
    queue = Queue(sqs_message("set_aside", reason="in_the_future", original=ahead(72)))
    for present, recorded in ((NOW, False), (hours_after(NOW, 47), False), (hours_after(NOW, 49), True)):
        [outcome] = send(queue, record=log.append, clock=lambda: present)  # noqa: B023 - called at once
        assert (outcome.why is None) == recorded == bool(log.records) == (not queue.messages)
        assert recorded or outcome.why.startswith("in_the_future: ")


def test_an_event_that_is_not_due_is_not_sent_over_the_bus():
    bus, queue = Bus(), Queue(dead_letter(ahead(72)))
    [outcome] = send(queue, record=recording_over(bus, InMemoryLog), clock=lambda: NOW)
    assert outcome.why.startswith("in_the_future: ")
    assert not bus.arrived
    assert queue.messages


@pytest.mark.parametrize("changed", [{"detail-type": "x" * 129}, {"source": "x" * 257}])
def test_what_the_bus_would_drop_is_not_sent_over_it(changed):
    bus, queue = Bus(), Queue(dead_letter({**sample("plain"), **changed}))
    [outcome] = send(queue, record=recording_over(bus, InMemoryLog))
    assert outcome.why.startswith("bad_field: ")
    assert not bus.arrived
    assert queue.messages


def test_an_event_of_the_future_that_a_person_accepts_goes_straight_to_the_log():
    bus, log = Bus(), InMemoryLog(lambda: NOW)
    queue = Queue(sqs_message("set_aside", reason="in_the_future", original=ahead(24 * 365 * 500)))
    record = recording_over(bus, lambda: log, accept_future=True)
    [outcome] = send(queue, record=record, accept_future=True, clock=lambda: NOW)
    assert outcome.why is None
    assert [event.occurred_at[:4] for event in log.events()] == ["2526"]
    assert not bus.arrived
    assert not queue.messages


CENTRAL = "arn:aws:events:eu-central-1:444455556666:event-bus/training"
"""The bus of a central log; in its account it has the name that ours has here."""


class Rules:
    """EventBridge with the rules of a bus: one for these sources, and the one for what no other takes."""

    def __init__(self, *sources):
        self.patterns = {"record": {"source": list(sources)}, "no-rule": {"source": [{"anything-but": list(sources)}]}}

    def list_rules(self, EventBusName):  # noqa: N803 - botocore's names
        assert EventBusName == "training"
        return {
            "Rules": [
                {"Name": name, "Arn": f"arn:{name}", "State": "ENABLED", "EventPattern": json.dumps(pattern)}
                for name, pattern in self.patterns.items()
            ]
        }

    def list_targets_by_rule(self, Rule, EventBusName):  # noqa: N803
        assert EventBusName == "training"
        targets = {
            "record": ("event-processor", "arn:function"),
            "no-rule": ("undelivered", "arn:queue"),
            "forward-central": ("central-bus", CENTRAL),
        }
        return {"Targets": [dict(zip(("Id", "Arn"), targets[Rule], strict=True))]}

    def test_event_pattern(self, EventPattern, Event):  # noqa: N803
        return {"Result": EventPatternOfMoto.load(EventPattern).matches_event(json.loads(Event))}


def test_what_no_rule_takes_stays_until_one_does():
    original = {**sample("plain"), "source": "acme.training"}
    queue = Queue(sqs_message("set_aside", reason="no_rule", original=original))
    bus = Bus()
    [outcome] = send(queue, record=recording_over(bus, InMemoryLog), bus="training", clients=lambda _: Rules("team.labels"))
    assert "name 'acme.training' in the setting events.sources" in outcome.why
    assert not bus.arrived
    assert queue.messages
    [outcome] = send(queue, record=recording_over(bus, InMemoryLog), bus="training", clients=lambda _: Rules("acme.training"))
    assert outcome.why is None
    assert [arrived["source"] for arrived in bus.arrived] == ["acme.training"]
    assert not queue.messages


def test_without_a_bus_nobody_knows_whether_a_rule_takes_it():
    queue = Queue(sqs_message("set_aside", reason="no_rule", original=sample("plain")))
    [outcome] = send(queue)
    assert outcome.why.startswith("TRAINING_EVENTS_BUS is not set")
    assert queue.messages


class WithACentralBus(Bus, Rules):
    """EventBridge where a rule of the bus sends to a central bus too. It remembers the buses that it was given events for."""

    def __init__(self, *, forwarding=True):
        Bus.__init__(self)
        Rules.__init__(self, "team.labels")
        if forwarding:
            self.patterns["forward-central"] = {"source": ["team.labels"]}
        self.buses = []

    def put_events(self, Entries):  # noqa: N803 - botocore's name
        self.buses += [entry["EventBusName"] for entry in Entries]
        return super().put_events(Entries)


def not_taken_by(target, event):
    message = failed_at(target, "dead_letter")
    return {**message, "Body": json.dumps(event)}


def test_what_the_central_bus_did_not_take_goes_there_with_its_identity():
    events, log = WithACentralBus(), InMemoryLog()
    queue = Queue(not_taken_by(CENTRAL, sample("plain")))
    [outcome] = send(queue, record=log.append, bus="training", clients=lambda _: events)
    assert outcome.why is None
    assert events.buses == [CENTRAL]
    assert event_of(events.arrived[0]).digest == event_of(sample("plain")).digest
    assert not log.records
    assert not queue.messages


def test_aws_itself_must_send_its_events_to_the_central_bus():
    queue = Queue(not_taken_by(CENTRAL, sample("aws_training_job")))
    [outcome] = send(queue, bus="training", clients=lambda _: WithACentralBus())
    assert "takes AWS's own events from EventBridge alone" in outcome.why
    assert queue.messages


@pytest.mark.parametrize("target", [CENTRAL, CENTRAL.replace("444455556666", "999988887777")])
def test_no_other_bus_gets_an_event_whatever_a_message_says(target):
    log = InMemoryLog()
    events = WithACentralBus(forwarding=target != CENTRAL)
    [outcome] = send(Queue(not_taken_by(target, sample("plain"))), record=log.append, bus="training", clients=lambda _: events)
    assert outcome.why is None
    assert len(log.records) == 1
    assert not events.buses


def run_event(reason="SDK_CLIENT_ERROR"):
    """A run event of OpenLineage that its service did not take."""
    event = {"source": "training-events.openlineage", "detail-type": "OpenLineage", "detail": {"eventType": "START"}}
    name, changed = ("set_aside", {"original": event}) if reason == "no_rule" else ("dead_letter", event)
    return sqs_message(name, **changed, **({"reason": reason} if reason == "no_rule" else {}))


def test_a_run_event_goes_on_the_bus_again_and_not_into_the_log():
    queue, bus = Queue(run_event()), Bus()
    [outcome] = send(queue, record=fail(AssertionError()), bus="training", clients=lambda _: bus)
    assert outcome.why is None
    assert [(arrived["source"], arrived["detail"]) for arrived in bus.arrived] == [
        ("training-events.openlineage", {"eventType": "START"})
    ]
    assert not queue.messages


def test_a_run_event_that_goes_nowhere_or_that_the_bus_refuses_stays():
    for message, clients, bus, why in (
        (run_event(), lambda _: Bus(), None, "TRAINING_EVENTS_BUS is not set"),
        (run_event("no_rule"), lambda _: Bus(), "training", "no rule sends"),
        (run_event(), lambda _: Refusing(), "training", "the bus did not take it: InvalidArgument"),
    ):
        queue = Queue(message)
        [outcome] = send(queue, record=fail(AssertionError()), bus=bus, clients=clients)
        assert outcome.why.startswith(why)
        assert queue.messages


class Refusing:
    """A bus that takes nothing."""

    def put_events(self, Entries):  # noqa: N803 - botocore's name
        return {"Entries": [{"ErrorCode": "InvalidArgument"}] * len(Entries)}


def test_a_dry_run_reports_the_same_outcomes_and_changes_nothing():
    messages = [sqs_message(name) for name in ("set_aside", "dead_letter", "unknown_text")] + [stream_record()]
    queue = Queue(*messages)
    dry_outcomes = send(queue, record=fail(AssertionError()), refold=fail(AssertionError()), dry_run=True)
    assert len(queue.messages) == 4
    assert not queue.hidden
    assert dry_outcomes == send(queue)
