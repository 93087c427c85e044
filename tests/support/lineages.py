"""Generated worlds of datasets, runs and models, and the edges that are planted in them, by the simplest rules.

A world is a list of facts, each with when it occurred; when the log took it is its place in the list. What is planted is told
without folds, summaries or indexes: each rule looks at all facts that count.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from training_events.event import Event

CONTENTS = [letter * 64 for letter in "ab"]
RUNS = [f"run/r{number}" for number in range(3)]
STAGES = ["production", "canary"]
Edge = tuple[str, str, str]
"""Kind, source and target. A content that has been registered, or whose digest is known, is its digest."""


@dataclass(frozen=True)
class Usage:
    """How a run names what it reads: by its digest, under any name, or by the version that a registration has in S3."""

    content: str
    registration: str | None = None

    @property
    def data(self) -> dict[str, Any]:
        if self.registration is None:
            return {"uri": "s3://elsewhere/copy", "sha256": self.content}
        return {"uri": f"s3://b/{self.registration}", "version_id": f"v-{self.content[0]}"}


@dataclass(frozen=True)
class Fact:
    stream: str
    type: str
    occurred: int
    data: dict[str, Any] = field(hash=False)
    usages: tuple[Usage, ...] = ()

    @property
    def occurred_at(self) -> str:
        return f"2026-11-22T15:00:{self.occurred:02d}.000000Z"

    def event(self) -> Event:
        return Event(f"e{self.occurred}", self.stream, self.type, self.occurred_at, "tests", self.data)


def _registered(stream: str, content: str) -> dict[str, Any]:
    name = stream.removeprefix("dataset/")
    return {"uri": f"s3://b/{name}", "version_id": f"v-{content[0]}", "sha256": content, "registered_by": "cy"}


_contents = st.sampled_from(CONTENTS)
_usages = st.builds(Usage, _contents, st.sampled_from([None, "d0", "d1"]))
_KINDS = ["dataset"] * 2 + ["start"] * 3 + ["file"] * 2 + ["version"] * 2 + ["promotion"] * 3 + ["retirement"]
"""Of the usual ones more, so that most worlds have edges of every kind."""
_models = st.sampled_from(["model/m0", "model/m1"])
_versions = st.sampled_from(["1", "2"])


@st.composite
def _fact(draw: st.DrawFn, occurred: int) -> Fact:
    kind = draw(st.sampled_from(_KINDS))
    if kind == "dataset":
        stream = draw(st.sampled_from(["dataset/d0", "dataset/d1"]))
        return Fact(stream, "DatasetRegistered", occurred, _registered(stream, draw(_contents)))
    run = draw(st.sampled_from(RUNS))
    if kind == "start":
        usages = draw(st.lists(_usages, max_size=2))
        resumed = draw(st.none() | st.sampled_from([other for other in RUNS if other != run]))
        data = {"datasets": [usage.data for usage in usages], "requested_by": "bo"}
        return Fact(run, "TrainingStarted", occurred, data | ({"resumed_from": resumed} if resumed else {}), tuple(usages))
    if kind == "file":
        type_ = draw(st.sampled_from(["ArtifactSaved", "CheckpointSaved"]))
        return Fact(run, type_, occurred, {"uri": "s3://b/file", "sha256": draw(_contents)})
    model, version = draw(_models), draw(_versions)
    if kind == "version":
        by_name = {"version": version, "run": draw(st.sampled_from([run, run.removeprefix("run/")]))}
        by_file = {"version": version, "artifact": {"uri": "s3://b/model", "sha256": draw(_contents)}}
        return Fact(model, "ModelRegistered", occurred, draw(st.sampled_from([by_name, by_file])))
    if kind == "promotion":
        data = {"version": version, "stage": draw(st.sampled_from(STAGES)), "promoted_by": "dee"}
        return Fact(model, "ModelPromoted", occurred, data)
    return Fact(model, "ModelRetired", occurred, draw(st.sampled_from([{}, {"version": version}])))


@st.composite
def worlds(draw: st.DrawFn) -> list[Fact]:
    """Facts in the order of their arrival; no two occurred at once."""
    count = draw(st.integers(1, 20))
    return draw(st.permutations([draw(_fact(occurred)) for occurred in range(count)]))


@dataclass
class Planted:
    """What these facts say, and nothing else does."""

    facts: list[Fact]

    def _newest(self, type_: str, stream: str) -> Fact | None:
        of_stream = [fact for fact in self.facts if (fact.type, fact.stream) == (type_, stream)]
        return max(of_stream, key=lambda fact: fact.occurred, default=None)

    def _all(self, *types: str) -> list[Fact]:
        return sorted((fact for fact in self.facts if fact.type in types), key=lambda fact: fact.occurred)

    def registered(self, stream: str) -> set[str]:
        return {fact.data["sha256"] for fact in self._all("DatasetRegistered") if fact.stream == stream}

    def _content(self, usage: Usage) -> str:
        if usage.registration is None or usage.content in self.registered(f"dataset/{usage.registration}"):
            return usage.content
        return f"address:{usage.data['uri']}@{usage.data['version_id']}"

    def edges(self) -> set[Edge]:
        return self._read() | self._resumed() | self._made_models() | self._made_datasets() | self._promoted()

    def _starts(self) -> list[Fact]:
        return [start for run in RUNS if (start := self._newest("TrainingStarted", run)) is not None]

    def _read(self) -> set[Edge]:
        starts = self._all("TrainingStarted")  # of all attempts
        return {("read", self._content(usage), start.stream) for start in starts for usage in start.usages}

    def _resumed(self) -> set[Edge]:
        starts = [start for start in self._starts() if "resumed_from" in start.data]
        return {("resumed", start.data["resumed_from"], start.stream) for start in starts}

    def _stored(self) -> set[tuple[str, str]]:
        return {(fact.stream, fact.data["sha256"]) for fact in self._all("ArtifactSaved", "CheckpointSaved")}

    def versions(self) -> dict[tuple[str, str], Fact]:
        """The newest registration of each version."""
        return {(fact.stream, fact.data["version"]): fact for fact in self._all("ModelRegistered")}

    def _made_models(self) -> set[Edge]:
        made: set[Edge] = set()
        for (model, version), fact in self.versions().items():
            if (run := fact.data.get("run")) is not None:
                made.add(("made", f"run/{run.removeprefix('run/')}", f"{model}@{version}"))
            else:
                sha256 = fact.data["artifact"]["sha256"]
                made |= {("made", run, f"{model}@{version}") for run, stored in self._stored() if stored == sha256}
        return made

    def _made_datasets(self) -> set[Edge]:
        read = self._read()
        known = {content for _, content, _ in read} | self.registered("dataset/d0") | self.registered("dataset/d1")
        return {("made", run, sha) for run, sha in self._stored() if sha in known and ("read", sha, run) not in read}

    def _promoted(self) -> set[Edge]:
        return {
            ("promoted", f"{it.stream}@{it.data['version']}", f"{it.stream}#{it.data['stage']}")
            for it in self._all("ModelPromoted")
        }

    def serving(self) -> set[Edge]:
        """The promotions that hold."""
        serving: dict[tuple[str, str], str] = {}
        for fact in self._all("ModelPromoted", "ModelRetired"):
            if fact.type == "ModelPromoted":
                serving[fact.stream, fact.data["stage"]] = fact.data["version"]
            else:
                retired = fact.data.get("version")
                ended = [key for key, version in serving.items() if key[0] == fact.stream and retired in (None, version)]
                for key in ended:
                    del serving[key]
        return {("promoted", f"{model}@{version}", f"{model}#{stage}") for (model, stage), version in serving.items()}

    def lineage(self, starts: set[str]) -> set[Edge]:
        """The edges by which anything is reached from these, up or down."""
        edges = self.edges()
        found: set[Edge] = set()
        for near, far in ((2, 1), (1, 2)):
            reached, before = set(starts), -1
            while len(reached) != before:
                before = len(reached)
                reached |= {edge[far] for edge in edges if edge[near] in reached}
            found |= {edge for edge in edges if edge[near] in reached}
        return found
