"""The datasets of several runs side by side. What identifies one is its content: a digest of it, else its version in S3.

The same bytes are the same data under any name.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple, cast

from msgspec import Struct

from training_events.errors import NoSuchStream
from training_events.reading.comparison.pairing import Paired, paired
from training_events.reading.states import state_of
from training_events.reading.summaries import summaries_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.catalogue.run import UsedDataset
    from training_events.catalogue.stored import Stored
    from training_events.folds.dataset import DatasetState
    from training_events.folds.summary import DatasetSummary
    from training_events.reading.comparison.pairing import Identity
    from training_events.reading.opening import Sources

MAX_DATASETS = 1000
"""Registered datasets, the newest ones, among which that of a run is looked for."""


class UsedData(Struct, frozen=True):
    """A dataset as a run has used it: its name, its address, its version in S3, and the digest of its content.

    `digest` is another one than SHA-256: `<algorithm>:<value>`.
    `dataset` is the stream of a registered dataset that has this content, and `version` the number of that version, counted
    from 1. Both are null where none is found.
    """

    uri: str | None = None
    version_id: str | None = None
    sha256: str | None = None
    role: str | None = None
    dataset: str | None = None
    version: int | None = None
    name: str | None = None
    digest: str | None = None


class Registered(NamedTuple):
    """A version of a registered dataset."""

    dataset: str
    version: int
    stored: Stored
    digest: str | None


class DataRow(NamedTuple):
    """What runs have used in one place, by run."""

    name: str
    values: dict[str, UsedData]
    identities: dict[str, Identity]


def registered_versions(
    sources: Sources, used: Iterable[UsedDataset], as_of: str | None, known_at: str | None
) -> list[Registered]:
    """The versions of registered datasets, at this time, that have the content of one of these.

    Without read models nothing lists the datasets, and none is found.
    """
    named = list(used)
    digests = {digest for data in named for digest in (data.sha256, data.digest) if digest}
    versions = {(data.uri, data.version_id) for data in named if data.version_id}
    if sources.read_models is None or not digests | versions:
        return []
    found = []
    for summary in islice(summaries_of(sources, "dataset"), MAX_DATASETS):
        newest = cast("DatasetSummary", summary)
        is_known = not digests.isdisjoint((newest.sha256, newest.digest)) or (newest.uri, newest.version_id) in versions
        if newest.versions == 1 and not is_known:
            continue
        with suppress(NoSuchStream):  # it was not there yet
            state = cast("DatasetState", state_of(sources, summary.stream, as_of=as_of, known_at=known_at))
            first = state.registered - len(state.versions) + 1
            for number, version in enumerate(state.versions, first):
                stored = version.stored
                if not digests.isdisjoint((stored.sha256, version.digest)) or (stored.uri, stored.version_id) in versions:
                    found.append(Registered(state.stream, number, stored, version.digest))
    return found


def data_rows(used: dict[str, list[UsedDataset]], registered: list[Registered]) -> Iterator[DataRow]:
    """The datasets of the runs, by run, each in a row with those that had the same part in the other runs."""
    digests = _digests(used, registered)
    datasets: dict[str, list[Paired]] = {run: [] for run in used}
    for run, dataset in ((run, dataset) for run, of_run in used.items() for dataset in of_run):
        data = _named(dataset, registered)
        datasets[run].append(Paired(data, _identity(dataset, digests), _subject(data)))
    taken: set[str] = set()
    for row in paired(datasets):
        first = next(iter(row.values()))
        plain = next((dataset.role for dataset in row.values() if dataset.role), first.subject)
        numbered = (plain if number == 1 else f"{plain} ({number})" for number in count(1))
        name = next(name for name in numbered if name not in taken)
        taken.add(name)
        yield DataRow(
            name,
            {run: dataset.data for run, dataset in row.items()},
            {run: dataset.identity for run, dataset in row.items()},
        )


def _subject(data: UsedData) -> str:
    """What the data is called where it has no role: the registered dataset, else its name, or the last one in its address."""
    if data.dataset is not None:
        return data.dataset.partition("/")[2]
    return data.name or (data.uri or "").rstrip("/").rpartition("/")[2] or data.sha256 or data.digest or "-"


def _named(used: UsedDataset, registered: list[Registered]) -> UsedData:
    """Of several registered versions with this content the one that was read, else one at its address, else the newest."""

    def nearness(candidate: Registered) -> tuple[bool, bool, int]:
        stored = candidate.stored
        same_address = stored.uri is not None and stored.uri == used.uri
        return same_address and stored.version_id == used.version_id, same_address, candidate.version

    candidates = [candidate for candidate in registered if _is_of(candidate, used)]
    best = max(candidates, key=nearness, default=None)
    name, version = (None, None) if best is None else (best.dataset, best.version)
    return UsedData(used.uri, used.version_id, used.sha256, used.role, name, version, used.name, used.digest)


def _is_of(candidate: Registered, used: UsedDataset) -> bool:
    stored = candidate.stored
    if used.version_id and (used.uri, used.version_id) == (stored.uri, stored.version_id):
        return True
    if used.sha256 is not None and used.sha256 == stored.sha256:
        return True
    return used.digest is not None and used.digest == candidate.digest


def _digests(used: dict[str, list[UsedDataset]], registered: list[Registered]) -> dict[tuple[str | None, str], Identity]:
    """The digest of each version in S3 of which anybody knows it: the SHA-256 where one does."""
    known = [(it.stored.uri, it.stored.version_id, it.stored.sha256, it.digest) for it in registered]
    known += [(it.uri, it.version_id, it.sha256, it.digest) for datasets in used.values() for it in datasets]
    others: dict[tuple[str | None, str], Identity] = {
        (uri, id_): ("digest", digest) for uri, id_, _, digest in known if id_ and digest
    }
    return others | {(uri, id_): ("sha256", sha256) for uri, id_, sha256, _ in known if id_ and sha256}


def _identity(used: UsedDataset, digests: dict[tuple[str | None, str], Identity]) -> Identity:
    if used.sha256:
        return "sha256", used.sha256
    if used.version_id:
        return digests.get((used.uri, used.version_id)) or ("version", used.uri or "", used.version_id)
    return ("digest", used.digest) if used.digest else ("address", used.uri or "")
