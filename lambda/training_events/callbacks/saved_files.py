"""The files that a framework saves by itself, to be recorded as checkpoints once they are whole."""

from __future__ import annotations

import os
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import never_raises
from training_events.callbacks.recording import RunRecording

if TYPE_CHECKING:
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments
    from training_events.recorder.run import Run


class SavedFilesRecording(RunRecording):
    """Records as checkpoints what a framework saves by itself, without telling its callbacks."""

    def __init__(
        self,
        run: Run | None = None,
        /,
        *,
        checkpoints: str | os.PathLike[str] | None = None,
        **arguments: Unpack[RunArguments],
    ) -> None:
        super().__init__(run, **arguments)
        self._checkpoints = checkpoints
        self._saved: SavedFiles | None = None

    def _look_for_saved(self) -> None:
        """What is there when the training begins is none of its checkpoints."""
        self._saved = None if self._checkpoints is None else SavedFiles(self._checkpoints)

    @never_raises
    def _keep_saved(self, step: int | None) -> None:
        for path in () if self._saved is None else self._saved.changed():
            self._keep_checkpoint(path, step)

    def _options(self) -> dict[str, Any]:
        return {"checkpoints": self._checkpoints}


class SavedFiles:
    """The files and folders that match a pattern, such as `models/*.keras`. Those of before are not looked at."""

    def __init__(self, pattern: str | os.PathLike[str]) -> None:
        self._pattern = os.fspath(pattern)
        self._seen: dict[str, tuple[int, int, int]] = {}
        self.changed()

    def changed(self) -> list[Path]:
        """Those that are new, or have other content than at the last look; the oldest first."""
        found = {path: _identity(path) for path in glob(self._pattern)}  # noqa: PTH207 - the pattern may be absolute
        changed = [path for path, identity in found.items() if self._seen.get(path) != identity]
        self._seen = found
        return [Path(path) for path in sorted(changed, key=lambda path: (found[path][0], path))]


def _identity(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a path of glob's
    except OSError:  # it was removed meanwhile
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino
