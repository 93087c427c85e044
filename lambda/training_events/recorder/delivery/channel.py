"""What one run of this process is recorded by, and where it keeps the files that its events name."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from training_events import aws
from training_events.catalogue.stored import Stored
from training_events.errors import BadLogUrl
from training_events.recorder.delivery.outbox import Outbox
from training_events.recorder.hiding import CredentialFilter
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.files import local_path, uri_of
from training_events.recorder.storage.objects import FilesInPlace, ObjectStore
from training_events.recorder.storage.oversize import fit_to_size
from training_events.recorder.storage.upload import client
from training_events.settings import KEEP_NO_FILES, LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from training_events.recorder.storage.objects import FileStore

_FOLDER = ("file:///", "file://localhost/")


class Channel:
    """For one process and one stream, from `start` to `close`."""

    def __init__(self, stream: str, extensions: Mapping[str, Any]) -> None:
        settings = Settings()
        self._outbox = Outbox(settings)
        self.objects = object_store(settings)
        self._producer = self._outbox.producer(stream, recordable(self._outbox.home, stream, self.objects), extensions)
        # the training waits until its code is stored: not for as long as it may wait for its own files
        quick = object_store(settings, partial(aws.client, "s3"))
        self._keep_code = content_store(self._outbox.home / "code", f"code/{stream}", ".patch", quick)

    def keep_code(self, patch: bytes) -> Stored:
        """Store what the run's commit lacks of its code. Raises NotStored, OSError."""
        return self._keep_code(patch, "changes")

    @property
    def points(self) -> deque[tuple[Any, ...]]:
        """The points that no event holds yet. Whoever measures appends them."""
        return self._producer.points

    @property
    def recorded(self) -> int:
        return self._producer.journal.count

    def start(self) -> None:
        self._outbox.start()

    def record(self, type_: str, data: dict[str, Any], at_ns: int | None = None) -> bool:
        """Record an event of now, or of a time in nanoseconds since 1970. False if the channel is closed already."""
        return self._outbox.writer.record(self._producer, type_, data, at_ns)

    def limit_backlog(self, pending: int) -> None:
        """Make events of the points early, of which so many are pending."""
        self._outbox.writer.limit_backlog(pending)

    def spooled_within(self, seconds: float, *, is_reported: bool = False) -> bool:
        """Wait until all that was recorded before is in the spool. If `is_reported`, standard error says what is not."""
        writer = self._outbox.writer
        return writer.wait_spooled(seconds) if is_reported else writer.spooled_within(seconds)

    def flush(self, seconds: float) -> bool:
        """As Outbox.flush."""
        return self._outbox.flush(seconds)

    def close(self) -> None:
        self._outbox.close()


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
