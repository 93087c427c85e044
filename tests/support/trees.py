"""For tests of the notary's tree: tiles in memory, an index of leaves, a key, and a tree that grows."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from training_events.errors import BadTree
from training_events.proof.merkle import MerkleTree
from training_events.proof.tree.leaf import Leaf, read_leaf
from training_events.proof.tree.log_checkpoint import LogCheckpoint, publish
from training_events.proof.tree.note import Signer
from training_events.proof.tree.reader import TreeReader
from training_events.proof.tree.store import CHECKPOINT, Head, LaidOver, LockedFile, Published, checkpoint_path
from training_events.proof.tree.tiles import write_tiles

ORIGIN = "training-events/111122223333/eu-central-1/event-log"


class MemoryTiles:
    """A TileStore in a dict. A test alters `files` to tamper with it."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.written: dict[str, str] = {}
        """When files were written, where a test tells."""

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def write(self, path: str, content: bytes) -> None:
        if self.files.setdefault(path, content) != content:
            raise BadTree(f"{path} holds something else")

    def publish(self, note: bytes, size: int) -> None:
        self.write(checkpoint_path(size), note)
        if checkpoint_path(size) == max(self._published()):
            self.files[CHECKPOINT] = note

    def published(self) -> Iterator[Published]:
        return (Published(self.files[path], self.written.get(path)) for path in self._published())

    def newest(self) -> bytes | None:
        return self.files.get(CHECKPOINT)

    def public_keys(self) -> Iterator[bytes]:
        return (content for path, content in list(self.files.items()) if path.startswith("keys/") and path.endswith(".der"))

    def paths(self) -> Iterator[str]:
        return iter(list(self.files))

    def laid_over(self) -> Iterator[LaidOver]:
        return iter(())

    def locked_files(self) -> Iterator[LockedFile]:
        return iter(())

    def _published(self) -> list[str]:
        return sorted(path for path in self.files if path.startswith("checkpoints/"))

    def save(self, folder: Path) -> None:
        """Write everything below a folder, as a static web server would serve it."""
        for path, content in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


class FolderTiles(MemoryTiles):
    """The same in a folder: what is written takes no memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def read(self, path: str) -> bytes | None:
        file = self.folder / path
        return file.read_bytes() if file.exists() else None

    def write(self, path: str, content: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


class MemoryIndex:
    """A LeafIndex in a list."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    def places(self, stream: str) -> Iterator[tuple[int, Leaf]]:
        found = [(number, leaf) for number, leaf in enumerate(map(read_leaf, self.contents)) if leaf.stream == stream]
        return iter(sorted(found, key=lambda place: place[1].position))

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        return iter(self.contents[start:end])

    @property
    def size(self) -> int:
        return len(self.contents)

    def head(self) -> Head:
        tree = MerkleTree()
        for content in self.contents:
            tree.append(content)
        return Head(tree.size, tree.frontier)


class MemoryKey:
    """A Signer whose private key is a number."""

    def __init__(self, number: int = 1, name: str = ORIGIN) -> None:
        self.name = name
        self._key = derive_private_key(number, SECP256R1())

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, ECDSA(SHA256()))


class GrowingTree:
    """A log's tree in memory: takes leaves, and publishes checkpoints as a notary does."""

    def __init__(self, signer: Signer | None = None) -> None:
        self.tiles, self.index = MemoryTiles(), MemoryIndex()
        self.signer: Signer = signer or MemoryKey()
        self._tiles_of = 0

    def take(self, leaves: Iterable[Leaf]) -> None:
        self.index.contents.extend(leaf.content for leaf in leaves)

    def checkpoint(
        self, at: str | None = None, *, next_key: bytes | None = None, caught_up: tuple[int, int] | None = None
    ) -> LogCheckpoint:
        """Publish a checkpoint over all leaves so far."""
        head = self.index.head()
        write_tiles(self.tiles, self._tiles_of, head.size, self.index.leaves, partial=True)
        self._tiles_of = head.size
        root = MerkleTree(head.size, head.frontier).root
        checkpoint = LogCheckpoint(
            origin=self.signer.name, size=head.size, root=root, at=at, next_key=next_key, caught_up=caught_up
        )
        publish(self.tiles, checkpoint, self.signer)
        return checkpoint

    def reader(self, public_key: bytes | None = None) -> TreeReader:
        return TreeReader(self.tiles, self.index, public_key)


def leaf(number: int, stream: str = "run/a") -> Leaf:
    """One leaf of many that differ."""
    position = f"2026-11-22T15:08:39.{number % 10**6:06d}Z#event-{number}"
    return Leaf(stream, position, f"sha256:{number:064x}", "2026-11-22T15:09:00.000000Z", "111122223333", "my.trainings")
