"""The events of one instant: those of a stream that share `occurred_at`. They are folded in the order of a life.

Where a producer has numbered its events, its own order counts; else that of the training's steps does. Where nothing tells the
order, event ids do, so that any order of arrival gives the same state; what such an order decides is in doubt, and the state
says so.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from training_events.catalogue.order import DECIDING, STEPPED, decisions_of, rank_of, step_of, turns_of
from training_events.errors import NotFoldable
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from training_events.catalogue import EventType
    from training_events.catalogue.order import Decision, Turn
    from training_events.event import LogEntry

    Instant: TypeAlias = tuple[str, list[LogEntry]]
    """When it was, a 27-character time, and its entries in key order."""


class Arranged(NamedTuple):
    """The entries of an instant as they are folded, what they begin and end, what they decide, and what of that is in doubt."""

    entries: list[LogEntry]
    turns: list[Turn]
    decided: set[str]
    in_doubt: set[str]


class _Place(NamedTuple):
    """An event of an instant, with all that decides its place among the others."""

    rank: int
    step: float
    entry: LogEntry
    decisions: list[Decision]
    turns: list[Turn]
    producer: str | None
    sequence: int


class _Rival(NamedTuple):
    """A decision, and who has numbered its event."""

    decision: Decision
    producer: str | None


def instants(entries: Iterable[LogEntry]) -> Iterator[Instant]:
    """The entries, which are in key order, by instant."""
    instant: list[LogEntry] = []
    time = ""
    for entry in entries:
        at = entry[0][:TEXT_LENGTH]  # by index, and once: every event of every fold passes here
        if at == time:
            instant.append(entry)
        else:
            if instant:
                yield time, instant
            instant, time = [entry], at
    if instant:
        yield time, instant


def arrange(instant: list[LogEntry], types: Mapping[str, EventType], living: Callable[[], set[str]] = set) -> Arranged:
    """Put the entries of an instant in order. `types` are those of the stream's kind.

    `living` tells what had begun before the instant, and had not ended.
    """
    places = list(_merged([_place(entry, types) for entry in instant]))
    rivals: dict[tuple[str, int], list[_Rival]] = defaultdict(list)
    for place in places:
        for decision in place.decisions:
            rivals[decision.subject, place.rank].append(_Rival(decision, place.producer))
    decided = {subject for subject, _ in rivals}
    in_doubt = {subject for (subject, _), of_a_rank in rivals.items() if len(of_a_rank) > 1 and _is_open(of_a_rank)}
    turns: dict[str, list[tuple[Turn, str | None]]] = defaultdict(list)
    for place in places:
        for turn in place.turns:
            turns[turn.subject].append((turn, place.producer))
    if turned := {subject for subject, made in turns.items() if _is_turned_both_ways(made)}:
        in_doubt |= turned & living()
    made = [turn for place in places for turn in place.turns]
    return Arranged([place.entry for place in places], made, decided | turns.keys(), in_doubt)


def _place(entry: LogEntry, types: Mapping[str, EventType]) -> _Place:
    known, fact = types.get(entry.type), None
    type_ = None if known is None else known.fact
    if known is not None and (known.fact in DECIDING or known.fact in STEPPED):
        try:
            fact = known.read(entry.schema_version, entry.data)
        except (NotFoldable, msgspec.MsgspecError, RecursionError):  # the fold counts it
            type_ = None
    numbering = entry.numbering
    producer, sequence = (None, 0) if numbering is None else (numbering.id, numbering.sequence)
    return _Place(rank_of(type_, fact), step_of(fact), entry, decisions_of(fact), turns_of(fact), producer, sequence)


def _is_open(rivals: list[_Rival]) -> bool:
    """Whether these, in order, decide differently, and neither a single producer's numbers nor steps tell their order."""
    changes = [(one, other) for (one, _), (other, _) in pairwise(rivals) if one.value != other.value]
    if not changes or _are_numbered([rival.producer for rival in rivals]):
        return False
    return not all(one.steps and other.steps and one.steps.highest < other.steps.lowest for one, other in changes)


def _is_turned_both_ways(made: list[tuple[Turn, str | None]]) -> bool:
    """Whether something is begun and ended, and no single producer has numbered what does."""
    return len({turn.begins for turn, _ in made}) > 1 and not _are_numbered([producer for _, producer in made])


def _are_numbered(producers: list[str | None]) -> bool:
    """Whether a single producer has numbered all these events."""
    return producers[0] is not None and all(producer == producers[0] for producer in producers)


def _merged(places: list[_Place]) -> Iterator[_Place]:
    """By rank, then by step, then by id; but what one producer has numbered stays in the order of its numbers."""
    heads: list[_Place] = []
    queues: dict[str, list[_Place]] = defaultdict(list)
    for place in places:
        (heads if place.producer is None else queues[place.producer]).append(place)
    for queue in queues.values():
        queue.sort(key=lambda place: (place.sequence, place.rank, place.entry.position), reverse=True)  # its next is its last
        heads.append(queue.pop())
    heap = [(place.rank, place.step, place.entry.position, place) for place in heads]
    heapify(heap)
    while heap:
        *_, place = heappop(heap)
        yield place
        if place.producer is not None and (queue := queues[place.producer]):
            following = queue.pop()
            heappush(heap, (following.rank, following.step, following.entry.position, following))
