"""Translates S3's events: a new object under `datasets/<name>/` is a version of that dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.bus.aws_events.aws_event import event_id, to_event
from training_events.errors import NoStream

if TYPE_CHECKING:
    from training_events.bus.aws_events.aws_event import AwsEvent
    from training_events.event import Event

SOURCE = "aws.s3"
_KEY = ("object", "key")


def object_created(received: AwsEvent) -> Event:
    """The event's stream is `dataset/<name>`. S3 does not know the sha256 of the object; only the recorder may add it.

    The key is the object's own: S3's events for EventBridge do not have it URL-encoded, unlike those for queues and functions.
    The envelope's time is when S3 made the object, not when it sent the event, so it is the same in every delivery.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    bucket, key = received.required("bucket", "name"), received.name(*_KEY)
    folder, _, rest = key.partition("/")
    name, _, file = rest.partition("/")
    if folder != "datasets" or not name or not file or file.endswith("/"):
        raise NoStream(f"the object {key!a:.200} is no dataset's", "datasets/<name>/<file>", ("detail", *_KEY))
    version, sequencer = received.text("object", "version-id"), received.text("object", "sequencer")
    size = received.find("object", "size")
    return to_event(
        source=SOURCE,
        type_="DatasetRegistered",
        stream=f"dataset/{name}",
        named_at=_KEY,
        occurred_at=received.sent_at(),
        event_id=event_id("s3-object", bucket, key, version, sequencer),
        data={"uri": f"s3://{bucket}/{key}", "version_id": version, "bytes": size if type(size) is int else None},
    )
