"""What one stream of an export is: its state by the folds, what `verify` finds, and its rows in the tables."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from training_events import folds
from training_events.analytics.stream_rows import Row, Since, What, encode
from training_events.errors import NotUnderstood
from training_events.folds.run_state import RunState
from training_events.folds.standing import is_known, standing_metrics
from training_events.interchange.exports.parquet.points import point_rows
from training_events.interchange.exports.parquet.rows import event_row, finding_row, state_rows
from training_events.interchange.exports.parquet.tables import EVENTS, FINDINGS, OF_STATES, POINTS, TABLES, Column, TableShape
from training_events.proof.findings import Kind
from training_events.proof.read_model import can_have_state
from training_events.proof.run_head import runs_since
from training_events.proof.verification import verify
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.analytics.exported_stream import ExportedStream
    from training_events.analytics.stream_rows import StreamRow
    from training_events.folds import State
    from training_events.proof.leaf_comparison import StreamLeaves
    from training_events.proof.seal_store import WrittenSeals
    from training_events.proof.verification import Verification

STATES = TableShape(
    "states",
    "a stream's state, as `rebuild` stores it",
    (
        Column("stream", "string", "the stream: `run/digits-7`"),
        Column("folded_by", "int64", "the version of the folds that made it"),
        Column("events", "int64", "how many events it has"),
        Column("state", "string", "the state, as canonical JSON"),
    ),
    by_kind=False,
    group_rows=10_000,
    large="state",
)
ALL_TABLES = (*TABLES, STATES)

TableRows: TypeAlias = "Iterable[tuple[Any, ...]]"


class CheckedStream(NamedTuple):
    """`verification` is None where only a broken tree names the stream, `state` where it has no state."""

    verification: Verification | None
    state: bytes | None
    changed: int
    """How many changes to what was recorded the exports show."""
    tables: Iterator[tuple[TableShape, TableRows]]
    """The rows, to be taken one after the other."""


def check_stream(
    stream: ExportedStream,
    *,
    as_of: str,
    compare_states: bool = False,
    seals: WrittenSeals | None = None,
    leaves: StreamLeaves | None = None,
) -> CheckedStream:
    """Check what the exports hold of a stream. `as_of` is the time at which the log was as they have it.

    `compare_states` says that the read models were exported too. Raises only what the seals' store raises.
    """
    verification: Verification | None = verify(
        stream,
        seals,
        stream.name,
        read_models=stream.states if compare_states else None,
        leaves=leaves,
        runs=stream.runs_since,
        clock=lambda: as_of,
    )
    if verification and not verification.events and all(finding.kind is Kind.FORK for finding in verification.findings):
        verification = None
    state = _state_of(stream)
    encoded = _encoded(state)
    changed = sum(1 for _ in stream.alterations())
    return CheckedStream(
        verification, encoded, changed, _tables(stream, state if encoded is not None else None, encoded, verification)
    )


def pinned_since(stream: ExportedStream) -> Iterator[StreamRow]:
    """What became of this run since each registration that pinned it, for the streams of those models."""
    heads = {pin.head for pin in stream.pins}
    since = runs_since(lambda: stream.audit(stream.name), heads) if heads else {}
    for pin in stream.pins:
        yield pin.model, Row(What.SINCE, "", "", encode(Since(stream.name, pin.head, since[pin.head])))


def _state_of(stream: ExportedStream) -> State | None:
    if not stream.events or not can_have_state(stream.name):
        return None
    try:
        return folds.fold(folds.empty(stream.name), stream.entries(stream.name))
    except NotUnderstood:  # an altered log makes none, which a finding tells
        return None


def _encoded(state: State | None) -> bytes | None:
    with suppress(NotUnderstood):
        return None if state is None else folds.encode(state)
    return None


def _tables(
    stream: ExportedStream, state: State | None, encoded: bytes | None, verification: Verification | None
) -> Iterator[tuple[TableShape, TableRows]]:
    yield EVENTS, (event_row(record) for record in stream.records() if not isinstance(record, Damaged))
    if state is not None and encoded is not None:
        yield STATES, [(stream.name, state.folded_by, state.counts.events, encoded.decode())]
        if isinstance(state, RunState) and not is_known(state):  # as `show` and lists have it
            state.metrics = standing_metrics(stream.name, lambda: stream.entries(stream.name))
        if state.kind in OF_STATES:
            yield OF_STATES[state.kind], state_rows(state)
        yield POINTS, point_rows(stream, state)
    if verification is not None:
        yield FINDINGS, (finding_row(stream.name, finding) for finding in verification.findings)
