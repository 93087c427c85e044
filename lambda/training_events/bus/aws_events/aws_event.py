"""Reads an event of AWS. What identifies the event has to be there, or the event is refused; all else may be absent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from training_events.bus.envelope import at_path, detail_of
from training_events.canonical import canonical_json, digest
from training_events.errors import BadField, BadTime, NoStream, NotRecordable
from training_events.event import Event, in_one_form
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

    def changed_at(self, *, is_new: bool) -> str:
        """When the subject got its state. Raises BadField or BadTime.

        That is its LastModifiedTime. A new one has none, and has its state since its CreationTime. Some events of later states
        have none either, and an event of a new one may lack both: then only the envelope tells them apart. So such a state,
        delivered once more in another envelope, is another event with the same content.
        """
        known = ("LastModifiedTime", "CreationTime") if is_new else ("LastModifiedTime",)
        if self._envelope.get("time") is not None and all(self.find(key) is None for key in known):
            return self.sent_at()
        return self.time("LastModifiedTime", "CreationTime")

    def rest(self, *known: str) -> dict[str, Any]:
        """What else the detail has, under AWS's own names. Its times have one form, as the same event may come in another."""
        return {key: _in_one_form(key, value) for key, value in self._detail.items() if key not in known}

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
            stream=in_one_form(stream),
            type=type_,
            occurred_at=occurred_at,
            source=source,
            data={key: value for key, value in data.items() if value not in (None, {}, [])},
        )
    except NotRecordable as flaw:
        flaw.path = ("detail", *named_at)
        raise


def _in_one_form(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        if key == "Environment":  # a job's variables may hold secrets, and the log cannot forget
            return sorted(value)
        return {name: _in_one_form(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_one_form(key, inner) for inner in value]
    if key.endswith("Time"):
        with suppress(BadTime):
            return to_utc_text(value)
    return value


def event_id(kind: str, *parts: Any) -> str:
    """An event id that is the same for the same parts: `kind` and their SHA-256. The last parts may be objects.

    An empty object counts as absent: so an event that says no more than earlier versions kept has the id that they gave it.
    """
    while parts and parts[-1] == {}:
        parts = parts[:-1]
    return f"{kind}-{digest(parts).removeprefix('sha256:')}"
