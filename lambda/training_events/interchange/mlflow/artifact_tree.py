"""The files that a run or a logged model has kept, as a tree of folders: what a program lists and downloads.

Of two files at one path the newer one is there, as on a disk; the log has both.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import MsgspecError

from training_events.catalogue import read
from training_events.catalogue.run import ArtifactSaved, CheckpointSaved, TrainingCompleted
from training_events.errors import NotStored, NotUnderstood
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.interchange.mlflow.artifact_paths import listed
from training_events.recorder.storage.files import local_path
from training_events.recorder.storage.objects import file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.catalogue.stored import Stored
    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.folds.run_state import Artifact, Checkpoint
    from training_events.interchange.mlflow.workspace import Workspace

_KEEPING = frozenset({"ArtifactSaved", "CheckpointSaved", "TrainingCompleted"})
"""The events that may name a file which the training has kept."""


class KeptFile(NamedTuple):
    """A file at a path. One that was kept with the folder that it is in has its path there in `inside`, else that is empty."""

    path: str
    stored: Stored
    inside: str
    bytes: int | None


class Entry(NamedTuple):
    """What stands in a list of a folder: a file with its size in bytes, or a folder."""

    path: str
    is_folder: bool
    bytes: int | None


class ArtifactTree:
    """`files_of` gives the path and the size of each file in a folder that was kept as one."""

    def __init__(self, kept: Iterable[tuple[str, Stored]], files_of: Callable[[Stored], Iterable[tuple[str, int]]]) -> None:
        self._kept: dict[str, Stored] = {}
        self._files_of = files_of
        folders: set[str] = set()
        for path, stored in kept:
            above = _folders_above(path)
            for folder in above:
                if folder in self._kept and not _is_folder(self._kept[folder]):  # a folder took the file's place
                    del self._kept[folder]
            if path in folders and not _is_folder(stored):  # and the other way round
                self._kept = {name: file for name, file in self._kept.items() if not name.startswith(f"{path}/")}
            folders.update(above)
            self._kept[path] = stored

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, by its path; nothing for a file, or for what is not there."""
        before = f"{path}/" if path else ""
        found: dict[str, Entry] = {}
        for file in self._near(path):
            if file.path.startswith(before) and file.path != path:
                name, _, rest = file.path.removeprefix(before).partition("/")
                is_folder = bool(rest) or (not file.inside and _is_folder(file.stored))
                found[name] = Entry(before + name, is_folder, None if is_folder else file.bytes)
        return [found[name] for name in sorted(found)]

    def files(self, path: str) -> Iterator[KeptFile]:
        """The file at a path, or every file below it."""
        for file in self._near(path):
            if not path or file.path == path or file.path.startswith(f"{path}/"):
                if not file.inside and _is_folder(file.stored):
                    yield from self._inside(file.path, file.stored)
                else:
                    yield file

    def paths(self) -> Iterator[str]:
        """All paths, each folder that was kept as one by its own."""
        yield from self._kept

    def _near(self, path: str) -> Iterator[KeptFile]:
        """Everything as it was kept, but for a folder that the path is in, or leads to: of that, its files."""
        for name, stored in self._kept.items():
            if _is_folder(stored) and f"{path}/".startswith(f"{name}/"):
                yield from self._inside(name, stored)
            else:
                yield KeptFile(name, stored, "", stored.bytes)

    def _inside(self, folder: str, stored: Stored) -> Iterator[KeptFile]:
        for name, size in self._files_of(stored):
            yield KeptFile(f"{folder}/{name}", stored, name, size)


def kept_files(workspace: Workspace, stream: str) -> list[tuple[str, Stored]]:
    """The files that a run or a logged model has kept, oldest first, each with the path that it is listed at.

    Raises NoSuchStream.
    """
    if (files := _of_state(workspace.state(stream))) is None:
        return [file for entry in workspace.entries(stream) if entry.type in _KEEPING for file in _of_entry(stream, entry)]
    return files


def _of_state(state: State) -> list[tuple[str, Stored]] | None:
    """None where the state has the newest alone: the log has them all."""
    artifacts: list[Artifact] = []
    checkpoints: list[Checkpoint] = []
    saved = 0
    if isinstance(state, RunState):
        artifacts, checkpoints, saved = state.artifacts, state.checkpoints, state.artifacts_saved + state.checkpoints_saved
    elif isinstance(state, ModelState) and state.logged is not None:
        artifacts, saved = state.logged.artifacts, state.logged.artifacts_saved
    if saved > len(artifacts) + len(checkpoints):
        return None
    dated = [(artifact.at, _path(artifact.name, artifact.stored), artifact.stored) for artifact in artifacts]
    dated += [(kept.at, _checkpoint_path(kept.step, kept.stored), kept.stored) for kept in checkpoints]
    return [(path, stored) for _, path, stored in sorted(dated, key=itemgetter(0)) if path]


def _of_entry(stream: str, entry: LogEntry) -> Iterator[tuple[str, Stored]]:
    try:
        fact = read(stream, entry.type, entry.schema_version, entry.data)
    except (NotUnderstood, MsgspecError, RecursionError):  # the fold has left it out, too
        return
    if isinstance(fact, ArtifactSaved) and (path := _path(fact.name, fact)):
        yield path, fact
    if isinstance(fact, CheckpointSaved) and (path := _checkpoint_path(fact.step, fact)):
        yield path, fact
    if isinstance(fact, TrainingCompleted) and fact.artifact and (path := _path(None, fact.artifact)):
        yield path, fact.artifact


def _path(name: str | None, stored: Stored) -> str | None:
    """None for what has no name: nobody can ask for it."""
    return listed(given) if (given := name or _file_name(stored)) else None


def _checkpoint_path(step: float | None, stored: Stored) -> str | None:
    name = _file_name(stored)
    return listed("/".join(["checkpoints", *([] if step is None else [str(step)]), name])) if name else None


def _file_name(stored: Stored) -> str:
    uri = (stored.uri or "").rstrip("/")
    try:
        return local_path(uri).name if uri.startswith("file://") else file_name(uri)
    except NotStored:
        return ""


def _is_folder(stored: Stored) -> bool:
    return (stored.uri or "").endswith("/")


def _folders_above(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]
