"""AWS's own events as Events: what SageMaker and S3 tell the account's default bus, and rules forward to ours.

AWS may send several events for one change and deliver each more than once, and then only the envelopes differ. So an Event is
identified by what AWS says of the change itself, whose state it is, which and since when, and its data is nothing but what
follows from that or never changes for its subject: all deliveries of one change are the same Event, byte for byte.
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
"""By source and detail-type."""


def event_of(received: Any) -> Event:
    """What EventBridge delivered, as an Event: AWS's own translated, everything else decoded as it is.

    Every JSON value gives an Event or raises a NotRecordable whose path is the place in the envelope.
    """
    translate = _TRANSLATIONS.get(_kind_of(received))
    return decode(received) if translate is None else translate(AwsEvent(received))


def _kind_of(received: Any) -> tuple[str, str]:
    """Source and detail-type, which say what it is; blank where there is none."""
    if not isinstance(received, dict):
        return "", ""
    source, detail_type = received.get("source"), received.get("detail-type")
    if isinstance(source, list) and len(source) == 1:  # as in AWS's own sample of a model package's event
        [source] = source
    return (source, detail_type) if isinstance(source, str) and isinstance(detail_type, str) else ("", "")
