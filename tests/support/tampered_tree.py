"""A log of two streams with seals, read models and a tree, in a file or on AWS, that somebody tampers with where it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.projection.sealer import Sealer
from training_events.proof.findings import Kind
from training_events.proof.kept_checkpoints import check_against
from training_events.proof.merkle import MerkleTree
from training_events.proof.overdue import overdue_leaves
from training_events.proof.seal_store import SealStore
from training_events.proof.sealing import note_name
from training_events.proof.tree.leaf import Leaf
from training_events.proof.tree.log_checkpoint import LogCheckpoint
from training_events.proof.tree.note import Signer, signed_note
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.store import LeafIndex, TileStore
from training_events.proof.tree.tiles import write_tiles
from training_events.proof.tree_view import sorted_leaves
from training_events.proof.verification import verify
from training_events.stores.event_log import EventLog
from training_events.stores.read_models import ReadModels
from training_events.times import hours_after, later, now

from tests.support.trees import MemoryTiles

MODEL, RUN = "model/m", "run/r"
ACCOUNT = "111122223333"
OTHER_DIGEST = "sha256:" + 64 * "0"
DAYS = 10
DAYS_AGO = hours_after(now(), -DAYS * 24)
"""When everything was recorded that is there in the beginning: no delay explains what lacks of it."""


def event(number: int, stream: str, type_: str, **data: Any) -> Event:
    return Event(f"e-{number}", stream, type_, later(DAYS_AGO, number), "tests", data)


EVENTS = [
    event(1, MODEL, "ModelRegistered", version=1),
    event(2, RUN, "TrainingStarted", model="m"),
    event(3, MODEL, "ModelRegistered", version=2),
    event(4, RUN, "TrainingCompleted"),
    event(5, MODEL, "ModelRegistered", version=3),
]


class TamperedTree(ABC):
    """What the methods do goes past every program of ours, but for those that a class says are of the notary."""

    log: EventLog
    read_models: ReadModels
    seals: SealStore
    tiles: TileStore
    leaves: LeafIndex
    signer: Signer
    committed: Callable[[str], Iterator[str]] | None = None
    time = DAYS_AGO

    def fill(self) -> None:
        for number, each in enumerate(EVENTS):
            self.time = later(DAYS_AGO, 60 + number)
            self.record(each)
            if number == 2:
                self.publish()
        self.publish()
        note = self.tiles.newest()
        assert note is not None
        self.kept = note

    def record(self, each: Event) -> None:
        """As honest programs do."""
        self.log.append(each, account=ACCOUNT)
        self.take_leaf(each)
        self.project(each.stream)

    def project(self, stream: str) -> None:
        sealer = Sealer(self.log, self.read_models, self.seals, lambda: self.time)
        sealer.after(Projector(self.log, self.read_models).refold(stream).state)

    def reader(self) -> TreeReader:
        return TreeReader(self.tiles, self.leaves)

    def found(self) -> set[Kind]:
        """What `verify --all` finds."""
        with sorted_leaves(self.reader(), self.committed) as tree:
            kinds, overdue = {finding.kind for finding in tree.findings}, 0
            streams = {*self.log.streams(), *self.seals.streams(), *tree.streams(), *self.read_models.streams()}
            for stream in sorted(streams):
                leaves = tree.of(stream)
                verification = verify(self.log, self.seals, stream, read_models=self.read_models, leaves=leaves)
                kinds |= {finding.kind for finding in verification.findings}
                overdue += verification.tree.overdue
            kinds |= {finding.kind for finding in overdue_leaves(replace(tree.verified, overdue=overdue))}
        return kinds

    def found_by_what_was_kept(self) -> set[Kind]:
        """What `verify --against` finds, of the newest checkpoint before anything was tampered with."""
        return {finding.kind for finding in check_against(self.reader(), [("kept", self.kept)])}

    # what somebody does

    def remove_stream(self, stream: str) -> None:
        for each in EVENTS:
            if each.stream == stream:
                self.remove_event(each)
        self.remove_seals(stream)
        self.remove_read_model(stream)

    def roll_back(self) -> None:
        """The newest model's version, with its seal, and the read model and notes of before."""
        self.remove_event(EVENTS[4])
        self.remove_seals(MODEL)
        self.remove_read_model(MODEL)
        self.project(MODEL)

    def remove_read_model(self, stream: str) -> None:
        model = self.read_models.get(stream)
        assert model is not None
        self.read_models.remove(stream, replaces=model.revision)
        self.read_models.set_note(note_name(stream), None)

    def forge(self) -> Event:
        """An event that says that it was recorded with the others."""
        self.time = later(DAYS_AGO, 30)
        forged = event(0, "run/forged", "TrainingCompleted")
        self.log.append(forged)
        return forged

    def alter(self) -> None:
        """Other content and its digest, and everything that was made of it again."""
        old = EVENTS[0]
        self.remove_event(old)
        self.time = later(DAYS_AGO, 60)
        self.log.append(event(1, MODEL, "ModelRegistered", version=7))
        self.remove_seals(MODEL)
        self.remove_read_model(MODEL)
        self.project(MODEL)

    def go_on(self) -> None:
        """A day later the notary takes an event, and signs."""
        self.time = now()
        self.record(event(9, "run/later", "TrainingStarted"))
        self.publish()

    # what the notary does, with its key, and its rights to its table and to put files, but not to remove them

    def append(self, each: Event) -> None:
        """Record an event, of which the notary makes what it likes."""
        self.time = later(DAYS_AGO, 90)
        self.log.append(each, account=ACCOUNT)
        self.project(each.stream)

    def sign(self, size: int, root: bytes) -> None:
        """Put a checkpoint that says so, by the true key."""
        checkpoint = LogCheckpoint(origin=self.signer.name, size=size, root=root, at=now())
        self.put_checkpoint(signed_note(checkpoint.text, self.signer), size)

    def sign_other_tree(self, leaves: list[Leaf]) -> None:
        """Put a tree of these leaves where no file is yet, and its checkpoint."""
        contents, tree, files = [leaf.content for leaf in leaves], MerkleTree(), MemoryTiles()
        for content in contents:
            tree.append(content)
        write_tiles(files, 0, tree.size, lambda first, end: iter(contents[first:end]), partial=True)
        self.put_leaves(leaves, files.files)
        self.sign(tree.size, tree.root)

    def recorded_leaves(self) -> list[Leaf]:
        return list(self.reader().leaves(0, len(EVENTS)))

    @abstractmethod
    def take_other_leaf(self, each: Event) -> None:
        """A leaf that has another digest than the event."""

    @abstractmethod
    def take_leaf_of_nothing(self) -> None:
        """A leaf of an event that the log never had."""

    @abstractmethod
    def put_checkpoint(self, note: bytes, size: int) -> None:
        """Put a note where the checkpoint of this size lies, over what is there."""

    @abstractmethod
    def put_stray(self) -> None:
        """Put a file of no tree beside those of the tree."""

    @abstractmethod
    def put_leaves(self, leaves: list[Leaf], files: dict[str, bytes]) -> None:
        """Put leaves where they are read from: files of a tree."""

    @abstractmethod
    def forget_leaf(self, stream: str) -> None:
        """An event of this stream was just appended. It has no leaf: what follows the log was kept from it, or left it out."""

    @abstractmethod
    def take_leaf(self, each: Event) -> None: ...

    @abstractmethod
    def publish(self) -> None: ...

    @abstractmethod
    def remove_event(self, each: Event) -> None: ...

    @abstractmethod
    def remove_seals(self, stream: str) -> None: ...

    @abstractmethod
    def set_recorded_at(self, each: Event, time: str) -> None: ...

    @abstractmethod
    def replace_file(self, path: str, content: bytes | None) -> None:
        """Other bytes in a file of the tree, or none."""

    @abstractmethod
    def remove_tree(self) -> None: ...

    @abstractmethod
    def make_tree_again(self) -> None:
        """Of the log as it is now, signed by the same key."""
