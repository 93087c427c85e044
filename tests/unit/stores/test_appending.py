"""Appending on AWS: by way of the event processor, whose answer becomes what a log's own append would return or raise."""

import json
from io import BytesIO

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.bus.envelope import to_envelope
from training_events.bus.received import event_of
from training_events.errors import Conflict, InTheFuture, Misused, NotAllowed, NotRecordable, TrainingEventsError
from training_events.event import Event
from training_events.recorder.delivery.destination import Destination
from training_events.settings import Settings
from training_events.stores.appending import Processor, appender
from training_events.stores.event_log import Appended

from tests.support.dynamodb import TABLE, dynamodb_log
from tests.support.fakes import InMemoryLog, refuse

EVENT = Event("e-1", "run/é", "Happened", "2026-11-22T15:08:39.955123Z", "aws.sagemaker", {"a": 0.5}, resources=("arn:1",))


class Function:
    """Lambda with a processor, which appends to a log as the handler does."""

    class exceptions:  # noqa: N801 - botocore's name
        ClientError = ClientError

    def __init__(self, answer=None, error=None, code=None):
        self.log = InMemoryLog()
        self.answer, self.error, self.code = answer, error, code
        self.invoked = []

    def invoke(self, *, FunctionName, Payload):  # noqa: N803 - botocore's names
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "as the test wants it"}}, "Invoke")
        request = json.loads(Payload)
        self.invoked.append((FunctionName, request))
        answer = self.answer if self.answer is not None else self._handle(request)
        reply = {"Payload": BytesIO(json.dumps(answer).encode())}
        return {**reply, "FunctionError": "Unhandled"} if self.error else reply

    def _handle(self, request):
        assert request.keys() == {"log", "record", "accept_future"}
        if request["log"] != TABLE:
            return {"outcome": "other_log", "log": TABLE}
        try:
            outcome = self.log.append(event_of(request["record"]), accept_future=request["accept_future"])
        except NotRecordable as why:
            refusal = {"what": why.what, "allowed": why.allowed, "path": list(why.path)}
            return {"outcome": "refused", "reason": why.reason, "refusal": refusal}
        return {"outcome": outcome.value}


def test_the_processor_records_the_same_event():
    function = Function()
    processor = Processor("processor", TABLE, function)
    assert processor.append(EVENT) is Appended.RECORDED
    assert processor.append(EVENT) is Appended.REPEATED
    assert [event.digest for event in function.log.events()] == [EVENT.digest]
    assert {name for name, _ in function.invoked} == {"processor"}


def test_what_the_processor_refuses_is_raised_as_the_log_would():
    processor = Processor("processor", TABLE, Function())
    processor.append(EVENT)
    with pytest.raises(Conflict):
        processor.append(Event("e-1", "run/é", "Happened", EVENT.occurred_at, "aws.sagemaker", {}))
    far = Event("e-2", "run/é", "Happened", "2999-01-01T00:00:00.000000Z", "tests", {})
    with pytest.raises(InTheFuture, match=r"\$\.occurred_at: it happened at 2999") as raised:
        processor.append(far)
    assert raised.value.reason == "in_the_future"
    assert processor.append(far, accept_future=True) is Appended.RECORDED


def test_the_processor_of_another_stack_records_nothing():
    function = Function()
    with pytest.raises(Misused, match=f"puts into the table {TABLE}, not into prod-log: set TRAINING_EVENTS_PROCESSOR"):
        Processor("processor", "prod-log", function).append(EVENT)
    assert function.log.events() == []


def test_whoever_may_not_invoke_it_gets_one_line():
    with pytest.raises(NotAllowed, match="you may not invoke the event processor processor, which alone may put into the log"):
        Processor("processor", TABLE, Function(code="AccessDeniedException")).append(EVENT)
    with pytest.raises(ClientError):
        Processor("processor", TABLE, Function(code="ResourceNotFoundException")).append(EVENT)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        ({"errorType": "ClientError", "errorMessage": "throttled"}, True, "failed: ClientError: throttled"),
        ({}, True, "it says nothing of why"),
        ("what", False, "it says nothing of why"),
        ({"outcome": "set_aside", "reason": "no_stream"}, False, "is its version older than this client's"),
        ({"outcome": "refused", "reason": "of later versions", "refusal": {}}, False, "is its version older"),
        ({}, False, "is its version older"),
    ],
)
def test_any_other_answer_is_one_line_and_never_taken_for_recorded(answer, error, said):
    with pytest.raises(TrainingEventsError, match=said) as raised:
        Processor("processor", TABLE, Function(answer, error=error)).append(EVENT)
    assert "\n" not in str(raised.value)


def test_where_no_processor_is_named_the_table_is_put_into_and_a_denial_says_what_to_do():
    with dynamodb_log() as log:
        assert appender(log, Settings({})).append(EVENT) is Appended.RECORDED
        refuse(log.client, "PutItem", float("inf"), "AccessDeniedException")
        with pytest.raises(NotAllowed, match=f"the table {TABLE}, only the event processor may: set TRAINING_EVENTS_PROCESSOR"):
            appender(log, Settings({})).append(EVENT)


def test_a_recorder_without_a_bus_sends_to_the_processor(monkeypatch):
    function, make = Function(), aws.client
    with dynamodb_log():
        monkeypatch.setenv("TRAINING_EVENTS_PROCESSOR", "processor")
        monkeypatch.setattr(aws, "client", lambda service, **more: function if service == "lambda" else make(service, **more))
        to = Destination("log", f"dynamodb://{TABLE}")
        line = to_envelope(EVENT)
        assert to.sink(lambda _: None).send([line]) == []
        assert [event.digest for event in function.log.events()] == [EVENT.digest]
        function.code = "AccessDeniedException"
        [unsent] = to.sink(lambda _: None).send([line])
        assert (unsent.line, unsent.final) == (line, False), "it stays in the spool until the right is given"
        assert "you may not invoke the event processor processor" in unsent.why
        assert aws.client("dynamodb").scan(TableName=TABLE)["Count"] == 0


def test_the_settings_name_the_processor():
    with dynamodb_log() as log:
        through = appender(log, Settings({"TRAINING_EVENTS_PROCESSOR": "training-dev-event-processor"}))
        assert isinstance(through, Processor)
        assert through.function == "training-dev-event-processor"
        assert aws.client("dynamodb").scan(TableName=TABLE)["Count"] == 0


def test_a_laptops_log_needs_no_processor():
    log = InMemoryLog()
    assert appender(log, Settings({"TRAINING_EVENTS_PROCESSOR": "p"})) is log
