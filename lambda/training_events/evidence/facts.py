"""What a file of evidence tells, collected from the log: the page, the bill of materials and the crate are drawn from this.

All of it is what the checkpoint covers. What the log took later is not in it: the same log, checkpoint and key give the
same file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct

from training_events.catalogue.run import UsedDataset
from training_events.catalogue.stored import Stored
from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState, Version
from training_events.folds.run_state import RunState

if TYPE_CHECKING:
    from training_events.folds import State

MAX_SHOWN_EVENTS = 200
"""Of a stream, in what people look at. The file itself has every event."""

NOT_PROVED = [
    "That an event is true: whoever may record events may record a false one. It is proved that nobody changed it since.",
    "That the key is the log's: compare its SHA-256 with what the owner of the log says elsewhere.",
    "That no event of a stream was left out: only the producers' numbers, a pinned run and the seals tell of one.",
    "That the log still holds the events, and that it has only this one history: `training-events verify --against` tells.",
    "When something happened: each time is by the clock of who says it: a producer, the log, the signer of the checkpoint.",
    "That page, bill of materials and crate tell the events rightly: nobody signed them. The digests in them are compared.",
    "What a file held that is not in here: its digest is proved, and any copy can be compared with it.",
]
"""What no such file proves. check.py knows the SHA-256 of these sentences: whoever changes them in a file is found."""

Role: TypeAlias = Literal["subject", "run", "resumed run", "dataset"]
"""What a stream is to the subject: itself, the run that made it, a run which that one resumed, a dataset that a run read."""


class CoveringCheckpoint(Struct, frozen=True):
    """The checkpoint of the log that covers every event of the file. `root` is in hex, `key` the SHA-256 of the public key.

    `at` is when it was signed, by the clock of the one who signed.
    """

    origin: str
    size: int
    root: str
    at: str | None
    key: str


class ShownEvent(Struct, frozen=True):
    """An event, as a table shows it. `number` is its leaf in the tree, from 0; `line` its line in the file, from 1."""

    position: str
    type: str
    recorded_at: str
    account: str | None
    source: str
    digest: str
    number: int
    line: int


class StreamFacts(Struct, frozen=True):
    """One stream. `state` is the fold of its covered events.

    `events` counts them, and `shown` are the first of them, without the points of metrics. `later` counts what the log took
    after the checkpoint, which is not in the file. `file` has the events, one a line; `seals` names the files of its seals.
    """

    stream: str
    role: Role
    state: State
    events: int
    later: int
    shown: list[ShownEvent]
    file: str
    seals: list[str]


class ArtifactFacts(Struct, frozen=True):
    """A file that events name by its digest. `named_by` are the events, as `<stream> <position>`, the first one first.

    `kinds` are what these events call it: artifact, checkpoint, dataset, model. `name` is the artifact's own name where an
    event gives one. `file` is where its content is in the file of evidence (a folder ends in a slash); null where it is not.
    """

    stored: Stored
    kinds: list[str]
    name: str | None
    named_by: list[str]
    file: str | None


class Facts(Struct, frozen=True):
    """All that is told of one subject: `model/digits@3`, `run/digits-7`, `dataset/digits`.

    `streams` has the subject's own stream first, then runs, then datasets. `not_proved` are sentences: what the file does not
    prove. `provenance` is the in-toto statement of the subject's artifact, where there is one; `made_by` the program's version.
    """

    subject: str
    stream: str
    version: str | None
    checkpoint: CoveringCheckpoint
    streams: list[StreamFacts]
    artifacts: list[ArtifactFacts]
    not_proved: list[str]
    provenance: dict[str, Any] | None
    made_by: str

    @property
    def model_version(self) -> Version | None:
        """The version of the model, where the subject is one."""
        state = self.streams[0].state
        return state.versions.get(self.version) if isinstance(state, ModelState) and self.version is not None else None

    @property
    def run(self) -> RunState | None:
        """The run that made the subject, or that is the subject."""
        return next((it.state for it in self.streams if it.role in ("subject", "run") and isinstance(it.state, RunState)), None)

    @property
    def datasets(self) -> dict[str, DatasetState]:
        """The registered datasets, by their streams."""
        return {it.stream: it.state for it in self.streams if isinstance(it.state, DatasetState)}

    @property
    def read_datasets(self) -> list[UsedDataset]:
        """What the run read, registered or not."""
        return [] if self.run is None else self.run.lineage.datasets
