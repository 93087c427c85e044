"""One stream out of exports: its log and its read model, as verification and folds read them, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.analytics.spool import Spool
from training_events.analytics.stream_rows import Pin, Since, What, decode, encode
from training_events.proof.sealing import note_name
from training_events.proof.tree.leaf import Leaf
from training_events.stores.damage import audited_or_damaged, event_or_damaged
from training_events.stores.dynamodb.item import audit_item, from_item, to_entries
from training_events.stores.dynamodb.read_models import model_in, note_in
from training_events.stores.event_log import Alteration
from training_events.stores.read_models import ReadModel
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from training_events.analytics.stream_rows import Row
    from training_events.catalogue.model import RunHead
    from training_events.event import LogEntry, RecordedEvent
    from training_events.proof.comparison import NumberedLeaf
    from training_events.proof.run_head import RunSince
    from training_events.stores.event_log import AuditedEvent, Damaged

_ENTRIES_AT_ONCE = 100
_UNKNOWN = "that no export has"
"""In place of the digest of an event that came and went between two exports."""


class ExportedStream:
    """The log of one stream, which may be larger than memory: it implements `RecordedStreams` for this stream.

    Of several images of an event the newest is the event, and each change is an alteration: an event is appended, and never
    written again. Rows have to come in their order.
    """

    def __init__(self, name: str, rows: Iterable[Row]) -> None:
        self.name = name
        self.states = ExportedStates(name)
        """Its read model."""
        self.pins: list[Pin] = []
        """The heads of this run that registrations pinned."""
        self.events = 0
        self._items, self._leaves = Spool(), Spool()
        self._altered: list[Alteration] = []
        self._since: dict[tuple[str, RunHead], RunSince] = {}
        self._position: str | None = None
        self._image: Any = None
        """The newest image at this position."""
        for row in rows:
            self._add(row)
        self._keep_image()

    def audit(self, stream: str) -> Iterator[AuditedEvent | Damaged]:
        return (audited_or_damaged(stream, item["position"]["S"], item, audit_item, from_item) for item in self._read(stream))

    def alterations(self, stream: str | None = None) -> Iterator[Alteration]:
        return iter(self._altered if stream in (None, self.name) else ())

    def entries(self, stream: str, *, after: str = "", until: str | None = None) -> Iterator[LogEntry]:
        items: list[Any] = []
        for item in self._read(stream):
            position = item["position"]["S"]
            if position > after and (until is None or position[:TEXT_LENGTH] <= until):
                items.append(item)
            if len(items) == _ENTRIES_AT_ONCE:
                yield from to_entries(items)
                items = []
        yield from to_entries(items)

    def records(self) -> Iterator[RecordedEvent | Damaged]:
        """The events with all that they say."""
        return (event_or_damaged(self.name, item["position"]["S"], item, from_item) for item in self._read(self.name))

    def leaves(self) -> Iterator[NumberedLeaf]:
        """The stream's leaves in the tree, with their numbers, by position."""
        for content in self._leaves:
            number, leaf = decode(content, type=tuple[int, tuple[str, str, str, str, str | None, str]])
            yield number, Leaf(*leaf)

    def runs_since(self, run: str, heads: Collection[RunHead]) -> dict[RunHead, RunSince]:
        """What became of a run that this model pinned. It was computed where the run's events are."""
        return {head: self._since[run, head] for head in heads}

    def close(self) -> None:
        """Give back the temporary files."""
        self._items.close()
        self._leaves.close()

    def _read(self, stream: str) -> Iterator[Any]:
        return map(decode, self._items if stream == self.name else ())

    def _add(self, row: Row) -> None:
        if row.what == What.EVENT:
            self._add_image(row)
        elif row.what == What.LEAF:
            self._leaves.append(row.content)
        elif row.what == What.PIN:
            self.pins.append(decode(row.content, type=Pin))
        elif row.what == What.SINCE:
            known = decode(row.content, type=Since)
            self._since[known.run, known.head] = known.since
        elif row.what != What.NAMED:
            self.states.add(row)

    def _add_image(self, row: Row) -> None:
        new, old = decode(row.content)
        if row.position != self._position:
            self._keep_image()
            self._position, self._image = row.position, None
        before = old if old is not None else self._image
        # two exports may hold the same image, of an event that came as the window of the second began
        if old is not None or new is None or (before is not None and new != before):
            self._altered.append(
                Alteration(row.written_at, "delete" if new is None else "update", self.name, row.position, _digest(before))
            )
        self._image = new

    def _keep_image(self) -> None:
        if self._image is not None:
            self._items.append(encode(self._image))
            self.events += 1


def _digest(item: Any) -> str:
    return _UNKNOWN if item is None else str(item.get("digest", {}).get("S", _UNKNOWN))


class ExportedStates:
    """The read model of one stream: it implements `StoredStates` for this stream."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._model: ReadModel | None = None
        self._note: tuple[str, bytes] | None = None

    def add(self, row: Row) -> None:
        """Add an image of the read model, or of the note. The last one counts."""
        image, _ = decode(row.content)
        if row.what == What.NOTE:
            self._note = None if image is None else note_in(image)
        else:
            self._model = None if image is None else _model(self._stream, image)

    def get(self, stream: str) -> ReadModel | None:
        return self._model if stream == self._stream else None

    def note(self, name: str) -> bytes | None:
        return self._note[1] if self._note is not None and name == note_name(self._stream) else None

    def unprojected(self, stream: str) -> None:  # noqa: ARG002 - as the protocol has it
        return None


def _model(stream: str, image: Any) -> ReadModel:
    try:
        return model_in(image)
    except (KeyError, ValueError):
        return ReadModel(stream, 0, b"{}")  # somebody has put something else there: no state
