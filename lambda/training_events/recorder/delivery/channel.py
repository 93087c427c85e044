"""One producer's way from what is recorded to where it is sent: journal, spool and the two threads, put together."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from training_events import aws
from training_events.catalogue.stored import Stored
from training_events.errors import BadLogUrl
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal, event_source
from training_events.recorder.delivery.sender import Sender
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.recorder.delivery.writer import Writer
from training_events.recorder.hiding import CredentialFilter
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.files import local_path, uri_of
from training_events.recorder.storage.objects import FilesInPlace, ObjectStore
from training_events.recorder.storage.oversize import fit_to_size
from training_events.recorder.storage.upload import client
from training_events.settings import KEEP_NO_FILES, LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from training_events.recorder.storage.objects import FileStore

CLOSE_SECONDS = 30.0
"""The longest that the end of a program waits until its events are sent. The rest stays in the spool."""

_FOLDER = ("file:///", "file://localhost/")


class Channel:
    """For one process and one stream, from `start` to `close`."""

    def __init__(self, stream: str, extensions: Mapping[str, Any]) -> None:
        settings = Settings()
        home, to = spool_folder(settings), configured_destination(settings)
        self.objects = object_store(settings)
        # the training waits until its code is stored: not for as long as it may wait for its own files
        quick = object_store(settings, partial(aws.client, "s3"))
        self._keep_code = content_store(home / "code", f"code/{stream}", ".patch", quick)
        self._journal = Journal(stream, extensions, source=event_source(settings))
        spool = Spool(home, to, self._journal.producer)
        self._sender = Sender(spool, to, home)
        self.writer = Writer(self._journal, spool, self._sender, recordable(home, stream, self.objects))

    def keep_code(self, patch: bytes) -> Stored:
        """Store what the run's commit lacks of its code. Raises NotStored, OSError."""
        return self._keep_code(patch, "changes")

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
        deadline = monotonic() + CLOSE_SECONDS
        try:
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(max(deadline - monotonic(), 0))
        except BaseException:  # after Ctrl-C wait for the disk, and not for the network
            self.writer.close(CLOSE_SECONDS)
            self._sender.close(0)
            raise


def object_store(settings: Settings, client: Callable[[], Any] = client) -> FileStore:
    """Where TRAINING_EVENTS_BUCKET says: a bucket, a folder, or `none`. Without it, beside the log if that is a SQLite file."""
    place = settings.optional("files")
    if place is None:
        beside = folder_beside_log(settings)
        return FilesInPlace() if beside is None else ContentStore(beside)
    if place == KEEP_NO_FILES:
        return FilesInPlace()
    return ContentStore(local_path(place)) if place.startswith(_FOLDER) else ObjectStore(place, client)


def folder_beside_log(settings: Settings) -> Path | None:
    """The folder for files beside a SQLite log. None where events go to AWS, which has no part in this machine's disk."""
    url = settings.optional("log") or (None if settings.optional("bus") else LAPTOP_LOG)
    with suppress(BadLogUrl):  # raised, to be reported, when the log is opened
        if url and isinstance(address := parse(url), SqliteFile):
            return address.files
    return None


def recordable(home: Path, stream: str, objects: FileStore) -> Callable[[dict[str, Any], int], dict[str, Any]]:
    """Makes of an event's data what is recorded: without credentials, and with at most so many bytes of canonical JSON."""
    without_credentials, keep = CredentialFilter(stream), field_store(home, stream, objects)
    return lambda data, max_bytes: fit_to_size(stream, without_credentials(data), max_bytes, keep)


def field_store(home: Path, stream: str, objects: FileStore) -> Callable[[bytes, str], Stored]:
    """Stores a field that is too large for an event."""
    # a dataset's not under `datasets/`: S3 reports new files there as datasets
    return content_store(home / "fields", f"fields/{stream}", ".json", objects)


def content_store(folder: Path, prefix: str, suffix: str, objects: FileStore) -> Callable[[bytes, str], Stored]:
    """Stores content where files are kept, under this prefix, or where none are, in a file in this folder beside the spool."""

    def store(content: bytes, name: str) -> Stored:
        digest = sha256(content).hexdigest()
        path = folder / f"{name}-{digest}{suffix}"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_suffix(f".{uuid4().hex}")  # another recorder may store the same content, and remove its file sooner
        try:
            own.write_bytes(content)
            stored = objects.store(own, f"{prefix}/{path.name}")
            if not stored.in_place:
                return stored
            own.replace(path)
        finally:
            own.unlink(missing_ok=True)
        return Stored(uri_of(path), None, digest, len(content))

    return store
