"""The events that recorders on this machine had to set aside, because their destination would never take them as they were.

They are read as the undelivered queue is, and `redrive` sends them again: what lay in the future may be due by now.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from training_events.errors import TrainingEventsError
from training_events.recorder.delivery.spool import is_in_use
from training_events.recorder.delivery.spool_file import is_regular
from training_events.recovery.message import Message
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination


class _Line(Struct):
    """As Spool.set_aside writes it."""

    why: str
    event: str


_read = Decoder(_Line).decode


class RefusedEvents:
    """Those for one destination. It has the interface of recovery.queue_reader.QueueReader."""

    def __init__(self, home: Path, to: Destination) -> None:
        self.url = str(home)
        self._folders = [home / name for name in to.folder_names]
        self._files: dict[str, Path] = {}
        """The file of each message id."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is hidden from others meanwhile."""

    def messages(self) -> Iterator[Message]:
        for path in sorted(path for folder in self._folders for path in folder.glob("*.refused") if is_regular(path)):
            at = to_utc_text(datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat())
            for line in _lines(path):
                message_id = sha256(line.encode()).hexdigest()[:32]
                self._files[message_id] = path
                yield _message(message_id, at, line)

    def remove(self, message: Message) -> None:
        """Take the event out of its file. Raises TrainingEventsError while a recorder may add to the file."""
        path = self._files[message.message_id]
        producer = path.with_suffix(".jsonl")
        if producer.exists() and is_in_use(producer):
            raise TrainingEventsError(f"it is recorded, but stays in {path} until its recorder has ended")
        lines = _lines(path)
        lines.remove(message.body)
        if not lines:
            path.unlink()
            return
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        draft.replace(path)


def _lines(path: Path) -> list[str]:
    """Not by `splitlines`: texts in JSON may hold other ends of lines, such as U+2028."""
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _message(message_id: str, at: str, line: str) -> Message:
    try:
        refused = _read(line)
        original = json.loads(refused.event)
    except (MsgspecError, ValueError):
        return Message(message_id, at, "unknown", line, explanation="not put there by any part of this system")
    reason, found, explanation = refused.why.partition(": ")
    is_reason = bool(found) and reason.isidentifier()
    return Message(
        message_id,
        at,
        "set_aside",
        line,
        reason=reason if is_reason else None,
        explanation=explanation if is_reason else refused.why,
        original=original,
    )
