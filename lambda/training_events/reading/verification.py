"""Whether streams are complete and as they were recorded, and which streams there are to be asked about."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, json

from training_events.errors import MissingSetting
from training_events.event import STREAM_KINDS
from training_events.proof.findings import Kind
from training_events.proof.kept_checkpoints import check_against
from training_events.proof.notary.laptop import LaptopNotary
from training_events.proof.seal_reader import SealReader
from training_events.proof.tree_view import PlacedLeaves, SortedLeaves, sorted_leaves
from training_events.proof.verification import verify
from training_events.reading.stream_names import no_such_stream
from training_events.settings import Settings
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from training_events.proof.files import CompareFile
    from training_events.proof.findings import Finding
    from training_events.proof.seal_format import Seal
    from training_events.proof.tree.reader import TreeReader
    from training_events.proof.tree_view import CommittedPlaces
    from training_events.proof.verification import Verification
    from training_events.reading.opening import Sources


class _Named(Struct):
    """A summary, of which only the name is asked."""

    stream: str


_stream_of = json.Decoder(_Named).decode


def verification_of(
    sources: Sources,
    stream: str,
    compare_file: CompareFile | None = None,
    *,
    tree: PlacedLeaves | SortedLeaves | None = None,
) -> Verification:
    """Verify a stream, with `compare_file` the files too that its events name. It writes nothing.

    `tree` is given where it was opened for several streams: by `named_leaves`, or `whole_tree`. Raises NoSuchStream where
    neither log nor seals nor tree nor read models know the stream.
    """
    view = tree or named_leaves(sources)
    leaves = None if view is None else view.of(stream)
    verification = verify(sources.log, sources.seals, stream, compare_file, read_models=sources.read_models, leaves=leaves)
    if not verification.events and all(finding.kind is Kind.FORK for finding in verification.findings):
        raise no_such_stream(sources, stream)
    return verification


def named_leaves(sources: Sources) -> PlacedLeaves | None:
    """The tree, to look at the leaves of a few streams; None where the log has none."""
    tree = sources.tree
    return None if tree is None else PlacedLeaves(tree, _committed(sources))


def against_kept(sources: Sources, kept: Sequence[tuple[str, bytes]]) -> Iterator[Finding]:
    """The finding, if the log does not continue these checkpoints that somebody kept, each with a name.

    Raises MissingSetting where nothing says where the tree is.
    """
    if not kept:
        return
    yield from check_against(tree_of(sources), kept)


def tree_of(sources: Sources) -> TreeReader:
    """The log's tree. Raises MissingSetting where nothing says where it is."""
    tree = sources.tree
    if tree is None:
        raise MissingSetting(
            "nothing says where the log's tree is: its address names no notary (&notary=<table>), or neither"
            " TRAINING_EVENTS_NOTARY_BUCKET nor TRAINING_EVENTS_BUCKET a bucket"
        )
    return tree


def publish_on_laptop(sources: Sources, on_progress: Callable[[int, int], None]) -> None:
    """Sign a checkpoint of a log in a file, if something was recorded since the last. On AWS the notary does.

    Raises NoSuchLog where there is no file, and what `LaptopNotary.publish` raises.
    """
    if isinstance(sources.log, SqliteLog):
        LaptopNotary(sources.log.database, Settings()).publish(on_progress)


@contextmanager
def whole_tree(sources: Sources, on_progress: Callable[[int, int], None]) -> Iterator[SortedLeaves | None]:
    """The tree, read as a whole and checked; None where the log has none. `on_progress` gets leaves, and how many there are."""
    tree = sources.tree
    if tree is None:
        yield None
        return
    with sorted_leaves(tree, _committed(sources), on_progress) as leaves:
        yield leaves


def _committed(sources: Sources) -> CommittedPlaces | None:
    """A laptop's log writes the leaf of an event in the transaction of the event."""
    leaves = sources.leaves
    if leaves is None or not isinstance(sources.log, SqliteLog):
        return None
    return lambda stream: (leaf.position for _, leaf in leaves.places(stream))


def findings_of_log(sources: Sources, on_progress: Callable[[str, float], None]) -> Iterator[tuple[str | None, Finding]]:
    """What `verify --all` finds, each with its stream, or with None where it is about the tree as a whole.

    That a notary stands still (`overdue`) is not among them: it is no fact of an event or a file, but of the moment.

    `on_progress` gets what is done, and which share of all, as far as that is known.
    """

    def on_leaves(done: int, total: int) -> None:
        on_progress(f"reading leaf {done:,} of {total:,} of the tree", done / total)

    with whole_tree(sources, on_leaves) as tree:
        for finding in () if tree is None else tree.findings:
            yield None, finding
        streams = list(streams_to_verify(sources, tree))
        for done, stream in enumerate(streams):
            on_progress(f"{done} of {len(streams)} streams verified", done / len(streams))
            for finding in verification_of(sources, stream, tree=tree).findings:
                yield stream, finding


def streams_to_verify(sources: Sources, tree: PlacedLeaves | SortedLeaves | None = None) -> Iterator[str]:
    """Every stream once, also one that the log has lost altogether: notes of a file, seals, tree and read models name it."""
    seen: set[str] = set()
    altered = (alteration.stream for alteration in sources.log.alterations())
    sealed = sources.seals.streams() if sources.seals else ()
    in_tree = tree.streams() if isinstance(tree, SortedLeaves) else ()
    projected = sources.read_models.streams() if sources.read_models else ()
    for stream in chain(sources.log.streams(), altered, sealed, in_tree, projected):
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
