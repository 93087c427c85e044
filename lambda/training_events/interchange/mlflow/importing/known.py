"""What the log has of a stream already, so that an import records only what is new.

What a store of MLflow says has no identity of its own there. So everything that an event decides has a subject: a tag, a
param, the end of a run. A value is new if the log has another one, and if the last import had another one too: what people said
since in the log itself stands until the store says something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from training_events import strict_json
from training_events.canonical import canonical_json
from training_events.errors import NotUnderstood
from training_events.interchange.mlflow.importing.points import POINTS, measured
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from training_events.event import LogEntry
    from training_events.interchange.mlflow.importing.points import Points

IMPORTED = "mlflow-"
"""The id of each event that was imported begins with this."""

_NOTHING = object()
MILLISECONDS = len("2026-11-22T15:08:39.955")

Subject: TypeAlias = tuple[str, ...]
"""What is decided: ("tag", "team"), ("end",)."""


class Known:
    """What the events of a stream decided: as it is now, and as imports have left it. Points go to where all points are."""

    def __init__(self, entries: Iterable[LogEntry], points: Points) -> None:
        self._now: dict[Subject, Any] = {}
        self._imported: dict[Subject, Any] = {}
        self.points = points
        self.times_of_points: set[str] = set()
        self.recorded_at: dict[Subject, str] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: LogEntry) -> None:
        try:
            data = strict_json.stored(entry.data)
        except NotUnderstood:  # the log was altered, which `verify` reports
            return
        at, id_ = entry.position[:TEXT_LENGTH], entry.position[TEXT_LENGTH + 1 :]
        if entry.type in POINTS:
            self.points.add_known(measured(data.get("run"), data.get("dataset")), data["points"], at)
            self.times_of_points.add(at)
            return
        decided = dict(decisions(entry.type, data, at))
        self._now |= decided
        self.recorded_at |= dict.fromkeys(decided, entry.recorded_at)
        if id_.startswith(IMPORTED):
            self._imported |= decided

    def has(self, subject: Subject) -> bool:
        """Whether the log has anything of it, from whomever."""
        return subject in self._now

    def now(self, subject: Subject) -> Any:
        """The value that the log has; None if it has none."""
        return self._now.get(subject)

    def is_new(self, subject: Subject, value: Any) -> bool:
        return value not in (self._now.get(subject, _NOTHING), self._imported.get(subject, _NOTHING))

    def was_imported(self, subject: Subject) -> bool:
        return subject in self._imported

    def imported(self, subject: Subject) -> Any:
        """The value that the last import had; None if there was none."""
        return self._imported.get(subject)

    def imported_names(self, *kind: str) -> Iterator[str]:
        """The names under which the last import had a value of this kind."""
        return (name for (*its_kind, name), value in self._imported.items() if tuple(its_kind) == kind and value is not None)

    def changes(self, kind: Subject, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of values by name those that no import had before, and those that are others now: None for one that is gone."""
        first: dict[str, Any] = {}
        later: dict[str, Any] = {}
        for name, value in values.items():
            subject = (*kind, name)
            if self.is_new(subject, value):
                (later if self.was_imported(subject) else first)[name] = value
        gone = (name for name in self.imported_names(*kind) if name not in values)
        later |= {name: None for name in gone if self._now.get((*kind, name)) is not None}
        return first, later


def decisions(type_: str, data: Mapping[str, Any], at: str) -> Iterator[tuple[Subject, Any]]:  # noqa: C901, PLR0912 - a table
    """What an event of this type and time decides, each subject with its value."""
    version = str(data.get("version"))
    match type_:
        case "Tagged":
            yield from ((("tag", key), value) for key, value in data["tags"].items())
        case "Described":
            yield from ((("text", key), data[key] or None) for key in ("name", "description") if key in data)
        case "Hidden" | "Restored":
            yield ("hidden",), type_ == "Hidden"
        case "HyperparametersRecorded":
            yield from ((("param", key), value) for key, value in data["hyperparameters"].items())
        case "DatasetUsed":
            yield ("dataset", canonical_json(data).decode()), True
        case "ArtifactSaved":
            yield ("file", str(data.get("name"))), {key: data.get(key) for key in ("uri", "sha256", "bytes")}
        case "TrainingRequested":
            yield ("life",), "SCHEDULED"
        case "TrainingStarted":
            yield from ((("param", key), value) for key, value in (data.get("hyperparameters") or {}).items())
            yield ("life",), "RUNNING"
            yield ("started",), True
        case "TrainingCompleted" | "TrainingFailed" | "TrainingStopped":
            yield ("life",), (type_, at[:MILLISECONDS])
        case "ModelLogged":
            yield ("logged",), data
        case "ModelRegistered":
            yield ("version", version), {key: data.get(key) for key in ("run", "artifact")}
        case "VersionDescribed":
            yield ("version description", version), data["description"] or None
        case "VersionTagged":
            yield from ((("version tag", version, key), value) for key, value in data["tags"].items())
        case "VersionHidden" | "VersionRestored":
            yield ("version hidden", version), type_ == "VersionHidden"
            if type_ == "VersionRestored":
                yield ("retired", version), None
        case "ModelPromoted":
            yield ("stage", data["stage"]), version
        case "ModelDemoted":
            yield ("stage", data["stage"]), None
        case "ModelRetired":
            yield ("retired", version), True
