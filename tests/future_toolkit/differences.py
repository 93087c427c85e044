"""Where two JSON documents differ, as paths; the order of an object's keys is no difference."""

import json
from collections.abc import Iterator
from typing import Any


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The path of each value that the two do not share, `resource.aws_s3_bucket.data.tags` or `provider.aws[0].region`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            below = f"{path}.{key}" if path else key
            if key in one and key in other:
                yield from differences(one[key], other[key], below)
            else:
                yield below
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{path}[{index}]")
    elif json.dumps(one) != json.dumps(other):  # to Python 1, 1.0 and True are equal
        yield path
