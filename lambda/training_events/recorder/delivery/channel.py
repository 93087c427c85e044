"""One producer's way from what is said to where it is recorded: journal, spool and the two threads, put together."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal
from training_events.recorder.delivery.sender import Sender
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.recorder.delivery.writer import Writer
from training_events.recorder.storage.objects import ObjectStore
from training_events.recorder.storage.oversize import fit_to_size
from training_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from training_events.catalogue.stored import Stored

CLOSE_SECONDS = 30.0
"""The longest that the end of a program waits for what it said to be sent; the rest stays in the spool."""


class Channel:
    """Of one process and one stream, from `start` to `close`."""

    def __init__(self, stream: str, extensions: Mapping[str, Any]) -> None:
        settings = Settings()
        home, to = spool_folder(settings), configured_destination(settings)
        self.objects = object_store(settings)
        self._journal = Journal(stream, extensions)
        spool = Spool(home, to, self._journal.producer)
        self._sender = Sender(spool, to, home)
        fitting = partial(fit_to_size, stream, keep=field_store(home, stream, self.objects))
        self.writer = Writer(self._journal, spool, self._sender, fitting)

    @property
    def recorded(self) -> int:
        return self._journal.count

    def start(self) -> None:
        self.writer.start()
        self._sender.start()

    def flush(self, seconds: float) -> bool:
        """Whether all that was said is sent; false if it waits in the spool, or is still on its way after so long."""
        until = monotonic() + seconds
        return self.writer.wait_spooled(seconds) and self._sender.flush(max(until - monotonic(), 0))

    def close(self) -> None:
        try:
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(CLOSE_SECONDS)
        except BaseException:  # Ctrl-C: then the network is not waited for, but the disk is
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(0)
            raise


def object_store(settings: Settings) -> ObjectStore:
    """Where files are kept: in TRAINING_EVENTS_BUCKET, or where they are."""
    return ObjectStore(settings.optional("bucket"))


def field_store(home: Path, stream: str, objects: ObjectStore) -> Callable[[bytes, str], Stored]:
    """Keeps what is too large for an event: in the bucket, or where there is none in a file beside the spool."""

    def keep(content: bytes, name: str) -> Stored:
        path = home / "fields" / f"{name}-{sha256(content).hexdigest()}.json"
        key = f"fields/{stream}/{path.name}"  # of a dataset not beside it, where S3 tells of new files
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_suffix(f".{uuid4().hex}")  # another recorder may be at the same content, and done with it before
        try:
            own.write_bytes(content)
            stored = objects.store(own, key)
            if not str(stored.uri).startswith("file:"):
                return stored
            own.replace(path)
        finally:
            own.unlink(missing_ok=True)
        return objects.store(path, key)

    return keep
