"""A log that a notary follows as on AWS, in memory: shards that are behind, a clock, a projector that seals.

Nothing here is quick to take: what stands in a shard waits until the notary takes it, and is lost after 24 hours, as in
DynamoDB's change stream. A notary that was down for longer catches up with the log.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.findings import Finding
from training_events.proof.notary.recorded_leaf import recorded_leaf
from training_events.proof.sealing import note_name
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree_view import PlacedLeaves, SortedLeaves, sorted_leaves
from training_events.proof.verification import Verification, verify
from training_events.times import hours_after, later

from tests.support.fakes import InMemoryReadModels
from tests.support.seals import InMemorySeals, TamperedLog
from tests.support.trees import GrowingTree

STREAMS = ["run/a", "model/m", "dataset/d"]
WAITS_WHILE_CATCHING_UP = 5
"""A walk through the log is done within a week of work. Each wait counts as a day of it at most."""
STREAM_HOURS = 24
"""How long a change stream keeps a record."""
BEGIN = "2026-11-22T08:00:00.000000Z"


class AttestedLog:
    """`record`, `take`, `publish` and `project` are what honest programs do; `wait` lets time pass."""

    def __init__(self, before: Iterable[str] = ()) -> None:
        """Events of the streams `before` were there before the log had a notary. A version projected them that seals less."""
        self.time = BEGIN
        self.log = TamperedLog(lambda: self.time)
        self.tree = GrowingTree()
        self.read_models, self.seals = InMemoryReadModels(), InMemorySeals()
        self._projector = Projector(self.log, self.read_models)
        self._sealer = Sealer(self.log, self.read_models, self.seals, lambda: self.time)
        self._untaken: dict[str, deque[Leaf]] = {stream: deque() for stream in STREAMS}
        self._unprojected: set[str] = set()
        self._taken: set[tuple[str, str]] = set()
        self._caught_up_from: int | None = None
        self._waited = 0
        self._count = 0
        for stream in before:
            self._append_event(stream)
            self._projector.refold(stream)
            self._caught_up_from = 0

    def record(self, stream: str) -> Event:
        """An event that the log takes now. It happened at a time that sorts before or behind others."""
        event = self._append_event(stream)
        self._untaken[stream].append(self._leaf(stream, event.position))
        self._unprojected.add(stream)
        return event

    def _append_event(self, stream: str) -> Event:
        self._count += 1
        occurred_at = later(self.time, -60 * (self._count * 7 % 5))
        event = Event(f"e-{self._count}", stream, "Happened", occurred_at, "tests", {"number": self._count})
        self.log.append(event, account="111122223333")
        return event

    def take(self, stream: str, count: int = 100) -> None:
        """The notary takes the oldest events of this stream's shard."""
        shard = self._untaken[stream]
        self._append([shard.popleft() for _ in range(min(count, len(shard)))])

    def take_all(self) -> None:
        for stream in STREAMS:
            self.take(stream)

    def publish(self) -> None:
        """A checkpoint, if something was taken since the last."""
        size, start = len(self.tree.index.contents), self._caught_up_from
        newest = self.tree.reader().newest()
        if start != size > (0 if newest is None else newest.size):  # whoever has to catch up takes something before
            self.tree.checkpoint(self.time, caught_up=None if start is None else (start, size))

    def project(self, stream: str) -> None:
        """The projector follows the stream, and seals it or notes when it is due."""
        if stream in self._unprojected:
            self._unprojected.remove(stream)
            self._sealer.after(self._projector.refold(stream).state)

    def wake(self) -> None:
        """The projector's schedule."""
        for name in list(self._sealer.due()):
            self._sealer.wake(name)

    def wait(self, hours: float) -> None:
        """Time passes. A notary and a projector that are only slow have taken by then what their streams would lose."""
        self._finish_long_walk()
        time = later(self.time, hours * 3600)
        for stream, shard in self._untaken.items():
            while shard and shard[0].recorded_at < hours_after(time, -STREAM_HOURS):
                self.take(stream, 1)
        for stream in sorted(self._unprojected):
            self.project(stream)
        self.time = time
        self.wake()

    def be_down(self, hours: float) -> None:
        """The notary takes nothing meanwhile, and loses what is too old. Then it has to catch up. The projector goes on."""
        self._finish_long_walk()
        for stream in sorted(self._unprojected):
            self.project(stream)
        self.time = later(self.time, hours * 3600)
        for shard in self._untaken.values():
            while shard and shard[0].recorded_at < hours_after(self.time, -STREAM_HOURS):
                shard.popleft()
        if self._caught_up_from is None:
            self._caught_up_from = len(self.tree.index.contents)

    def catch_up(self, count: int = 1000) -> None:
        """The notary takes so many events of the log that have no leaf, if it has to. A checkpoint says so."""
        if self._caught_up_from is None:
            return
        lacking = [self._leaf(*key) for key in sorted(self.log.records) if key not in self._taken]
        self._append(lacking[:count])
        self.publish()
        if len(lacking) <= count:
            self._caught_up_from = None

    def _finish_long_walk(self) -> None:
        self._waited = 0 if self._caught_up_from is None else self._waited + 1
        if self._waited > WAITS_WHILE_CATCHING_UP:
            self.catch_up()
            self._waited = 0

    def _append(self, leaves: list[Leaf]) -> None:
        new = [leaf for leaf in leaves if (leaf.stream, leaf.position) not in self._taken]
        self._taken |= {(leaf.stream, leaf.position) for leaf in new}
        self.tree.take(new)

    def _leaf(self, stream: str, position: str) -> Leaf:
        return next(recorded_leaf(stream, event) for event in self.log.audit(stream) if event.position == position)

    # what somebody does who may do everything but alter what the tree's bucket keeps

    def remove_stream(self, stream: str) -> None:
        """The stream with all that was made of it, and all that is noted of it."""
        self.log.records = {key: record for key, record in self.log.records.items() if key[0] != stream}
        self.read_models.models.pop(stream, None)
        self.read_models.listed.pop(stream, None)
        self.remove_seals(stream)

    def remove_seals(self, stream: str) -> None:
        """All seals of the stream, and what is noted of them."""
        self.seals.contents = {key: seal for key, seal in self.seals.contents.items() if key[0] != stream}
        self.read_models.set_note(note_name(stream), None)

    # what an auditor sees

    @contextmanager
    def whole_tree(self) -> Iterator[SortedLeaves]:
        with sorted_leaves(self.tree.reader(), clock=lambda: self.time) as leaves:
            yield leaves

    def verified(self, stream: str, tree: PlacedLeaves | SortedLeaves | None = None) -> Verification:
        view = tree or PlacedLeaves(self.tree.reader(), clock=lambda: self.time)
        leaves = view.of(stream)
        return verify(self.log, self.seals, stream, read_models=self.read_models, leaves=leaves, clock=lambda: self.time)

    def all_verified(self) -> tuple[dict[str, Verification], list[Finding]]:
        """What `verify --all` finds: of each stream, and of the tree itself."""
        with self.whole_tree() as tree:
            streams = dict.fromkeys([*self.log.streams(), *self.seals.streams(), *tree.streams(), *self.read_models.streams()])
            return {stream: self.verified(stream, tree) for stream in streams}, tree.findings
