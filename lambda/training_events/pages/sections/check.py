"""The section `check`: how whoever does not believe the page checks it, and what has to come out."""

from __future__ import annotations

import shlex
from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import DamagedEvent
from training_events.pages.page import Section
from training_events.projection.time_travel import state_now
from training_events.reading.events import in_order_of_life
from training_events.reading.verification import last_seal

if TYPE_CHECKING:
    from training_events.event import RecordedEvent
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources


class Step(Struct, frozen=True):
    """A command, what it shows, and what it prints today, where that is one value."""

    command: str
    shows: str
    prints: str | None = None


class CheckContent(Struct, frozen=True):
    steps: list[Step]


def check_section(sources: Sources, stream: str, asked: Asked) -> Section:
    """The commands for this stream, with what they print as the log is now. Raises NoSuchStream without an event."""
    quoted = shlex.quote(stream)
    state = state_now(sources.log, sources.read_models, stream)
    head, seal = _head(sources, stream, state.last_at), last_seal(sources, stream)
    times = "".join(
        f" --{name} {time}" for name, time in (("as-of", asked.as_of), ("known-at", asked.known_at)) if time is not None
    )
    history = f"training-events history {quoted} --json | jq"
    steps = [
        Step(f"training-events show {quoted}{times}", "the numbers of this page"),
        Step(
            f"training-events verify {quoted}", "whether the log is complete, and as it was recorded; if not, it exits with 1"
        ),
        Step(f"training-events verify {quoted} --files", "the same, and whether the files are those that were recorded"),
        Step(f"{history} '.events | length'", "how many events the log has", str(state.counts.events)),
    ]
    if head is not None:
        steps.append(Step(f"{history} -r '.events[-1].digest'", "the digest of the last event", head.digest))
    if sources.tiles is not None:
        shows = "the newest signed checkpoint of the whole log: keep it somewhere else, and nobody can rewrite the log unseen"
        steps.append(Step("training-events checkpoint", shows))
    if seal is not None:
        command = f"training-events verify {quoted} --json | jq -r '.streams[].seals.root'"
        shows = f"the root over the {seal.events:,} sealed events: keep it somewhere else, and nobody can change them unseen"
        steps.append(Step(command, shows, seal.root))
    return Section("check", "Check it yourself", CheckContent(steps))


def _head(sources: Sources, stream: str, last_at: str) -> RecordedEvent | None:
    """The last event; None where somebody damaged it."""
    try:
        last = deque(in_order_of_life(stream, sources.log.read(stream, after=last_at)), maxlen=1)
    except DamagedEvent:
        return None
    return last.pop() if last else None
