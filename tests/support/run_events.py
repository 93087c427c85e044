"""The run events that a projector publishes, with a bus in this process."""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from hypothesis import strategies as st
from training_events.bus.publisher import EventBusPublisher
from training_events.event import Event, LogEntry
from training_events.openlineage.parents import Parents
from training_events.openlineage.publishing import Outcome, RunEventPublisher
from training_events.openlineage.run_life import DECIDING, RunEvent, RunLife
from training_events.projection.projector import Projector
from training_events.projection.time_travel import state_now

from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.histories import DATA

NAMESPACE = "my.team"
OF_A_LIFE = sorted(DECIDING | {"ArtifactSaved", "CheckpointSaved", "Tagged"})


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """Events of two runs that start, end, or keep something, in the order in which they reach the log."""
    events = []
    for number, type_ in enumerate(draw(st.lists(st.sampled_from(OF_A_LIFE), min_size=1, max_size=10))):
        at = f"2026-11-22T15:08:{draw(st.integers(0, 9)):02d}.000000Z"
        stream = draw(st.sampled_from(["run/a", "run/b"]))
        events.append(Event(f"e-{number}", stream, type_, at, "tests", draw(DATA["run"][type_])))
    return events


class Bus:
    """EventBridge's client. It refuses every request while `is_down`."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.requests = 0
        self.is_down = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the SDK's name
        self.requests += 1
        if self.is_down:
            return {"Entries": [{"ErrorCode": "InternalFailure"} for _ in Entries]}
        self.entries += Entries
        return {"Entries": [{"EventId": "e"} for _ in Entries]}

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.entries]


class Published(NamedTuple):
    """What counts of a run event: its type, and the run and the time of what it tells."""

    run: str
    type: str
    at: str


class PublishingProjector:
    """A log, its projector, and the bus to which it publishes run events."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.log, self.read_models, self.bus = InMemoryLog(), InMemoryReadModels(), Bus()
        self._projector = Projector(self.log, self.read_models, window=3)
        client: Any = self.bus
        publisher = EventBusPublisher("bus", client, max_attempts=2, sleep=lambda _: None)
        self._run_events = RunEventPublisher(publisher, NAMESPACE, self.log, self.read_models, clock)

    def record(self, events: Iterable[Event]) -> None:
        for event in events:
            self.log.append(event)

    def deliver(self, events: Iterable[Event]) -> Outcome:
        """A batch of the change stream, of events that the log has."""
        entries: dict[str, list[LogEntry]] = {}
        for event in events:
            entries.setdefault(event.stream, []).append(self._entry(event))
        changes = [(self._projector.project(stream, delivered), delivered) for stream, delivered in entries.items()]
        return self._run_events.publish(changes, 10)

    def published(self) -> list[Published]:
        return [shown(body) for body in self.bus.bodies]

    def life(self, stream: str) -> list[RunEvent]:
        """The run events that the whole log comes to."""
        current: Any = state_now(self.log, None, stream)
        return list(RunLife(current, NAMESPACE, Parents(NAMESPACE, lambda _: None)).events(self.log.entries(stream)))

    def _entry(self, event: Event) -> LogEntry:
        return next(entry for entry in self.log.entries(event.stream) if entry.position == event.position)


def shown(body: dict[str, Any]) -> Published:
    return Published(body["run"]["runId"], body["eventType"], body["eventTime"])
