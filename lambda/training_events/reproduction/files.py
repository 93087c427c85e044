"""The files that two runs have made, in pairs: checkpoints by their step, artifacts by their name.

Files are equal by their digests, or else by their content (content.py). Only files whose digests differ are fetched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from training_events.errors import NotFetched, NotStored
from training_events.folds import fold
from training_events.folds.instant import instants
from training_events.folds.run_state import Checkpoint, RunState
from training_events.reading.wording.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.catalogue.stored import Stored
    from training_events.event import LogEntry
    from training_events.folds.run_state import Artifact

    Fetch: TypeAlias = Callable[[Stored, Path], Path]
    Key: TypeAlias = tuple[str, int | float | str | None]


class FilesCompared(NamedTuple):
    """How many files are equal, and the names of those that differ, that only one run has, and that nobody could compare."""

    equal: int
    differing: list[str]
    of_original: list[str]
    of_reproduction: list[str]
    not_compared: dict[str, str]


def made_files(state: RunState, entries: Callable[[], Iterable[LogEntry]]) -> dict[Key, list[Stored]]:
    """The files of a run that stand, by what they are, each in the order in which they were made.

    What a later attempt has made again, or has taken back with its points, does not stand. A state keeps only the newest
    files: where there are more, `entries` reads the events from the beginning.
    """
    is_whole = state.checkpoints_saved == len(state.checkpoints) and state.artifacts_saved == len(state.artifacts)
    made: Iterable[Checkpoint | Artifact]
    made = chain(state.checkpoints, state.artifacts) if is_whole else _recorded(state.stream, entries())
    by_attempt: dict[Key, dict[int, list[Stored]]] = defaultdict(lambda: defaultdict(list))
    for file in made:
        attempt = sum(attempt.started_at <= file.at for attempt in state.attempts)
        if _stands(file, attempt, state):
            by_attempt[_key(file)][attempt].append(file.stored)
    files = {key: attempts[max(attempts)] for key, attempts in by_attempt.items()}
    if state.job is not None and state.job.artifact is not None:
        files["artifact", "of the job"] = [state.job.artifact]
    return files


def _recorded(stream: str, entries: Iterable[LogEntry]) -> Iterator[Checkpoint | Artifact]:
    state = _WithoutPoints(stream)
    for _, instant in instants(entries):
        state.checkpoints, state.artifacts = [], []
        fold(state, instant)
        yield from state.checkpoints
        yield from state.artifacts


class _WithoutPoints(RunState):
    def add_points(self, points: object, at: str, attempt: int) -> None:
        pass


def _stands(file: Checkpoint | Artifact, attempt: int, state: RunState) -> bool:
    if not isinstance(file, Checkpoint) or file.step is None:
        return True
    later = (other.first_step for other in state.attempts[attempt:])
    return file.step < min((step for step in later if step is not None), default=inf)


def _key(file: Checkpoint | Artifact) -> Key:
    return ("checkpoint", file.step) if isinstance(file, Checkpoint) else ("artifact", file.name)


def file_name(key: Key, number: int) -> str:
    """`checkpoint at step 8`; `artifact model.bin (2)`, the second one of this name."""
    kind, which = key
    name = kind if which is None else f"{kind} at step {which}" if kind == "checkpoint" else f"{kind} {printable(str(which))}"
    return name if number == 1 else f"{name} ({number})"


def compare_files(original: dict[Key, list[Stored]], reproduced: dict[Key, list[Stored]], fetch: Fetch | None) -> FilesCompared:
    """Compare the files. Without `fetch` they are compared by digest alone."""
    found = FilesCompared(0, [], [], [], {})
    equal = 0
    for key in sorted(original.keys() | reproduced.keys(), key=_place):
        ones, others = _without_equal(original.get(key, []), reproduced.get(key, []))
        equal += len(original.get(key, [])) - len(ones)
        for number, (one, other) in enumerate(zip(ones, others, strict=False), 1):
            name = file_name(key, number)
            if fetch is None:
                is_same, why = (None if None in (one.sha256, other.sha256) else False), "its digest was not recorded"
            else:
                is_same, why = _compared(one, other, fetch)
            if is_same is None:
                found.not_compared[name] = why
            elif is_same:
                equal += 1
            else:
                found.differing.append(name)
        shared = min(len(ones), len(others))
        found.of_original.extend(file_name(key, number + 1) for number in range(shared, len(ones)))
        found.of_reproduction.extend(file_name(key, number + 1) for number in range(shared, len(others)))
    return found._replace(equal=equal)


def _place(key: Key) -> tuple[str, float, str]:
    kind, which = key
    return (kind, inf, which or "") if which is None or isinstance(which, str) else (kind, which, "")


def _without_equal(ones: list[Stored], others: list[Stored]) -> tuple[list[Stored], list[Stored]]:
    """What is left where pairs with the same digest are taken out."""
    shared = Counter(_digests(ones)) & Counter(_digests(others))
    return _without(ones, shared), _without(others, shared)


def _digests(files: list[Stored]) -> Iterator[str]:
    return (file.sha256 for file in files if file.sha256 is not None)


def _without(files: list[Stored], digests: Counter[str]) -> list[Stored]:
    taken, left = Counter[str](), []
    for file in files:
        if file.sha256 is not None and taken[file.sha256] < digests[file.sha256]:
            taken[file.sha256] += 1
        else:
            left.append(file)
    return left


def _compared(one: Stored, other: Stored, fetch: Fetch) -> tuple[bool | None, str]:
    # imported here: most runs are made again to the byte
    from training_events.reproduction.content import contents_of  # noqa: PLC0415

    contents = []
    for stored in (one, other):
        with TemporaryDirectory(prefix="training-events-") as folder:
            try:
                contents.append(contents_of(fetch(stored, Path(folder))))
            except (NotFetched, NotStored, OSError) as reason:
                return None, str(reason)
    return contents[0] == contents[1], ""
