"""One step of a lineage: what a node was made from, and what became of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from training_events.cached_property import cached_property
from training_events.reading.lineage.graph import DatasetVersion, Edge, ModelVersion, Run, Stage, id_of_stage, id_of_version
from training_events.reading.lineage.moment import Digests, run_stream
from training_events.reading.serving import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds.model import Version
    from training_events.reading.lineage.contents import Read
    from training_events.reading.lineage.graph import MatchedBy, Node
    from training_events.reading.lineage.moment import Moment
    from training_events.reading.serving import Service


class Neighbour(NamedTuple):
    node: Node
    edge: Edge


class _Reading(NamedTuple):
    run: Run
    read: Read


class Neighbours:
    """The neighbours of nodes, as of a moment."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._services: dict[str, list[Service]] = {}

    def run(self, stream: str) -> Run:
        traced = self._moment.run(stream)
        return Run(stream) if traced is None else traced.node

    def versions_of(self, stream: str) -> list[ModelVersion]:
        """The versions of a model, in the order in which they were registered. A stored state has them in another one."""
        versions = sorted(self._moment.versions_of(stream).items(), key=lambda item: (item[1].registered_at or "", item[0]))
        return [model_version(stream, name, version) for name, version in versions]

    def origins(self, node: Node) -> Iterator[Neighbour]:
        """What the node was made from."""
        match node:
            case Run():
                yield from self._inputs(node)
            case ModelVersion():
                yield from self._makers(node)
            case DatasetVersion(sha256=str(sha256)):
                for stream, file in self._moment.makers_of(sha256):
                    run = self.run(stream)
                    if node.id not in self._read_by(run):
                        yield Neighbour(run, _made(run, node, file.at))

    def outcomes(self, node: Node) -> Iterator[Neighbour]:
        """What became of the node."""
        match node:
            case DatasetVersion():
                for run, read in self._readers.get(node.id, ()):
                    yield Neighbour(run, _read(run, read))
            case Run():
                for run in self._resuming.get(node.id, ()):
                    yield Neighbour(run, _resumed(node, run))
                yield from self._models_made_by(node)
                yield from self._datasets_made_by(node)
            case ModelVersion():
                for service in self._services_of(node.stream):
                    if service.version == node.version:
                        stage = Stage(id_of_stage(node.stream, service.stage), node.stream, service.stage)
                        yield Neighbour(stage, _promoted(node, stage, service))

    def _inputs(self, run: Run) -> Iterator[Neighbour]:
        """The dataset versions that a run read, and the run that it resumed."""
        traced = self._moment.run(run.id)
        if traced is None:
            return
        for read in self._moment.contents.read(traced.datasets, traced.earlier_datasets):
            yield Neighbour(read.version, _read(run, read))
        if traced.resumed_from is not None:
            resumed = self.run(traced.resumed_from)
            yield Neighbour(resumed, _resumed(resumed, run))

    def _makers(self, node: ModelVersion) -> Iterator[Neighbour]:
        """The run that the registration names. Where it names none, the runs that stored the very file."""
        version = self._moment.versions_of(node.stream)[node.version]
        if version.run is not None:
            run = self.run(run_stream(version.run))
            yield Neighbour(run, _registered(run, node, "name"))
        elif (sha256 := _digest(version)) is not None:
            for stream, _ in self._moment.makers_of(sha256):
                run = self.run(stream)
                yield Neighbour(run, _registered(run, node, "sha256"))

    def _models_made_by(self, run: Run) -> Iterator[Neighbour]:
        for node in self._versions.named.get(run.id, ()):
            yield Neighbour(node, _registered(run, node, "name"))
        for sha256, _ in self._moment.files_among(run.id, self._digests_of_unnamed):
            for node in self._versions.unnamed[sha256]:
                yield Neighbour(node, _registered(run, node, "sha256"))

    def _datasets_made_by(self, run: Run) -> Iterator[Neighbour]:
        for sha256, at in self._moment.files_among(run.id, self._digests_of_datasets):
            node = self._datasets_by_digest[sha256]
            if node.id not in self._read_by(run):
                yield Neighbour(node, _made(run, node, at))

    def _read_by(self, run: Run) -> set[str]:
        """A run that stores what it has read did not make it."""
        return {neighbour.node.id for neighbour in self._inputs(run)}

    @cached_property
    def _readers(self) -> dict[str, list[_Reading]]:
        readers: dict[str, list[_Reading]] = defaultdict(list)
        for run in self._moment.runs.values():
            for read in self._moment.contents.read(run.datasets, run.earlier_datasets):
                readers[read.version.id].append(_Reading(run.node, read))
        return readers

    @cached_property
    def _resuming(self) -> dict[str, list[Run]]:
        resuming: dict[str, list[Run]] = defaultdict(list)
        for run in self._moment.runs.values():
            if run.resumed_from is not None:
                resuming[run.resumed_from].append(run.node)
        return resuming

    @cached_property
    def _versions(self) -> _Versions:
        found = _Versions(defaultdict(list), defaultdict(list))
        for stream, model in self._moment.models.items():
            for node in self.versions_of(stream):
                version = model.versions[node.version]
                if version.run is not None:
                    found.named[run_stream(version.run)].append(node)
                elif (sha256 := _digest(version)) is not None:
                    found.unnamed[sha256].append(node)
        return found

    @cached_property
    def _digests_of_unnamed(self) -> Digests:
        return Digests(self._versions.unnamed)

    @cached_property
    def _datasets_by_digest(self) -> dict[str, DatasetVersion]:
        """Those that are registered, and those that a run has read, such as another run's checkpoint."""
        read = (reading.read.version for readings in self._readers.values() for reading in readings)
        return {version.sha256: version for version in read if version.sha256} | self._moment.contents.by_digest

    @cached_property
    def _digests_of_datasets(self) -> Digests:
        return Digests(self._datasets_by_digest)

    def _services_of(self, stream: str) -> list[Service]:
        if stream not in self._services:
            self._services[stream] = services(stream, self._moment.entries(stream))
        return self._services[stream]


class _Versions(NamedTuple):
    """All model versions: by the runs that their registrations name, and the others by the digests of their files."""

    named: dict[str, list[ModelVersion]]
    unnamed: dict[str, list[ModelVersion]]


def model_version(stream: str, name: str, version: Version) -> ModelVersion:
    return ModelVersion(
        id=id_of_version(stream, name),
        stream=stream,
        version=name,
        registered_at=version.registered_at,
        registered_by=version.registered_by,
        artifact=version.artifact,
        retired_at=version.retired_at,
        registrations=version.registrations,
    )


def _digest(version: Version) -> str | None:
    return None if version.artifact is None else version.artifact.sha256


def _read(run: Run, read: Read) -> Edge:
    at, by = run.started_at, run.started_by
    return Edge("read", read.version.id, run.id, at, by, read.by, read.role, read.uri, read.is_earlier)


def _resumed(run: Run, by: Run) -> Edge:
    return Edge("resumed", run.id, by.id, by.started_at, by.started_by)


def _made(run: Run, version: DatasetVersion, at: str) -> Edge:
    return Edge("made", run.id, version.id, at, run.started_by, "sha256")


def _registered(run: Run, version: ModelVersion, by: MatchedBy) -> Edge:
    return Edge("made", run.id, version.id, version.registered_at, version.registered_by, by)


def _promoted(version: ModelVersion, stage: Stage, service: Service) -> Edge:
    return Edge(
        "promoted",
        version.id,
        stage.id,
        service.since,
        service.promoted_by,
        until=service.until,
        ended_by=service.ended_by,
        reason=service.reason,
    )
