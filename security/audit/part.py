"""What a part of the audit has to say: something of each lock, and a line for each thing that somebody has to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    of_lock: Mapping[str, str]
    complaints: Sequence[str]
