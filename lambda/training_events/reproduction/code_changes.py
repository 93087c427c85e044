"""The files of the code that differ between two runs: between their commits, and between what was changed after these."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from training_events.catalogue.stored import Stored
from training_events.errors import NotFetched
from training_events.recorder.pinning.changes import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.folds.run_state import RunState
    from training_events.reading.comparison.code import CodeChange
    from training_events.reproduction.files import Fetch


def changed_files(between_commits: Iterable[CodeChange], original: RunState, run: RunState, fetch: Fetch) -> list[str]:
    """The paths, sorted. Empty where nothing at hand tells them: neither a clone of the repository, nor the kept changes."""
    before, after = _patch(original, fetch), _patch(run, fetch)
    if before is None or after is None:
        return []  # to name some of them would say that the others are the same
    paths = {file.path for change in between_commits for file in change.files}
    return sorted(paths | {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)})


def _patch(state: RunState, fetch: Fetch) -> dict[str, bytes] | None:
    """What was changed after the commit, by file. None if that is not known."""
    code: dict[str, Any] = (state.spec or {}).get("code") or {}
    kept = code.get("diff")
    if not isinstance(kept, dict):
        return None if code.get("dirty") else {}
    with TemporaryDirectory(prefix="training-events-") as folder:
        try:
            return parts_of(
                fetch(Stored(kept.get("uri"), kept.get("version_id"), kept.get("sha256")), Path(folder)).read_bytes()
            )
        except (NotFetched, OSError):
            return None
