"""Finds the paths at which two JSON documents differ. The order of an object's keys does not matter."""

import json
from collections.abc import Iterator
from typing import Any


def differences(first: Any, second: Any, path: str = "") -> Iterator[str]:
    """The path of each value that differs, such as `resource.aws_s3_bucket.data.tags` or `provider.aws[0].region`."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            below = f"{path}.{key}" if path else key
            if key in first and key in second:
                yield from differences(first[key], second[key], below)
            else:
                yield below
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (old, new) in enumerate(zip(first, second, strict=True)):
            yield from differences(old, new, f"{path}[{index}]")
    elif json.dumps(first) != json.dumps(second):  # to Python 1, 1.0 and True are equal
        yield path
