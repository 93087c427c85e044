"""Fakes: working stand-ins for what the code under test talks to."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber  # imported before any client is made, or moto would not see it
from training_events.errors import Conflict, Overtaken
from training_events.event import Event, LogEntry, RecordedEvent
from training_events.recordable import check_recordable
from training_events.stores.damage import as_audited, undamaged
from training_events.stores.event_log import (
    Alteration,
    Appended,
    AuditedEvent,
    Damaged,
    Moment,
    Page,
    RecordedPage,
    check_due,
)
from training_events.stores.read_models import ReadModel
from training_events.times import TEXT_LENGTH, now


class InMemoryLog:
    """An EventLog in a dict. A test that puts a Damaged into it alters the log."""

    def __init__(self, clock: Callable[[], str] = now) -> None:
        self.records: dict[tuple[str, str], RecordedEvent | Damaged] = {}
        self._clock = clock

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        recorded_at = self._clock()
        key = event.stream, event.position
        if key not in self.records:
            check_recordable(event)
            if not accept_future:
                check_due(event, recorded_at)
        current = self.records.setdefault(key, recorded := RecordedEvent(event, recorded_at, event.digest, account))
        if current is recorded:
            return Appended.RECORDED
        if isinstance(current, RecordedEvent) and current.digest == event.digest:
            return Appended.REPEATED
        raise Conflict(f"{event.digest}", f"{current}")

    def events(self) -> list[Event]:
        """Every event of every stream."""
        return [record.event for record in self.records.values() if isinstance(record, RecordedEvent)]

    def read(self, stream: str, *, after: str = "") -> Iterator[RecordedEvent]:
        return undamaged(record for position, record in self._of(stream) if position > after)

    def fetch(self, keys: Iterable[tuple[str, str]]) -> Iterator[RecordedEvent | Damaged | None]:
        return map(self.records.get, keys)

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        return (record if isinstance(record, Damaged) else as_audited(record) for _, record in self._of(stream))

    def recorded_after(self, stream: str, time: str) -> Iterator[RecordedPage]:
        records = list(self.audit(stream))
        later = [record for record in records if isinstance(record, AuditedEvent) and record.recorded_at > time]
        yield RecordedPage(len(records) - len(later), later)

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        for position, record in self._of(stream):
            if position > after and (until is None or position < until + "$"):
                yield _entry(position, record)

    def moments(self, stream: str) -> Iterator[Moment]:
        return (Moment(entry.position[:TEXT_LENGTH], entry.recorded_at) for entry in self.entries(stream))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:  # noqa: ARG002 - as the protocol has it
        return iter(())

    def streams(self) -> Iterator[str]:
        return iter({stream for stream, _ in self.records})

    def scan(self, part: int, parts: int, after: str | None = None) -> Iterator[Page]:
        """Pages of two entries. The token is the index of the next entry."""
        mine = [stream for number, stream in enumerate(sorted(self.streams())) if number % parts == part]
        entries = [(stream, entry) for stream in mine for entry in self.entries(stream)]
        for place in range(int(after or 0), len(entries) or 1, 2):
            last = place + 2 >= len(entries)
            yield Page(entries[place : place + 2], None if last else str(place + 2))

    def close(self) -> None:
        """It holds nothing open."""

    def _of(self, stream: str) -> list[tuple[str, RecordedEvent | Damaged]]:
        return sorted(((key[1], record) for key, record in self.records.items() if key[0] == stream), key=itemgetter(0))


def _entry(position: str, record: RecordedEvent | Damaged) -> LogEntry:
    if isinstance(record, Damaged):
        return LogEntry(position, "", "", 0, "")
    return record.entry


class InMemoryReadModels:
    """ReadModels in dicts."""

    def __init__(self) -> None:
        self.models: dict[str, ReadModel] = {}
        self.listed: dict[str, tuple[str, bytes]] = {}
        self.notes: dict[str, bytes] = {}
        self.due: dict[str, str] = {}

    def get(self, stream: str) -> ReadModel | None:
        return self.models.get(stream)

    def revision(self, stream: str) -> int | None:
        return self.models[stream].revision if stream in self.models else None

    def put(
        self,
        stream: str,
        state: bytes,
        *,
        summary: bytes,
        first_at: str,
        replaces: int | None,
        settled: bytes | None = None,
    ) -> None:
        self._check(stream, replaces)
        self.models[stream] = ReadModel(stream, (replaces or 0) + 1, state, settled)
        self.listed[stream] = first_at, summary

    def remove(self, stream: str, *, replaces: int) -> None:
        if stream in self.models:
            self._check(stream, replaces)
            del self.models[stream], self.listed[stream]

    def summaries(self, kind: str) -> Iterator[bytes]:
        of_kind = [(first_at, stream, summary) for stream, (first_at, summary) in self.listed.items()]
        return (summary for _, stream, summary in sorted(of_kind, reverse=True) if stream.startswith(f"{kind}/"))

    def search_index(self, _kind: str) -> None:
        return None

    def streams(self) -> Iterator[str]:
        return iter(list(self.models))

    def unprojected(self, _stream):
        return None

    def note(self, name: str) -> bytes | None:
        return self.notes.get(name)

    def set_note(self, name: str, value: bytes | None, *, due: str | None = None) -> None:
        self.notes.pop(name, None)
        self.due.pop(name, None)
        if value is not None:
            self.notes[name] = value
            if due is not None:
                self.due[name] = due

    def due_notes(self, by: str) -> Iterator[str]:
        return (name for due, name in sorted((due, name) for name, due in self.due.items()) if due <= by)

    def _check(self, stream: str, replaces: int | None) -> None:
        current = self.models.get(stream)
        if (current and current.revision) != replaces:
            raise Overtaken(stream)


class Stdout:
    """The standard output at the moment of writing: a logger keeps the one it was made with, pytest gives each test another."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


class Answer:
    """The body of a reply, as botocore reads it from the network."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.content


def refuse(client: Any, operation: str, times: float, code: str) -> list[AWSPreparedRequest]:
    """Let the service answer the next `times` requests with `code` (HTTP 400). Returns a list that gets every request."""
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
    """Apply the next `times` requests, but break the connection before the reply. Returns a list that gets every request."""
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
    # botocore calls every handler and takes the first answer: moto's handler would apply a request that another one refuses
    client.meta.events.unregister("before-send", botocore_stubber)
    client.meta.events.register("before-send", answer)
    return seen
