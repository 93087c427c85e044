"""The channels of a training job once more, each with the versions that the run recorded.

A channel names a place in S3, and the run recorded what it read: by its address there, or in the folder where SageMaker put it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from training_events.catalogue.stored import Stored
from training_events.training.sagemaker.pinned_inputs import PREFIX, Copy, Manifest, file_name, is_pinned, pinned_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.catalogue.run import UsedDataset
    from training_events.errors import JsonPath

_IN_CONTAINER = "file:///opt/ml/input/data/"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html"""
_SAYS_CONTENT = re.compile(rf"s3://[^/]+/{PREFIX}/(manifests/[0-9a-f]{{64}}\.json|[0-9a-f]{{64}}/)")
"""The manifests and folders of earlier requests."""


class PinnedChannels:
    """The channels, with what has to be copied for them. `reasons` are lines on what is not pinned."""

    def __init__(self, datasets: Sequence[UsedDataset], bucket: str) -> None:
        self._datasets, self._bucket = datasets, bucket
        self._found: set[str | None] = set()
        self.copies: list[Copy] = []
        self.manifests: list[Manifest] = []
        self.reasons: list[str] = []

    def pinned(self, channels: list[Any], instances: int | None) -> list[Any]:
        """Raises NotStartable for a file that cannot be copied."""
        made = [self._channel(channel, index, instances) for index, channel in enumerate(channels)]
        for dataset in self._datasets:
            uri = dataset.uri or ""
            if uri.startswith("s3://") and uri not in self._found and f"/{PREFIX}/" not in uri:
                self.reasons.append(f"{uri!a:.200} is in no channel: the program reads what is there then")
        return made

    def _channel(self, channel: Any, index: int, instances: int | None) -> Any:
        name = str(channel.get("ChannelName", index))
        source = channel.get("DataSource", {}).get("S3DataSource")
        if source is None:
            self.reasons.append(f"channel {name}: only of S3 the versions can be had")
            return channel
        if source.get("S3DataDistributionType") == "ShardedByS3Key" and instances != 1:
            self.reasons.append(f"channel {name}: SageMaker shares it out among the instances, maybe in another way")
        if _SAYS_CONTENT.fullmatch(str(source.get("S3Uri"))):
            return channel  # an earlier request has pinned it
        try:
            files = self._files(name, source)
        except _NotPinned as why:
            self.reasons.append(f"channel {name}: {why}")
            return channel
        path: JsonPath = ("InputDataConfig", index, "DataSource", "S3DataSource", "S3Uri")
        pinned = pinned_source(files, self._bucket, path)
        self.copies += pinned.copies
        self.manifests.append(pinned.manifest)
        return {**channel, "DataSource": {"S3DataSource": {**pinned.source, **_without_place(source)}}}

    def _files(self, channel: str, source: Any) -> dict[str, Stored]:
        """What the run recorded of the channel, by the names in its folder. Raises _NotPinned."""
        place, files = str(source.get("S3Uri", "")), dict[str, Stored]()
        if source.get("S3DataType") != "S3Prefix":
            raise _NotPinned(f"nobody recorded the versions of what {place!a:.200} lists")
        for dataset in self._datasets:
            if (found := _found_in(channel, place, dataset)) is None:
                continue
            name, stored = found
            self._found.add(dataset.uri)
            if not is_pinned(stored):
                raise _NotPinned(f"no version or sha256 of one object at {stored.uri!a:.200} is recorded")
            known = files.setdefault(name, stored)
            if (known.version_id, known.sha256) != (stored.version_id, stored.sha256) and known.contradictions(stored):
                raise _NotPinned(f"{stored.uri!a:.200} is recorded with two contents")
        if not files:
            raise _NotPinned(f"no version of what is at {place!a:.200} is recorded")
        return files


class _NotPinned(Exception):  # noqa: N818
    """The versions of a channel are not all recorded. The message says which."""


def _found_in(channel: str, place: str, dataset: UsedDataset) -> tuple[str, Stored] | None:
    """A recorded dataset that SageMaker reads for this channel: its name in the channel's folder, and where it is."""
    uri, folder = dataset.uri or "", f"{_IN_CONTAINER}{channel}/"
    if uri.startswith(folder) and not uri.endswith("/"):
        name = uri.removeprefix(folder)
        is_object = not place.endswith("/") and file_name(place) == name
        address = place if is_object else f"{place.rstrip('/')}/{name}"
        return name, Stored(address, None, dataset.sha256, dataset.bytes)
    if not uri.startswith("s3://") or not place or not uri.startswith(place):
        return None
    return _name_below(place, uri), Stored(uri, dataset.version_id, dataset.sha256, dataset.bytes)


def _name_below(place: str, uri: str) -> str:
    """The name of an object in the channel's folder: relative to the place, or to the folder that holds it."""
    if uri == place:
        return file_name(uri) if not uri.endswith("/") else ""
    folder = place if place.endswith("/") else f"{place}/"
    return uri.removeprefix(folder) if uri.startswith(folder) else uri[place.rindex("/") + 1 :]


def _without_place(source: Any) -> dict[str, Any]:
    """How SageMaker shares out what is at the place."""
    return {name: value for name, value in source.items() if name not in ("S3Uri", "S3DataType")}
