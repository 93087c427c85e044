"""A checkpoint of the log: how many leaves the tree had, and their root (https://c2sp.org/tlog-checkpoint).

Lines of this project follow the root. Readers of others skip them.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import BadTree
from training_events.proof.tree.note import read_note, signed_note
from training_events.proof.tree.store import checkpoint_path
from training_events.times import is_utc_text

if TYPE_CHECKING:
    from training_events.proof.tree.note import Signer
    from training_events.proof.tree.store import TileStore

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_CAUGHT_UP = re.compile(r"(0|[1-9][0-9]{0,17})-([1-9][0-9]{0,17})")


class LogCheckpoint(Struct, frozen=True, kw_only=True):
    """What a checkpoint says."""

    origin: str
    """Which log it is of: also the name of the key that signs."""
    size: int
    root: bytes
    at: str | None = None
    """When it was made, by the notary's clock."""
    caught_up: tuple[int, int] | None = None
    """The leaves from one number up to and without another were taken from the log, not from its change stream."""
    next_key: bytes | None = None
    """The public key, in DER, that signs from here on. This checkpoint is the last of the key before."""

    @property
    def text(self) -> str:
        """The text of the note."""
        lines = [self.origin, str(self.size), b64encode(self.root).decode()]
        if self.at is not None:
            lines.append(f"at {self.at}")
        if self.caught_up is not None:
            lines.append("caught-up {}-{}".format(*self.caught_up))
        if self.next_key is not None:
            lines.append(f"next-key {b64encode(self.next_key).decode()}")
        return "".join(f"{line}\n" for line in lines)


def read_log_checkpoint(text: str) -> LogCheckpoint:
    """The checkpoint of a note's text. Lines that a later version may have added are skipped. Raises BadTree."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise BadTree("a checkpoint has three lines or more, none of them empty: origin, size, root")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise BadTree(f"the size in a checkpoint of {origin!a} is {size!a:.40}")
    added: dict[str, str] = {}
    for line in extensions:
        name, _, value = line.partition(" ")
        if name in added:
            raise BadTree(f"a checkpoint of {origin!a} has two lines {name!a:.40}")
        added[name] = value
    next_key = added.get("next-key")
    return LogCheckpoint(
        origin=origin,
        size=int(size),
        root=_base64("root", root, origin, sha256().digest_size),
        at=_time(added.get("at"), origin),
        caught_up=_range(added.get("caught-up"), int(size), origin),
        next_key=None if next_key is None else _base64("next-key", next_key, origin),
    )


def publish(tiles: TileStore, checkpoint: LogCheckpoint, signer: Signer) -> bytes:
    """Sign a checkpoint and publish it with the public key, after the tiles of its size were written. Returns the note.

    If it names a next key, the note is kept under the signer's key too: so a reader that trusts a key finds those after it.
    What was begun before is finished: there is one checkpoint of a size, whoever signed first, and one last one of a key.
    Raises BadTree if the checkpoint of this size that was published is of another tree.
    """
    handover = handover_path(signer.public_key)
    note = tiles.read(handover) or _published(tiles, checkpoint) or signed_note(checkpoint.text, signer)
    to_publish = read_log_checkpoint(read_note(note).text)
    tiles.write(key_path(signer.public_key), signer.public_key)
    if to_publish.next_key is not None:
        tiles.write(key_path(to_publish.next_key), to_publish.next_key)
        tiles.write(handover, note)
    try:
        tiles.publish(note, to_publish.size)
    except BadTree:  # another process was faster, or there is a fork
        faster = _published(tiles, to_publish)
        if faster is None:
            raise
        note = faster
        tiles.publish(note, to_publish.size)
    return note


def key_path(public_key: bytes) -> str:
    """Where a public key lies."""
    return f"keys/{sha256(public_key).hexdigest()}.der"


def handover_path(public_key: bytes) -> str:
    """Where the last checkpoint that a key signed lies, which names the next key."""
    return f"keys/{sha256(public_key).hexdigest()}.next"


def _published(tiles: TileStore, checkpoint: LogCheckpoint) -> bytes | None:
    """The note of this size that was published. Raises BadTree if it is of another tree."""
    path = checkpoint_path(checkpoint.size)
    note = tiles.read(path)
    if note is not None:
        published = read_log_checkpoint(read_note(note).text)
        if (published.origin, published.root) != (checkpoint.origin, checkpoint.root):
            raise BadTree(f"{path} is of another tree, with the root {published.root.hex()}")
    return note


def _base64(what: str, text: str, origin: str, length: int | None = None) -> bytes:
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        content = b""
    if not content or b64encode(content).decode() != text or length not in (None, len(content)):
        raise BadTree(f"the {what} in a checkpoint of {origin!a} is {text!a:.40}")
    return content


def _time(text: str | None, origin: str) -> str | None:
    if text is not None and not is_utc_text(text):
        raise BadTree(f"the time in a checkpoint of {origin!a} is {text!a:.40}")
    return text


def _range(text: str | None, size: int, origin: str) -> tuple[int, int] | None:
    if text is None:
        return None
    if match := _CAUGHT_UP.fullmatch(text):
        start, end = map(int, match.groups())
        if start < end <= size:
            return start, end
    raise BadTree(f"the leaves caught up in a checkpoint of {origin!a} are {text!a:.60}; allowed: a part of its {size}")
