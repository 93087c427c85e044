"""What a run or a logged model has kept below one path, as one stored thing: a model is a folder, with one digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.catalogue.stored import Stored, digest_of_files
from training_events.errors import NoSuchStream
from training_events.interchange.mlflow.artifact_tree import kept_files

if TYPE_CHECKING:
    from training_events.interchange.mlflow.workspace import Workspace


def kept_below(workspace: Workspace, stream: str, path: str, uri: str) -> Stored:
    """The file or folder at a path of a stream's artifacts, at this address; all of them where the path is empty.

    It has no digest where nothing is kept there, or where a folder in it was kept as one.
    """
    try:
        kept = dict(kept_files(workspace, stream))
    except NoSuchStream:
        kept = {}
    if (whole := kept.get(path)) is not None:
        return Stored(uri, sha256=whole.sha256, bytes=whole.bytes)
    before = f"{path}/" if path else ""
    files = {name.removeprefix(before): file for name, file in kept.items() if name.startswith(before)}
    digests = [(name, file.sha256) for name, file in files.items() if file.sha256 and not (file.uri or "").endswith("/")]
    if not files or len(digests) < len(files):
        return Stored(uri)
    return Stored(uri, sha256=digest_of_files(digests), bytes=sum(file.bytes or 0 for file in files.values()))
