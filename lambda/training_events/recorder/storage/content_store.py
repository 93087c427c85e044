"""Keeps files by their content, in a folder: no later change of the original reaches what is kept.

The name of a kept file is its SHA-256, so the same content is kept once, whatever it was called. Where the file system can
share blocks (Btrfs, XFS, bcachefs), a copy takes neither room nor time. It is never a hard link: a program that writes its file
again in place would change what is kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from training_events.catalogue.stored import Stored, digest_of_files
from training_events.errors import NotStored
from training_events.recorder.reporting import log
from training_events.recorder.storage.files import (
    ContentDigest,
    digest_of,
    files_in,
    is_folder,
    local_path,
    one_line_reason,
    printable,
    read_file,
    size_of,
    uri_of,
)
from training_events.recorder.storage.objects import pin_local
from training_events.recorder.storage.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training_events.recorder.storage.progress import Advance

FICLONE = 0x40049409
"""Linux's request to share the blocks of another file: https://man7.org/linux/man-pages/man2/FICLONE.2const.html"""
_STALE_SECONDS = 24 * 3600.0
"""A copy that nothing was written to for so long is no longer being made: its program was killed."""


def reflink(source: int, copy: int) -> bool:
    """Let an empty file share the blocks of another (both are file descriptors). False where the file system cannot."""
    try:
        fcntl.ioctl(copy, FICLONE, source)
    except OSError:
        return False
    return True


class ContentStore:
    """A FileStore in a folder, which any number of programs may fill at once.

    Files are in `<folder>/<first two digits>/<sha256>`, folders in `<folder>/folders/<sha256>/`. `share_blocks` may make a
    copy that shares its blocks with the original.
    """

    def __init__(self, folder: Path, share_blocks: Callable[[int, int], bool] = reflink) -> None:
        self.folder = folder
        self._share_blocks = share_blocks

    def store(self, path: str | os.PathLike[str], key: str) -> Stored:  # noqa: ARG002 - the content is the name
        """Keep a file, or a folder with all that is in it. Raises NotStored for what cannot be read.

        If the disk does not take it, a warning says so, and the file is recorded where it is.
        """
        local = local_path(path)
        folder = is_folder(local)
        try:
            content = self._keep_folder(local) if folder else self._keep_file(local)
        except OSError as error:
            log.warning(
                "%s is not kept in %s: %s; it is recorded where it is, and what it holds now is lost once it changes",
                printable(local),
                printable(self.folder),
                one_line_reason(error),
            )
            return pin_local(local)
        return Stored(uri_of(self.path_of(content.sha256, folder=folder), folder=folder), None, content.sha256, content.size)

    def path_of(self, sha256: str, *, folder: bool) -> Path:
        """Where the content with this digest is, if it is kept."""
        return self.folder / ("folders" if folder else sha256[:2]) / sha256

    def _keep_file(self, source: Path) -> ContentDigest:
        with self._incoming() as copy, progress(f"keeping {printable(source.name)}", size_of(source)) as advance:
            content = self._copy(source, copy, advance)
            kept = self.path_of(content.sha256, folder=False)
            kept.parent.mkdir(exist_ok=True)
            copy.replace(kept)  # also over the same content: whatever somebody did to that is undone
            _sync(kept.parent)
        return content

    def _keep_folder(self, source: Path) -> ContentDigest:
        own = self.folder.resolve()  # the folder may be one that the log itself is in
        files = [(name, file) for name, file in files_in(source) if own not in file.resolve().parents]
        if not files:
            raise NotStored(f"the folder {printable(source)} holds no file")
        total = sum(size_of(file) for _, file in files)
        with self._incoming() as copy, progress(f"keeping {printable(source.name)}", total) as advance:
            digests: list[tuple[str, ContentDigest]] = []
            for name, file in files:
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                digests.append((name, self._copy(file, copy / name, advance)))
            sha256 = digest_of_files((name, digest.sha256) for name, digest in digests)
            self._put_folder(copy, self.path_of(sha256, folder=True), sha256)
        return ContentDigest(sha256, sum(digest.size for _, digest in digests))

    def _put_folder(self, copy: Path, kept: Path, sha256: str) -> None:
        kept.parent.mkdir(exist_ok=True)
        while True:
            try:
                copy.rename(kept)
                _sync(kept.parent)
                return
            except OSError:
                if not kept.exists():
                    raise
            with suppress(NotStored):
                if digest_of(kept).sha256 == sha256:
                    return
            kept.rename(kept.with_name(f"{sha256}.altered-{uuid4().hex}"))

    def _copy(self, source: Path, copy: Path, advance: Advance) -> ContentDigest:
        """Raises NotStored for what cannot be read, OSError for what cannot be written."""
        with copy.open("xb") as file:
            if self._shares_blocks(source, file.fileno()):
                content = read_file(copy, advance)
            else:
                content = read_file(source, advance, write=file.write)
            file.flush()
            with suppress(OSError):  # some file systems know no permissions
                # whoever could read the file can read what is kept, and nobody writes into it by mistake
                os.fchmod(file.fileno(), source.stat().st_mode & 0o555 | 0o400)
            os.fsync(file.fileno())
        return content

    def _shares_blocks(self, source: Path, copy: int) -> bool:
        with suppress(OSError), source.open("rb", buffering=0) as original:  # what cannot be read is told when it is read
            return self._share_blocks(original.fileno(), copy)
        return False

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """A path for a copy that is being made. What is still there in the end, also after Ctrl-C, is removed."""
        folder = self.folder / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    _remove(path)
        path = folder / uuid4().hex
        try:
            yield path
        finally:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _sync(folder: Path) -> None:
    """Let the new name survive a power cut, as the event that names it does."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
