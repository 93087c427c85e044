"""How far an export came: the next one with the same file goes on from there.

The log's writers have clocks of their own, and a write may wait: an event may appear behind one that was exported already. So
an export looks back over some minutes, and leaves out what it has sent of them.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from training_events.errors import Misused
from training_events.times import TEXT_LENGTH, is_utc_text, later, now

if TYPE_CHECKING:
    from typing import Self

OVERLAP_SECONDS = 15 * 60
"""A laptop's writer waits a minute for others, an event processor has its timeout, and clocks that are kept in step differ by
milliseconds."""


class _Content(Struct, frozen=True):
    """`sent` are the beginnings of the SHA-256 of the indexes that were sent, with the time of each, from `back_to` on."""

    to: str
    back_to: str
    sent: dict[str, str]


class Cursor:
    """What was sent. It is kept in a file, or for this process alone."""

    def __init__(self, file: Path | None, to: str, content: _Content | None = None) -> None:
        self._file, self._to = file, to
        self._content = content or _Content(to, "", {})
        self._sent = dict(self._content.sent)

    @classmethod
    def read(cls, file: Path, to: str) -> Self:
        """The cursor in a file; at the beginning of the log where there is none. Raises Misused for another export's."""
        if not file.exists():
            return cls(file, to)
        try:
            content = msgspec.json.decode(file.read_bytes(), type=_Content)
            is_cursor = content.back_to == "" or is_utc_text(content.back_to)
        except (OSError, msgspec.MsgspecError):
            is_cursor = False
        if not is_cursor:
            raise Misused(f"{str(file)!a} is no cursor of an export: name one, or a file that is not there yet")
        if content.to != to:
            raise Misused(f"{str(file)!a} is the cursor of an export to {content.to!a}: each export has its own")
        return cls(file, to, content)

    @property
    def after(self) -> str:
        """From which time on there may be something to send; empty for the beginning."""
        return self._content.back_to

    def has(self, index: str) -> bool:
        return _short(index) in self._sent

    def note(self, index: str) -> None:
        """What has this index was sent. Indexes come in their order."""
        self._sent[_short(index)] = index[:TEXT_LENGTH]

    def save(self) -> None:
        """Keep it in its file, whole or not at all. Raises OSError."""
        if self._file is None or not self._sent:
            return
        newest = min(max(self._sent.values()), now())  # a writer's clock may be ahead, and others write on
        back_to = max(later(newest, -OVERLAP_SECONDS), self._content.back_to)
        self._sent = {short: time for short, time in self._sent.items() if time >= back_to}
        unfinished = self._file.with_name(f".{self._file.name}.unfinished")
        unfinished.write_bytes(msgspec.json.encode(_Content(self._to, back_to, self._sent)))
        unfinished.replace(self._file)


def _short(index: str) -> str:
    return sha256(index.encode()).hexdigest()[:24]
