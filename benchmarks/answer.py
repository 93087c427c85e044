"""Lets the handler answer events. Imports nothing that the handler would not import, as its imports are measured."""

import uuid
from types import SimpleNamespace
from typing import Any


def answer(events: list[dict[str, Any]]) -> None:
    """Import the handler, and let it record the events."""
    from training_events.handlers.event_processor import handler  # noqa: PLC0415 - the import is measured too

    context: Any = SimpleNamespace(function_name="event-processor", aws_request_id="1")
    for event in events:
        if handler(event, context)["outcome"] != "recorded":
            raise SystemExit("the event was not recorded")


def new_events(count: int) -> list[dict[str, Any]]:
    return [_new_event() for _ in range(count)]


def _new_event() -> dict[str, Any]:
    """An event as EventBridge delivers it: a batch of points, as training sends them."""
    points = [{"name": name, "step": step, "value": 0.25 / (step + 1)} for step in range(10) for name in ("loss", "accuracy")]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "MetricsRecorded",
        "source": "my.sagemaker.training.jobs",
        "account": "123456789012",
        "time": "2026-11-22T15:08:39Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "event_id": uuid.uuid4().hex,
            "stream": "run/digits-1",
            "occurred_at": "2026-11-22T15:08:39.955123Z",
            "schema_version": 1,
            "producer": {"id": "p", "sequence": 2, "previous": "sha256:" + "0" * 64},
            "correlation_id": "digits-1",
            "data": {"points": points},
        },
    }
