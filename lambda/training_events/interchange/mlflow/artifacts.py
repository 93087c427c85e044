"""MLflow's artifacts, kept by the log: each file by its content, with its digest, and its path as an ArtifactSaved.

The repository of scheme `training-events`: for the artifacts of a run or a logged model, and for those of all that a server has
(`mlflow server --artifacts-destination training-events:///…`). What a run of `record_run` has kept is there too.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE
from mlflow.store.artifact import artifact_repo

from training_events import mlflow_ids
from training_events.errors import LogUnavailable, Misused, NoSuchLog, NoSuchStream, NotFetched, NotRecordable, NotStored
from training_events.interchange.mlflow.artifact_paths import checked, place_in
from training_events.interchange.mlflow.artifact_tree import ArtifactTree, kept_files
from training_events.interchange.mlflow.problems import invalid, missing
from training_events.interchange.mlflow.refusals import KEPT, refused
from training_events.interchange.mlflow.workspace import Workspace, workspace
from training_events.reading.stream_names import did_you_mean
from training_events.recorder.delivery.channel import folder_beside_log
from training_events.recorder.storage.content_store import ContentStore
from training_events.recorder.storage.fetching import fetched, files_of
from training_events.recorder.storage.files import files_below, is_folder, printable
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from training_events.catalogue.stored import Stored
    from training_events.interchange.mlflow.artifact_tree import KeptFile


class _Asked(NamedTuple):
    """A path among the artifacts of a run or a logged model, and the log that has it. `given` is the path in the repository."""

    workspace: Workspace
    stream: str
    path: str
    given: str

    @property
    def beside(self) -> ContentStore | None:
        """The files beside the log: a log that was moved with them has them there."""
        folder = folder_beside_log(self.workspace.settings)
        return None if folder is None else ContentStore(folder)

    def tree(self) -> ArtifactTree:
        return ArtifactTree(kept_files(self.workspace, self.stream), partial(files_of, beside=self.beside))

    def in_repository(self, path: str) -> str:
        """The path in the repository of what is at or below this one."""
        return "/".join(filter(None, (self.given, path.removeprefix(self.path).lstrip("/"))))


class ArtifactRepository(artifact_repo.ArtifactRepository):
    """Any thread may use it. What is wrong is an MlflowException with MLflow's code."""

    def log_artifact(self, local_file: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a file in a folder of the artifacts; without one, beside the others."""
        file = Path(local_file)
        with _told_to_mlflow():
            if is_folder(file):
                raise invalid(f"{printable(file)} is a folder: log_artifacts keeps all that is in one")
            self._keep([(file, file.name)], artifact_path)

    def log_artifacts(self, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep every file of a folder, under its path there. An empty folder leaves nothing to keep."""
        folder = Path(local_dir)
        with _told_to_mlflow():
            if not is_folder(folder):
                raise invalid(f"{printable(folder)} is no folder: log_artifact keeps a file")
            self._keep(((file, file.relative_to(folder).as_posix()) for file in files_below(folder)), artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What is in a folder of the artifacts, by name; nothing for a file, or for a path where nothing is."""
        with _told_to_mlflow():
            asked = self._asked(path)
            entries = asked.tree().entries(asked.path)
        return [FileInfo(asked.in_repository(entry.path), entry.is_folder, entry.bytes) for entry in entries]

    def download_artifacts(self, artifact_path: str | None, dst_path: str | os.PathLike[str] | None = None) -> str:
        """Fetch a file, or a folder with all that is in it, and return where it is; without `dst_path` in a new folder.

        What is not the content that was recorded is not handed on.
        """
        with _told_to_mlflow():
            asked = self._asked(artifact_path)
            target = Path(mkdtemp() if dst_path is None else dst_path).absolute()
            if not target.exists():
                raise missing(f"there is no folder {printable(target)} to download artifacts to")
            if not is_folder(target):
                raise invalid(f"{printable(target)} is no folder: artifacts are downloaded to one")
            tree = asked.tree()
            files = list(tree.files(asked.path))
            if not files and asked.path:
                raise _no_artifact(asked, tree)
            self._fetch(asked, files, str(target))
        return str(target / asked.given)

    def _download_file(self, remote_file_path: str, local_path: str | os.PathLike[str]) -> None:
        with _told_to_mlflow():
            asked = self._asked(remote_file_path)
            tree = asked.tree()
            file = next((file for file in tree.files(asked.path) if file.path == asked.path), None)
            if file is None:
                raise _no_artifact(asked, tree)
            _fetch_content(asked, [(file, Path(local_path))])

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Refused: the log keeps what it has."""
        raise refused(f"the artifact {artifact_path or ''!a:.200} cannot be deleted: {KEPT}")

    def _asked(self, path: str | None) -> _Asked:
        """What a path in this repository names. Raises MlflowException."""
        place = place_in(self.artifact_uri, path or "")
        log = workspace(place.store)
        if place.kind == "models":
            stream = f"model/{place.owner}"
        else:
            name = mlflow_ids.run_name(place.owner, lambda: (run.stream.removeprefix("run/") for run in log.summaries("run")))
            if name is None:
                raise missing(f"there is no run with the id {place.owner!a:.200}")
            stream = f"run/{name}"
        return _Asked(log, stream, place.path, checked((path or "").removesuffix("/")))

    def _keep(self, files: Iterable[tuple[Path, str]], folder: str | None) -> None:
        asked = self._asked(folder)
        before = f"{asked.path}/" if asked.path else ""
        named = [(file, checked(before + name)) for file, name in files]  # all of them first: half a folder is of no use
        asked.workspace.state(asked.stream)  # raises NoSuchStream: a file makes no run
        for _ in self.thread_pool.map(lambda each: _keep_file(asked, *each), named):
            pass

    def _fetch(self, asked: _Asked, files: Iterable[KeptFile], target: str) -> None:
        of_folders: dict[Stored, list[tuple[KeptFile, Path]]] = {}  # each is fetched once, for all of its files
        single: list[list[tuple[KeptFile, Path]]] = []
        for file in files:
            to = Path(self._create_download_destination(asked.in_repository(file.path), target))  # type: ignore[no-untyped-call]
            if file.inside:
                of_folders.setdefault(file.stored, []).append((file, to))
            else:
                single.append([(file, to)])
        for _ in self.thread_pool.map(lambda wanted: _fetch_content(asked, wanted), [*of_folders.values(), *single]):
            pass


def _keep_file(asked: _Asked, file: Path, path: str) -> None:
    kind, _, name = asked.stream.partition("/")
    stored = asked.workspace.store_file(file, f"{kind}s/{name}/artifacts/{redacted_text(path)}")
    if stored.in_place:  # MLflow writes many of its files to a folder that is gone a moment later
        allowed = "TRAINING_EVENTS_BUCKET as the name of a bucket or file:///<absolute path of a folder>"
        raise invalid(f"{printable(path)} is not kept: no place takes files; allowed: {allowed}")
    asked.workspace.record(asked.stream, "ArtifactSaved", {**msgspec.to_builtins(stored), "name": path})


def _fetch_content(asked: _Asked, wanted: list[tuple[KeptFile, Path]]) -> None:
    """Fetch a file, or a folder that was kept as one and some files in it, each to its place."""
    with TemporaryDirectory(prefix=".fetched-", dir=wanted[0][1].absolute().parent) as folder:
        copy = fetched(wanted[0][0].stored, Path(folder), beside=asked.beside)
        for file, to in wanted:
            (copy / file.inside).replace(to)


def _no_artifact(asked: _Asked, tree: ArtifactTree) -> MlflowException:
    return missing(f"{asked.stream} has no artifact {printable(asked.path)}{did_you_mean(asked.path, tree.paths())}")


@contextmanager
def _told_to_mlflow() -> Iterator[None]:
    """What goes wrong in the log or on the disk, as MLflow's clients expect to hear it."""
    try:
        yield
    except (NoSuchStream, NoSuchLog, NotFetched) as error:
        raise missing(str(error)) from None
    except (Misused, NotStored, NotRecordable) as error:
        raise invalid(str(error)) from None
    except LogUnavailable as error:
        raise MlflowException(str(error), TEMPORARILY_UNAVAILABLE) from None
