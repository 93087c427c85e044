"""One producer's way from what is recorded to where it is sent: journal, spool and the two threads, put together."""

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
"""The longest that the end of a program waits until its events are sent. The rest stays in the spool."""


class Channel:
    """For one process and one stream, from `start` to `close`."""

    def __init__(self, stream: str, extensions: Mapping[str, Any]) -> None:
        settings = Settings()
        home, to = spool_folder(settings), configured_destination(settings)
        self.objects = object_store(settings)
        self._journal = Journal(stream, extensions)
        spool = Spool(home, to, self._journal.producer)
        self._sender = Sender(spool, to, home)
        fit = partial(fit_to_size, stream, keep=field_store(home, stream, self.objects))
        self.writer = Writer(self._journal, spool, self._sender, fit)

    @property
    def recorded(self) -> int:
        return self._journal.count

    def start(self) -> None:
        self.writer.start()
        self._sender.start()

    def flush(self, seconds: float) -> bool:
        """Returns whether all that was recorded is sent; false if after that time some of it is still in the spool."""
        deadline = monotonic() + seconds
        return self.writer.wait_spooled(seconds) and self._sender.flush(max(deadline - monotonic(), 0))

    def close(self) -> None:
        try:
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(CLOSE_SECONDS)
        except BaseException:  # after Ctrl-C wait for the disk, and not for the network
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(0)
            raise


def object_store(settings: Settings) -> ObjectStore:
    """Files are stored in TRAINING_EVENTS_BUCKET. Without one they stay where they are."""
    return ObjectStore(settings.optional("bucket"))


def field_store(home: Path, stream: str, objects: ObjectStore) -> Callable[[bytes, str], Stored]:
    """Stores a field that is too large for an event: in the bucket, or without one in a file beside the spool."""

    def store(content: bytes, name: str) -> Stored:
        path = home / "fields" / f"{name}-{sha256(content).hexdigest()}.json"
        key = f"fields/{stream}/{path.name}"  # a dataset's not under `datasets/`: S3 reports new files there as datasets
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_suffix(f".{uuid4().hex}")  # another recorder may store the same content, and remove its file sooner
        try:
            own.write_bytes(content)
            stored = objects.store(own, key)
            if not str(stored.uri).startswith("file:"):
                return stored
            own.replace(path)
        finally:
            own.unlink(missing_ok=True)
        return objects.store(path, key)

    return store
