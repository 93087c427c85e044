"""Which dataset versions are the same content: by their digests, and by their versions in S3, whatever they are called."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

from training_events import folds
from training_events.folds.dataset import DatasetState
from training_events.folds.instant import instants
from training_events.reading.lineage.graph import DatasetVersion, Registration, id_of_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.event import LogEntry
    from training_events.folds.dataset import Version
    from training_events.reading.lineage.graph import MatchedBy

SHOWN_CHARACTERS = 12
"""Of a digest, in the name of a version: few of one dataset begin alike, and those are named in full."""


class HasContent(Protocol):
    """A file, as an event names it."""

    @property
    def uri(self) -> str | None: ...
    @property
    def version_id(self) -> str | None: ...
    @property
    def sha256(self) -> str | None: ...


class HasRole(HasContent, Protocol):
    """A file that a run used for something."""

    @property
    def role(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def digest(self) -> str | None: ...


class Match(NamedTuple):
    """A content, and what tells that a file has it."""

    version: DatasetVersion
    by: MatchedBy


class _Key(NamedTuple):
    """What names a content: two files that have one key in common have the same content."""

    by: MatchedBy
    text: str


def _keys_of(file: HasContent, digest: str | None) -> list[_Key]:
    """Its address alone is no key: another content may be there tomorrow."""
    keys: list[_Key] = []
    if file.sha256:
        keys.append(_Key("sha256", file.sha256))
    if digest:
        keys.append(_Key("digest", digest))
    if file.uri and file.version_id:
        keys.append(_Key("version_id", f"{file.uri}@{file.version_id}"))
    return keys


class _Member(NamedTuple):
    """One registration of a content."""

    stream: str
    version: Version

    @property
    def keys(self) -> list[_Key]:
        return _keys_of(self.version.stored, self.version.digest)

    @property
    def order(self) -> tuple[str, str]:
        return self.version.registered_at, self.stream


class Contents:
    """The contents of all dataset versions that are registered.

    `versions` has them by the streams that have them, the oldest first.
    """

    def __init__(self, versions: Iterable[tuple[str, Version]]) -> None:
        self.versions: dict[str, list[DatasetVersion]] = defaultdict(list)
        self.by_digest: dict[str, DatasetVersion] = {}
        self._by_key: dict[_Key, DatasetVersion] = {}
        taken: set[str] = set()
        for group in sorted(_grouped(versions), key=lambda group: group[0].order):
            content = _content(group, taken)
            taken.add(content.id)
            for stream in dict.fromkeys(member.stream for member in group):
                self.versions[stream].append(content)
            for member in group:
                self._by_key.update(dict.fromkeys(member.keys, content))
                if member.version.stored.sha256:
                    self.by_digest[member.version.stored.sha256] = content

    def matching(self, file: HasRole) -> list[Match]:
        """The content of a file; a content of its own where none is registered, and none where nothing names it.

        By its digest it may be one, and by its version in S3 another: then events contradict each other, and it is both.
        """
        found: dict[str, Match] = {}
        for key in _keys_of(file, file.digest):
            if (version := self._by_key.get(key)) is not None:
                found.setdefault(version.id, Match(version, key.by))
        return list(found.values()) or _unregistered(file)

    def read(self, datasets: Iterable[HasRole], earlier: Iterable[HasRole]) -> list[Read]:
        """What a run with these datasets read, and earlier attempts of it. What it names twice in one role it read once.

        That is in its newest attempt if that has it, and by its digest if that is there.
        """
        named = [(dataset, False) for dataset in datasets] + [(dataset, True) for dataset in earlier]
        read = [
            Read(version, by, dataset.role, dataset.uri, is_earlier)
            for dataset, is_earlier in named
            for version, by in self.matching(dataset)
        ]
        best_first = sorted(read, key=lambda it: (it.is_earlier, it.by != "sha256"))
        return list({(it.version.id, it.role): it for it in reversed(best_first)}.values())


class Read(NamedTuple):
    """A content that a run read: what tells so, in which role, at which address, and whether only earlier attempts did."""

    version: DatasetVersion
    by: MatchedBy
    role: str | None
    uri: str | None
    is_earlier: bool


def _grouped(versions: Iterable[tuple[str, Version]]) -> list[list[_Member]]:
    """The registrations by content, the first one first."""
    groups: dict[_Key, list[_Member]] = {}
    unnamed: list[list[_Member]] = []
    for member in map(_Member._make, versions):
        keys = set(member.keys)
        if not keys:
            unnamed.append([member])
            continue
        same = {id(groups[key]): groups[key] for key in keys if key in groups}
        merged = [*(known for group in same.values() for known in group), member]
        for known in merged:
            keys.update(known.keys)
        groups.update(dict.fromkeys(keys, merged))
    distinct = [*{id(group): group for group in groups.values()}.values(), *unnamed]
    return [sorted(group, key=lambda member: member.order) for group in distinct]


def _content(group: list[_Member], taken: set[str]) -> DatasetVersion:
    stream, first = group[0]
    stored = first.stored
    sha256 = next((version.stored.sha256 for _, version in group if version.stored.sha256), None)
    digest = next((version.digest for _, version in group if version.digest), None)
    names = [sha256 and sha256[:SHOWN_CHARACTERS], sha256, digest, stored.version_id, first.registered_at]
    ids = [id_of_version(stream, name) for name in (*names, f"{first.registered_at} {stored.uri}") if name]
    free = next(id_ for id_ in ids if id_ not in taken)
    disputed = sorted({str(digest) for _, version in group for digest in version.disputed.get("sha256", [])})
    registrations = [_registration(member) for member in group]
    return DatasetVersion(free, sha256, stored.uri, stored.version_id, registrations, disputed, digest)


def _registration(member: _Member) -> Registration:
    version, stored = member.version, member.version.stored
    by, rows = version.registered_by, version.rows
    return Registration(member.stream, version.registered_at, by, stored.uri, stored.version_id, rows, version.retired_at)


def _unregistered(file: HasRole) -> list[Match]:
    by: MatchedBy
    if file.sha256:
        id_, by = f"sha256:{file.sha256}", "sha256"
    elif file.digest:
        id_, by = f"digest:{file.digest}", "digest"
    elif file.uri and file.version_id:
        id_, by = id_of_version(f"address:{file.uri}", file.version_id), "version_id"
    elif file.uri:
        id_, by = f"address:{file.uri}", "address"
    else:
        return []
    return [Match(DatasetVersion(id_, file.sha256, file.uri, file.version_id, digest=file.digest, name=file.name), by)]


def all_versions(stream: str, entries: Iterable[LogEntry]) -> list[Version]:
    """Every version of a dataset, from its events in key order: also those that its state no longer has."""
    state = folds.empty(stream)
    assert isinstance(state, DatasetState)  # noqa: S101 - the name of the stream says so
    versions: dict[int, Version] = {}
    for _, instant in instants(entries):
        folds.fold(state, instant)
        versions.update((id(version), version) for version in state.versions)
    return list(versions.values())
