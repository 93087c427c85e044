"""Stand-ins that behave, for what the code under test talks to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber  # imported before any client is made, or moto would not see it
from training_events.errors import Conflict
from training_events.event import Event, RecordedEvent
from training_events.log import Appended
from training_events.times import now


class InMemoryLog:
    """An EventLog that is a dict."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], RecordedEvent] = {}

    def append(self, event: Event) -> Appended:
        key = event.stream, event.position
        there = self.records.setdefault(key, recorded := RecordedEvent(event, now(), event.digest))
        if there is recorded:
            return Appended.RECORDED
        if there.digest == event.digest:
            return Appended.REPEATED
        raise Conflict(f"{event.digest}", f"{there.digest}")

    def read(self, stream: str) -> Iterator[RecordedEvent]:
        return (record for key, record in sorted(self.records.items(), key=lambda item: item[0]) if key[0] == stream)


class Answer:
    """A body as botocore reads it from the network."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.content


def refuse(client: Any, operation: str, times: float, code: str) -> list[AWSPreparedRequest]:
    """The service answers `code` (HTTP 400) to the next `times` requests; all are kept in the list returned."""
    seen: list[AWSPreparedRequest] = []

    def answer(event_name: str, request: AWSPreparedRequest, **more: Any) -> AWSResponse | None:
        if event_name.endswith(f".{operation}"):
            seen.append(request)
            if len(seen) <= times:
                body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "as the test wants it"}).encode()
                if ".s3." in event_name:
                    body = f"<Error><Code>{code}</Code></Error>".encode()
                return AWSResponse(str(request.url), 400, HTTPHeaders(), Answer(body))
        return botocore_stubber(event_name, request, **more)

    return _answer_by(client, answer, seen)


def lose_replies(client: Any, operation: str, times: int) -> list[AWSPreparedRequest]:
    """The next `times` requests are applied, but the connection breaks before the reply is read."""
    seen: list[AWSPreparedRequest] = []

    def answer(event_name: str, request: AWSPreparedRequest, **more: Any) -> AWSResponse | None:
        reply = botocore_stubber(event_name, request, **more)
        if event_name.endswith(f".{operation}"):
            seen.append(request)
            if len(seen) <= times:
                assert reply is not None, "moto did not apply it"
                raise ConnectionClosedError(endpoint_url=str(request.url))
        return reply

    return _answer_by(client, answer, seen)


def _answer_by(
    client: Any, answer: Callable[..., AWSResponse | None], seen: list[AWSPreparedRequest]
) -> list[AWSPreparedRequest]:
    # botocore asks every handler and takes the first answer: moto's would apply what another one refuses
    client.meta.events.unregister("before-send", botocore_stubber)
    client.meta.events.register("before-send", answer)
    return seen
