"""A second start of a run says so, as far as this process can know of the first, and names what differs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from training_events import strict_json
from training_events.errors import TrainingEventsError
from training_events.folds.differences import differences
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.reporting import log
from training_events.settings import Settings
from training_events.stores.opening import open_event_log

if TYPE_CHECKING:
    from training_events.folds.differences import Difference
    from training_events.recorder.delivery.destination import Destination

MAX_REMEMBERED = 50
"""How many runs of this process are remembered, the newest ones: a sweep may have thousands."""
MAX_EVENTS_READ = 50
"""How many events of the run are read, the first ones: one of them is its start, and a training must not wait for more."""
MAX_SHOWN = 5

_started: dict[RunKey, dict[str, Any]] = {}


class RunKey(NamedTuple):
    """A run, wherever it is recorded: in another log a run of the same name is another one."""

    stream: str
    to: Destination


def key_of(stream: str) -> RunKey:
    return RunKey(stream, configured_destination(Settings()))


def earlier_spec(run: RunKey) -> dict[str, Any] | None:
    """The spec of an earlier start of this run: in this process, or in the log if that is a file on this machine."""
    return _started[run] if run in _started else _recorded_spec(run)


def note_start(run: RunKey, spec: dict[str, Any], earlier: dict[str, Any] | None) -> None:
    """Remember the start, and warn if it is not the first."""
    _started.pop(run, None)
    _started[run] = spec
    if len(_started) > MAX_REMEMBERED:
        del _started[next(iter(_started))]
    if earlier is not None:
        log.warning(
            "%s was started before: this is a further attempt of it, %s. A training of its own needs a run_id of its own",
            run.stream,
            _described(differences(earlier, spec)),
        )


def _recorded_spec(run: RunKey) -> dict[str, Any] | None:
    to = run.to
    if to.kind != "log" or not to.at.startswith("sqlite:"):
        return None
    try:
        first = islice(open_event_log(to.at).entries(run.stream), MAX_EVENTS_READ)
        starts = [entry.data for entry in first if entry.type == "TrainingStarted"]
        spec = strict_json.stored(starts[-1]) if starts else None
    except (TrainingEventsError, OSError, msgspec.MsgspecError):  # there is no log yet, or whoever reads it says what is wrong
        return None
    return spec if isinstance(spec, dict) else None


def _described(found: list[Difference]) -> str:
    if not found:
        return "with the same spec"
    more = f" and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
    return f"and what differs is {', '.join(map(_change, found[:MAX_SHOWN]))}{more}"


def _change(difference: Difference) -> str:
    return f"{difference.name} ({difference.before or 'absent'} before, now {difference.after or 'absent'})"
