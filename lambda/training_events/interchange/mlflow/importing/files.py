"""The artifacts of a run or a logged model: recorded where they are, by their addresses. Nothing is copied.

A file of this machine is read for its digest. One that the log has, and that was not modified since, is not read again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

from training_events.errors import NotStored
from training_events.interchange.mlflow.importing.source import first_line
from training_events.interchange.mlflow.importing.statement import Statement
from training_events.recorder.storage.files import read_file, uri_of
from training_events.times import from_nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.store.artifact.artifact_repo import ArtifactRepository

    from training_events.interchange.mlflow.importing.known import Known
    from training_events.interchange.mlflow.importing.report import Report


class Span(NamedTuple):
    """From when to when what made the files was at work. A file was modified then, whatever its own time says."""

    first: str
    last: str


class Artifacts:
    """The artifacts of a store. What cannot be listed is told once for each place, and not asked for again."""

    def __init__(self, uri: str, report: Report) -> None:
        self._uri, self._report = uri, report
        self._unlisted: dict[str, int] = {}

    def statements(self, stream: str, address: str | None, known: Known, span: Span) -> Iterator[Statement]:
        """The files below this address that the log does not have, as they are now."""
        if not address:
            return
        found = self._on_disk(stream, address, known, span) if is_local_uri(address) else self._elsewhere(address, span)
        for statement in found:
            data = self._report.without_credentials(stream, statement.data)
            if known.is_new(("file", data["name"]), {key: data.get(key) for key in ("uri", "sha256", "bytes")}):
                self._report.artifacts += 1
                yield Statement(statement.at, statement.type, data)

    def _on_disk(self, stream: str, address: str, known: Known, span: Span) -> Iterator[Statement]:
        root = Path(local_file_uri_to_path(address))
        for folder, folders, names in os.walk(root):
            folders.sort()
            for path in sorted(Path(folder, name) for name in names):
                name = path.relative_to(root).as_posix()
                try:
                    status = path.stat()
                    uri, modified = uri_of(path), from_nanoseconds(status.st_mtime_ns)
                    before = known.now(("file", name))
                    if (
                        before
                        and (before["uri"], before["bytes"]) == (uri, status.st_size)
                        and modified < known.recorded_at["file", name]
                    ):
                        continue
                    content = read_file(path, lambda _: None)
                except (NotStored, OSError) as flaw:
                    self._report.leave(f"{stream}: the content of {name}", str(flaw))
                    continue
                yield _saved(min(max(span.first, modified), span.last), name, uri, content.size, content.sha256)

    def _elsewhere(self, address: str, span: Span) -> Iterator[Statement]:
        place = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        if place in self._unlisted:
            self._unlisted[place] += 1
            return
        try:
            repository = get_artifact_repository(address, self._uri)
            for name, size in _listed(repository, None):
                yield _saved(span.last, name, f"{address.rstrip('/')}/{name}", size, None)
        except Exception as flaw:  # noqa: BLE001 - each kind of storage has its own library, with errors of its own
            self._unlisted[place] = 1
            self._report.leave(f"the artifacts at {place}", first_line(flaw))


def _listed(repository: ArtifactRepository, path: str | None) -> Iterator[tuple[str, int | None]]:
    for file in repository.list_artifacts(path):
        if file.is_dir:
            yield from _listed(repository, file.path)
        else:
            yield file.path, file.file_size


def _saved(at: str, name: str, uri: str, size: int | None, sha256: str | None) -> Statement:
    stored = {"name": name, "uri": uri, "bytes": size, "sha256": sha256, "in_place": True}
    return Statement(at, "ArtifactSaved", {key: value for key, value in stored.items() if value is not None})
