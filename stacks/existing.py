"""What the company has already and the settings name: the stack uses it and declares nothing of it.

Each has the attributes of the resource that the stack would declare in its place, so that no other construct has to know. They
are no data sources: a plan then reads nothing, and `make scan` sees the whole stack. `deploy/existing.py` checks them instead.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExistingBucket:
    bucket: str
    arn: str


@dataclass(frozen=True)
class ExistingBus:
    name: str
    arn: str
