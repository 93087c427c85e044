"""Whether streams are complete and as they were recorded, and which streams there are to be asked about."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, json

from training_events.event import STREAM_KINDS
from training_events.proof.seal_reader import SealReader
from training_events.proof.verification import verify
from training_events.reading.stream_names import no_such_stream
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.proof.files import CompareFile
    from training_events.proof.seal_format import Seal
    from training_events.proof.verification import Verification
    from training_events.reading.opening import Sources


class _Named(Struct):
    """A summary, of which only the name is asked."""

    stream: str


_stream_of = json.Decoder(_Named).decode


def verification_of(sources: Sources, stream: str, compare_file: CompareFile | None = None) -> Verification:
    """Verify a stream, with `compare_file` the files too that its events name. It writes nothing.

    Raises NoSuchStream where neither log nor seals nor read models know the stream.
    """
    verification = verify(sources.log, sources.seals, stream, compare_file, read_models=sources.read_models)
    if not verification.events and not verification.findings:
        raise no_such_stream(sources, stream)
    return verification


def streams_to_verify(sources: Sources) -> Iterator[str]:
    """Every stream once, also one of which the log has lost everything: notes of a file, seals and read models name it."""
    seen: set[str] = set()
    altered = (alteration.stream for alteration in sources.log.alterations())
    sealed = sources.seals.streams() if sources.seals else ()
    projected = sources.read_models.streams() if sources.read_models else ()
    for stream in chain(sources.log.streams(), altered, sealed, projected):
        if stream not in seen:
            seen.add(stream)
            yield stream


def streams_to_look_at(sources: Sources) -> Iterator[str]:
    """Every stream once, by and by: runs, models and datasets, each the newest first, then what only seals and notes name.

    A log in DynamoDB is not read for streams that have no read model: that takes reading all of it.
    """
    seen: set[str] = set()
    read_models = sources.read_models
    projected = () if read_models is None else chain.from_iterable(map(read_models.summaries, STREAM_KINDS))
    listed = (_stream_of(summary).stream for summary in projected)
    in_log = sources.log.streams() if read_models is None or isinstance(sources.log, SqliteLog) else ()
    altered = (alteration.stream for alteration in sources.log.alterations())
    sealed = sources.seals.streams() if sources.seals else ()
    for stream in chain(listed, in_log, altered, sealed):
        if stream not in seen:
            seen.add(stream)
            yield stream


def last_seal(sources: Sources, stream: str) -> Seal | None:
    """What the stream's newest seal says of itself; None without one. Whether it is true, `verification_of` tells."""
    stored = None if sources.seals is None else sources.seals.last(stream)
    return None if stored is None else SealReader(stream, stored, None).seal
