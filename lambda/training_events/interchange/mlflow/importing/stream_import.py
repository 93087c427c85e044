"""One stream of an import: what the store says of it, held against what the log has, as statements that are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.interchange.mlflow import facts
from training_events.interchange.mlflow.importing.statement import Statement
from training_events.interchange.mlflow.importing.times import Distinct, is_writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlflow.entities import Metric

    from training_events.interchange.mlflow.facts import Fact
    from training_events.interchange.mlflow.importing.known import Known
    from training_events.interchange.mlflow.importing.report import Report
    from training_events.interchange.mlflow.importing.times import Clock

DELETED = {"reason": "deleted in MLflow"}


class StreamImport:
    """What all kinds of streams have: a name, tags, points, and whether they are deleted.

    MLflow has no time of most of it. What no import had before has the time of its stream; what changed since has the time of
    the import that finds it.
    """

    def __init__(self, stream: str, known: Known, clock: Clock, report: Report) -> None:
        self.stream = stream
        self.known, self.clock, self.report = known, clock, report
        self.time_of_points = Distinct(known.times_of_points)

    def clean(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as the log may have them. The report names what is left out."""
        return self.report.values(self.stream, name, values)

    def timed(self, first_at: str, changes: tuple[dict[str, Any], dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The two parts of `Known.changes`, each with its time."""
        return zip((first_at, self.clock.now), changes, strict=True)

    def named(self, name: str | None, first_at: str) -> Iterator[Statement]:
        """The name to show."""
        texts = self.clean("texts", {"name": name} if name else {})
        for at, values in self.timed(first_at, self.known.changes(("text",), texts)):
            if "name" in values:
                yield stated(at, facts.named(values["name"] or ""))

    def tagged(self, tags: Mapping[str, Any], first_at: str) -> Iterator[Statement]:
        for at, values in self.timed(first_at, self.known.changes(("tag",), self.clean("tags", tags))):
            yield from (stated(at, fact) for fact in facts.tagged(values))

    def hidden(self, first_at: str, *, is_deleted: bool) -> Iterator[Statement]:
        """What is deleted in MLflow is hidden, and restored once it is there again."""
        subject = ("hidden",)
        if is_deleted and self.known.is_new(subject, value=True):
            yield Statement(self.clock.now if self.known.was_imported(subject) else first_at, "Hidden", dict(DELETED))
        if not is_deleted and self.known.imported(subject) and self.known.is_new(subject, value=False):
            yield Statement(self.clock.now, "Restored", {})

    def writable(self, metrics: Iterable[Metric]) -> Iterator[Metric]:
        """The points whose time has a text. The report names the others."""
        for metric in metrics:
            if is_writable(metric.timestamp):
                yield metric
            else:
                why = f"its time, {metric.timestamp} ms since 1970, is not in the years 1 to 9999"
                self.report.leave(f"{self.stream}: the point of {metric.key:.80} at step {metric.step}", why)


def stated(at: str, fact: Fact) -> Statement:
    return Statement(at, fact.type, fact.data)
