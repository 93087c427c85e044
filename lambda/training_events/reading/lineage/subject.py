"""What a lineage is asked of: a stream, or one version of it, `model/digits@3` or `dataset/digits@<begin of its digest>`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from training_events.errors import Misused
from training_events.reading.states import require_events
from training_events.reading.stream_names import did_you_mean, has_events, stream_of_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.reading.lineage.graph import DatasetVersion, ModelVersion, Node
    from training_events.reading.lineage.moment import Moment
    from training_events.reading.lineage.neighbours import Neighbours
    from training_events.reading.opening import Sources

_MAX_LISTED = 5
"""How many versions an error names."""


class Subject(NamedTuple):
    """`version` is None where the whole stream is meant."""

    stream: str
    version: str | None


def subject_of(sources: Sources, text: str) -> Subject:
    """Raises Misused for what is no name of a stream. A stream whose name has an @ in it is itself, if the log has it.

    A version may have an @ in its name, too: it is what stands behind the last @ before which there is a stream.
    """
    stream = stream_of_log(sources.log, text)
    if stream.endswith("@") or has_events(sources.log, stream):
        return Subject(stream, None)
    splits = _splits(sources, stream)
    last = next(splits, Subject(stream, None))
    return next((split for split in chain([last], splits) if has_events(sources.log, split.stream)), last)


def _splits(sources: Sources, text: str) -> Iterator[Subject]:
    """What stands before each @ and behind it, the last one first."""
    name = text
    while "@" in name.partition("/")[2][1:]:
        name = name.rpartition("@")[0]
        yield Subject(stream_of_log(sources.log, name), text[len(name) + 1 :])


def starts_of(sources: Sources, moment: Moment, neighbours: Neighbours, subject: Subject) -> Sequence[Node]:
    """The nodes of the subject. Raises NoSuchStream, and Misused for a version that there is not."""
    stream, version = subject
    require_events(sources, stream, as_of=moment.as_of, known_at=moment.known_at)
    if stream.startswith("model/"):
        return _of_model(neighbours.versions_of(stream), subject)
    if stream.startswith("dataset/"):
        return _of_dataset(moment.contents.versions[stream], subject)
    if stream.startswith("group/"):
        raise Misused(f"{stream} is a group, and nothing is made from one: ask for one of its runs")
    if version is not None:
        raise Misused(f"a run has no versions: the lineage of {stream} is that of all its attempts")
    return [neighbours.run(stream)]


def _of_model(versions: list[ModelVersion], subject: Subject) -> list[ModelVersion]:
    if subject.version is None:
        return versions
    found = [node for node in versions if subject.version in (node.version, _name(node))]
    if not found:
        _raise_none(subject, [node.version for node in versions])
    return found


def _of_dataset(versions: list[DatasetVersion], subject: Subject) -> list[DatasetVersion]:
    wanted = subject.version
    if wanted is None:
        return versions
    found = [node for node in versions if wanted in (_name(node), *_names(node))]
    found = found or [node for node in versions if node.sha256 is not None and node.sha256.startswith(wanted)]
    if len(found) > 1:
        raise Misused(f"{subject.stream} has {len(found)} versions {wanted!a:.80}: {_listed([node.id for node in found])}")
    if not found:
        _raise_none(subject, list(map(_name, versions)))
    return found


def _name(node: DatasetVersion | ModelVersion) -> str:
    """The last part of the node's id."""
    return node.id.rpartition("@")[2]


def _names(version: DatasetVersion) -> set[str | None]:
    return {
        version.sha256,
        version.digest,
        version.version_id,
        *(registration.version_id for registration in version.registrations),
    }


def _raise_none(subject: Subject, known: list[str]) -> NoReturn:
    near = did_you_mean(subject.version or "", known) or f"; it has {_listed(known[-_MAX_LISTED:])}"
    raise Misused(f"{subject.stream} has no version {subject.version!a:.80}{near}")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MAX_LISTED]) or "none"
