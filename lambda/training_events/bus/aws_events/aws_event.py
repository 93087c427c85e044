"""Reads an event of AWS. What identifies the event has to be there, or the event is refused; all else may be absent."""

from __future__ import annotations

from typing import Any

from training_events.bus.envelope import at_path, detail_of
from training_events.canonical import canonical_json, digest
from training_events.errors import BadField, NoStream, NotRecordable
from training_events.event import Event
from training_events.times import to_utc_text


class AwsEvent:
    """An event of AWS. Raises a NotRecordable if its detail is not an object with a canonical form."""

    def __init__(self, received: Any) -> None:
        self._envelope = received
        self._detail = detail_of(received)
        at_path(("detail",), canonical_json, self._detail)

    def find(self, *path: str) -> Any:
        """The value at this path of the detail; None if there is none."""
        value: Any = self._detail
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def text(self, *path: str) -> str | None:
        """The text at this path; None if it is no text, or an empty one."""
        value = self.find(*path)
        return value if isinstance(value, str) and value else None

    def required(self, *path: str) -> str:
        """The text at this path, without which the event says nothing. Raises BadField."""
        if (text := self.text(*path)) is None:
            raise BadField("it is missing" if self.find(*path) is None else "it is not a text", "a text", ("detail", *path))
        return text

    def name(self, *path: str) -> str:
        """The text at this path, which names the stream. Raises NoStream."""
        if (text := self.text(*path)) is None:
            raise NoStream("nothing names the stream", "a name here", ("detail", *path))
        return text

    def arn(self, key: str) -> str:
        """The ARN of what the event is about. Some events have it only among their resources. Raises BadField."""
        resources = self._envelope.get("resources")
        if self.find(key) is None and isinstance(resources, list) and resources and isinstance(resources[0], str):
            return resources[0]
        return self.required(key)

    def time(self, *keys: str) -> str:
        """The first of these times that the detail has. Raises BadField or BadTime."""
        for key in keys:
            if (value := self.find(key)) is not None:
                return at_path(("detail", key), to_utc_text, value)
        raise BadField("it is missing", "a time", ("detail", keys[0]))

    def sent_at(self) -> str:
        """The envelope's time. Raises BadTime."""
        return at_path(("time",), to_utc_text, self._envelope.get("time"))


def to_event(
    *, source: str, type_: str, stream: str, named_at: tuple[str, ...], occurred_at: str, event_id: str, data: dict[str, Any]
) -> Event:
    """The Event, without the fields of its data that are None or empty.

    Raises a NotRecordable for a name that is not allowed. Its path is `named_at`, where the detail has the name.
    """
    try:
        return Event(
            event_id=event_id,
            stream=stream,
            type=type_,
            occurred_at=occurred_at,
            source=source,
            data={key: value for key, value in data.items() if value not in (None, {}, [])},
        )
    except NotRecordable as flaw:
        flaw.path = ("detail", *named_at)
        raise


def event_id(kind: str, *parts: str | None) -> str:
    """An event id that is the same for the same parts: `kind` and their SHA-256."""
    return f"{kind}-{digest(parts).removeprefix('sha256:')}"
