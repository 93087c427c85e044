"""The graph that a lineage is: dataset versions, runs, model versions and stages, and how each came of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct, field

from training_events.catalogue.stored import Stored
from training_events.proof.run_head import RunSince

if TYPE_CHECKING:
    from training_events.reading.wording.shown import Shown

MatchedBy: TypeAlias = Literal["name", "sha256", "digest", "version_id", "address"]
"""What tells that two nodes belong together: one names the other, or both have this in common."""


def id_of_version(stream: str, version: str) -> str:
    """`model/digits@3`. Two things never have the same id: what separates is escaped in the last part, as in a web address."""
    return f"{stream}@{_escaped(version)}"


def id_of_stage(stream: str, stage: str) -> str:
    """`model/digits#production`."""
    return f"{stream}#{_escaped(stage)}"


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("@", "%40").replace("#", "%23")


class Registration(Struct, frozen=True):
    """A version of a dataset, as its stream has it."""

    stream: str
    at: str
    by: str | None
    uri: str | None
    version_id: str | None
    rows: int | None
    retired_at: str | None


class DatasetVersion(Struct, frozen=True, tag_field="kind", tag="dataset_version"):
    """A content: all that has the same digest, or is the same version in S3, whatever its names are.

    Its `id` is `dataset/<name>@<beginning of the digest>` by its first registration. Where it was never registered it is
    `sha256:<digest>`, or `digest:<algorithm>:<value>` where only another digest is known, or `address:<uri>` with
    `@<version id>` if there is one. An address alone does not tell a content.
    `disputed` are other digests that were said of it, and of which nothing tells whether they are right.
    """

    id: str
    sha256: str | None = None
    uri: str | None = None
    version_id: str | None = None
    registrations: list[Registration] = []
    disputed: list[str] = []
    digest: str | None = None
    name: str | None = None


class Run(Struct, frozen=True, tag_field="kind", tag="run"):
    """A run; its `id` is its stream. Its status is null where a registration names it and the log has no event of it."""

    id: str
    name: str | None = None
    status: str | None = None
    model: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    started_by: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    hidden: bool = False


class ModelVersion(Struct, frozen=True, tag_field="kind", tag="model_version"):
    """A version of a model; its `id` is `model/<name>@<version>`.

    It is as its last registration has it; `registrations` counts them. `run_since` is what became of the run since then; null
    where the registration did not pin the run.
    """

    id: str
    stream: str
    version: str
    registered_at: str | None = None
    registered_by: str | None = None
    artifact: Stored | None = None
    retired_at: str | None = None
    registrations: int = 0
    run_since: RunSince | None = None


class Stage(Struct, frozen=True, tag_field="kind", tag="stage"):
    """A stage that versions of a model serve, or served; its `id` is `model/<name>#<stage>`."""

    id: str
    stream: str
    stage: str


Node = DatasetVersion | Run | ModelVersion | Stage


class Edge(Struct, frozen=True):
    """`target` came of `source`, by their ids: when, by whom, and what tells it.

    `read`: a run started with this dataset version, in this `role`, at the address `uri`; `earlier_attempt` is true if its
    newest attempt did not. `resumed`: a run continued another one. `made`: a run made a model version or a dataset version.
    `promoted`: a model version began to serve a stage; where it no longer does, `until`, `ended_by` and `reason` say more.
    `matched_by` is what both have in common.
    """

    kind: Literal["read", "resumed", "made", "promoted"]
    source: str
    target: str
    at: str | None = None
    by: str | None = None
    matched_by: MatchedBy = "name"
    role: str | None = None
    uri: str | None = None
    earlier_attempt: bool = False
    until: str | None = None
    ended_by: Literal["promotion", "demotion", "retirement"] | None = None
    reason: str | None = None


class Lineage(Struct, frozen=True):
    """What a stream, or one version of it, was made from, and what became of it.

    `starts` are the ids of the nodes that were asked for. Nodes are in the order of their ids, and edges in that of their time.
    """

    subject: str
    as_of: str | None = None
    known_at: str | None = None
    starts: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def __str__(self) -> str:
        return self._shown().as_text()

    def _repr_html_(self) -> str:
        return self._shown().as_html()

    def _shown(self) -> Shown:
        # imported here: what is asked by a program is not shown
        from training_events.reading.wording.shown import shown_lineage  # noqa: PLC0415

        return shown_lineage(self)
