"""Holds the run that a model's registration pinned against the log: whether that is there still, and what the run got since.

A registration says how many events the run had, and which one was the last. The log took events in the order of their
`recorded_at`, so all but that many of the first ones came later, wherever they stand in the stream.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from training_events.catalogue import CATALOGUE
from training_events.catalogue.model import ModelRegistered, RunHead
from training_events.catalogue.run import REPRODUCTION
from training_events.errors import NotUnderstood
from training_events.proof.findings import Finding, Kind
from training_events.stores.event_log import AuditedEvent
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from training_events.stores.event_log import Damaged


_BY_OTHERS = frozenset(fact.__name__ for fact in REPRODUCTION)
"""The types of events by which a run does not go on: others say there that they did it again."""
ALTERED = "the run was altered"
"""How the text begins that tells so."""


class RunSince(Struct, frozen=True):
    """What became of a run since a version of a model was registered: its further `events`, by `types`.

    What is said of its reproductions is not among them: by that it does not go on.
    The log took the last of them at `last_recorded_at`. `altered` says how the log no longer has what the registration pinned;
    null where it has.
    """

    events: int
    types: dict[str, int]
    last_recorded_at: str | None = None
    altered: str | None = None


class _Arrival(NamedTuple):
    recorded_at: str
    position: str
    type: str


def runs_since(
    read: Callable[[], Iterable[AuditedEvent | Damaged]],
    heads: Collection[RunHead],
    *,
    as_of: str | None = None,
    known_at: str | None = None,
) -> dict[RunHead, RunSince]:
    """What became of a run since each of these moments. `read` gives all records of the run, and is called up to two times.

    With times, further events count only as of them. What was pinned has to be there at any time.
    """
    events = 0
    before: Counter[RunHead] = Counter()
    pinned: dict[str, AuditedEvent | Damaged] = {}
    positions = {head.position for head in heads}
    for record in read():
        events += 1
        for head in heads:
            before[head] += record.position <= head.position
        if record.position in positions:
            pinned[record.position] = record
    most = max((events - head.events for head in heads), default=0)
    newest = nlargest(most, map(_arrival, read())) if most > 0 else []
    return {
        head: _since(
            newest[: max(events - head.events, 0)], as_of, known_at, _altered(head, pinned.get(head.position), before[head])
        )
        for head in heads
    }


def _arrival(record: AuditedEvent | Damaged) -> _Arrival:
    if isinstance(record, AuditedEvent):
        return _Arrival(record.recorded_at, record.position, record.type)
    return _Arrival("", record.position, "damaged")


def _since(arrivals: list[_Arrival], as_of: str | None, known_at: str | None, altered: str | None) -> RunSince:
    further = [
        arrival
        for arrival in arrivals
        if arrival.type not in _BY_OTHERS
        and (as_of is None or arrival.position[:TEXT_LENGTH] <= as_of)
        and (known_at is None or arrival.recorded_at <= known_at)
    ]
    types = Counter(arrival.type for arrival in further)
    last = max((arrival.recorded_at for arrival in further), default=None)
    return RunSince(len(further), dict(sorted(types.items())), last, altered)


def _altered(head: RunHead, pinned: AuditedEvent | Damaged | None, events: int) -> str | None:
    """How the log no longer has what was pinned."""
    which = f"the last event that the run had when this was registered, {head.position!a},"
    if pinned is None:
        return f"{which} is not in the log"
    if not isinstance(pinned, AuditedEvent):
        return f"{which} cannot be read: {pinned.why}"
    if pinned.alteration is not None:
        return f"{which} is not what was recorded: {pinned.alteration}"
    if pinned.digest != head.digest:
        return f"{which} had the digest {head.digest}; the log has {pinned.digest}"
    if events < head.events:
        return f"the run had {head.events} events when this was registered; of these the log has {events}"
    return None


def described(since: RunSince) -> str | None:
    """`the run got 2 more event(s) since: 1 ArtifactSaved, 1 TrainingCompleted; …`. None if the run is as it was."""
    if since.altered is not None:
        return f"{ALTERED}: {since.altered}"
    if not since.events:
        return None
    types = ", ".join(f"{count} {type_}" for type_, count in since.types.items())
    return f"the run got {since.events} more event(s) since: {types}; the last was recorded at {since.last_recorded_at}"


RunsSince: TypeAlias = "Callable[[str, Collection[RunHead]], dict[RunHead, RunSince]]"
"""Tells what became of a run since each of these moments."""


class PinnedRuns:
    """The runs that the registrations of one stream pinned."""

    def __init__(self) -> None:
        self._pinned: dict[str, dict[RunHead, str]] = defaultdict(dict)

    def add(self, recorded: AuditedEvent) -> None:
        if (pinned := pinned_run(recorded.type, recorded.schema_version, recorded.data)) is not None:
            run, head = pinned
            self._pinned[run].setdefault(head, recorded.position)

    def findings(self, since_of: RunsSince) -> Iterator[Finding]:
        for run, heads in self._pinned.items():
            for head, since in since_of(run, heads).items():
                kind = Kind.RUN_CONTINUED if since.altered is None else Kind.RUN_ALTERED
                if (text := described(since)) is not None:
                    yield Finding(kind=kind, position=heads[head], explanation=f"{run}: {text}")


def pinned_run(type_: str, schema_version: int, data: str) -> tuple[str, RunHead] | None:
    """The run that an event of this type and data pinned, and its head then; None where it pinned none."""
    known = CATALOGUE["model"]["ModelRegistered"]
    if type_ != known.name:
        return None
    try:
        fact = known.read(schema_version, data)
    except (NotUnderstood, msgspec.MsgspecError, RecursionError):
        return None
    if not isinstance(fact, ModelRegistered) or fact.run is None or fact.run_head is None:
        return None
    return f"run/{fact.run.removeprefix('run/')}", fact.run_head
