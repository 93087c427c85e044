"""Sends what is left in the spool, file by file, when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import MsgspecError, Struct, convert, json

from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.delivery.spool import is_in_use, orphaned_spools
from training_events.recorder.delivery.spool_file import CHUNK, is_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_ANSWER_SECONDS = 100.0
"""For one batch. A bus that gives no answer at all has had three attempts by then, each of REPLY_SECONDS."""


class FlushResult(Struct):
    """What became of one producer's events: how many were sent, how many are left, and why."""

    file: str
    sent: int
    left: int
    why: str | None


class SpoolFileStatus(Struct):
    """A file of the spool. It is `in_use` while its recorder runs."""

    file: str
    destination: str
    bytes: int
    in_use: bool


def flush_all(home: Path, to: Destination, on_progress: Callable[[int], object]) -> Iterator[FlushResult]:
    """Send the files for this destination that no recorder holds. A file that fails does not stop those after it.

    An answer that does not come to its end does: then all that is left stays. `on_progress` gets the number of events sent so
    far.
    """
    delivery = Delivery(to)
    overdue: str | None = None
    for spool in orphaned_spools(home, to):
        sent_before, why = delivery.sent_count, overdue
        try:
            while spool.pending and why is None:
                unsent = delivery.send_within(MAX_ANSWER_SECONDS, spool)
                why = unsent[0].why if unsent else None
                on_progress(delivery.sent_count)
        except TimeoutError as error:
            why = overdue = str(error)
        finally:
            spool.close()
        yield FlushResult(str(spool.path), delivery.sent_count - sent_before, spool.pending, why)


def spool_files(home: Path) -> Iterator[SpoolFileStatus]:
    """The files of the spool that hold events, for any destination."""
    for path in sorted(path for path in home.glob("*/*.jsonl") if is_regular(path)):
        try:
            with path.open("rb") as file:
                head = file.readline(CHUNK)
            to, size = convert(json.decode(head)["to"], Destination), path.stat().st_size - len(head)
            if size:
                yield SpoolFileStatus(str(path), str(to), size, is_in_use(path))
        except (OSError, MsgspecError, KeyError, TypeError):  # it was sent meanwhile, or is none of ours
            continue
