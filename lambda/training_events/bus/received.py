"""What EventBridge delivers, as Events: AWS's own events are translated, all others are decoded.

SageMaker and S3 send their events to the account's default bus, from where rules forward them to ours. AWS may send several
events for one change and deliver each more than once; then only the envelopes differ. So an Event gets its identity from what
AWS says of the change itself: whose state it is, which state, and since when. Its data is only what follows from that, or
what never changes for its subject. So all deliveries of one change are the same Event, byte for byte.
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.bus.aws_events import s3, sagemaker
from training_events.bus.aws_events.aws_event import AwsEvent
from training_events.bus.envelope import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.event import Event

_TRANSLATIONS: dict[tuple[str, str], Callable[[AwsEvent], Event]] = {
    (sagemaker.SOURCE, "SageMaker Training Job State Change"): sagemaker.training_job,
    (sagemaker.SOURCE, "SageMaker Model Package State Change"): sagemaker.model_package,
    (sagemaker.SOURCE, "SageMaker Model Building Pipeline Execution Status Change"): sagemaker.pipeline_execution,
    (s3.SOURCE, "Object Created"): s3.object_created,
}
"""The translations by source and detail-type."""


def event_of(received: Any) -> Event:
    """The Event in what EventBridge delivered: AWS's own events are translated, all others are decoded.

    Any JSON value either gives an Event or raises a NotRecordable, whose path leads to the flaw in the envelope.
    """
    translate = _TRANSLATIONS.get(_kind_of(received))
    return decode(received) if translate is None else translate(AwsEvent(received))


def _kind_of(received: Any) -> tuple[str, str]:
    """The source and the detail-type, which together say what it is; empty texts where it has none."""
    if not isinstance(received, dict):
        return "", ""
    source, detail_type = received.get("source"), received.get("detail-type")
    if isinstance(source, list) and len(source) == 1:  # as in AWS's own sample of a model package's event
        [source] = source
    return (source, detail_type) if isinstance(source, str) and isinstance(detail_type, str) else ("", "")
