"""What tests ask of a training that was recorded by a callback."""

from typing import Any

from training_events.errors import NoSuchLog, NoSuchStream
from training_events.reading.log import Log


def curves(log: Log, run: str) -> dict[str, list[tuple[Any, Any]]]:
    """Steps and values of each metric, in the order in which they were recorded."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for event in (record.event for record in log.events(f"run/{run}")):
        for point in event.data["points"] if event.type == "MetricsRecorded" else ():
            found.setdefault(point["name"], []).append((point.get("step"), point["value"]))
    return found


def types(log: Log, run: str) -> list[str]:
    """The types of the run's events, without its metrics. None of a run that was not recorded."""
    try:
        return [record.event.type for record in log.events(f"run/{run}") if record.event.type != "MetricsRecorded"]
    except (NoSuchLog, NoSuchStream):
        return []
